"""What phones, mailboxes and picture messages record: nothing is sent while nobody speaks."""

from array import array
from pathlib import Path

import pytest

from bot.audio.listening import Conversion
from bot.relay.errors import Refused
from bot.relay.ports import AudioFile
from tests.audio import by_hand
from tests.audio.direct import fitted, look
from tests.audio.sounds import record, speech

_PAUSE = [8, *[15] * 7]
_WIDE_PAUSE = [9, *[15] * 7]


def _with_pauses() -> "array[int]":
    quiet = array("h", bytes(2 * 8_000 * 3))
    return speech(1.0, 8_000) + quiet + speech(1.0, 8_000)


def test_an_amr_with_pauses_passes_at_its_full_length(tmp_path: Path) -> None:
    sound, how = _with_pauses(), {"dtx": "1"}
    path = record(tmp_path / "clip", "amr", "libopencore_amrnb", sound=sound, source_rate=8_000, codec_options=how)
    fit = fitted(path)
    assert fit.info.converted_from == ""
    assert fit.info.duration_s == pytest.approx(5.0, abs=0.1)
    assert max(fit.info.waveform[8:14]) == 0


def test_a_large_amr_with_pauses_passes_at_its_full_length(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr((_PAUSE + [7] * 92) * 120))
    fit = look(path)
    assert isinstance(fit, AudioFile)
    assert (fit.info.duration_s, fit.info.waveform) == (240.0, ())


@pytest.mark.parametrize(("speech_frames", "pauses"), [(50, 6), (10, 60)])
def test_pauses_of_wide_band_are_kept(speech_frames: int, pauses: int, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([2] * speech_frames + _WIDE_PAUSE * pauses, wide=True))
    assert fitted(path).info.duration_s == pytest.approx((speech_frames + 8 * pauses) * 0.02, abs=0.05)


def test_pauses_of_a_picture_messages_sound_are_kept(tmp_path: Path) -> None:
    sound, how = _with_pauses(), {"dtx": "1"}
    path = record(tmp_path / "clip", "3gp", "libopencore_amrnb", sound=sound, source_rate=8_000, codec_options=how)
    assert fitted(path).info.duration_s == pytest.approx(5.0, abs=0.1)


def test_a_few_frames_of_no_known_type_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([7] * 98 + [12, 13]))
    assert isinstance(look(path), Conversion)
    assert fitted(path).info.duration_s == pytest.approx(1.96, abs=0.05)


def test_a_blank_stretch_is_no_pause(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([7] * 100) + b"\xff" * 5)
    assert isinstance(look(path), Conversion)
    assert fitted(path).info.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("wide", "unknown"), [(False, range(9, 15)), (True, range(10, 14))])
def test_what_is_no_speech_is_not_played_as_noise(wide: bool, unknown: range, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(by_hand.amr([*unknown] * 20, wide=wide))
    with pytest.raises(Refused, match="The file is damaged: none of its sound can be decoded"):
        fitted(path)
