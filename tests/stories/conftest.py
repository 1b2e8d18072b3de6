"""The stories' stage: the real bot as a process, the sandbox around it, a fresh database behind it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import pytest

from bot.cli.child import BotProcess
from bot.sandbox.linq.cast import Chats
from bot.sandbox.linq.model import Memo
from bot.sandbox.slack.files import Upload
from bot.sandbox.slack.workspace import CLIPS, Message
from bot.sandbox.world import Sandbox

SOUND = (resources.files("bot.sandbox") / "sample.m4a").read_bytes()
WORDS = ("queued", "sent", "delivered", "read", "failed", "unconfirmed", "cancelled")


@dataclass
class Town:
    """Both sides and the bot between them. Waiting means waiting on the wire."""

    sandbox: Sandbox
    bot: BotProcess
    channel: str = CLIPS
    chat: str = Chats.ANN
    settings: dict[str, str] = field(default_factory=dict)

    async def meet(self) -> None:
        """Tell both sides where the bot listens now; over Socket Mode the bot comes by itself."""
        self.sandbox.meet(self.bot.url)
        if self.sandbox.socket_mode:
            await self.until(lambda: bool(self.sandbox.wire.named("socket hello")))

    async def link(self, channel: str = CLIPS, chat: str = Chats.ANN) -> None:
        """As an admin does it: ask, look who is in the chat, press."""
        await self.sandbox.slack.command(channel, f"link {chat}")
        offer = self.sandbox.slack.ephemerals(channel)[-1]
        await self.sandbox.slack.press(channel, offer.ts, "link_chat")

    async def drop(self, *uploads: Upload, **more: Any) -> Message:
        return await self.sandbox.slack.drop(self.channel, *(uploads or (Upload("memo.m4a", SOUND),)), **more)

    def replies(self, message: Message) -> list[Message]:
        return [m for m in self.sandbox.slack.thread(message.channel, message.root_ts) if m.bot_id]

    def notice(self, message: Message) -> str:
        """What the notice under a message shows now; empty before there is one."""
        replies = self.replies(message)
        return replies[0].text if replies else ""

    async def until(self, holds: Callable[[], bool], timeout: float = 30.0) -> None:
        await self.sandbox.wire.until(holds, timeout)

    async def until_shown(self, message: Message, *words: str, timeout: float = 30.0) -> None:
        """Wait until the notice shows exactly these status words, clip by clip."""
        await self.until(lambda: shown(self.notice(message)) == list(words), timeout)

    def memos(self) -> list[Memo]:
        return self.sandbox.linq.memos(self.chat)


def shown(notice: str) -> list[str]:
    """The status words of a notice, in order."""
    tokens = (token.strip(".,:;()*_~`") for token in notice.split())
    return [token for token in tokens if token in WORDS]


@asynccontextmanager
async def town_with(database_url: str, *, socket_mode: bool = False, **settings: str) -> AsyncIterator[Town]:
    async with Sandbox(socket_mode=socket_mode) as sandbox:
        environment = sandbox.environment() | {"DATABASE_URL": database_url} | settings
        async with BotProcess(environment) as bot:
            town = Town(sandbox, bot, settings=environment)
            await town.meet()
            await town.link()
            yield town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with town_with(database_url) as town:
        yield town
