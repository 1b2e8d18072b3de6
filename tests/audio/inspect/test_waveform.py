from array import array

import pytest
from av.audio.frame import AudioFrame

from bot.audio.inspect.waveform import Waveform
from tests.audio.sounds import speech


def _frame(samples: "array[int]", rate: int = 24_000) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate = rate
    return frame


def _levels(sound: "array[int]", step: int) -> tuple[int, ...]:
    waveform = Waveform()
    for start in range(0, len(sound), step):
        waveform.add(_frame(sound[start : start + step]))
    return waveform.levels()


def test_no_sound_has_no_shape() -> None:
    assert Waveform().levels() == ()


def test_silence_is_flat() -> None:
    assert _levels(array("h", bytes(2 * 48_000)), 1_024) == (0,) * 24


def test_the_loudest_bar_reaches_the_top_however_soft_the_sound() -> None:
    soft = array("h", [sample // 50 for sample in speech(3.0)])
    assert max(_levels(soft, 1_024)) == 7


def test_half_as_loud_is_half_as_high() -> None:
    square = [8_000 if number // 50 % 2 else -8_000 for number in range(24_000)]
    loud_then_soft = array("h", square + [sample // 2 for sample in square])
    assert _levels(loud_then_soft, 960) == (7,) * 12 + (4,) * 12


@pytest.mark.parametrize("step", [100, 1_024, 30_000])
def test_the_shape_does_not_depend_on_how_the_sound_is_cut(step: int) -> None:
    levels = _levels(speech(20.0), step)
    assert len(levels) == 24
    assert levels == pytest.approx(_levels(speech(20.0), 960), abs=1)


def test_a_long_sound_is_kept_in_a_few_slots() -> None:
    waveform = Waveform()
    frame = _frame(speech(1.0))
    for _ in range(2_000):
        waveform.add(frame)
    assert len(waveform.levels()) == 24
