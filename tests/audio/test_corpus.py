"""Files that others publish: real encoders, odd headers, old bugs."""

import asyncio
from pathlib import Path

import pytest

from bot.audio import VoiceConverter
from bot.relay.errors import Refused
from tests.audio.direct import convert
from tests.audio.playback import played_seconds
from tests.audio.samples.corpus import CorpusError, corpus
from tests.conftest import cannot

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(600)]

AT_LEAST_AUDIO = 75
"""So many of the files hold sound that a voice memo can carry."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    try:
        return corpus(tmp_path_factory.mktemp("corpus"))
    except CorpusError as problem:
        cannot(str(problem))


async def test_published_file_is_sound_of_its_true_length_or_a_reason(
    converter: VoiceConverter, samples: list[Path], tmp_path: Path
) -> None:
    outcomes = [await _outcome(converter, path, tmp_path / str(number)) for number, path in enumerate(samples)]
    assert [outcome for outcome in outcomes if outcome not in ("audio", "refused")] == []
    assert outcomes.count("audio") >= AT_LEAST_AUDIO


async def _outcome(converter: VoiceConverter, path: Path, copy: Path) -> str:
    try:
        made = await converter.convert(path, copy)
    except Refused:
        return "refused"
    played = await asyncio.to_thread(played_seconds, made.path)
    right = made.info.duration_s > 0 and abs(played - made.info.duration_s) <= 0.1
    return "audio" if right else f"{path.name}: {made.info.duration_s} s announced, {played:.3f} s played"


def test_header_that_claims_222_seconds_is_not_believed(samples: list[Path]) -> None:
    (path,) = (path for path in samples if path.name == "vbri.mp3")
    assert convert(path).info.duration_s == pytest.approx(0.44, abs=0.1)
