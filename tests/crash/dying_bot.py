"""The real bot, but for one thing: at a boundary that its environment names it stops dead.

``CRASH_AT`` names the boundary, ``CRASH_NTH`` which passage of it is the last, ``CRASH_SIGNAL`` what hits: SIGKILL ends
the process without a last word, SIGSTOP freezes it. Without ``CRASH_AT`` this is the bot as it is.
"""

import asyncio
import os
import signal

from bot import telemetry
from bot.app import Bot, Role
from bot.app.bootstrap import as_it_is
from bot.cli.common import settings_or_exit, settle
from tests.crash.boundaries import BY_NAME
from tests.crash.fate import Fate


def live() -> None:
    """Until SIGTERM or fate."""
    settle(_live())


async def _live() -> None:
    settings = settings_or_exit()
    leaving = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leaving.set)
    metrics = telemetry.set_up(settings.log_level, settings.log_format)
    async with Bot(settings, Role.ALL, metrics, _fate().around if "CRASH_AT" in os.environ else as_it_is):
        await leaving.wait()


def _fate() -> Fate:
    sign = signal.Signals[os.environ.get("CRASH_SIGNAL", "SIGKILL")]
    return Fate(BY_NAME[os.environ["CRASH_AT"]], int(os.environ.get("CRASH_NTH", "1")), sign)
