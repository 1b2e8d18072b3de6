"""What a clip says of itself before any of it is listened to."""

import random
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.audio.opening import opened
from tests.audio.direct import fitted
from tests.audio.sounds import encode, record, speech


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("ipod", "alac"), ("mp4", "flac")])
def test_an_mp4_is_known_by_the_rate_of_its_sound(container: str, codec: str, tmp_path: Path) -> None:
    """96 kHz: more than the field an MP4 has for it holds."""
    path = record(tmp_path / "clip", container, codec, sound=speech(2.0, 96_000), source_rate=96_000)
    with opened(path, "m4a") as clip:
        assert (clip.codec, clip.rate, clip.stream.codec_context.channels) == (codec, 96_000, 1)


def _tag(size: int) -> bytes:
    inside = size - 10
    return b"ID3\x03\x00\x00" + bytes(inside >> shift & 0x7F for shift in (21, 14, 7, 0)) + bytes(inside)


@pytest.mark.parametrize("size", [20, 8_180, 8_187, 8_190, 8_191, 8_192, 300_000])
def test_a_tag_of_any_length_in_front_hides_no_mp3(size: int, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", bit_rate=64_000, options={"id3v2_version": "0"})
    path.write_bytes(_tag(size) + path.read_bytes())
    assert fitted(path).info.duration_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("padding", [b"\x00", b" "])
def test_padding_behind_a_tag_hides_no_mp3(padding: bytes, tmp_path: Path) -> None:
    path = record(tmp_path / "clip", "mp3", "libmp3lame", bit_rate=64_000, options={"id3v2_version": "0"})
    path.write_bytes(_tag(20_000) + padding * 9_000 + path.read_bytes())
    assert fitted(path).info.duration_s == pytest.approx(2.0, abs=0.1)


def _two_tracks(path: Path, container: str, first: str, second: str) -> Path:
    with av.open(str(path), "w", format=container) as raw:
        tracks = [raw.add_stream(codec, rate=24_000) for codec in (first, second)]
        for track in tracks:
            assert isinstance(track, AudioStream)
            track.layout = "mono"
        for track in raw.streams.audio:
            encode(raw, track, speech(2.0), 24_000)
    return path


@pytest.mark.parametrize("place", [0, 1])
def test_a_track_that_can_be_decoded_is_heard_wherever_it_stands(place: int, tmp_path: Path) -> None:
    codecs = ["aac", "aac"]
    codecs[place] = "pcm_s16le"
    path = _two_tracks(tmp_path / "clip", "mov", *codecs)
    content = path.read_bytes()
    assert content.count(b"sowt") == 1
    path.write_bytes(content.replace(b"sowt", b"xyzq"))
    assert fitted(path).info.converted_from == "QuickTime/AAC"


def test_a_track_that_phones_would_not_choose_is_taken_out(tmp_path: Path) -> None:
    path = _two_tracks(tmp_path / "clip", "ipod", "alac", "aac")
    path.write_bytes(path.read_bytes().replace(b"alac", b"xyzq"))
    fit = fitted(path)
    assert fit.info.converted_from == "M4A/AAC"
    assert fit.info.duration_s == pytest.approx(2.0, abs=0.05)


def _camcorder_clip(path: Path) -> Path:
    """Pictures of half a MiB and more: nothing is heard before the first of them is over."""
    with av.open(str(path), "w", format="mpegts") as raw:
        picture = raw.add_stream("mpeg2video", rate=2, options={"qmin": "1", "qmax": "2"})
        assert isinstance(picture, VideoStream)
        picture.width, picture.height, picture.pix_fmt, picture.bit_rate = 1_280, 720, "yuv420p", 60_000_000
        track = raw.add_stream("ac3", rate=48_000, layout="mono")
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


def test_sound_is_found_behind_a_large_picture(tmp_path: Path) -> None:
    fit = fitted(_camcorder_clip(tmp_path / "clip"))
    assert (fit.info.converted_from, fit.info.is_sound_of_video) == ("MPEG-TS video", True)
    assert fit.info.duration_s == pytest.approx(2.0, abs=0.1)
