"""What the bot is killed in: a sandbox with three linked channels, and people who go on dropping clips all the while.

Slack's and Linq's minutes are squeezed, so that a redelivery comes within seconds and not hours; what they answer, how
often they try and when they give up stays as it is.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS, CREW, PRIVATE
from bot.sandbox.slack.state.models import Message, Upload
from bot.sandbox.time_scale import TimeScale
from tests.crash.boundaries import Provocation
from tests.crash.hatching import Nest, nest

SOUND = (resources.files("bot.sandbox") / "sample.m4a").read_bytes()
LINKED = {CLIPS: str(Chats.ANN), CREW: str(Chats.BEN), PRIVATE: str(Chats.FAMILY)}
SCALE = 0.05  # Slack tries again after 0, 3 and 15 s; Linq nine times within 50 s
FIND_S = 2.0
AHEAD = 4  # clips that a chat may have waiting before its people pause
SLACK_GIVES_UP_S = 60.0
CALM_S, BUSY_S = (1.0, 5.0), (0.2, 1.0)
LATE_S = 4.0  # a webhook that would tell what a lost answer did not comes later than the look for the memo
NOTICE = "memobridge_notice"
GIVEN_UP = ("failed", "unconfirmed", "cancelled")
WORDS = ("queued", "sent", "delivered", "read", *GIVEN_UP)


@dataclass
class Drop:
    """One message of audio. ``is_acked``: Slack was told that it is taken."""

    message: Message
    names: tuple[str, ...]
    is_deleted: bool = False

    @property
    def is_acked(self) -> bool:
        delivery = self.message.delivery
        return delivery is not None and any(answer.accepted for answer in delivery.answers)


@dataclass
class Scene:
    """``drops`` by channel, in the order in which they were made; ``pauses_s`` of people between two of them."""

    sandbox: Sandbox
    nest: Nest
    chance: random.Random
    environment: dict[str, str]
    pauses_s: tuple[float, float]
    drops: dict[str, list[Drop]] = field(default_factory=lambda: {channel: [] for channel in LINKED})
    _people: list[asyncio.Task[None]] = field(default_factory=list)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Let people drop clips until ``pause``."""
        self._wanted.set()
        self._people = self._people or [asyncio.create_task(self._drop_on(channel)) for channel in LINKED]

    async def pause(self) -> None:
        """Nobody drops anything more; what was dropped is taken, or given up by Slack."""
        self._wanted.clear()
        for drop in self.all_drops():
            assert drop.message.delivery is not None
            await drop.message.delivery.ended(SLACK_GIVES_UP_S)

    async def end(self) -> None:
        for person in self._people:
            person.cancel()
        await asyncio.gather(*self._people, return_exceptions=True)

    def all_drops(self) -> list[Drop]:
        return [drop for drops in self.drops.values() for drop in drops]

    def memos_of(self, channel: str) -> list[str]:
        """The names of the memos in this channel's chat, oldest first."""
        return [memo.filename for memo in self.sandbox.linq.memos(LINKED[channel])]

    def notices(self, drop: Drop) -> list[Message]:
        """The bot's notices under a message. Alarms beside it carry no metadata."""
        thread = self.sandbox.slack.thread(drop.message.channel, drop.message.root_ts)
        return [m for m in thread if m.bot_id and m.metadata and m.metadata["event_type"] == NOTICE]

    def provoke(self, provocation: Provocation) -> None:
        """Make the neighbours or the people do what leads the bot to a boundary it rarely sees."""
        self.sandbox.linq.switches.webhook_delay_s = LATE_S if provocation == "lost answer" else 0.0
        match provocation:
            case "busy":
                self.sandbox.linq.switches.next("voicememo", 1007)
            case "refusal":
                self.sandbox.linq.switches.next("voicememo", 2024)
            case "lost answer":
                self.sandbox.linq.switches.next("voicememo", self.chance.choice(("lose_answer", "act_then_500")))
            case "lost post":
                self.sandbox.slack.switches.fault("chat.postMessage", drop=True, done=True, times=1)
            case "deletion":
                asyncio.create_task(self._delete_next())  # noqa: RUF006  # it ends with its clip

    async def _drop_on(self, channel: str) -> None:
        """One after the other: the next clip is dropped when Slack knows what became of the last."""
        while True:
            await self._wanted.wait()
            if self._waiting_in(channel) < AHEAD:
                drop = await self._drop(channel)
                assert drop.message.delivery is not None
                await drop.message.delivery.ended(SLACK_GIVES_UP_S)
            await asyncio.sleep(self.chance.uniform(*self.pauses_s))

    async def _drop(self, channel: str) -> Drop:
        number = len(self.drops[channel])
        names = tuple(f"{channel[-5:]}-{number:04}-{part}.m4a" for part in range(self.chance.choice((1, 1, 2))))
        message = await self.sandbox.slack.drop(channel, *(Upload(name, SOUND) for name in names))
        drop = Drop(message, names)
        self.drops[channel].append(drop)
        return drop

    def _waiting_in(self, channel: str) -> int:
        there = set(self.memos_of(channel))
        return sum(name not in there for drop in self.drops[channel][-AHEAD:] for name in drop.names)

    async def _delete_next(self) -> None:
        """The next message of some channel goes as soon as it is there."""
        channel = self.chance.choice(list(LINKED))
        count = len(self.drops[channel])
        with suppress(TimeoutError):
            await self.sandbox.wire.until(lambda: len(self.drops[channel]) > count)
            drop = self.drops[channel][count]
            drop.is_deleted = True
            await self.sandbox.slack.delete(channel, drop.message.ts)


def words_of(text: str) -> Iterator[tuple[str, str]]:
    """(name, status word) of each clip in a notice's text; a reason never holds another status word."""
    for line in text.splitlines():
        name, extension, said = line.partition(".m4a")
        yield name + extension, next((word for word in re.findall(r"\w+", said) if word in WORDS), "")


@asynccontextmanager
async def scene(
    seed: str,
    folder: Path,
    settings: dict[str, str],
    *,
    socket_mode: bool = False,
    scale: float = SCALE,
    pauses_s: tuple[float, float] = CALM_S,
) -> AsyncIterator[Scene]:
    """``folder`` takes the links file. ``settings`` are the bot's own, a database among them."""
    links = folder / "links.toml"
    links.write_text("".join(f'[[link]]\nchannel = "{c}"\nchat = "{chat}"\n' for c, chat in LINKED.items()))
    async with Sandbox(time_scale=TimeScale(scale), socket_mode=socket_mode) as sandbox, nest() as hatchery:
        own = {"LINKS_FILE": str(links), "FIND_SECONDS": str(FIND_S), "AUDIO_WORKERS": "1"}
        stage = Scene(sandbox, hatchery, random.Random(seed), sandbox.environment() | own | settings, pauses_s)
        try:
            yield stage
        finally:
            await stage.end()
