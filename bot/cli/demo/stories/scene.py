"""What a story can do and see: drop clips, set faults, kill the bot, wait for what both sides show."""

from collections.abc import Awaitable, Callable

from bot.cli.demo.supervisor import BotSupervisor
from bot.cli.demo.workspace import DemoWorkspace
from bot.sandbox.linq.state.models import Memo
from bot.sandbox.page.faults.fault_table import set_fault
from bot.sandbox.page.samples import clip
from bot.sandbox.page.timeline.timeline import word_in
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.state.models import Message, Upload

TIMEOUT_S = 60.0


class StoryError(Exception):
    """The story did not end as it should; the message says what happened instead."""


class Scene:
    """``narrate`` says a sentence, and on the page gives people the time to read it."""

    def __init__(
        self,
        sandbox: Sandbox,
        bot: BotSupervisor,
        workspace: DemoWorkspace,
        narrate: Callable[[str], Awaitable[None]],
    ) -> None:
        self.sandbox, self.workspace, self.narrate = sandbox, workspace, narrate
        self._bot = bot
        self._before = {chat: len(sandbox.linq.memos(chat)) for chat in sandbox.linq.account.chats}
        self._began = len(sandbox.wire.entries)

    async def drop(self, channel: str, upload: Upload | None = None) -> Message:
        return await self.sandbox.slack.drop(channel, upload or clip(), user=self.workspace.maya)

    def set_fault(self, fault: str, value: str) -> None:
        """Set one of the page's fault switches."""
        set_fault(self.sandbox, fault, value)

    async def kill_bot(self) -> None:
        await self._bot.kill()

    async def start_bot(self) -> None:
        await self._bot.restart(socket_mode=self.sandbox.socket_mode)

    def notice(self, message: Message) -> str:
        """Return what the notice says now; empty while there is none."""
        replies = self.sandbox.slack.thread(message.channel, message.ts)[1:]
        return next((reply.text for reply in replies if reply.user == self.sandbox.slack.bot_user), "")

    def word(self, message: Message) -> str:
        return word_in(self.notice(message), message.files[0].upload.name)

    def memos(self, chat: str) -> list[Memo]:
        """List those that arrived in this story."""
        return self.sandbox.linq.memos(chat)[self._before[chat] :]

    def crossed(self, what: str) -> int:
        """Count how often this crossed the wire in this story."""
        return sum(entry.what == what for entry in self.sandbox.wire.entries[self._began :])

    async def until(self, holds: Callable[[], bool], awaited: str) -> None:
        """Raises StoryError when it does not come to that."""
        try:
            await self.sandbox.wire.until(holds, TIMEOUT_S)
        except TimeoutError:
            raise StoryError(f"Waited {TIMEOUT_S:.0f} s in vain until {awaited}.") from None

    async def until_word(self, message: Message, word: str) -> None:
        await self.until(lambda: self.word(message) == word, f"the thread says {word}")

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StoryError(otherwise)

    def check_bubbles(self, chat: str, wanted: int) -> None:
        found = len(self.memos(chat))
        self.check(found == wanted, f"There are {found} bubbles where there should be {wanted}.")
