"""What a file says of itself when it is opened, in whatever bytes it says it."""

import random
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.audio.decode.demux import open_track
from bot.audio.inspect.locate import locate
from tests.audio.direct import convert
from tests.audio.sounds import encode, record, record_tracks, speech


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("ipod", "alac"), ("mp4", "flac")])
def test_mp4_states_the_true_rate_of_its_sound(container: str, codec: str, tmp_path: Path) -> None:
    """96 kHz: more than the field an MP4 has for it holds."""
    path = record(tmp_path / "clip", container, codec, sound=speech(2.0, 96_000), source_rate=96_000)
    with open_track(locate(path)) as track:
        assert (track.codec, track.rate, track.channels) == (codec, 96_000, 1)


@pytest.mark.parametrize(("container", "codec"), [("avi", "aac"), ("avi", "flac"), ("wav", "flac"), ("asf", "aac")])
def test_codec_tag_beyond_ascii_is_no_obstacle(container: str, codec: str, tmp_path: Path) -> None:
    """AAC has the tag 0xFF there, FLAC 0xF1AC."""
    path = record(tmp_path / "clip", container, codec)
    with av.open(str(path)) as raw, pytest.raises(UnicodeDecodeError):
        _ = raw.streams.audio[0].codec_context.codec_tag
    assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("container", "codec"), [("ipod", "aac"), ("matroska", "flac"), ("flac", "flac"), ("ogg", "flac")]
)
def test_metadata_in_any_encoding_is_no_obstacle(container: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    with av.open(str(path), "w", format=container) as raw:
        raw.metadata["title"] = "a title of exactly this length"
        track = raw.add_stream(codec, rate=24_000, layout="mono")
        assert isinstance(track, AudioStream)
        track.metadata["handler_name"] = "a title of exactly this length"
        encode(raw, track, speech(2.0), 24_000)
    content = path.read_bytes().replace(b"a title of exactly this length", b"\xff\xfe\x80\xe4" * 7 + b"\xc3\x28")
    assert content != path.read_bytes()
    path.write_bytes(content)
    assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("place", [0, 1])
def test_decodable_track_is_heard_wherever_it_is(place: int, tmp_path: Path) -> None:
    codecs = ["aac", "aac"]
    codecs[place] = "pcm_s16le"
    path = record_tracks(tmp_path / "clip", "mov", codecs, [speech(2.0)] * 2)
    content = path.read_bytes()
    assert content.count(b"sowt") == 1
    path.write_bytes(content.replace(b"sowt", b"xyzq"))
    made = convert(path)
    assert made.info.converted_from == "QuickTime/AAC (1 of 2 tracks)"
    assert made.info.duration_s == pytest.approx(2.0, abs=0.05)


def test_m4a_with_an_undecodable_first_track_is_converted(tmp_path: Path) -> None:
    path = record_tracks(tmp_path / "clip", "ipod", ["alac", "aac"], [speech(2.0)] * 2)
    path.write_bytes(path.read_bytes().replace(b"alac", b"xyzq"))
    made = convert(path)
    assert made.info.converted_from == "M4A/AAC (1 of 2 tracks)"
    assert made.info.duration_s == pytest.approx(2.0, abs=0.05)


def _camcorder_clip(path: Path, container: str) -> Path:
    """Pictures of half a MiB and more: nothing is heard before the first of them is over."""
    with av.open(str(path), "w", format=container) as raw:
        picture = raw.add_stream("mpeg2video", rate=2, options={"qmin": "1", "qmax": "2"})
        assert isinstance(picture, VideoStream)
        picture.width, picture.height, picture.pix_fmt, picture.bit_rate = 1_280, 720, "yuv420p", 60_000_000
        track = raw.add_stream("ac3", rate=48_000, layout="mono")
        assert isinstance(track, AudioStream)
        dice = random.Random(1)
        for number in range(4):
            frame = VideoFrame(1_280, 720, "yuv420p")
            for plane in frame.planes:
                plane.update(dice.randbytes(plane.buffer_size))
            frame.pts, frame.time_base = number, Fraction(1, 2)
            raw.mux(picture.encode(frame))
        raw.mux(picture.encode(None))
        encode(raw, track, speech(2.0, 48_000), 48_000)
    return path


@pytest.mark.parametrize(("container", "label"), [("mpegts", "MPEG-TS video"), ("vob", "MPEG-PS video")])
def test_sound_behind_a_large_picture_is_found(container: str, label: str, tmp_path: Path) -> None:
    made = convert(_camcorder_clip(tmp_path / "clip", container))
    assert (made.info.converted_from, made.info.is_sound_of_video) == (label, True)
    assert made.info.duration_s == pytest.approx(2.0, abs=0.1)
