"""Frames of a track, packet by packet, and what broken packets cost."""

from pathlib import Path

import pytest

from bot.audio.decode.demux import open_track
from bot.audio.decode.frames import Damage, decode_frames
from bot.audio.inspect.locate import locate
from bot.relay.errors import Refused
from tests.audio.direct import convert
from tests.audio.sounds import record


def test_whole_file_has_no_broken_packet(tmp_path: Path) -> None:
    damage = Damage()
    with open_track(locate(record(tmp_path / "clip", "flac", "flac"))) as track:
        samples = sum(frame.samples for frame in decode_frames(track, damage))
    assert (samples, damage.broken, damage.packets > 0) == (48_000, 0, True)


@pytest.mark.parametrize(
    ("packets", "broken", "is_refused"), [(100, 10, False), (100, 11, True), (3, 2, False), (3, 3, True)]
)
def test_a_tenth_of_the_packets_may_be_broken(packets: int, broken: int, is_refused: bool) -> None:
    damage = Damage(packets, broken)
    if not is_refused:
        damage.require_mostly_whole()
        return
    with pytest.raises(Refused, match="The file is damaged"):
        damage.require_mostly_whole()


def test_track_that_appears_after_the_opening_does_no_harm(tmp_path: Path) -> None:
    """As where the number of a track is damaged in one packet of a transport stream. PyAV then raises an IndexError at
    the end, though not every time: it depends on a byte that it never set."""
    path = record(tmp_path / "clip", "mpegts", "aac", bit_rate=48_000)
    content = bytearray(path.read_bytes())
    last_start = content.rindex(b"\x47\x41\x00")
    content[last_start + 1 : last_start + 3] = b"\x42\x00"
    path.write_bytes(content)
    for _ in range(20):
        assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.5)
