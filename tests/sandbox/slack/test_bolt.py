"""Slack's own framework against the toy Slack, unchanged."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.wire import Wire

CLIP = Upload("a.m4a", b"x")


@pytest.fixture
def app(slack: SlackServer) -> AsyncApp:
    """A small app: says what it heard in the thread, and answers one command and one button."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)
    button = {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}}

    @app.event("message")
    async def hear(event: dict[str, Any], say: Any) -> None:
        if event.get("files"):
            blocks = [{"type": "actions", "elements": [button]}]
            await say(text=f"heard {event['files'][0]['name']}", thread_ts=event["ts"], blocks=blocks)

    @app.command("/voicememo")
    async def obey(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack(f"will {command['text']}")
        await respond("done")

    @app.action("again")
    async def press(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="pressed", replace_original=True)

    return app


@asynccontextmanager
async def over_http(slack: SlackServer, app: AsyncApp, wire: Wire) -> AsyncIterator[None]:
    runner = web.AppRunner(app.web_app("/slack/events"), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.connect(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    yield
    await runner.cleanup()


@asynccontextmanager
async def over_socket(slack: SlackServer, app: AsyncApp, wire: Wire) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
    await wire.until(lambda: bool(wire.named("socket hello")))
    yield
    await handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped


@pytest.fixture(params=[over_http, over_socket])
async def connected(
    slack: SlackServer, app: AsyncApp, wire: Wire, request: pytest.FixtureRequest
) -> AsyncIterator[None]:
    async with request.param(slack, app, wire):
        yield


@pytest.mark.usefixtures("connected")
async def test_bolt_handles_events_commands_and_actions(slack: SlackServer, wire: Wire) -> None:
    message = await slack.drop(CLIPS, CLIP)
    await wire.until(lambda: len(slack.thread(CLIPS, message.ts)) == 2)
    reply = slack.thread(CLIPS, message.ts)[1]
    assert reply.text == "heard a.m4a"
    said = await slack.command(CLIPS, "link x")
    assert said.text == "will link x"
    await wire.until(lambda: [each["text"] for each in said.later] == ["done"])
    await slack.press(CLIPS, reply.ts, "again")
    await wire.until(lambda: reply.text == "pressed")
    await slack.settled()
