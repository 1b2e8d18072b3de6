"""``memobridge run`` and ``memobridge migrate``."""

import asyncio
import os
import signal

from bot import telemetry
from bot.app import LEAVE_S, Bot, Role, leave_within, migrate_database
from bot.cli.common import FAILED, settings_or_exit, settle, stop
from config.settings import Settings


def run(role: str) -> None:
    settings = settings_or_exit()
    metrics = telemetry.set_up(settings.log_level, settings.log_format)
    settle(_run(settings, Role(role), metrics))


async def _run(settings: Settings, role: Role, metrics: telemetry.Metrics) -> None:
    """Until SIGTERM or SIGINT; then nothing new is taken and what is in flight is finished, within 10 s."""
    leaving = asyncio.Event()

    def leave() -> None:
        leaving.set()
        leave_within(LEAVE_S)

    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, leave)
    try:
        async with Bot(settings, role, metrics):
            await leaving.wait()
    except OSError as error:
        cause = os.strerror(error.errno or 0)  # asyncio words its own, with a tuple in it
        stop([f"PORT: cannot listen on {settings.host}:{settings.port} ({cause}). Choose another."], FAILED)


def migrate() -> None:
    settle(migrate_database(settings_or_exit()))
