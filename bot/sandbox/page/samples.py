"""Files that a person at the page can drop, or send from the phone, without having one at hand."""

from collections.abc import Callable
from pathlib import Path

from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.slack.state.models import Upload

_FOLDER = Path(__file__).parents[1]
_CLIP, _PICTURE = _FOLDER / "sample.m4a", _FOLDER / "sample.jpg"


def clip(name: str = "hello.m4a") -> Upload:
    return Upload(name, _CLIP.read_bytes(), "ios_clip")


def broken() -> Upload:
    """Make an audio file cut off in its header: named and declared rightly, but nothing in it can be played."""
    return Upload("broken.m4a", _CLIP.read_bytes()[:24] + bytes(4000))


def picture() -> Upload:
    return Upload("parcel.jpg", _PICTURE.read_bytes())


def phone_memo() -> PhoneFile:
    return PhoneFile(_CLIP.read_bytes(), "Audio Message.m4a", "audio/x-m4a")


def phone_picture() -> PhoneFile:
    return PhoneFile(_PICTURE.read_bytes(), "IMG_0415.jpg", "image/jpeg")


SAMPLES: dict[str, Callable[[], Upload]] = {"clip": clip, "broken": broken, "picture": picture}
PHONE_SAMPLES: dict[str, Callable[[], PhoneFile]] = {"memo": phone_memo, "picture": phone_picture}
