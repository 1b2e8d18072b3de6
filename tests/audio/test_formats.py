from pathlib import Path

import pytest

from bot.relay.errors import Refused
from tests.audio.direct import fitted
from tests.audio.formats import AS_IT_IS, CONVERTED, FORMATS, REFUSED, Format, format_rows, format_table
from tests.audio.judge import heard_seconds

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def _named(becomes: str) -> list[object]:
    return [pytest.param(given, id=given.name) for given in FORMATS if given.becomes == becomes]


@pytest.mark.parametrize("given", _named(AS_IT_IS))
def test_what_linq_takes_and_a_phone_plays_passes_untouched(given: Format, tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    given.make(path)
    before = path.read_bytes()
    fit = fitted(path)
    assert (fit.path, fit.size_bytes, fit.info.converted_from) == (path, len(before), "")
    assert path.read_bytes() == before
    assert fit.info.duration_s == pytest.approx(given.seconds, abs=0.1)
    assert heard_seconds(path) == pytest.approx(fit.info.duration_s, abs=0.1)


@pytest.mark.parametrize("given", _named(CONVERTED))
def test_the_rest_is_converted_at_its_true_length(given: Format, tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    given.make(path)
    fit = fitted(path)
    assert (fit.content_type, fit.extension, fit.size_bytes) == ("audio/x-m4a", "m4a", fit.path.stat().st_size)
    assert fit.info.converted_from
    assert fit.info.is_sound_of_video == given.is_sound_of_video
    assert fit.info.duration_s == pytest.approx(given.seconds, abs=0.1)
    assert heard_seconds(fit.path) == pytest.approx(fit.info.duration_s, abs=0.1)


@pytest.mark.parametrize("given", _named(REFUSED))
def test_what_holds_no_sound_is_refused_with_a_way_out(given: Format, tmp_path: Path) -> None:
    path = tmp_path / "clip.bin"
    given.make(path)
    with pytest.raises(Refused, match=r"^The .*\. (Drop|Record) .*\.$"):
        fitted(path)


def test_the_table_tells_every_format_and_why(tmp_path: Path) -> None:
    rows = format_rows(tmp_path)
    assert [(row.name, row.becomes) for row in rows] == [(given.name, given.becomes) for given in FORMATS]
    assert all(row.why for row in rows)
    assert format_table(rows) in README
