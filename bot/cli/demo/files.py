"""The file that a demo drops: one of the caller's, if it holds sound, else the sandbox's own."""

from pathlib import Path

from bot.audio.inspect.inspect import inspect_file, kind_of_file
from bot.audio.limits import Limits
from bot.audio.results import MediaKind
from bot.cli.common import USAGE, stop
from bot.relay.errors import Refused
from bot.sandbox.page.samples import clip
from bot.sandbox.slack.state.models import Upload


def upload_of(file: Path | None) -> Upload:
    """End the program with one line where the file cannot be read or is no recording: nothing would be sent of it."""
    if file is None:
        return Upload("hello.m4a", clip().content)
    try:
        problem, content = _problem_of(file), file.read_bytes()
    except OSError as error:
        stop([f"--file: {file} cannot be read ({error.strerror})."], USAGE)
    if problem:
        stop([f"--file: {file.name} is no recording. {problem}"], USAGE)
    return Upload(file.name, content)


def _problem_of(file: Path) -> str:
    kind = kind_of_file(file)
    if kind is MediaKind.AUDIO:
        return ""
    if kind is MediaKind.VIDEO:
        return "It is a video; of those the sound is sent only when a person asks for it."
    try:
        inspect_file(file, {}, Limits())
    except Refused as no:
        return no.reason
    return "No sound in it can be read: it is damaged, or there is none."
