"""SIGTERM: nothing new is taken, what is in flight is finished or left so that the next process finishes it."""

import time

import pytest

from bot.cli.child import BotProcess
from tests.stories.conftest import town_with

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]


async def test_a_bot_that_linq_keeps_waiting_leaves_in_time_and_the_next_one_adopts_the_memo(database_url: str) -> None:
    async with town_with(database_url, FIND_SECONDS="60") as town:
        town.sandbox.linq.switches.webhooks_withheld = True
        town.sandbox.linq.switches.next("voicememo", "act_then_hang")
        message = await town.drop()
        await town.until(lambda: town.sandbox.linq.switches.next_answers["voicememo"] == [])
        asked_at = time.monotonic()
        assert await town.bot.stop() == 0
        assert time.monotonic() - asked_at <= 10.0
        async with BotProcess(town.settings) as following:
            town.sandbox.meet(following.url)
            await town.until(lambda: bool(town.sandbox.wire.named("messages.list")))
            town.sandbox.linq.switches.webhooks_withheld = False
            town.sandbox.linq.admin.release_webhooks()
            await town.until_shown(message, "read")
        assert len(town.memos()) == 1
