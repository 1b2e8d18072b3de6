"""What a clip says of itself before any of it is listened to."""

from pathlib import Path

import pytest

from bot.audio.opening import opened
from tests.audio.sounds import record, speech


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("ipod", "alac"), ("mp4", "flac")])
def test_an_mp4_is_known_by_the_rate_of_its_sound(container: str, codec: str, tmp_path: Path) -> None:
    """96 kHz: more than the field an MP4 has for it holds."""
    path = record(tmp_path / "clip", container, codec, sound=speech(2.0, 96_000), source_rate=96_000)
    with opened(path, "m4a") as clip:
        assert (clip.codec, clip.rate, clip.stream.codec_context.channels) == (codec, 96_000, 1)
