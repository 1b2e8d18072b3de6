"""The demo as a page: served at once, while the bot starts behind it."""

import asyncio
import os
import sys
import webbrowser
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from bot.cli.child import ChildError
from bot.cli.common import plain_console
from bot.cli.demo.controller import DemoController
from bot.cli.demo.database_folder import cache_database, create_database, demo_folder
from bot.cli.demo.workspace import slow_down_phone
from bot.sandbox.page.page import open_page
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.time_scale import TimeScale

PORT = 4321
TIME_SCALE = 0.1
"""Slack tries again after 6 s and after 30 s, not after 1 and 5 minutes."""


async def serve_page(story: str, upload: Upload | None, port: int | None) -> None:
    """Serve the page until it is cancelled. ``story`` plays as soon as the bot runs, or ``upload`` is dropped.

    ``port`` None: the usual one.
    """
    console = plain_console()
    with demo_folder() as folder:
        database_ready = asyncio.create_task(asyncio.to_thread(create_database, folder))
        async with Sandbox(time_scale=TimeScale(TIME_SCALE)) as sandbox:
            slow_down_phone(sandbox)
            controller = DemoController(sandbox, folder, database_ready)
            await _serve(sandbox, controller, PORT if port is None else port, console)
            opening = asyncio.create_task(_start_bot(controller, story, upload, console))
            try:
                await asyncio.Event().wait()
            finally:
                with suppress(OSError):  # the terminal may be closed, and the rest is still to be done
                    console.print("\nStopping the bot and its database.")
                opening.cancel()
                await controller.close()


async def _serve(sandbox: Sandbox, controller: DemoController, port: int, console: Console) -> None:
    try:
        await open_page(sandbox, port, controller)
    except OSError:
        await open_page(sandbox, 0, controller)
        console.print(f"Port {port} is busy, so another one was taken.")
    console.print(Text.assemble("The demo is at ", (sandbox.control_url, "bold"), "  (Ctrl-C ends it)"))
    if _has_display():
        await asyncio.to_thread(webbrowser.open, sandbox.control_url)


def _has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _start_bot(controller: DemoController, story: str, upload: Upload | None, console: Console) -> None:
    """Start the bot, then the story or the file, and prepare what the next demo needs.

    Where no bot starts, the page says so, and stays.
    """
    try:
        await controller.open()
    except ChildError as error:
        console.print(str(error), style="red")
        return
    console.print("The bot is running.")
    if story:
        await controller.play(story)
    if upload:
        await controller.drop(upload)
        console.print(f"{upload.name} is dropped in #clips.")
    await asyncio.to_thread(cache_database)
