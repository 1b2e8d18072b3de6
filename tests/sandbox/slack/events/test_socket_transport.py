"""Socket Mode, as Slack's own client lives it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.wire import Wire

CLIP = Upload("a.m4a", b"x")
Connect = Callable[[], Any]


class SocketEar:
    """Keeps every envelope; acknowledges it, with ``payload`` where one is allowed, unless told to be silent."""

    def __init__(self) -> None:
        self.heard: list[SocketModeRequest] = []
        self.silent = False
        self.payload: dict[str, Any] = {"text": "ok"}

    async def take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        if not self.silent:
            answer = self.payload if request.type != "events_api" else None
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))


@pytest.fixture
def ear() -> SocketEar:
    return SocketEar()


@pytest.fixture
async def connect(slack: SlackServer, ear: SocketEar) -> AsyncIterator[Connect]:
    """Opens one more official client on demand, and closes them all at the end."""
    clients: list[SocketModeClient] = []

    async def open_one() -> SocketModeClient:
        web_client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        one = SocketModeClient(slack.app_token, web_client=web_client, ping_interval=0.2)
        one.socket_mode_request_listeners.append(ear.take)
        clients.append(one)
        await one.connect()  # type: ignore[no-untyped-call]  # slack_sdk leaves it untyped
        return one

    yield open_one
    for one in clients:
        await one.close()  # type: ignore[no-untyped-call]  # slack_sdk leaves it untyped


async def test_socket_ack_counts_as_200(slack: SlackServer, ear: SocketEar, connect: Connect, wire: Wire) -> None:
    await connect()
    await wire.until(lambda: bool(wire.named("socket hello")))
    message = await slack.drop(CLIPS, CLIP)
    assert message.delivery
    assert (await message.delivery.ended()).status == 200
    assert ear.heard[0].payload["event"]["ts"] == message.ts
    assert ear.heard[0].retry_attempt == 0


async def test_event_without_ack_is_retried(slack: SlackServer, ear: SocketEar, connect: Connect, wire: Wire) -> None:
    await connect()
    await wire.until(lambda: bool(wire.named("socket hello")))
    ear.silent = True
    message = await slack.drop(CLIPS, CLIP)
    await wire.until(lambda: bool(wire.named("event message")), timeout=10)
    ear.silent = False
    assert message.delivery
    await message.delivery.ended()
    first, second = ear.heard
    assert first.payload["event_id"] == second.payload["event_id"]
    assert (second.retry_attempt, second.retry_reason) == (1, "timeout")


async def test_ack_carries_the_answer(slack: SlackServer, ear: SocketEar, connect: Connect, wire: Wire) -> None:
    await connect()
    await wire.until(lambda: bool(wire.named("socket hello")))
    ear.payload = {"text": "linked"}
    said = await slack.command(CLIPS, "link x")
    message = await slack.say(CLIPS, "hello")
    await slack.shortcut("resend", CLIPS, message.ts)
    assert said.text == "linked"
    assert {"slash_commands", "interactive"} <= {request.type for request in ear.heard}


async def test_event_goes_to_one_socket(slack: SlackServer, ear: SocketEar, connect: Connect, wire: Wire) -> None:
    await connect()
    await connect()
    await wire.until(lambda: len(wire.named("socket hello")) == 2)
    for _ in range(12):
        await slack.drop(CLIPS, CLIP)
    await slack.settled()
    assert len(ear.heard) == 12


async def test_client_reconnects_after_disconnect(
    slack: SlackServer, ear: SocketEar, connect: Connect, wire: Wire
) -> None:
    await connect()
    await wire.until(lambda: bool(wire.named("socket hello")))
    await slack.sockets.disconnect("refresh_requested")
    await wire.until(lambda: len(wire.named("socket hello")) == 2, timeout=10)
    message = await slack.drop(CLIPS, CLIP)
    assert message.delivery
    assert (await message.delivery.ended()).accepted


async def test_client_reconnects_after_a_cut(slack: SlackServer, connect: Connect, wire: Wire) -> None:
    await connect()
    await wire.until(lambda: bool(wire.named("socket hello")))
    slack.sockets.cut()
    await wire.until(lambda: len(wire.named("socket hello")) == 2, timeout=10)


async def test_deaf_slack_keeps_the_socket_open(
    slack: SlackServer, ear: SocketEar, connect: Connect, wire: Wire
) -> None:
    client = await connect()
    await wire.until(lambda: bool(wire.named("socket hello")))
    slack.switches.deaf = True
    assert (await slack.drop(CLIPS, CLIP)).delivery is None
    assert await client.is_connected()
    assert ear.heard == []


async def test_ticket_is_single_use(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    url = slack.sockets.ticket_url()
    async with http.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)


async def test_eleventh_socket_is_refused(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    sockets = [await http.ws_connect(slack.sockets.ticket_url()) for _ in range(11)]
    greetings = [await socket.receive_json() for socket in sockets]
    assert [greeting["type"] for greeting in greetings] == ["hello"] * 10 + ["disconnect"]
    assert greetings[-1]["reason"] == "too_many_websockets"
    assert greetings[9]["num_connections"] == 10


async def test_event_without_socket_is_given_up(slack: SlackServer) -> None:
    message = await slack.drop(CLIPS, CLIP)
    assert message.delivery
    answer = await message.delivery.ended()
    assert (answer.reason, len(message.delivery.answers)) == ("connection_failed", 4)
