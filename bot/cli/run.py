"""``memobridge run`` and ``memobridge migrate``."""

import asyncio
import errno
import os
import signal
import socket

from bot import telemetry
from bot.app import LEAVE_S, Bot, Role, leave_within, migrate_database
from bot.cli.common import FAILED, settings_or_exit, settle, stop
from config.settings import Settings

NO_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, None)
"""None: newer Pythons try every address of the host, and then give no number."""


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
        stop([_cannot_listen(error, settings)], FAILED)


def _cannot_listen(error: OSError, settings: Settings) -> str:
    if isinstance(error, socket.gaierror) or error.errno in NO_ADDRESS:
        cause = error.strerror if isinstance(error, socket.gaierror) else "no address of this machine"
        return f"HOST: cannot listen on {settings.host} ({cause}). Name one of this machine, or 0.0.0.0 for all."
    cause = os.strerror(error.errno or 0)  # asyncio words its own, with a tuple in it
    return f"PORT: cannot listen on {settings.host}:{settings.port} ({cause}). Choose another."


def migrate() -> None:
    settle(migrate_database(settings_or_exit()))
