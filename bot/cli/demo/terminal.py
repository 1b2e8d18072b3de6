"""The demo in the terminal: one clip from the drop to its reading, or a story, line by line."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from rich.console import Console
from rich.text import Text

from bot.cli.child import ChildError
from bot.cli.common import FAILED, plain_console, stop
from bot.cli.demo.database_folder import create_database, demo_folder
from bot.cli.demo.stories import Scene, Story, StoryError
from bot.cli.demo.supervisor import BotSupervisor
from bot.cli.demo.workspace import DemoWorkspace, add_workspace, set_up, slow_down_phone
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.page.timeline.truth import DEAD_ENDS, word_in
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.state.models import Message, Upload

END = "read"
TIMEOUT_S = 60.0


async def report_clip(upload: Upload) -> bool:
    """Show one clip on its way. Return whether the memo was read and its bytes are the clip's or a converted copy's."""
    console = plain_console()
    async with _running(console) as (sandbox, _, workspace):
        return await ClipReport(console, sandbox, workspace).run(upload)


async def report_story(story: Story) -> bool:
    """Show a story and what it proved. Return whether it ended as it should."""
    console = plain_console()

    async def narrate(sentence: str) -> None:
        console.print(f"  {sentence}")

    async with _running(console) as (sandbox, bot, workspace):
        console.print(f"\n{story.title}", style="bold")
        scene = Scene(sandbox, bot, workspace, narrate)
        try:
            await story.play(scene)
        except (StoryError, ChildError) as error:
            console.print(_headed("Not as it should have ended:", "red", str(error)))
            return False
    for claim in scene.proved:
        console.print(_headed("✓", "green", claim))
    console.print("It ended as it should.", style="green")
    return True


@asynccontextmanager
async def _running(console: Console) -> AsyncIterator[tuple[Sandbox, BotSupervisor, DemoWorkspace]]:
    """Run the sandbox with the bot in it, saying each step, and leave nothing of it afterwards."""
    with demo_folder() as folder:
        console.print("Making an empty database …")
        await asyncio.to_thread(create_database, folder)
        console.print("Starting a Slack and a Linq on this machine …")
        async with Sandbox() as sandbox:
            slow_down_phone(sandbox)
            workspace = add_workspace(sandbox)
            bot = BotSupervisor(sandbox, folder, at_first=partial(_set_up, console, sandbox, workspace))
            try:
                console.print("Starting the bot …")
                await bot.start()
                yield sandbox, bot, workspace
            except ChildError as error:
                stop([str(error)], FAILED)
            finally:
                await bot.stop()


async def _set_up(console: Console, sandbox: Sandbox, workspace: DemoWorkspace) -> None:
    console.print("Linking #clips, #crew and #texts to chats, and #support to a whole number …")
    await set_up(sandbox, workspace)


class ClipReport:
    """One clip as both sides see it."""

    def __init__(self, console: Console, sandbox: Sandbox, workspace: DemoWorkspace) -> None:
        self._console, self._sandbox, self._workspace = console, sandbox, workspace
        self._printed: set[tuple[str, str]] = set()

    async def run(self, upload: Upload) -> bool:
        self._say("Slack", "#clips is linked to an iMessage chat with Ann.")
        message = await self._sandbox.slack.drop(CLIPS, upload, user=self._workspace.maya)
        self._say("Slack", f"a person drops {upload.name} ({len(upload.content):,} bytes)")
        try:
            await self._sandbox.wire.until(lambda: self._print_news(message), TIMEOUT_S)
        except TimeoutError:
            said = self._word(message) or "nothing"
            end = f"After {TIMEOUT_S:.0f} s the thread says {said}, and not how it ended."
            self._console.print(_headed("It did not come to an end.", "red", end))
            return False
        return self._verdict(upload, message)

    def _print_news(self, message: Message) -> bool:
        """Print what is new on either side; True once the thread has come to an end."""
        for reply in self._sandbox.slack.thread(CLIPS, message.ts)[1:]:
            self._say("Slack", f"  ↳ {reply.text}")
        for memo in self._sandbox.linq.memos(Chats.ANN):
            self._say("iMessage", f"voice memo {memo.filename}, {memo.size_bytes:,} bytes: {memo.status}")
        return self._word(message) in (END, *DEAD_ENDS)

    def _say(self, side: str, line: str) -> None:
        if (side, line) not in self._printed:
            self._printed.add((side, line))
            self._console.print(_headed(side, "bold", line))

    def _word(self, message: Message) -> str:
        """Return the status that the thread shows; empty while it shows none."""
        replies = self._sandbox.slack.thread(CLIPS, message.ts)[1:]
        return word_in(replies[0].text, message.files[0].upload.name) if replies else ""

    def _verdict(self, upload: Upload, message: Message) -> bool:
        memos = self._sandbox.linq.memos(Chats.ANN)
        if self._word(message) != END or len(memos) != 1:
            self._console.print(f"{len(memos)} memos arrived; the thread ended as {self._word(message)}.", style="red")
            return False
        if memos[0].sha256 == hashlib.sha256(upload.content).hexdigest():
            self._console.print("The memo's bytes are the clip's own, to the last one.", style="green")
            return True
        converted = memos[0].content_type == "audio/x-m4a"
        if converted:
            self._console.print("A converted copy arrived.")
        else:
            self._console.print("The bytes differ from the clip's.", style="red")
        return converted


def _headed(head: str, style: str, words: str) -> Text:
    return Text.assemble((head, style), f" {words}")
