"""The whole system under test: the real bot as a process, the sandbox around it, a database behind it."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from typing import Any

import aiohttp
import psycopg

from bot.cli.child import BotProcess
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.phone import Phone
from bot.sandbox.linq.state.models import Memo
from bot.sandbox.linq.state.models import Message as LinqMessage
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS, TEAM
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories import secrecy

SOUND = (resources.files("bot.sandbox") / "sample.m4a").read_bytes()
STATUSES = ("queued", "held", "sent", "delivered", "read", "failed", "unconfirmed", "cancelled")
EXPECTED_ERRORS = ("Refused", "RetryLater", "OutcomeUnknown", "ConnectorException")  # an absent dependency raises these
NOTICE, CONTACT_MESSAGE = "memobridge_notice", "memobridge_message"


@dataclass
class System:
    """Both sides and the bot between them, seen from one linked channel and chat. Waiting means waiting on the wire."""

    sandbox: Sandbox
    bot: BotProcess
    channel: str = CLIPS
    chat: str = Chats.ANN
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def slack(self) -> SlackServer:
        return self.sandbox.slack

    @property
    def phone(self) -> Phone:
        return self.sandbox.linq.phone

    async def connect(self) -> None:
        """Tell both sides where the bot listens now; over Socket Mode the bot connects by itself."""
        hellos = len(self.sandbox.wire.named("socket hello"))
        self.sandbox.meet(self.bot.url)
        if self.sandbox.socket_mode and not hellos:
            await self.until(lambda: bool(self.sandbox.wire.named("socket hello")))

    async def restart(self) -> None:
        await self.bot.stop()
        await self.start_again()

    async def start_again(self) -> None:
        """Start the bot that was stopped or killed."""
        await self.bot.start()
        await self.connect()

    async def link(self, channel: str = CLIPS, chat: str = Chats.ANN) -> None:
        """As an admin does it: ask, see who is in the chat, press the button."""
        await self.slack.command(channel, f"link {chat}")
        offer = self.slack.ephemerals(channel)[-1]
        await self.slack.press(channel, offer.ts, "link_chat")

    async def configure(self, key: str, value: str) -> None:
        said = await self.slack.command(self.channel, f"set {key} {value}")
        assert said.text.startswith("Changed"), said.text

    async def command(self, text: str, user: str = "") -> str:
        """Type ``/voicememo`` and read what it answers."""
        return (await self.slack.command(self.channel, text, **({"user": user} if user else {}))).text

    async def until(self, holds: Callable[[], bool], timeout: float = 60.0) -> None:
        await self.sandbox.wire.until(holds, timeout)

    # the team's side

    async def drop(self, *uploads: Upload, **more: Any) -> Message:
        return await self.slack.drop(self.channel, *(uploads or (Upload("memo.m4a", SOUND),)), **more)

    async def say(self, text: str, **more: Any) -> Message:
        return await self.slack.say(self.channel, text, **more)

    async def mention(self, text: str, **more: Any) -> Message:
        """A message that begins with a mention of the bot."""
        return await self.say(f"<@{self.slack.bot_user}> {text}", **more)

    def replies(self, message: Message) -> list[Message]:
        """What the bot posted in the thread of a message."""
        return [m for m in self.slack.thread(message.channel, message.root_ts) if m.bot_id and m is not message]

    def notices(self, message: Message) -> list[Message]:
        """The notices about this message, wherever in the channel they stand."""
        posts = self.slack.workspace.channels[message.channel].messages.values()
        return [post for post in posts if carries(post, NOTICE) == notice_id(message)]

    def notice(self, message: Message) -> str:
        """What the notice under a message shows now; empty before there is one."""
        found = self.notices(message)
        return found[0].text if found else ""

    async def until_shown(self, message: Message, *statuses: str, timeout: float = 60.0) -> None:
        """Wait until the notice shows exactly these statuses, clip by clip."""
        await self.until(lambda: shown(self.notice(message)) == list(statuses), timeout)

    def marks(self, message: Message) -> set[str]:
        """The names of the bot's reactions on a message."""
        return {name for name, users in message.reactions.items() if self.slack.bot_user in users}

    async def until_marked(self, message: Message, *names: str) -> None:
        await self.until(lambda: self.marks(message) == set(names))

    # what arrived on either side

    def memos(self) -> list[Memo]:
        return self.sandbox.linq.memos(self.chat)

    def sent(self) -> list[LinqMessage]:
        """The texts and files of ours in the chat, without voice memos."""
        return [message for message in self.sandbox.linq.sent(self.chat) if not message.is_voice_memo]

    def posts(self, channel: str = "") -> list[Message]:
        """What the bot posted in the channel for the contact, at the root and in threads, oldest first."""
        posts = self.slack.workspace.channels[channel or self.channel].messages.values()
        return [post for post in posts if carries(post, CONTACT_MESSAGE)]

    def post(self, text: str) -> Message:
        """The one post with these words of the contact."""
        [found] = [post for post in self.posts() if said_in(post) == text]
        return found

    async def hear(self, text: str | None = None, **more: Any) -> LinqMessage:
        """The contact says something, and the bot has stored it: of two webhooks under way either may come first."""
        said = self.phone.send(self.chat, text, **more)
        told = partial(self.sandbox.wire.named, "webhook message.received")
        await self.until(lambda: any(e.status == 200 and e.facts.get("message_id") == said.id for e in told()))
        return said

    async def until_posted(self, *texts: str) -> list[Message]:
        """Wait until the posts for the contact hold exactly these words, in this order."""
        try:
            await self.until(lambda: self.said_in_posts() == list(texts))
        except TimeoutError as late:
            raise TimeoutError(f"posted was {self.said_in_posts()}, not {list(texts)}; {late}") from None
        return self.posts()

    def said_in_posts(self) -> list[str]:
        return [said_in(post) for post in self.posts()]


def carries(post: Message, event_type: str) -> str:
    """The value of the bot's mark of that kind on a post, "" where there is none."""
    metadata = post.metadata or {}
    if not post.bot_id or metadata.get("event_type") != event_type:
        return ""
    return str(next(iter(metadata["event_payload"].values())))


def notice_id(message: Message) -> str:
    return f"slack:{TEAM}/{message.channel}#{message.ts}"  # ours, whoever wrote it


def said_in(post: Message) -> str:
    """The words of the rich text in a post, as people read them; the fallback text where there is none."""
    blocks = [block for block in post.blocks if block["type"] == "rich_text"]
    sections = [section for block in blocks for section in block["elements"]]
    words = [element.get("text", element.get("url", "")) for section in sections for element in section["elements"]]
    return "".join(words) or post.text


def shown(notice: str) -> list[str]:
    """The statuses in a notice, in order."""
    tokens = (token.strip(".,:;()*_~`") for token in notice.split())
    return [token for token in tokens if token in STATUSES]


@asynccontextmanager
async def system_with(database_url: str, *, socket_mode: bool = False, **settings: str) -> AsyncIterator[System]:
    """A running bot with one link. What it logged, counted and stored is inspected at the end."""
    async with uninspected_system(database_url, settings, socket_mode=socket_mode) as system:
        yield system
        await inspect(system)


@asynccontextmanager
async def uninspected_system(
    database_url: str, settings: dict[str, str], *, socket_mode: bool = False
) -> AsyncIterator[System]:
    """The same for input in which numbers stand where ids belong."""
    async with Sandbox(socket_mode=socket_mode) as sandbox:
        environment = sandbox.environment() | {"DATABASE_URL": database_url} | settings
        async with BotProcess(environment) as bot:
            system = System(sandbox, bot, settings=environment)
            await system.connect()
            await system.link()
            yield system


async def inspect(system: System) -> None:
    """Nothing leaked into the metrics, the log or the database, and no exception went unnoticed."""
    found = [str(line) for line in system.bot.log if is_unexpected(line)]
    said = "\n".join(json.dumps(line, ensure_ascii=False) for line in system.bot.log) + await _metrics(system)
    found += secrecy.leaks_in_words(said, system.sandbox)
    with suppress(psycopg.OperationalError):  # a story may end with its database down
        found += secrecy.leaks_in_database(system.settings["DATABASE_URL"], system.sandbox)
    assert not found, found


def is_unexpected(line: dict[str, Any]) -> bool:
    """Whether a line of the log tells of an exception that no absent dependency explains."""
    return "places" in line and line["error"] not in EXPECTED_ERRORS


async def _metrics(system: System) -> str:
    """Empty when the bot is down."""
    try:
        return (await get(system, "/metrics"))[1]
    except (aiohttp.ClientError, OSError):
        return ""


async def get(system: System, path: str) -> tuple[int, str]:
    """Status and body of one of the bot's own routes."""
    async with aiohttp.ClientSession() as session, session.get(system.bot.url + path) as answer:
        return answer.status, await answer.text()


def free_port() -> int:
    """A port that nobody listens on now, for a bot that must know its own address before it starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
