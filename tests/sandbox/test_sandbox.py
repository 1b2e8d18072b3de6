"""The sandbox as a whole, inside a process and as one of its own."""

import asyncio
import gc
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.wire import Wire

ROOT = Path(__file__).parents[2]


async def test_environment_names_both_sides() -> None:
    async with Sandbox() as sandbox:
        environment = sandbox.environment()
        assert environment["SLACK_API_URL"] == sandbox.slack.api_url
        assert environment["LINQ_API_V3_BASE_URL"] == sandbox.linq.base_url
        assert environment["LINQ_WEBHOOK_SECRET"].startswith("whsec_")
        assert "SLACK_APP_TOKEN" not in environment
    async with Sandbox(socket_mode=True) as sandbox:
        assert sandbox.environment()["SLACK_APP_TOKEN"].startswith("xapp-")


async def test_taken_port_is_an_oserror() -> None:
    async with Sandbox() as first:
        taken = int(first.slack.origin.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use"):
            await Sandbox(linq_port=taken).__aenter__()


@pytest.mark.parametrize("turns", range(1, 13))
async def test_cancelled_start_leaves_nothing(turns: int, caplog: pytest.LogCaptureFixture) -> None:
    opening = asyncio.ensure_future(Sandbox().__aenter__())
    for _ in range(turns):
        await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    del opening
    gc.collect()  # only then does aiohttp tell of a session that nobody closed
    assert caplog.messages == []


async def test_exit_ends_pending_deliveries() -> None:
    async with Sandbox() as sandbox:
        sandbox.slack.connect("http://127.0.0.1:9/slack/events")
        message = await sandbox.slack.drop(CLIPS, Upload("a.mp3", b"x"))
        await sandbox.wire.until(lambda: len(sandbox.wire.named("event message")) == 2)
    assert message.delivery
    assert (await message.delivery.ended()).reason == "connection_failed"
    with socket.socket() as line, pytest.raises(ConnectionRefusedError):
        line.connect(("127.0.0.1", int(sandbox.slack.origin.rsplit(":", 1)[1])))


async def test_wire_until_waits_and_reports() -> None:
    wire = Wire()
    waiting = asyncio.create_task(wire.until(lambda: len(wire.named("drop", "slack")) == 2))
    wire.write("slack", "person", "drop")
    wire.write("slack", "person", "drop")
    await waiting
    with pytest.raises(TimeoutError, match="slack person drop"):
        await wire.until(lambda: False, timeout=0.01)


async def test_wire_follow_starts_anywhere() -> None:
    wire = Wire()
    for what in ("one", "two"):
        wire.write("slack", "person", what)
    following = wire.follow(1)
    assert (await anext(following)).what == "two"
    coming = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    wire.write("slack", "person", "three")
    assert (await coming).what == "three"


async def started(*arguments: str) -> tuple[asyncio.subprocess.Process, dict[str, str]]:
    """The sandbox as a process, and the lines it prints until it is ready, by their names."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout
    printed = {}
    while not (line := (await process.stdout.readline()).decode().strip()).startswith("# control: "):
        name, _, value = line.removeprefix("export ").partition("=")
        printed[name] = value
    return process, printed | {"control": line.removeprefix("# control: ")}


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_standalone_prints_exports_and_stops(http: aiohttp.ClientSession, ending: int) -> None:
    process, printed = await started("--socket-mode")
    try:
        async with http.get(f"{printed['control']}/environment") as response:
            environment = await response.json()
    finally:
        process.send_signal(ending)
    async with asyncio.timeout(10):
        assert await process.wait() == 0
    assert {name: printed[name].strip("'") for name in environment} == environment


async def test_standalone_exports_are_local_and_temporary() -> None:
    process, printed = await started()
    folder = Path(printed["DATA_DIR"])
    assert printed["HOST"] == "127.0.0.1"
    assert list(folder.iterdir()) == []
    (folder / "postgres").mkdir()
    process.terminate()
    assert await process.wait() == 0
    assert not folder.exists()


async def test_standalone_reports_a_taken_port() -> None:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.sandbox", "--slack-port", str(line.getsockname()[1])),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
    assert process.returncode == 1
    assert b"Address already in use" in said
    assert b"Traceback" not in said
