"""The toy world as a program of its own."""

import asyncio
import shlex
import signal
import sys
import tempfile
from contextlib import suppress

from bot.sandbox.sandbox import Sandbox


async def live(sandbox: Sandbox, bot_url: str) -> None:
    """Print what a bot needs and live until SIGTERM or SIGINT. Raises OSError when a port is taken.

    ``bot_url``: the origin where the bot listens, or will.
    """
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # loops on Windows take no signal handlers
            asyncio.get_running_loop().add_signal_handler(number, told.set)
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as folder:
        async with sandbox:
            sandbox.meet(bot_url)
            sys.stdout.write(introduction(sandbox, folder))
            sys.stdout.flush()
            await told.wait()


def introduction(sandbox: Sandbox, folder: str) -> str:
    """What to paste into the shell that starts the bot, and where to steer from.

    The bot is to live on this machine only and in that folder: among real data, toy links and deliveries would stay.
    """
    variables = sandbox.environment() | {"HOST": "127.0.0.1", "DATA_DIR": folder}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*exports, f"# control: {sandbox.control_url}", ""])
