"""Slack's official Node clients work against the local Slack unchanged, like the Python ones."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import platformdirs
import pytest

from bot.sandbox.slack.fixtures import CLIPS, ELSEWHERE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.wire import Wire
from tests.conftest import cannot

pytestmark = pytest.mark.node
PACKAGES = ("@slack/web-api@8.2.0", "@slack/socket-mode@3.1.0")
SCRIPT = Path(__file__).parent / "node_client.mjs"


@pytest.fixture(scope="session")
def packages() -> Path:
    """A folder outside the project with the clients in it, installed once."""
    if not (shutil.which("node") and shutil.which("npm")):
        cannot("node and npm are not installed")
    folder = Path(platformdirs.user_cache_dir("memobridge")) / "-".join(PACKAGES).replace("/", "-")
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
        command = ["npm", "install", *quiet, "--prefix", str(folder), *PACKAGES]
        installed = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        if installed.returncode:
            cannot(f"npm could not install: {installed.stderr[-500:]}")
        (folder / "complete").touch()
    return folder


@pytest.fixture
async def node_bot(slack: SlackServer, wire: Wire, packages: Path) -> AsyncIterator[None]:
    """The small bot, connected."""
    tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.api_url}
    process = await asyncio.create_subprocess_exec(
        *("node", str(SCRIPT), str(packages)), env=os.environ | tokens, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.usefixtures("node_bot")
async def test_node_bot_handles_a_clip(slack: SlackServer, wire: Wire) -> None:
    message = await slack.drop(CLIPS, Upload("a.m4a", b"x" * 1234))
    await wire.until(lambda: bool(wire.named("chat.update")))
    await slack.settled()
    assert [m.text for m in slack.thread(CLIPS, message.ts)] == ["", "sent 1234 bytes"]


@pytest.mark.usefixtures("node_bot")
async def test_node_bot_answers_commands(slack: SlackServer) -> None:
    assert (await slack.command(CLIPS, "whoami")).text == slack.bot_user
    assert (await slack.command(CLIPS, f"post {ELSEWHERE}")).text == "not_in_channel"
    assert (await slack.command(CLIPS, f"pages {CLIPS}")).text == "2 2"


@pytest.mark.usefixtures("node_bot")
async def test_node_client_uploads_files(slack: SlackServer) -> None:
    said = await slack.command(CLIPS, f"upload {CLIPS}")
    [message] = slack.workspace.channels[CLIPS].messages.values()
    assert ([file.id for file in message.files], message.text) == ([said.text], "listen")


@pytest.mark.usefixtures("node_bot")
async def test_node_client_reacts_and_posts_as_somebody(slack: SlackServer) -> None:
    message = await slack.say(CLIPS, "hello")
    assert (await slack.command(CLIPS, f"react {CLIPS} {message.ts}")).text == "already_reacted"
    assert message.reactions == {"heart": [slack.bot_user]}
    await slack.command(CLIPS, f"rename {CLIPS} {message.ts} hi")
    reply = slack.thread(CLIPS, message.ts)[1]
    assert (reply.username, reply.text) == ("Ann", "hi again")


@pytest.mark.usefixtures("node_bot")
async def test_node_client_opens_modals_and_completes_steps(slack: SlackServer, wire: Wire) -> None:
    await slack.command(CLIPS, "modal")
    await wire.until(lambda: [view["callback_id"] for view in slack.views()] == ["updated"])
    execution = await slack.execute_function("send_voice_memo", {"link": "C1"})
    await wire.until(lambda: not execution.is_running)
    assert execution.outputs == {"link": "C1"}


@pytest.mark.usefixtures("node_bot")
async def test_node_client_waits_out_rate_limits(slack: SlackServer, wire: Wire) -> None:
    slack.switches.fault("auth.test", status=429, retry_after=1, times=1)
    await slack.command(CLIPS, "whoami")
    await wire.until(lambda: [entry.status for entry in wire.named("auth.test")] == [429, 200])


@pytest.mark.usefixtures("node_bot")
async def test_node_client_reconnects(slack: SlackServer, wire: Wire) -> None:
    await slack.sockets.disconnect("warning", close=True)
    await wire.until(lambda: len(wire.named("socket hello")) == 2)
    assert (await slack.command(CLIPS, "whoami")).text == slack.bot_user
