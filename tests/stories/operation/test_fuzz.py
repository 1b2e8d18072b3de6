"""Whatever is sent to the two entrances, nothing breaks: the short form of ``python -m tests.fuzz``."""

import pytest

from tests.fuzz.requests import RequestMaker, send_many
from tests.stories.system import System

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_no_mutated_payload_breaks_anything_and_no_unsigned_one_is_taken(
    shared_system: System, linked: System
) -> None:
    """They are about one chat; in another one everything goes on."""
    linked.slack.switches.rate_limits = False
    requests = RequestMaker(shared_system, seed=20261122).requests()
    answers = await send_many(linked.bot.url, requests, 1500)
    assert answers.wrong == []
    assert answers.total == 1500
    message = await linked.drop()
    await linked.until_shown(message, "read")
    linked.phone.send(linked.chat, "Still there?")
    await linked.until(lambda: bool(linked.posts()))
