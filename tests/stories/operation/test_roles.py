"""The Procfile's processes: a web process receives, a worker process works, on one shared database."""

import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cli.child import BotProcess
from bot.sandbox.sandbox import Sandbox
from tests.stories.system import System, inspect

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
async def split_system(database_url: str) -> AsyncIterator[System]:
    async with Sandbox() as sandbox:
        environment = sandbox.environment() | {"DATABASE_URL": database_url}
        async with BotProcess(environment, role="web") as web, BotProcess(environment, role="worker"):
            system = System(sandbox, web, settings=environment)
            await system.connect()
            await system.link()
            yield system
            await inspect(system)


async def test_both_directions_cross_from_the_web_process_through_the_worker(split_system: System) -> None:
    message = await split_system.drop()
    await split_system.until_shown(message, "read")
    split_system.phone.send(split_system.chat, "That was clear")
    await split_system.until_posted("That was clear")
    assert len(split_system.memos()) == 1


def test_the_procfile_names_commands_that_exist() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    commands = {name: shlex.split(command) for name, command in (line.split(": ", 1) for line in lines)}
    assert commands == {
        "release": ["python", "-m", "bot", "migrate"],
        "web": ["python", "-m", "bot", "run", "--role", "web"],
        "worker": ["python", "-m", "bot", "run", "--role", "worker"],
    }
