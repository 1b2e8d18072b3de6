"""``memobridge sandbox``: the exports that it prints are all that a bot needs to live there."""

import asyncio
import shlex
import signal
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from bot.cli.child import BotProcess
from tests.cli.shell import Shell

CONTROL = "# control: "


@pytest.fixture
async def sandbox() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def exports(process: asyncio.subprocess.Process) -> dict[str, str]:
    """What it tells a person to paste, up to the line that names its controls."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    while not (line := (await process.stdout.readline()).decode()).startswith(CONTROL):
        word, assignment = shlex.split(line)
        assert word == "export"
        name, _, value = assignment.partition("=")
        found[name] = value
    return found


async def test_bot_runs_with_the_printed_exports_alone(sandbox: asyncio.subprocess.Process) -> None:
    async with BotProcess({**await exports(sandbox), "PORT": "0"}) as bot:
        assert bot.is_running
    sandbox.send_signal(signal.SIGTERM)
    _, said = await sandbox.communicate()
    assert (sandbox.returncode, said) == (0, b"")


async def test_taken_port_is_one_line_and_exit_code_1(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = await shell.run("sandbox", "--slack-port", port)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "Choose another port." in ran.err
