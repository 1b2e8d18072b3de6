"""Whatever is put before the two entrances, nothing breaks: the short form of ``python -m tests.fuzz``."""

import pytest

from tests.fuzz.knocking import Knocker, knock_often
from tests.stories.conftest import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_no_mutated_payload_breaks_anything_and_no_unsigned_one_comes_in(place: Town) -> None:
    place.sandbox.slack.switches.rate_limits = False
    knocks = Knocker(place.sandbox, seed=20261122).knocks()
    count = await knock_often(place.bot.url, knocks, 1500)
    assert count.wrong == []
    assert count.total == 1500
    message = await place.drop()
    await place.until_shown(message, "read")
