"""The sandbox in a process of its own, steered over its control port and watched through its wire."""

import asyncio
import json
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

from bot.sandbox.slack.fixtures import ELSEWHERE

ROOT = Path(__file__).resolve().parents[2]
CONTROL = "# control: "
DATA = b"data: "
UPLOADS_AT_ONCE = 4

Body = dict[str, Any]


class SandboxProcess:
    """``async with SandboxProcess() as sandbox``: a Slack and a Linq that hold nothing back, up inside the block.

    Calls to either side take ``latency_s`` longer.
    """

    def __init__(self, latency_s: float = 0.0) -> None:
        self._latency_s = latency_s
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self.environment: dict[str, str] = {}
        self.control = ""

    async def __aenter__(self) -> "SandboxProcess":
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.sandbox", "--control-port", "0"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # contestants leave in the middle of downloads, which it says at length
        )
        await self._listen()
        self._session = aiohttp.ClientSession(self.control, timeout=aiohttp.ClientTimeout(total=None))
        await self.tell(
            "/slack/switches",
            "PATCH",
            latency_s=self._latency_s,
            rate_limits=False,
            events_per_hour=10**9,
            disable_after=0,
        )
        await self.tell("/linq/switches", "PATCH", latency_s=self._latency_s, keep_bytes=False, pair_limit=None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()

    async def _listen(self) -> None:
        """Its introduction: exports for a bot, then where its controls are."""
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = line.decode().strip()
            if said.startswith(CONTROL):
                self.control = said.removeprefix(CONTROL)
                return
            name, _, value = shlex.split(said)[1].partition("=")
            self.environment[name] = value
        raise RuntimeError("the sandbox did not start")

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session is not None
        return self._session

    async def tell(self, path: str, method: str = "POST", **asked: Any) -> Body:
        async with self.session.request(method, path, json=asked) as answer:
            if answer.status >= 300:
                raise RuntimeError(f"{path}: {await answer.text()}")
            told: Body = await answer.json()
            return told

    async def meet(self, bot_url: str) -> None:
        """From now on events and webhooks go there."""
        await self.tell("/linq/subscribe", target_url=f"{bot_url}/linq/webhooks?version=2026-02-03")
        await self.tell("/slack/connect", url=f"{bot_url}/slack/events")

    async def link(self, count: int, links_file: Path) -> dict[str, str]:
        """So many new channels, each with a chat of its own, joined in that file; gives the chat of each channel."""
        links: dict[str, str] = {}
        for number in range(count):
            channel = (await self.tell("/slack/new_channel", name=f"bench-{number}"))["id"]
            chat = (await self.tell("/linq/add_chat", people=[f"+1202556{number:04}"]))["id"]
            links[channel] = chat
        tables = [f'[[link]]\nchannel = "{channel}"\nchat = "{chat}"\n' for channel, chat in links.items()]
        links_file.write_text("\n".join(tables), "utf-8")
        return links

    async def give_inboxes(self, count: int, links_file: Path) -> dict[str, str]:
        """So many new lines, each of which a new channel takes whole by that file; gives the line of each channel."""
        inboxes: dict[str, str] = {}
        for number in range(count):
            channel = (await self.tell("/slack/new_channel", name=f"bench-inbox-{number}"))["id"]
            inboxes[channel] = f"+1202557{number:04}"
            await self.tell("/linq/add_line", number=inboxes[channel])
        tables = [f'\n[[link]]\nchannel = "{channel}"\nline = "{line}"\n' for channel, line in inboxes.items()]
        links_file.write_text(links_file.read_text("utf-8") + "\n".join(tables), "utf-8")
        return inboxes

    async def keep(self, names: Sequence[str], contents: Sequence[bytes]) -> list[str]:
        """Put files where the bot does not look, to be shared later at the cost of a message; gives their ids."""
        turn = asyncio.Semaphore(UPLOADS_AT_ONCE)

        async def upload(name: str, content: bytes) -> str:
            form = aiohttp.FormData({"channel": ELSEWHERE})
            form.add_field("file", content, filename=name)
            async with turn, self.session.post("/slack/drop", data=form) as answer:
                return str((await answer.json())["files"][0]["id"])

        return list(await asyncio.gather(*(upload(*each) for each in zip(names, contents, strict=True))))

    async def share(self, file: str, channel: str) -> Body:
        """Drop a kept file in a channel; gives the message."""
        return await self.tell("/slack/share", file_id=file, channel=channel)

    async def share_unheard(self, file: str, channel: str, times: int = 1) -> list[Body]:
        """The messages stand in the channel, but no event tells of them."""
        await self.tell("/slack/switches", "PATCH", deaf=True)
        messages = [await self.share(file, channel) for _ in range(times)]
        await self.tell("/slack/switches", "PATCH", deaf=False)
        return messages

    async def entries(self) -> AsyncIterator[Body]:
        """Everything that ever crossed, as it crosses."""
        async with self.session.get("/wire/stream", params={"after": 0}) as stream:
            async for line in stream.content:
                if line.startswith(DATA):
                    yield json.loads(line.removeprefix(DATA))
