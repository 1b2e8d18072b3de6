"""Every format that the bot is tried with, and the operator's handbook's table of what becomes of it."""

from pathlib import Path

import pytest

from bot.relay.errors import Refused
from tests.audio.direct import convert
from tests.audio.playback import played_seconds
from tests.audio.samples.formats import AS_IT_IS, CONVERTED, FORMATS, REFUSED, Format, format_rows, format_table

HANDBOOK = (Path(__file__).resolve().parents[2] / "config/README.md").read_text("utf-8")


def _named(becomes: str) -> list[object]:
    return [pytest.param(sample, id=sample.name) for sample in FORMATS if sample.becomes == becomes]


@pytest.mark.parametrize("sample", _named(AS_IT_IS))
def test_accepted_format_passes_untouched(sample: Format, tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    sample.make(path)
    before = path.read_bytes()
    made = convert(path)
    assert (made.path, made.size_bytes, made.info.converted_from) == (path, len(before), "")
    assert path.read_bytes() == before
    assert made.info.duration_s == pytest.approx(sample.seconds, abs=0.1)
    assert played_seconds(path) == pytest.approx(made.info.duration_s, abs=0.1)


@pytest.mark.parametrize("sample", _named(CONVERTED))
def test_other_format_is_converted_at_its_true_length(sample: Format, tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    sample.make(path)
    made = convert(path)
    assert (made.content_type, made.extension, made.size_bytes) == ("audio/x-m4a", "m4a", made.path.stat().st_size)
    assert made.info.converted_from
    assert made.info.is_sound_of_video == sample.is_sound_of_video
    assert made.info.duration_s == pytest.approx(sample.seconds, abs=0.1)
    assert played_seconds(made.path) == pytest.approx(made.info.duration_s, abs=0.1)


@pytest.mark.parametrize("sample", _named(REFUSED))
def test_file_without_sound_is_refused_with_a_way_out(sample: Format, tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    sample.make(path)
    with pytest.raises(Refused, match=r"^The .*\. (Drop|Record) .*\.$"):
        convert(path)


def test_table_of_the_handbook_is_what_really_happens(tmp_path: Path) -> None:
    rows = format_rows(tmp_path)
    assert [(row.name, row.becomes) for row in rows] == [(sample.name, sample.becomes) for sample in FORMATS]
    assert all(row.reason for row in rows)
    assert format_table(rows) in HANDBOOK
