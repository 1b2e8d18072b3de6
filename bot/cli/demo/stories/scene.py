"""What a story can do and see: people act, the bot is stopped or killed, and both sides show what came of it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from bot.cli.demo.supervisor import BotSupervisor
from bot.cli.demo.workspace import DemoWorkspace
from bot.sandbox.linq.state.models import Message as PhoneMessage
from bot.sandbox.page.faults.fault_table import set_fault
from bot.sandbox.page.samples import clip
from bot.sandbox.page.timeline.truth import word_in
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.state.models import Message, Upload

TIMEOUT_S = 60.0


class StoryError(Exception):
    """The story did not end as it should; the message says what happened instead."""


class Scene:
    """``narrate`` says a sentence, and on the page gives people the time to read it. ``proved`` grows with each claim
    that held. ``began`` is the number of the first entry of the wire log in this story."""

    def __init__(
        self,
        sandbox: Sandbox,
        bot: BotSupervisor,
        workspace: DemoWorkspace,
        narrate: Callable[[str], Awaitable[None]],
    ) -> None:
        self.sandbox, self.workspace, self.narrate = sandbox, workspace, narrate
        self.proved: list[str] = []
        self._bot = bot
        self._conversing: list[str] = []
        self._before = set(sandbox.linq.account.messages)
        self._posted = {(c.id, ts) for c in sandbox.slack.workspace.channels.values() for ts in c.messages}
        self.began = len(sandbox.wire.entries)

    # what people do

    async def drop(self, channel: str, upload: Upload | None = None) -> Message:
        return await self.sandbox.slack.drop(channel, upload or clip(), user=self.workspace.maya)

    async def say(self, channel: str, text: str, user: str = "") -> Message:
        return await self.sandbox.slack.say(channel, text, user=user or self.workspace.maya)

    async def converse(self, channel: str) -> None:
        """Set a channel's link to the mode conversation, as Maya, until the story is over."""
        await self._set_mode(channel, "conversation")
        self._conversing.append(channel)

    async def _set_mode(self, channel: str, mode: str) -> None:
        answer = await self.sandbox.slack.command(channel, f"set mode {mode}", user=self.workspace.maya)
        if answer.error:
            raise StoryError(f"/voicememo set mode {mode} failed: {answer.error}.")

    async def leave(self) -> None:
        """Let the bot run and the links be as they were before, wherever the story ended."""
        if not self.is_bot_running:
            await self.start_bot()
        while self._conversing:
            await self._set_mode(self._conversing.pop(), "voice")

    # what goes wrong

    def set_fault(self, fault: str, value: str) -> None:
        """Set one of the page's fault switches."""
        set_fault(self.sandbox, fault, value)

    @property
    def is_bot_running(self) -> bool:
        return self._bot.state == "ready"

    async def kill_bot(self) -> None:
        await self._bot.kill()

    async def stop_bot(self) -> None:
        await self._bot.stop()

    async def start_bot(self) -> None:
        await self._bot.restart(socket_mode=self.sandbox.socket_mode)

    @contextmanager
    def fast_clock(self, scale: float) -> Iterator[None]:
        """Let the waits of Slack and Linq, between one try and the next, last this share of their time."""
        usual, self.sandbox.time_scale.scale = self.sandbox.time_scale.scale, scale
        try:
            yield
        finally:
            self.sandbox.time_scale.scale = usual

    # what both sides show

    def notice(self, message: Message) -> str:
        """Return what the notice says now; empty while there is none."""
        replies = self.sandbox.slack.thread(message.channel, message.ts)[1:]
        own = (r.text for r in replies if r.user == self.sandbox.slack.bot_user and not r.username)
        return next(own, "")

    def word(self, message: Message) -> str:
        return word_in(self.notice(message), message.files[0].upload.name)

    def posts(self, channel: str) -> list[Message]:
        """List what the bot posted in this story under a contact's name, in channel and threads, oldest first."""
        posted = self.sandbox.slack.workspace.channels[channel].messages.values()
        return [m for m in posted if m.username and (channel, m.ts) not in self._posted]

    def arrived(self, chat: str) -> list[PhoneMessage]:
        """List what the team's messages became on the phone in this story, oldest first."""
        return [message for message in self.sandbox.linq.sent(chat) if message.id not in self._before]

    def memos(self, chat: str) -> list[PhoneMessage]:
        return [message for message in self.arrived(chat) if message.is_voice_memo]

    def crossed(self, what: str) -> int:
        """Count how often this crossed the wire in this story."""
        return sum(entry.what == what for entry in self.sandbox.wire.entries[self.began :])

    # what must hold

    async def until(self, holds: Callable[[], bool], awaited: str) -> None:
        """Raises StoryError when it does not come to that."""
        try:
            await self.sandbox.wire.until(holds, TIMEOUT_S)
        except TimeoutError:
            raise StoryError(f"Waited {TIMEOUT_S:.0f} s in vain until {awaited}.") from None

    async def until_word(self, message: Message, word: str) -> None:
        await self.until(lambda: self.word(message) == word, f"the thread says {word}")

    def prove(self, holds: bool, claim: str, otherwise: str) -> None:
        """Keep the claim if it holds, else raise StoryError."""
        if not holds:
            raise StoryError(otherwise)
        self.proved.append(claim)

    def prove_bubbles(self, chat: str, wanted: int, claim: str) -> None:
        found = len(self.memos(chat))
        self.prove(found == wanted, claim, f"There are {found} bubbles where there should be {wanted}.")

    def prove_order(self, shown: list[str], wanted: list[str], claim: str) -> None:
        """Prove that just these were shown: each once, in this order."""
        self.prove(shown == wanted, claim, f"Instead of {_listed(wanted)} there is {_listed(shown)}.")


def _listed(texts: list[str]) -> str:
    return ", ".join(f"“{text}”" for text in texts) or "nothing"
