"""What every command shares: settings or a clear exit, and errors told in one line."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from bot.relay.errors import InvalidInput, RelayError
from bot.telemetry import is_news
from config.settings import Settings, SettingsError, load

USAGE = 2
FAILED = 1
STOPPED = 130  # as a shell says it of a program that Ctrl-C ended

WHOLE = ("id", "chat", "channel", "from", "to", "accepted (UTC)", "status")
FOLDED, UNFOLDED = 12, 10_000
"""Widths, in letters: of a column that may be folded at least, and of what no terminal shows."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))

Result = TypeVar("Result")


def settings_or_exit() -> Settings:
    """The settings, or a line for each problem on stderr and exit code 2. Logs are silent until somebody wants them."""
    logging.getLogger("memobridge").setLevel(logging.CRITICAL)
    try:
        return load()
    except SettingsError as error:
        stop(error.problems, USAGE)


def run_or_exit(
    work: Coroutine[Any, Any, Result],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    stopped_code: int = STOPPED,
    on_stop: Callable[[], None] = lambda: None,
) -> Result:
    """Run it. What the relay's errors say becomes one line on stderr; no traceback. The exit code is then 2 where
    what was written is wrong in itself, else 1.

    SIGTERM, SIGINT (Ctrl-C) and SIGHUP (a closed terminal) cancel it: it puts in order what it began, and the exit code
    is ``stopped_code``. ``on_stop`` is called first.
    """
    logging.getLogger("asyncio").addFilter(is_news)
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(_until_signal(work, on_stop))
    except SettingsError as error:
        stop(error.problems, USAGE)
    except RelayError as error:
        stop([error.reason], USAGE if isinstance(error, InvalidInput) else FAILED)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(stopped_code)


async def _until_signal(work: Coroutine[Any, Any, Result], on_stop: Callable[[], None]) -> Result:
    """Only the work itself is cancelled: what it has begun is still there for it, and it ends that in its order.

    Further signals are ignored, so that it is not disturbed in that.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop_work(*_: object) -> None:
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        on_stop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    for number in SIGNALS:
        signal.signal(number, stop_work)
    return await work


def plain_console(*, soft_wrap: bool = False) -> Console:
    """Prints words as they stand: a clip or a chat may have a name that looks like markup.

    What is piped on is not folded: grep looks for whole lines.
    """
    width = None if sys.stdout.isatty() else UNFOLDED
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=soft_wrap, width=width)


def table(*columns: str) -> Table:
    """For ``show``. What is in the columns of ``WHOLE`` is never folded, so that it can be copied."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in WHOLE)
    return made


def show(found: Table, nothing: str, console: Console | None = None) -> None:
    """The table, or what to say of an empty one.

    Where the terminal is too narrow for it, lines go on below, rather than columns being cut.
    """
    console = console or plain_console()
    if not found.row_count:
        console.print(nothing)
        return
    for column in found.columns:
        longest = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
        column.min_width = longest if column.no_wrap else min(longest, FOLDED)
    console.width = max(console.width, sum(column.min_width or 0 for column in found.columns) + len(found.columns))
    console.print(found)


def stop(lines: list[str], code: int) -> NoReturn:
    for line in lines:
        warn(line)
    sys.exit(code)


def warn(line: str) -> None:
    sys.stderr.write(f"memobridge: {line}\n")
