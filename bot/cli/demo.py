"""``memobridge demo``: the real bot between a local Slack and a local Linq, told in the terminal.

The bot runs as ``memobridge run`` would, in a process of its own on an embedded database in a temporary folder.
"""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot.cli.child import BotProcess, ChildError
from bot.cli.common import FAILED, USAGE, settle, stop
from bot.sandbox.linq.cast import Chats
from bot.sandbox.slack.files import Upload
from bot.sandbox.slack.workspace import CLIPS, Message
from bot.sandbox.world import Sandbox

WAY = ("queued", "sent", "delivered", "read")
DEAD_ENDS = ("failed", "unconfirmed", "cancelled")
PATIENCE_S = 60.0


def demo(file: Path | None, *, headless: bool) -> None:
    """Exit 0 only if the memo was read and its bytes arrived whole: the clip's own, or those of its converted copy."""
    del headless  # the terminal is the only stage there is
    sys.exit(0 if settle(_play(_upload(file))) else FAILED)


def _upload(file: Path | None) -> Upload:
    if file is None:
        return Upload("hello.m4a", (resources.files("bot.sandbox") / "sample.m4a").read_bytes())
    try:
        return Upload(file.name, file.read_bytes())
    except OSError as error:
        stop([f"--file: {file} cannot be read ({error.strerror})."], USAGE)


async def _play(upload: Upload) -> bool:
    console = Console(highlight=False)
    with _folder() as folder, _bar(console) as bar:
        task = bar.add_task("starting a Slack, a Linq, a database and the bot", total=len(WAY))
        async with Sandbox() as sandbox:
            environment = sandbox.environment() | {"DATA_DIR": str(folder)}
            try:
                async with BotProcess(environment) as bot:
                    await connect(sandbox, bot)
                    return await Story(console, bar, task, sandbox).tell(upload)
            except ChildError as error:
                stop([str(error)], FAILED)


@contextmanager
def _folder() -> Iterator[Path]:
    """A short path, since a socket lives in it; the database's own user must reach it when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="memobridge-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bar(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)


async def connect(sandbox: Sandbox, bot: BotProcess, channel: str = CLIPS, chat: str = Chats.ANN) -> None:
    """Tell both sides where the bot listens, and link a channel as a person would: command, look, press."""
    sandbox.slack.connect(f"{bot.url}/slack/events")
    sandbox.linq.subscribe(f"{bot.url}/linq/webhooks?version=2026-02-03")
    await sandbox.slack.command(channel, f"link {chat}")
    offer = sandbox.slack.ephemerals(channel)[-1]
    await sandbox.slack.press(channel, offer.ts, "link_chat")


class Story:
    """One clip from the drop to the ear, as both sides see it."""

    def __init__(self, console: Console, bar: Progress, task: TaskID, sandbox: Sandbox) -> None:
        self._console, self._bar, self._task, self._sandbox = console, bar, task, sandbox
        self._told: set[tuple[str, str]] = set()

    async def tell(self, upload: Upload) -> bool:
        self._console.print("[bold]Slack[/] #clips is linked to an iMessage chat with Ann.")
        message = await self._sandbox.slack.drop(CLIPS, upload, text="")
        self._console.print(f"[bold]Slack[/] a person drops {upload.name} ({len(upload.content):,} bytes)")
        try:
            await self._sandbox.wire.until(lambda: self._look(message), PATIENCE_S)
        except TimeoutError as error:
            self._console.print(f"[red]It did not come to an end.[/] {error}")
            return False
        return self._verdict(upload, message)

    def _look(self, message: Message) -> bool:
        """Tell what is new on either side; True once the thread has come to an end."""
        for reply in self._sandbox.slack.thread(CLIPS, message.ts)[1:]:
            self._say("Slack", f"  ↳ {reply.text}")
        for memo in self._sandbox.linq.memos(Chats.ANN):
            self._say("iMessage", f"voice memo {memo.filename}, {memo.size_bytes:,} bytes: {memo.status}")
        word = self._word(message)
        self._bar.update(self._task, description=word, completed=WAY.index(word) + 1 if word in WAY else 0)
        return word == WAY[-1] or word in DEAD_ENDS

    def _say(self, side: str, line: str) -> None:
        if (side, line) not in self._told:
            self._told.add((side, line))
            self._console.print(f"[bold]{side}[/] {line}", markup=True)

    def _word(self, message: Message) -> str:
        """The status that the thread shows last."""
        replies = self._sandbox.slack.thread(CLIPS, message.ts)[1:]
        words = replies[0].text.split() if replies else []
        return next((word.strip(".,:;") for word in words if word.strip(".,:;") in WAY + DEAD_ENDS), "starting")

    def _verdict(self, upload: Upload, message: Message) -> bool:
        memos = self._sandbox.linq.memos(Chats.ANN)
        if self._word(message) != "read" or len(memos) != 1:
            self._console.print(f"[red]{len(memos)} memos arrived; the thread ended as {self._word(message)}.[/]")
            return False
        if memos[0].sha256 == hashlib.sha256(upload.content).hexdigest():
            self._console.print("[green]The memo's bytes are the clip's own, to the last one.[/]")
            return True
        converted = memos[0].content_type == "audio/x-m4a"
        self._console.print("A converted copy arrived." if converted else "[red]The bytes differ from the clip's.[/]")
        return converted
