"""What every command shares: settings or a clear exit, and errors told in one line."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

from bot.relay.errors import RelayError
from config.settings import Settings, SettingsError, load

USAGE = 2
FAILED = 1

Result = TypeVar("Result")


def settings_or_exit() -> Settings:
    """The settings, or a line for each problem on stderr and exit code 2."""
    try:
        return load()
    except SettingsError as error:
        stop(error.problems, USAGE)


def settle(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it. What the relay's errors say becomes one line on stderr and exit code 1; no traceback."""
    try:
        return asyncio.run(work)
    except SettingsError as error:
        stop(error.problems, USAGE)
    except RelayError as error:
        stop([error.reason], FAILED)
    except KeyboardInterrupt:
        sys.exit(130)


def stop(lines: list[str], code: int) -> NoReturn:
    for line in lines:
        sys.stderr.write(f"memobridge: {line}\n")
    sys.exit(code)
