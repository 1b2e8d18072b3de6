"""The demo as a page: served at once, while the bot starts behind it."""

import asyncio
import os
import signal
import sys
import webbrowser
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from bot.cli.child import ChildError
from bot.cli.common import plain_console
from bot.cli.demo.cast import take_time
from bot.cli.demo.director import DemoDirector
from bot.cli.demo.folder import demo_folder, furnish, lay_by
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.state.files import Upload
from bot.sandbox.time_scale import TimeScale

PORT = 4321
SQUEEZED = 0.1
"""Slack tries again after 6 s and after 30 s, not after 1 and 5 minutes."""


async def show_page(story: str, upload: Upload | None, port: int | None) -> None:
    """Until SIGINT or SIGTERM. ``story`` plays as soon as the bot is there, or ``upload`` is dropped.

    ``port`` None: the usual one.
    """
    leaving = _told_to_leave()
    console = plain_console()
    with demo_folder() as folder:
        furnished = asyncio.create_task(asyncio.to_thread(furnish, folder))
        async with Sandbox(pace=TimeScale(SQUEEZED)) as sandbox:
            take_time(sandbox)
            director = DemoDirector(sandbox, folder, furnished)
            await _serve(sandbox, director, PORT if port is None else port, console)
            opening = asyncio.create_task(_bring_up(director, story, upload, console))
            try:
                await leaving.wait()
            finally:
                console.print("\nStopping the bot and its database.")
                opening.cancel()
                await director.close()


def _told_to_leave() -> asyncio.Event:
    leaving = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # loops on Windows take no signal handlers; Ctrl-C cancels there
            asyncio.get_running_loop().add_signal_handler(number, leaving.set)
    return leaving


async def _serve(sandbox: Sandbox, director: DemoDirector, port: int, console: Console) -> None:
    try:
        await sandbox.open_control(port, director)
    except OSError:
        await sandbox.open_control(0, director)
        console.print(f"Port {port} is busy, so another one was taken.")
    console.print(Text.assemble("The demo is at ", (sandbox.control_url, "bold"), "  (Ctrl-C ends it)"))
    if _has_display():
        await asyncio.to_thread(webbrowser.open, sandbox.control_url)


def _has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _bring_up(director: DemoDirector, story: str, upload: Upload | None, console: Console) -> None:
    """The bot, then the story or the file, and what the next demo needs.

    Where no bot comes up, the page says so, and stays.
    """
    try:
        await director.open()
    except ChildError as error:
        console.print(str(error), style="red")
        return
    console.print("The bot is running.")
    if story:
        await director.play(story)
    if upload:
        await director.drop(upload)
        console.print(f"{upload.name} is dropped in #clips.")
    await asyncio.to_thread(lay_by)
