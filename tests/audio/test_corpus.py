import asyncio
from pathlib import Path

import pytest

from bot.audio import AudioRoom
from bot.relay.errors import Refused
from tests.audio.corpus import NotFetched, corpus
from tests.audio.direct import fitted
from tests.audio.judge import heard_seconds
from tests.conftest import cannot

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(600)]

AT_LEAST_MEMOS = 75
"""So many of the files hold sound that a voice memo can carry."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    try:
        return corpus(tmp_path_factory.mktemp("corpus"))
    except NotFetched as why:
        cannot(str(why))


async def test_every_file_that_others_publish_is_a_memo_of_its_true_length_or_a_reason(
    room: AudioRoom, samples: list[Path]
) -> None:
    verdicts = [await _verdict(room, path) for path in samples]
    assert [verdict for verdict in verdicts if verdict not in ("memo", "refused")] == []
    assert verdicts.count("memo") >= AT_LEAST_MEMOS


async def _verdict(room: AudioRoom, path: Path) -> str:
    try:
        fit = await room.fit(path)
    except Refused:
        return "refused"
    heard = await asyncio.to_thread(heard_seconds, fit.path)
    right = fit.info.duration_s > 0 and abs(heard - fit.info.duration_s) <= 0.1
    return "memo" if right else f"{path.name}: {fit.info.duration_s} s announced, {heard:.3f} s heard"


def test_a_header_that_claims_222_seconds_is_not_believed(samples: list[Path]) -> None:
    (path,) = (path for path in samples if path.name == "vbri.mp3")
    assert fitted(path).info.duration_s == pytest.approx(0.44, abs=0.1)
