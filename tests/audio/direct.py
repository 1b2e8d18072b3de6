"""A worker's work done in the test's own process: quick, and with a debugger at hand."""

from pathlib import Path

from bot.audio import Limits, listening
from bot.audio.listening import Conversion
from bot.relay.ports import AudioFile
from tests.audio.terms import TAKES

LIMITS = Limits()


def look(path: Path, limits: Limits = LIMITS) -> AudioFile | Conversion:
    return listening.look(path, TAKES, limits)


def fitted(path: Path, limits: Limits = LIMITS) -> AudioFile:
    looked = look(path, limits)
    if isinstance(looked, AudioFile):
        return looked
    return listening.convert(path, path.with_name(path.name + ".memo.m4a"), looked.container, TAKES, limits)
