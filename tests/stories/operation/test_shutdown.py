"""SIGTERM and SIGHUP: the bot ends within ten seconds, with exit code 0, whatever has stopped answering."""

import asyncio
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.child import BotProcess
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.sandbox import Sandbox
from tests.crash.processes.database_folder import DatabaseFolder
from tests.stories.system import System


@pytest.fixture
def folder() -> Iterator[DatabaseFolder]:
    """For a bot with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="memobridge-", ignore_cleanup_errors=True) as made:
        folder = DatabaseFolder(Path(made), is_shared=False)
        yield folder
        folder.end()


async def test_a_database_that_hangs_does_not_keep_the_bot(folder: DatabaseFolder) -> None:
    async with Sandbox() as sandbox, BotProcess(sandbox.environment() | folder.settings()) as bot:
        system = System(sandbox, bot)
        await system.connect()
        await system.link()
        with folder.frozen():
            bot.signal(signal.SIGTERM)
            assert await bot.wait() == 0
        assert bot.log[-1]["event"] == "shutdown.forced"


async def test_a_closed_terminal_takes_bot_and_database_along(folder: DatabaseFolder) -> None:
    async with Sandbox() as sandbox, BotProcess(sandbox.environment() | folder.settings()) as bot:
        postmaster = folder.postmaster()
        bot.signal(signal.SIGHUP)
        assert await bot.wait() == 0
        await asyncio.to_thread(postmaster.wait, 10)  # it is gone once the system has collected it


async def test_an_answer_that_never_comes_takes_no_time_from_memos_under_way(system: System) -> None:
    """Both sides are silent: each is given up in its own time, and all that is left to do is still done in order."""
    system.slack.switches.latency_s = system.sandbox.linq.switches.latency_s = 60.0
    await system.slack.command(system.channel, f"link {Chats.ANN}")
    await system.drop()
    system.bot.signal(signal.SIGTERM)
    assert await system.bot.wait() == 0
    assert system.bot.log[-1]["event"] == "service.stopped"
