"""``memobridge run`` and ``memobridge migrate``."""

import asyncio
import errno
import os
import socket
from functools import partial

import uvloop

from bot import telemetry
from bot.app import EXIT_AFTER_S, Role, Service, exit_within, migrate_database
from bot.cli.common import FAILED, plain_console, run_or_exit, settings_or_exit, stop
from bot.store.embedded import request_stop
from config.settings import Settings

NO_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, None)
"""None: newer Pythons try every address of the host, and then give no number."""


def run(role: str) -> None:
    """Until a signal; then nothing new is taken and what is in flight is finished, within 10 s, with exit code 0."""
    settings = settings_or_exit()
    metrics = telemetry.set_up(settings.log_level, settings.log_format)
    _raise_descriptor_limit()
    run_or_exit(
        _run(settings, Role(role), metrics),
        # libuv's loop: 66 against 60 clips a second, and 16.8 against 19.3 ms of CPU a clip (three adjacent pairs).
        loop_factory=uvloop.new_event_loop,
        stopped_code=0,
        on_stop=lambda: exit_within(EXIT_AFTER_S, partial(_leave_no_server, settings)),
    )


async def _run(settings: Settings, role: Role, metrics: telemetry.Metrics) -> None:
    try:
        async with Service(settings, role, metrics):
            await asyncio.Event().wait()  # until it is cancelled
    except OSError as error:
        stop([_cannot_listen(error, settings)], FAILED)


def _leave_no_server(settings: Settings) -> None:
    if settings.database_url is None:
        request_stop(settings.data_dir)


def _raise_descriptor_limit() -> None:
    """The usual soft limit of 1,024 is less than a busy bot with many visitors opens."""
    import resource  # there is none on Windows, where the command line refuses to start

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _cannot_listen(error: OSError, settings: Settings) -> str:
    if isinstance(error, socket.gaierror) or error.errno in NO_ADDRESS:
        cause = error.strerror if isinstance(error, socket.gaierror) else "no address of this machine"
        return f"HOST: cannot listen on {settings.host} ({cause}). Name one of this machine, or 0.0.0.0 for all."
    cause = os.strerror(error.errno or 0)  # asyncio words its own, with a tuple in it
    return f"PORT: cannot listen on {settings.host}:{settings.port} ({cause}). Choose another."


def migrate() -> None:
    applied = run_or_exit(migrate_database(settings_or_exit()))
    said = f"Applied {', '.join(applied)}." if applied else "Nothing to do: the database is of today's shape."
    plain_console(soft_wrap=True).print(said)
