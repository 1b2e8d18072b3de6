"""The M4A that is written: its index in front, its lengths exact, its encoder's run-up hidden."""

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from bot.audio.convert.m4a_writer import open_m4a
from bot.audio.limits import OUTPUT_RATE
from tests.audio.playback import played_samples, played_seconds
from tests.audio.sounds import record, speech

_HOLDERS = {b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl"}


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        inside = content[at + 8 : at + size]
        yield name, inside
        if name in _HOLDERS:
            yield from _boxes(inside)
        at += size


def _write(path: Path, sound: "array[int]") -> Path:
    source = record(path.with_suffix(".wav"), "wav", "pcm_s16le", sound=sound)
    with av.open(str(source)) as raw, open_m4a(path) as writer:
        for frame in raw.decode(audio=0):
            writer.add(frame)
        writer.finish()
        assert writer.seconds == len(sound) / OUTPUT_RATE
    return path


def test_index_comes_before_the_sound(tmp_path: Path) -> None:
    path = _write(tmp_path / "clip.m4a", speech(1.0))
    names = [name for name, _ in _boxes(path.read_bytes())]
    assert names[0] == b"ftyp"
    assert names.index(b"moov") < names.index(b"mdat")
    assert path.read_bytes()[8:12] == b"M4A "


@pytest.mark.parametrize("samples", [1, 240, 1_024, 24_000, 160_801])
def test_every_stated_length_is_exact(samples: int, tmp_path: Path) -> None:
    path = _write(tmp_path / "clip.m4a", speech(7.0)[:samples])
    boxes = dict(_boxes(path.read_bytes()))
    assert struct.unpack_from(">II", boxes[b"mvhd"], 12) == (OUTPUT_RATE, samples)
    run_up = 1_024
    assert struct.unpack(">IIIiI", boxes[b"elst"]) == (0, 1, samples, run_up, 0x10000)
    assert struct.unpack_from(">II", boxes[b"mdhd"], 12) == (OUTPUT_RATE, run_up + samples)
    assert played_seconds(path) == pytest.approx(samples / OUTPUT_RATE, abs=0.05)


def test_sound_is_mono_aac_of_24_khz(tmp_path: Path) -> None:
    with av.open(str(_write(tmp_path / "clip.m4a", speech(1.0)))) as raw:
        context = raw.streams.audio[0].codec_context
        assert (context.codec.canonical_name, context.layout.name, context.sample_rate) == ("aac", "mono", OUTPUT_RATE)


def test_run_up_of_the_encoder_does_not_delay_the_sound(tmp_path: Path) -> None:
    silence = array("h", bytes(2 * OUTPUT_RATE))
    path = _write(tmp_path / "clip.m4a", silence + speech(0.5) + silence)
    loud = [number for number, sample in enumerate(played_samples(path)) if abs(sample) > 500]
    assert loud[0] / OUTPUT_RATE == pytest.approx(1.0, abs=0.03)
    assert loud[-1] / OUTPUT_RATE == pytest.approx(1.5, abs=0.03)


def test_nothing_is_written_without_sound(tmp_path: Path) -> None:
    with open_m4a(tmp_path / "clip.m4a") as writer:
        assert writer.finish() == ()
    assert list(tmp_path.iterdir()) == []
