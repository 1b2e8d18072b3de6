"""The real bot, but for one thing: at a boundary that its environment names, it kills itself.

``KILL_AT`` names the boundary, ``KILL_NTH`` which passage of it is the last, ``KILL_SIGNAL`` the signal: SIGKILL ends
the process at once, SIGSTOP freezes it. Without ``KILL_AT`` this is the bot as it is. ``JOB_SPEED``: a process that
died is given up that much sooner.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any, cast

from bot import telemetry
from bot.app import Role, Service
from bot.app.bootstrap import Port, undecorated
from bot.cli.common import run_or_exit, settings_or_exit
from bot.jobs import Intervals
from bot.relay.ids import network_of
from bot.relay.model import Delivery
from bot.relay.ports.networks import Network, Outgoing
from bot.relay.ports.stores import Claim
from tests.crash.boundaries import BY_NAME, Boundary, Moment

NEW_THREAD = "/new-"  # in the id of a thread whose root is still to be posted

Call = Callable[..., Awaitable[Any]]


def run() -> None:
    """Until a signal, or the boundary."""
    settings = settings_or_exit()
    metrics = telemetry.set_up(settings.log_level, settings.log_format)
    kill = Killer.from_environment().decorate if "KILL_AT" in os.environ else undecorated

    def decorate(name: str, port: Port) -> Port:
        return cast(Port, _intervals()) if isinstance(port, Intervals) else kill(name, port)

    async def serve() -> None:
        async with Service(settings, Role.ALL, metrics, decorate):
            await asyncio.Event().wait()  # until it is cancelled

    run_or_exit(serve(), stopped_code=0)


def _intervals() -> Intervals:
    usual, speed = Intervals(), float(os.environ.get("JOB_SPEED", "1"))
    return Intervals(
        heartbeat_s=usual.heartbeat_s / speed,
        stalled_s=usual.stalled_s / speed,
        enqueue_missing_s=usual.enqueue_missing_s / speed,
    )


class Killer:
    """Counts the passages of one boundary and kills this process at the ``nth``."""

    def __init__(self, boundary: Boundary, nth: int, sign: signal.Signals) -> None:
        self._boundary = boundary
        self._left = nth
        self._sign = sign
        self._claimed: dict[str, Delivery] = {}

    @classmethod
    def from_environment(cls) -> "Killer":
        sign = signal.Signals[os.environ["KILL_SIGNAL"]]
        return cls(BY_NAME[os.environ["KILL_AT"]], int(os.environ["KILL_NTH"]), sign)

    def decorate(self, name: str, port: Port) -> Port:
        """Wraps the one port of the boundary."""
        port_name, _, part = self._boundary.port.partition(".")
        if name != port_name:
            return port
        if isinstance(port, Network):
            watched: dict[str, Any] = {part: WatchedPort(getattr(port, part), self)}
            return cast(Port, replace(cast(Network, port), **watched))
        return cast(Port, WatchedPort(port, self))

    def watch(self, name: str, method: Any) -> Any:
        if name == "claim":
            method = self._remembering(method)
        if name != self._boundary.call:
            return method
        if name == "open":
            return self._opening(method)
        return self._uploading(method) if self._boundary.moment == "amid" else self._calling(method)

    def _remembering(self, claim: Call) -> Call:
        """Most calls of the store name a delivery by its id alone."""

        async def remember(*args: Any, **more: Any) -> Claim | None:
            found: Claim | None = await claim(*args, **more)
            if found is not None:
                self._claimed[found.delivery.id] = found.delivery
            return found

        return remember

    def _calling(self, call: Call) -> Call:
        async def watched(*args: Any, **more: Any) -> Any:
            self._pass("before", args)
            result = await call(*args, **more)
            self._pass("after", args)
            return result

        return watched

    def _opening(self, opening: Callable[..., AbstractAsyncContextManager[Any]]) -> Any:
        @asynccontextmanager
        async def watched(*args: Any) -> AsyncIterator[Any]:
            self._pass("before", args)
            async with opening(*args) as opened:
                self._pass("after", args)
                yield opened

        return watched

    def _uploading(self, upload: Call) -> Call:
        async def watched(to: object, chunks: AsyncIterator[bytes]) -> None:
            await upload(to, self._halved(chunks))

        return watched

    async def _halved(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk[: len(chunk) // 2]
            self._pass("amid", ())
            yield chunk[len(chunk) // 2 :]

    def _pass(self, moment: Moment, args: tuple[Any, ...]) -> None:
        if moment == self._boundary.moment and self._is_meant(args):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._sign)

    def _is_meant(self, args: tuple[Any, ...]) -> bool:
        """Whether the call is about a delivery into the boundary's network, with a part of its kind."""
        to, part = self._boundary.to, self._boundary.part
        if not (to or part):
            return True
        deliveries = list(self._deliveries(args))
        rooms: list[str] = [each.target for each in deliveries] or [each for each in args if isinstance(each, str)]
        kinds: list[str] = [part.kind for each in deliveries for part in each.parts]
        kinds += ["root" for each in deliveries if NEW_THREAD in each.target]
        return (not to or to in map(network_of, rooms)) and (not part or part in kinds)

    def _deliveries(self, args: tuple[Any, ...]) -> Iterator[Delivery]:
        for each in args:
            match each:
                case Delivery():
                    yield each
                case Outgoing():
                    yield each.delivery
                case str() if each in self._claimed:
                    yield self._claimed[each]
                case list() | tuple():
                    yield from self._deliveries(tuple(each))


class WatchedPort:
    """A port with one call that may be the process's last."""

    def __init__(self, port: object, killer: Killer) -> None:
        self._port = port
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        return self._killer.watch(name, getattr(self._port, name))
