"""What phones, mailboxes and picture messages record: nothing is sent while nobody speaks."""

from array import array
from pathlib import Path

import pytest

from bot.relay.errors import Refused
from tests.audio.direct import convert, inspect
from tests.audio.samples import by_hand
from tests.audio.sounds import record, speech

_PAUSE = [8, *[15] * 7]
_WIDE_PAUSE = [9, *[15] * 7]


def _with_pauses() -> "array[int]":
    quiet = array("h", bytes(2 * 8_000 * 3))
    return speech(1.0, 8_000) + quiet + speech(1.0, 8_000)


def test_amr_with_pauses_passes_at_its_full_length(tmp_path: Path) -> None:
    sound, how = _with_pauses(), {"dtx": "1"}
    path = record(tmp_path / "clip", "amr", "libopencore_amrnb", sound=sound, source_rate=8_000, codec_options=how)
    made = convert(path)
    assert made.info.converted_from == ""
    assert made.info.duration_s == pytest.approx(5.0, abs=0.1)
    assert max(made.info.waveform[8:14]) == 0


def test_large_amr_with_pauses_passes_at_its_full_length(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr((_PAUSE + [7] * 92) * 120))
    looked = inspect(path)
    assert looked.info
    assert (looked.info.duration_s, looked.info.waveform) == (240.0, ())


@pytest.mark.parametrize(("speech_frames", "pauses"), [(50, 6), (10, 60)])
def test_wide_band_keeps_its_pauses(speech_frames: int, pauses: int, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([2] * speech_frames + _WIDE_PAUSE * pauses, wide=True))
    assert convert(path).info.duration_s == pytest.approx((speech_frames + 8 * pauses) * 0.02, abs=0.05)


def test_3gp_keeps_its_pauses(tmp_path: Path) -> None:
    sound, how = _with_pauses(), {"dtx": "1"}
    path = record(tmp_path / "clip", "3gp", "libopencore_amrnb", sound=sound, source_rate=8_000, codec_options=how)
    assert convert(path).info.duration_s == pytest.approx(5.0, abs=0.1)


def test_few_frames_of_unknown_type_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([7] * 98 + [12, 13]))
    assert inspect(path).info is None
    assert convert(path).info.duration_s == pytest.approx(1.96, abs=0.05)


def test_blank_stretch_is_no_pause(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([7] * 100) + b"\xff" * 5)
    assert inspect(path).info is None
    assert convert(path).info.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("wide", "unknown"), [(False, range(9, 15)), (True, range(10, 14))])
def test_frames_of_unknown_types_are_not_played_as_noise(wide: bool, unknown: range, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([*unknown] * 20, wide=wide))
    with pytest.raises(Refused, match="The file is damaged: none of its sound can be decoded"):
        convert(path)
