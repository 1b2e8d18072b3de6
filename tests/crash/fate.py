"""Where the blow falls inside a bot: around the one neighbour that the boundary names."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

from bot.app.bootstrap import Port
from tests.crash.boundaries import Boundary, Moment

Call = Callable[..., Awaitable[Any]]


class Fate:
    """Counts the passages of one boundary and strikes at the appointed one."""

    def __init__(self, boundary: Boundary, nth: int, sign: signal.Signals) -> None:
        self._boundary = boundary
        self._left = nth
        self._sign = sign

    def around(self, name: str, port: Port) -> Port:
        """Wraps the one neighbour that the boundary belongs to."""
        if name != self._boundary.port:
            return port
        return cast(Port, Doomed(port, self))

    def watches(self, call: str) -> bool:
        return call == self._boundary.call

    def wrap(self, found: Any) -> Any:
        if self._boundary.call == "download":
            return self._opening(found)
        return self._carrying(found) if self._boundary.moment == "amid" else self._call(found)

    def _call(self, call: Call) -> Call:
        async def doomed(*args: Any, **kwargs: Any) -> Any:
            self._pass("before")
            result = await call(*args, **kwargs)
            self._pass("after")
            return result

        return doomed

    def _opening(self, opening: Callable[..., AbstractAsyncContextManager[Any]]) -> Any:
        @asynccontextmanager
        async def doomed(*args: Any) -> AsyncIterator[Any]:
            self._pass("before")
            async with opening(*args) as opened:
                self._pass("after")
                yield opened

        return doomed

    def _carrying(self, upload: Call) -> Call:
        async def doomed(to: object, chunks: AsyncIterator[bytes]) -> None:
            await upload(to, self._cut(chunks))

        return doomed

    async def _cut(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk[: len(chunk) // 2]
            self._pass("amid")
            yield chunk[len(chunk) // 2 :]

    def _pass(self, moment: Moment) -> None:
        if moment == self._boundary.moment:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._sign)


class Doomed:
    """A neighbour with one call that may be the last."""

    def __init__(self, port: object, fate: Fate) -> None:
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._fate.wrap(found) if self._fate.watches(name) else found
