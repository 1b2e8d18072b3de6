"""Whatever is put before the two entrances, nothing breaks: the short form of ``python -m tests.fuzz``."""

import pytest

from tests.fuzz.knocking import Knocker, knock_often
from tests.stories.system import System

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_no_mutated_payload_breaks_anything_and_no_unsigned_one_comes_in(linked: System) -> None:
    linked.sandbox.slack.switches.rate_limits = False
    knocks = Knocker(linked.sandbox, seed=20261122).knocks()
    count = await knock_often(linked.bot.url, knocks, 1500)
    assert count.wrong == []
    assert count.total == 1500
    message = await linked.drop()
    await linked.until_shown(message, "read")
