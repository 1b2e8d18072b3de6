"""What a worker process is asked to do. The bot imports this to name a task; FFmpeg is loaded where the task runs."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bot.audio.limits import Limits
from bot.audio.results import Conversion, Inspection, MediaKind
from bot.relay.media.formats import AcceptedFormat

_NICE = 5


def get_ready() -> None:
    """Do nothing: a worker that answers has set its limits and loaded FFmpeg."""


def inspect_file(path: Path, accepted: Mapping[str, AcceptedFormat], limits: Limits) -> Inspection:
    from bot.audio.inspect import inspect

    return inspect.inspect_file(path, accepted, limits)


def kind_of_file(path: Path) -> MediaKind:
    from bot.audio.inspect import inspect

    return inspect.kind_of_file(path)


def convert_file(path: Path, target: Path, limits: Limits) -> Conversion:
    from bot.audio.convert import convert

    _lower_priority()
    return convert.convert_file(path, target, limits)


@cache
def _lower_priority() -> None:
    """Once in a worker's life: a conversion may take long, and all else comes first. Inspections have other workers."""
    os.nice(_NICE)
