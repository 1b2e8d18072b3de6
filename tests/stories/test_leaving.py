"""SIGTERM: the bot is gone within its ten seconds, with exit code 0, whoever has stopped answering."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.child import BotProcess
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.sandbox import Sandbox
from tests.crash.databases import Place
from tests.stories.conftest import Town


@pytest.fixture
def home() -> Iterator[Place]:
    """For a bot with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as made:
        place = Place(Path(made), is_shared=False)
        yield place
        place.end()


async def test_a_database_that_stopped_answering_does_not_keep_the_bot(home: Place) -> None:
    async with Sandbox() as sandbox, BotProcess(sandbox.environment() | home.settings()) as bot:
        town = Town(sandbox, bot)
        await town.meet()
        await town.link()
        with home.frozen():
            bot.signal(signal.SIGTERM)
            assert await bot.wait() == 0
        assert bot.log[-1]["event"] == "left in haste"


async def test_people_who_wait_for_an_answer_take_no_time_from_memos_under_way(town: Town) -> None:
    """Both sides are silent: each is given up in its own time, and all that is left to do is still done in order."""
    slack, linq = town.sandbox.slack, town.sandbox.linq
    slack.switches.latency_s = linq.switches.latency_s = 60.0
    await slack.command(town.channel, f"link {Chats.ANN}")
    await town.drop()
    town.bot.signal(signal.SIGTERM)
    assert await town.bot.wait() == 0
    assert town.bot.log[-1]["event"] == "left"
