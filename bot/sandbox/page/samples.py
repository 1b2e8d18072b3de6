"""Files that a person at the page can drop without having one at hand."""

from collections.abc import Callable
from pathlib import Path

from bot.sandbox.slack.state.models import Upload

_CLIP = Path(__file__).parents[1] / "sample.m4a"
# The smallest GIF there is: one transparent point.
_PICTURE = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


def clip() -> Upload:
    return Upload("hello.m4a", _CLIP.read_bytes(), "ios_clip")


def broken() -> Upload:
    """Make an audio file cut off in its header: named and declared rightly, but nothing in it can be played."""
    return Upload("broken.m4a", _CLIP.read_bytes()[:24] + bytes(4000))


def picture() -> Upload:
    return Upload("holiday.gif", _PICTURE)


SAMPLES: dict[str, Callable[[], Upload]] = {"clip": clip, "broken": broken, "picture": picture}
