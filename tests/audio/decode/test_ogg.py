"""A chained Ogg keeps every link, whatever each link is encoded with."""

from pathlib import Path
from typing import Any

import pytest

from bot.audio.decode.ogg import split_chain
from bot.audio.inspect.locate import locate
from bot.relay.errors import Refused
from tests.audio.direct import convert
from tests.audio.playback import loudness, played_samples
from tests.audio.samples import by_hand
from tests.audio.sounds import record_chain, record_tracks, speech

OPUS: dict[str, Any] = {"codec": "libopus", "rate": 48_000}
FLAC: dict[str, Any] = {"codec": "flac"}
VORBIS: dict[str, Any] = {
    "codec": "vorbis",
    "layout": "stereo",
    "rate": 48_000,
    "codec_options": {"strict": "experimental"},
}


def test_ordinary_ogg_is_one_link(tmp_path: Path) -> None:
    source = locate(record_chain(tmp_path / "clip", OPUS))
    assert split_chain(source) == [source]


def test_streams_side_by_side_are_one_link(tmp_path: Path) -> None:
    path = record_tracks(tmp_path / "clip", "ogg", ["flac", "flac"], [speech(1.0)] * 2)
    assert path.read_bytes().count(b"OggS\x00\x02") == 2
    assert len(split_chain(locate(path))) == 1


def test_links_cover_the_file_without_gap(tmp_path: Path) -> None:
    source = locate(record_chain(tmp_path / "clip", OPUS, FLAC, OPUS))
    links = split_chain(source)
    assert [link.end for link in links[:-1]] == [link.start for link in links[1:]]
    assert (links[0].start, links[-1].end, len(links)) == (0, source.end, 3)


@pytest.mark.parametrize(
    ("second", "label"),
    [
        (FLAC, "Ogg/Opus + FLAC"),
        (VORBIS, "Ogg/Opus + Vorbis"),
        (OPUS, "Ogg/Opus"),
        ({**OPUS, "layout": "stereo"}, "Ogg/Opus"),
    ],
)
def test_chained_ogg_keeps_its_second_link(second: dict[str, Any], label: str, tmp_path: Path) -> None:
    made = convert(record_chain(tmp_path / "clip", OPUS, second))
    assert made.info.duration_s == pytest.approx(2.0, abs=0.1)
    assert made.info.converted_from == label
    samples = played_samples(made.path)
    assert loudness(samples[30_000:]) > loudness(samples[:18_000]) / 4


def test_chained_ogg_keeps_a_link_of_another_rate(tmp_path: Path) -> None:
    slow = {**FLAC, "source_rate": 8_000}
    made = convert(record_chain(tmp_path / "clip", FLAC, slow, {**FLAC, "source_rate": 48_000}))
    assert made.info.duration_s == pytest.approx(3.0, abs=0.1)


def test_chained_ogg_with_a_large_unreadable_link_is_refused(tmp_path: Path) -> None:
    path = record_chain(tmp_path / "clip", OPUS, FLAC)
    path.write_bytes(path.read_bytes().replace(b"\x7fFLAC", b"\x7fWHAT"))
    with pytest.raises(Refused):
        convert(path)


def test_chained_ogg_leaves_out_a_tiny_unreadable_link(tmp_path: Path) -> None:
    path = record_chain(tmp_path / "clip", OPUS, seconds=3.0)
    tiny = by_hand.speex(0.02).replace(b"Speex   ", b"What    ")
    path.write_bytes(path.read_bytes() + tiny)
    assert convert(path).info.duration_s == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("split_at", range(7))
def test_link_across_the_edge_of_a_read_is_found(split_at: int, tmp_path: Path) -> None:
    path = record_chain(tmp_path / "clip", OPUS)
    link, edge = path.read_bytes(), 1024 * 1024
    path.write_bytes(link + bytes(edge - split_at - len(link)) + link)
    assert [part.start for part in split_chain(locate(path))] == [0, edge - split_at]
