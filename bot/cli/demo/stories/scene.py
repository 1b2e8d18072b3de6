"""What a story can do and see: drop clips, flip switches, kill the bot, wait for what both sides show."""

from collections.abc import Awaitable, Callable

from bot.cli.demo.cast import Cast
from bot.cli.demo.life import BotLife
from bot.sandbox.linq.state.models import Memo
from bot.sandbox.page.faults.fault_table import flip
from bot.sandbox.page.samples import clip
from bot.sandbox.page.timeline.timeline import word_in
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.state.files import Upload
from bot.sandbox.slack.state.workspace import Message

PATIENCE_S = 60.0


class StoryError(Exception):
    """The story did not end as it should; the message says what happened instead."""


class Scene:
    """``tell`` says a sentence, and on the page gives people the time to read it."""

    def __init__(self, sandbox: Sandbox, life: BotLife, cast: Cast, tell: Callable[[str], Awaitable[None]]) -> None:
        self.sandbox, self.cast, self.tell = sandbox, cast, tell
        self._life = life
        self._before = {chat: len(sandbox.linq.memos(chat)) for chat in sandbox.linq.account.chats}
        self._began = len(sandbox.wire.entries)

    async def drop(self, channel: str, upload: Upload | None = None) -> Message:
        return await self.sandbox.slack.drop(channel, upload or clip(), user=self.cast.maya)

    def flip(self, fault: str, value: str) -> None:
        """One of the page's fault switches."""
        flip(self.sandbox, fault, value)

    async def kill_bot(self) -> None:
        await self._life.kill()

    async def start_bot(self) -> None:
        await self._life.restart(socket_mode=self.sandbox.socket_mode)

    def notice(self, message: Message) -> str:
        """What the notice says now; empty while there is none."""
        replies = self.sandbox.slack.thread(message.channel, message.ts)[1:]
        return next((reply.text for reply in replies if reply.user == self.sandbox.slack.bot_user), "")

    def word(self, message: Message) -> str:
        return word_in(self.notice(message), message.files[0].upload.name)

    def memos(self, chat: str) -> list[Memo]:
        """Those that arrived in this story."""
        return self.sandbox.linq.memos(chat)[self._before[chat] :]

    def crossed(self, what: str) -> int:
        """How often this has crossed the wire in this story."""
        return sum(entry.what == what for entry in self.sandbox.wire.entries[self._began :])

    async def until(self, holds: Callable[[], bool], awaited: str) -> None:
        """Raises StoryError when it does not come to that."""
        try:
            await self.sandbox.wire.until(holds, PATIENCE_S)
        except TimeoutError:
            raise StoryError(f"Waited {PATIENCE_S:.0f} s in vain until {awaited}.") from None

    async def until_word(self, message: Message, word: str) -> None:
        await self.until(lambda: self.word(message) == word, f"the thread says {word}")

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StoryError(otherwise)

    def check_bubbles(self, chat: str, wanted: int) -> None:
        found = len(self.memos(chat))
        self.check(found == wanted, f"There are {found} bubbles where there should be {wanted}.")
