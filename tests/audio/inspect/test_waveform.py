"""The waveform shows where a sound is loud, whatever its frames are like."""

import math
from array import array

import pytest
from av.audio.frame import AudioFrame

from bot.audio.inspect.waveform import Waveform
from tests.audio.sounds import speech


def _frame(samples: "array[int] | array[float]", sample_format: str = "s16", rate: int = 24_000) -> AudioFrame:
    frame = AudioFrame(format=sample_format, layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate = rate
    return frame


def _levels(sound: "array[int]", step: int) -> tuple[int, ...]:
    waveform = Waveform()
    for start in range(0, len(sound), step):
        waveform.add(_frame(sound[start : start + step]))
    return waveform.levels()


def test_no_sound_has_no_levels() -> None:
    assert Waveform().levels() == ()


def test_silence_is_flat() -> None:
    assert _levels(array("h", bytes(2 * 48_000)), 1_024) == (0,) * 24


def test_loudest_level_is_the_top_however_soft_the_sound() -> None:
    soft = array("h", [sample // 50 for sample in speech(3.0)])
    assert max(_levels(soft, 1_024)) == 7


def test_half_as_loud_is_half_as_high() -> None:
    square = [8_000 if number // 50 % 2 else -8_000 for number in range(24_000)]
    loud_then_soft = array("h", square + [sample // 2 for sample in square])
    assert _levels(loud_then_soft, 960) == (7,) * 12 + (4,) * 12


@pytest.mark.parametrize("step", [100, 1_024, 30_000])
def test_levels_do_not_depend_on_the_size_of_frames(step: int) -> None:
    levels = _levels(speech(20.0), step)
    assert len(levels) == 24
    assert levels == pytest.approx(_levels(speech(20.0), 960), abs=1)


def test_long_sound_has_as_many_levels() -> None:
    waveform = Waveform()
    frame = _frame(speech(1.0))
    for _ in range(2_000):
        waveform.add(frame)
    assert len(waveform.levels()) == 24


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 3e38])
def test_samples_that_are_no_sound_count_as_silence(value: float) -> None:
    """A float WAV may hold anything."""
    waveform = Waveform()
    for broken in (False, True, False):
        samples = array("f", [0.5 if number // 50 % 2 else -0.5 for number in range(24_000)])
        waveform.add(_frame(array("f", [value] * 24_000) if broken else samples, "flt"))
    assert waveform.levels() == (7,) * 8 + (0,) * 8 + (7,) * 8
