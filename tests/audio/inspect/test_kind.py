"""Audio, video, picture or something else, from the bytes alone: what comes in has no flag and often no label."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.audio.inspect.inspect import kind_of_file
from tests.audio.samples.formats import AS_IT_IS, CONVERTED, Format
from tests.audio.samples.formats import FORMATS as SAMPLES
from tests.audio.sounds import encode, record_video, speech


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if s.becomes in (AS_IT_IS, CONVERTED)], ids=lambda sample: sample.name
)
def test_kind_of_every_sample(sample: Format, tmp_path: Path) -> None:
    sample.make(tmp_path / "clip")
    assert kind_of_file(tmp_path / "clip") == ("video" if sample.is_sound_of_video else "audio")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "other"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "image"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(100), "image"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(100), "other"),  # an MP4 that cannot be opened
        (b"%PDF-1.7", "other"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "other"),
        (b"<!DOCTYPE html><html>", "other"),
    ],
)
def test_kind_of_what_holds_no_sound(content: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(content)
    assert kind_of_file(tmp_path / "clip") == kind


def test_video_without_sound_is_video(tmp_path: Path) -> None:
    assert kind_of_file(record_video(tmp_path / "clip", "mp4", "libx264", None)) == "video"


def test_video_known_only_at_the_end_of_the_file_is_video(tmp_path: Path) -> None:
    """An MP4 whose index comes last begins as one with sound only."""
    path = record_video(tmp_path / "clip", "mp4", "libx264", "aac", seconds=6.0)
    assert b"hdlr" not in path.read_bytes()[:8192]
    assert kind_of_file(path) == "video"


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("mp3", "libmp3lame"), ("flac", "flac")])
def test_cover_picture_is_no_video(container: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    with av.open(str(path), "w", format=container) as raw:
        track = raw.add_stream(codec, rate=24_000, layout="mono")
        cover = raw.add_stream("mjpeg" if container != "flac" else "png", rate=1)
        assert isinstance(track, AudioStream)
        assert isinstance(cover, VideoStream)
        cover.width, cover.height = 64, 64
        cover.pix_fmt = "yuvj420p" if container != "flac" else "rgb24"
        cover.disposition = Disposition.attached_pic
        frame = VideoFrame(64, 64, cover.pix_fmt)
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        raw.mux([*cover.encode(frame), *cover.encode(None)])
        encode(raw, track, speech(2.0), 24_000)
    with av.open(str(path)) as raw:
        assert raw.streams.video
    assert kind_of_file(path) == "audio"
