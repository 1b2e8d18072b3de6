"""The sandbox as a program of its own."""

import asyncio
import shlex
import signal
import sys
import tempfile
from contextlib import suppress

from bot.sandbox.page.page import open_page
from bot.sandbox.sandbox import Sandbox


async def run_until_stopped(sandbox: Sandbox, bot_url: str, control_port: int = 0) -> None:
    """Print what a bot needs and run until SIGTERM or SIGINT. Raises OSError when a port is taken.

    ``bot_url``: the origin where the bot listens, or will.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # loops on Windows take no signal handlers
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as folder:
        async with sandbox:
            await open_page(sandbox, control_port)
            sandbox.meet(bot_url)
            sys.stdout.write(export_lines(sandbox, folder))
            sys.stdout.flush()
            await stopped.wait()


def export_lines(sandbox: Sandbox, folder: str) -> str:
    """Return what to paste into the shell that starts the bot, and where the control port is.

    The bot is to live on this machine only and in that folder: its sandbox links and deliveries must not mix with real
    data.
    """
    variables = sandbox.environment() | {"HOST": "127.0.0.1", "DATA_DIR": folder, "ENV_FILE": ""}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*exports, f"# control: {sandbox.control_url}", ""])
