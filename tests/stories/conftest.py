"""The stories' stage: the real bot as a process, the sandbox around it, a fresh database behind it."""

import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import aiohttp
import psycopg
import pytest
import pytest_asyncio

from bot.cli.child import BotProcess
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Memo
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.state.models import Message, Upload
from bot.store.embedded import Embedded
from tests.conftest import NUMBERS, create, url_of
from tests.stories import secrecy

SOUND = (resources.files("bot.sandbox") / "sample.m4a").read_bytes()
WORDS = ("queued", "sent", "delivered", "read", "failed", "unconfirmed", "cancelled")
EXPECTED = ("Refused", "RetryLater", "OutcomeUnknown", "ConnectorException")  # what an absent neighbour raises
PLACES = itertools.count(1)


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
            await inspect(town)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with town_with(database_url) as town:
        yield town


async def inspect(town: Town) -> None:
    """After every story: nothing leaked into the metrics, the log or the database, and nothing went wrong unseen."""
    assert [line for line in town.bot.log if "places" in line and line["error"] not in EXPECTED] == []
    said = "\n".join(json.dumps(line, ensure_ascii=False) for line in town.bot.log) + await _metrics(town)
    assert secrecy.leaks_in_words(said, town.sandbox) == []
    try:
        assert secrecy.leaks_in_database(town.settings["DATABASE_URL"], town.sandbox) == []
    except psycopg.OperationalError:
        return  # a story may end with its database down


async def _metrics(town: Town) -> str:
    """Empty when the bot is down."""
    try:
        return (await get(town, "/metrics"))[1]
    except (aiohttp.ClientError, OSError):
        return ""


async def get(town: Town, path: str) -> tuple[int, str]:
    """Status and body of one of the bot's own routes."""
    async with aiohttp.ClientSession() as session, session.get(town.bot.url + path) as answer:
        return answer.status, await answer.text()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_town(embedded: Embedded, template: str, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """One bot for a whole module, started with the module's ``SETTINGS``; ``SOCKET_MODE`` says how it hears Slack."""
    name = f"town_{next(NUMBERS)}"
    create(embedded, name, template)
    module = request.module
    settings = getattr(module, "SETTINGS", {})
    is_socket = getattr(module, "SOCKET_MODE", False)
    async with town_with(url_of(embedded, name), socket_mode=is_socket, **settings) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="module")
async def place(shared_town: Town) -> AsyncIterator[Town]:
    """A channel and a chat of one test's own, in the shared town; every switch is put back after it."""
    number = next(PLACES)
    channel = shared_town.sandbox.slack.new_channel(f"place-{number}")
    chat = shared_town.sandbox.linq.add_chat(f"+1202556{number:04}")
    here = replace(shared_town, channel=channel, chat=chat.id)
    await here.link(channel, chat.id)
    yield here
    shared_town.sandbox.slack.switches.reset()
    shared_town.sandbox.linq.switches.reset()


def free_port() -> int:
    """A port that nobody listens on now, for a bot that must know its own address before it starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
