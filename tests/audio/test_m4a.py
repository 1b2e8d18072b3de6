"""The boxes written here against those of FFmpeg's own muxer, which phones have been playing for twenty years."""

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from bot.audio.m4a import Track, front
from bot.audio.memo_file import memo_file
from bot.audio.terms import MEMO_BITS, MEMO_RATE
from tests.audio.judge import heard_seconds
from tests.audio.sounds import record, speech

_HOLDERS = {b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl"}
_FOR_PEOPLE = {b"udta", b"free"}
_IN_OTHER_UNITS = {b"mvhd", b"tkhd", b"elst"}
"""FFmpeg counts a movie's time in milliseconds, we in samples."""


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        inside = content[at + 8 : at + size]
        if name not in _FOR_PEOPLE:
            yield name, b"" if name in _HOLDERS else inside
            if name in _HOLDERS:
                yield from _boxes(inside)
        at += size


@pytest.fixture(params=[0.01, 1.0, 6.7])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """The same sound as a memo, by our hand and by FFmpeg's."""
    sound = speech(request.param)
    theirs = record(
        tmp_path / "theirs.m4a",
        "ipod",
        "aac",
        sound=sound,
        bit_rate=MEMO_BITS,
        options={"movflags": "+faststart"},
    )
    ours = tmp_path / "ours.m4a"
    source = record(tmp_path / "source.wav", "wav", "pcm_s16le", sound=sound)
    with av.open(str(source)) as raw, memo_file(tmp_path) as memo:
        for frame in raw.decode(audio=0):
            assert memo.add(frame)
        memo.finish(ours)
    return ours, theirs


def test_the_same_boxes_stand_in_the_same_order(both: tuple[Path, Path]) -> None:
    ours, theirs = ([name for name, _ in _boxes(path.read_bytes())] for path in both)
    assert ours == theirs


def test_the_same_things_are_said_in_them(both: tuple[Path, Path]) -> None:
    ours, theirs = (dict(_boxes(path.read_bytes())) for path in both)
    different = {name for name in ours if ours[name] != theirs[name]}
    assert different <= _IN_OTHER_UNITS | {b"stco", b"stsd"}  # another place for the sound; bit rates rounded elsewhere
    assert all(len(ours[name]) == len(theirs[name]) for name in different)


def test_the_same_sound_comes_out(both: tuple[Path, Path]) -> None:
    ours, theirs = map(heard_seconds, both)
    assert ours == theirs


def test_the_sound_begins_where_the_table_says() -> None:
    track = Track(MEMO_RATE, b"\x13\x08", 1024, 2_000, array("I", [10, 20, 30]))
    head = front(track)
    (start,) = struct.unpack_from(">I", head, head.index(b"stco") + 12)
    assert start == len(head)
    assert head[-8:] == struct.pack(">I4s", 8 + 60, b"mdat")


def test_the_encoders_run_up_is_hidden_and_the_rest_stated() -> None:
    track = Track(MEMO_RATE, b"\x13\x08", 1024, 2_000, array("I", [10, 20, 30]))
    boxes = dict(_boxes(front(track)[:-8]))
    assert struct.unpack(">IIIiI", boxes[b"elst"]) == (0, 1, 2_000, 1024, 0x10000)
    assert struct.unpack(">6I", boxes[b"stts"]) == (0, 2, 2, 1024, 1, 3_024 - 2_048)
