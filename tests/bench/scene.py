"""One contestant between a fresh Slack and a fresh Linq, with clips at hand, and somebody who notes what crosses when.

The times are the sandbox's own, the same for every contestant: a clip's way begins when Slack posts the event and ends
when Linq has the voicememo request.
"""

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from tests.bench.contestants import Contest, Contestant, folder
from tests.bench.recordings import MIB, Recording
from tests.bench.sandbox_process import SandboxProcess

CHANNELS = 50
LARGE_BYTES = 25 * MIB
PATIENCE_S = 180.0

Body = dict[str, Any]
Way = tuple[float, float]
"""When a clip's event left Slack, and when its memo reached Linq; seconds since 1970."""


class Notes:
    """When each thing was first seen: ("event", channel, ts), ("memo", file name), ("read", file name)."""

    def __init__(self) -> None:
        self._moments: dict[tuple[str, ...], asyncio.Future[float]] = {}
        self._names: dict[str, str] = {}

    async def moment(self, *what: str) -> float:
        """Waits for it. Raises TimeoutError."""
        return await asyncio.wait_for(asyncio.shield(self._future(what)), PATIENCE_S)

    def _future(self, what: tuple[str, ...]) -> "asyncio.Future[float]":
        return self._moments.setdefault(what, asyncio.get_running_loop().create_future())

    def take(self, entry: Body) -> None:
        """One entry of the wire. Raises RuntimeError for what must not happen in any measure."""
        what, facts, at = entry["what"], entry["facts"], entry["at"]
        if what == "event message" and facts.get("subtype") == "file_share" and entry["status"] is not None:
            if entry["status"] != 200:
                raise RuntimeError(f"an event was answered {entry['status']}")
            self._see(at - facts["seconds"], "event", facts["channel"], facts["ts"])
        elif what == "attachments.create" and entry["status"] == 200:
            self._names[facts["attachment_id"]] = facts["filename"]
        elif what == "voicememo" and entry["status"] == 202:
            name = self._names[facts["message_id"]] = self._names[facts["attachment_id"]]
            self._see(at, "memo", name)
        elif what == "webhook message.read":
            self._see(at, "read", self._names[facts["message_id"]])

    def _see(self, at: float, *what: str) -> None:
        future = self._future(what)
        if not future.done():
            future.set_result(at)


class Scene:
    """``files`` are (name, file id) pairs nobody has dropped yet; ``links`` gives each channel's chat, ``inboxes`` the
    line of each channel that takes a whole one."""

    def __init__(
        self,
        sandbox: SandboxProcess,
        contestant: Contestant,
        links: dict[str, str],
        inboxes: dict[str, str],
        files: list[tuple[str, str]],
    ) -> None:
        self.sandbox, self.contestant, self.links, self.inboxes = sandbox, contestant, links, inboxes
        self.channels = list(links)
        self.notes = Notes()
        self._files = iter(files)
        self._places = itertools.cycle(links)

    def fresh(self, count: int) -> list[tuple[str, str]]:
        return [next(self._files) for _ in range(count)]

    async def carry(self, name: str, file: str) -> Way:
        """Drop one clip in the next channel and wait for its memo."""
        message = await self.sandbox.share(file, next(self._places))
        memo = await self.notes.moment("memo", name)
        return await self.notes.moment("event", message["channel"], message["ts"]), memo

    async def drop(self, name: str, file: str, channel: str) -> str:
        """Drop one clip and wait for the answer to its event only; gives the name."""
        message = await self.sandbox.share(file, channel)
        await self.notes.moment("event", message["channel"], message["ts"])
        return name

    async def carry_all(self, count: int, in_flight: int) -> tuple[list[str], list[Way]]:
        """So many fresh clips, so many of them under way at any time; their names and ways."""
        files = self.fresh(count)
        left = iter(files)
        ways: list[Way] = []

        async def drop(left: Iterator[tuple[str, str]]) -> None:
            for name, file in left:
                ways.append(await self.carry(name, file))

        await asyncio.gather(*(drop(left) for _ in range(in_flight)))
        return [name for name, _ in files], ways

    async def all_read(self, names: list[str]) -> None:
        await asyncio.gather(*(self.notes.moment("read", name) for name in names))


@asynccontextmanager
async def scene(
    contest: Contest, clips: int, *, large_clips: int = 0, latency_s: float = 0.0, inboxes: int = 0
) -> AsyncIterator[Scene]:
    """All of it is made anew and torn down again, so that nothing of one measure is left in the next.

    The first clips have 1 MiB, the large ones behind them 25.
    """
    sizes = [MIB] * clips + [LARGE_BYTES] * large_clips
    names = [f"clip-{number:04}.m4a" for number in range(len(sizes))]
    with folder() as place:
        async with SandboxProcess(latency_s) as sandbox:
            links = await sandbox.link(CHANNELS, place / "links.toml")
            lines = await sandbox.give_inboxes(inboxes, place / "links.toml")
            files = await sandbox.keep(names, [recorded(size).copy(number) for number, size in enumerate(sizes)])
            async with contest({**sandbox.environment, "LINKS_FILE": str(place / "links.toml")}) as contestant:
                await sandbox.meet(contestant.url)
                await contestant.settle()
                stage = Scene(sandbox, contestant, links, lines, list(zip(names, files, strict=True)))
                async with _watched(sandbox, stage.notes):
                    yield stage


@functools.cache
def recorded(size_bytes: int) -> Recording:
    return Recording(size_bytes)


@asynccontextmanager
async def _watched(sandbox: SandboxProcess, notes: Notes) -> AsyncIterator[None]:
    """What must not happen ends the block at once."""

    async def watch() -> None:
        async for entry in sandbox.entries():
            notes.take(entry)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        yield
        watching.cancel()
