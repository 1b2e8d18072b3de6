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
from tests.stories.system import System


@pytest.fixture
def home() -> Iterator[Place]:
    """For a bot with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as made:
        linked = Place(Path(made), is_shared=False)
        yield linked
        linked.end()


async def test_a_database_that_stopped_answering_does_not_keep_the_bot(home: Place) -> None:
    async with Sandbox() as sandbox, BotProcess(sandbox.environment() | home.settings()) as bot:
        system = System(sandbox, bot)
        await system.meet()
        await system.link()
        with home.frozen():
            bot.signal(signal.SIGTERM)
            assert await bot.wait() == 0
        assert bot.log[-1]["event"] == "left in haste"


async def test_people_who_wait_for_an_answer_take_no_time_from_memos_under_way(system: System) -> None:
    """Both sides are silent: each is given up in its own time, and all that is left to do is still done in order."""
    slack, linq = system.sandbox.slack, system.sandbox.linq
    slack.switches.latency_s = linq.switches.latency_s = 60.0
    await slack.command(system.channel, f"link {Chats.ANN}")
    await system.drop()
    system.bot.signal(signal.SIGTERM)
    assert await system.bot.wait() == 0
    assert system.bot.log[-1]["event"] == "left"
