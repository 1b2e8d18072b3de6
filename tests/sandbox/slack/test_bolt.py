"""Slack's own framework works against the local Slack unchanged, over HTTP and over Socket Mode."""

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
MODAL = {
    "type": "modal",
    "callback_id": "pick",
    "title": {"type": "plain_text", "text": "Pick"},
    "submit": {"type": "plain_text", "text": "Link"},
    "blocks": [
        {
            "type": "input",
            "block_id": "b",
            "label": {"type": "plain_text", "text": "Chat"},
            "element": {"type": "external_select", "action_id": "chat"},
        }
    ],
}
HOME = {"type": "home", "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "Links"}}]}


@pytest.fixture
def app(slack: SlackServer) -> AsyncApp:
    """A small app: it answers in threads, to a command and a button, and has a modal, a Home tab and a step."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)
    button = {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}}

    @app.event("message")
    async def answer_clip(event: dict[str, Any], say: Any) -> None:
        if event.get("files"):
            blocks = [{"type": "actions", "elements": [button]}]
            await say(text=f"heard {event['files'][0]['name']}", thread_ts=event["ts"], blocks=blocks)

    @app.command("/voicememo")
    async def answer_command(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack(f"will {command['text']}")
        await respond("done")

    @app.action("again")
    async def answer_press(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="pressed", replace_original=True)

    @app.event("reaction_added")
    async def copy_reaction(event: dict[str, Any]) -> None:
        item = event["item"]
        await client.reactions_add(channel=item["channel"], timestamp=item["ts"], name=event["reaction"])

    add_views(app)
    return app


def add_views(app: AsyncApp) -> None:
    @app.command("/pick")
    async def open_modal(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.options("chat")
    async def suggest(ack: Any, payload: dict[str, Any]) -> None:
        text = {"type": "plain_text", "text": payload["value"].title()}
        await ack(options=[{"text": text, "value": payload["value"]}])

    @app.view("pick")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        chosen = view["state"]["values"]["b"]["chat"]["selected_option"]["value"]
        if chosen == "nobody":
            await ack(response_action="errors", errors={"b": "unknown"})
        else:
            await ack()

    @app.event("app_home_opened")
    async def publish_home(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=HOME)

    @app.function("send_voice_memo")
    async def run_step(inputs: dict[str, Any], complete: Any, fail: Any) -> None:
        if inputs["link"]:
            await complete(outputs={"status": "sent"})
        else:
            await fail("no link")


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


@pytest.mark.usefixtures("connected")
async def test_bolt_handles_reactions(slack: SlackServer, wire: Wire) -> None:
    message = await slack.say(CLIPS, "hello")
    await slack.react(CLIPS, message.ts, "heart")
    await wire.until(lambda: any(slack.bot_user in users for users in message.reactions.values()))
    await slack.settled()


@pytest.mark.usefixtures("connected")
async def test_bolt_handles_modals_and_home(slack: SlackServer, wire: Wire) -> None:
    await slack.command(CLIPS, "", command="/pick")
    await wire.until(lambda: bool(slack.views()))
    [view] = slack.views()
    suggested = await slack.suggest(view["id"], "chat", "ann")
    [option] = suggested.body["options"]
    assert option["text"]["text"] == "Ann"

    def chosen(value: str) -> dict[str, Any]:
        return {"b": {"chat": {"type": "external_select", "selected_option": {**option, "value": value}}}}

    refused = await slack.submit(view["id"], chosen("nobody"))
    assert (refused.body["errors"], len(slack.views())) == ({"b": "unknown"}, 1)
    await slack.submit(view["id"], chosen("ann"))
    assert slack.views() == []

    await slack.open_home()
    await wire.until(lambda: slack.home() is not None)
    await slack.settled()


@pytest.mark.usefixtures("connected")
async def test_bolt_completes_workflow_steps(slack: SlackServer, wire: Wire) -> None:
    done = await slack.execute_function("send_voice_memo", {"link": "C1"})
    failed = await slack.execute_function("send_voice_memo", {"link": ""})
    await wire.until(lambda: not done.is_running and not failed.is_running)
    assert (done.outputs, failed.error) == ({"status": "sent"}, "no link")
    await slack.settled()
