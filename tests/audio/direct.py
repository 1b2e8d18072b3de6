"""A worker's work done in the test's own process: quick, and with a debugger at hand."""

from pathlib import Path

from bot.audio import Limits
from bot.audio.convert.convert import convert_file
from bot.audio.inspect.inspect import inspect_file
from bot.audio.results import Inspection
from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS
from bot.relay.ports.networks import AudioFile

LIMITS = Limits()


def inspect(path: Path, limits: Limits = LIMITS) -> Inspection:
    return inspect_file(path, CONTAINERS, limits)


def convert(path: Path, limits: Limits = LIMITS) -> AudioFile:
    """As ``VoiceConverter.convert`` does for Linq, the copy beside the file."""
    inspection = inspect(path, limits)
    if inspection.info is not None:
        accepted = CONTAINERS[inspection.container]
        return AudioFile(path, accepted.content_type, accepted.extension, inspection.size_bytes, inspection.info)
    target = path.with_name(path.name + ".m4a")
    made = convert_file(path, target, limits)
    return AudioFile(target, "audio/x-m4a", "m4a", made.size_bytes, made.info)
