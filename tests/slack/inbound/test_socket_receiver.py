"""The receiver over Socket Mode: acknowledged when stored, kept through every kind of parting, drained at the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from bot.slack.adapter import SlackAdapter
from bot.slack.dispatch import Dispatcher
from bot.slack.inbound.socket_receiver import SocketReceiver, SocketTiming
from tests.slack.fake_relay import FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, APP_TOKEN, CLIPS, CREW, Fault
from tests.slack.signed_requests import enveloped


async def until(holds: Callable[[], Awaitable[bool]], timeout_s: float = 30.0) -> None:
    """Wait until it holds; it is asked again and again, because the SDK has no event for it."""
    async with asyncio.timeout(timeout_s):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
async def receiver(adapter: SlackAdapter, dispatcher: Dispatcher, relay: FakeRelay) -> AsyncIterator[SocketReceiver]:
    """Not started yet; watched closely."""
    timing = SocketTiming(ping_s=2.0, check_s=0.02, replace_after_s=0.5, pause_s=0.3)
    api = adapter.app_api(APP_TOKEN)
    receiver = SocketReceiver(dispatcher.dispatch, api, clock=time.monotonic, timing=timing)
    yield receiver
    relay.held.set()
    await receiver.stop(5.0)
    await adapter.drain(5.0)


@pytest.fixture
async def connected(receiver: SocketReceiver) -> SocketReceiver:
    receiver.start()
    await until(lambda: is_up(receiver))
    return receiver


async def is_up(receiver: SocketReceiver) -> bool:
    return await receiver.ping() == ""


async def says(receiver: SocketReceiver, words: str) -> bool:
    return words in await receiver.ping()


def dropped(slack: FakeSlack) -> dict[str, Any]:
    return enveloped(slack.drop(slack.add_file()) | {"channel": CLIPS})


async def test_a_message_is_stored_before_it_is_acknowledged(
    connected: SocketReceiver, slack: FakeSlack, relay: FakeRelay
) -> None:
    relay.held.clear()
    envelope = await slack.send_envelope(dropped(slack))
    await relay.asked.wait()
    assert envelope not in slack.acknowledged
    relay.held.set()
    await slack.until(lambda: envelope in slack.acknowledged)
    assert len(relay.messages) == 1


async def test_an_event_nobody_listens_to_is_acknowledged(connected: SocketReceiver, slack: FakeSlack) -> None:
    envelope = await slack.send_envelope(enveloped({"type": "channel_archive", "channel": CREW}))
    await slack.until(lambda: envelope in slack.acknowledged)


async def test_what_could_not_be_stored_is_not_acknowledged(
    connected: SocketReceiver, slack: FakeSlack, relay: FakeRelay
) -> None:
    relay.trouble = RuntimeError("the database is away")
    payload = dropped(slack)
    lost = await slack.send_envelope(payload)
    await relay.asked.wait()
    relay.trouble = None
    again = await slack.send_envelope(payload)
    await slack.until(lambda: again in slack.acknowledged)
    assert lost not in slack.acknowledged
    assert len(relay.messages) == 1


async def test_what_is_invalid_is_acknowledged_because_it_would_not_get_better(
    connected: SocketReceiver, slack: FakeSlack
) -> None:
    for payload in ({"type": "event_callback", "event": None}, {}, {"type": "block_actions"}):
        envelope = await slack.send_envelope(payload)
        await slack.until(lambda envelope=envelope: envelope in slack.acknowledged)


async def test_a_command_is_answered_with_its_acknowledgement(connected: SocketReceiver, slack: FakeSlack) -> None:
    form = {"command": "/voicememo", "text": "status", "channel_id": CLIPS, "user_id": ANN, "trigger_id": "1.2.3"}
    envelope = await slack.send_envelope(form, "slash_commands")
    await slack.until(lambda: envelope in slack.acknowledged)
    assert "Linked to *+12025550123*" in (slack.acknowledged[envelope] or {})["text"]


async def test_a_click_is_acknowledged(connected: SocketReceiver, slack: FakeSlack, relay: FakeRelay) -> None:
    click = {"type": "block_actions", "user": {"id": ANN}, "channel": {"id": CLIPS}, "trigger_id": "1.2.3"}
    envelope = await slack.send_envelope(
        click | {"actions": [{"action_id": "resend", "value": "d1", "block_id": "b"}]}, "interactive"
    )
    await slack.until(lambda: envelope in slack.acknowledged)
    assert relay.acts == [("resend", "d1", f"slack:T0AAA@{ANN}")]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets"])
async def test_a_refreshed_connection_goes_on_receiving(
    connected: SocketReceiver, slack: FakeSlack, relay: FakeRelay, reason: str
) -> None:
    await slack.sockets[0].send_json({"type": "disconnect", "reason": reason})
    await slack.until(lambda: slack.hellos >= 2)
    await until(lambda: is_up(connected))
    envelope = await slack.send_envelope(dropped(slack))
    await slack.until(lambda: envelope in slack.acknowledged)
    assert len(relay.messages) == 1


async def test_a_connection_that_is_cut_comes_back(connected: SocketReceiver, slack: FakeSlack) -> None:
    await slack.sockets[0].close()
    await slack.until(lambda: slack.hellos >= 2)
    await until(lambda: is_up(connected))


async def test_a_slack_that_was_away_for_long_is_found_again(connected: SocketReceiver, slack: FakeSlack) -> None:
    slack.faults["apps.connections.open"] = Fault(status=503)
    await slack.sockets[0].close()
    await until(lambda: says(connected, "Slack is having trouble"))
    slack.faults.clear()
    await until(lambda: is_up(connected))


async def test_a_wrong_app_token_is_named_and_tried_again(receiver: SocketReceiver, slack: FakeSlack) -> None:
    slack.faults["apps.connections.open"] = Fault(error="invalid_auth")
    receiver.start()
    await until(lambda: says(receiver, "SLACK_APP_TOKEN"))
    slack.faults.clear()
    await until(lambda: is_up(receiver))


async def test_socket_mode_that_is_switched_off_is_told_and_not_hammered(
    connected: SocketReceiver, slack: FakeSlack
) -> None:
    slack.faults["apps.connections.open"] = Fault(error="forbidden_team")
    before = len(slack.named("apps.connections.open"))
    await slack.sockets[0].send_json({"type": "disconnect", "reason": "link_disabled"})
    await until(lambda: says(connected, "switched off"))
    slack.faults.clear()
    await until(lambda: is_up(connected))
    assert len(slack.named("apps.connections.open")) - before <= 4


async def test_stopping_finishes_and_acknowledges_what_was_taken(
    connected: SocketReceiver, slack: FakeSlack, relay: FakeRelay
) -> None:
    relay.held.clear()
    envelope = await slack.send_envelope(dropped(slack))
    await relay.asked.wait()
    stopping = asyncio.create_task(connected.stop(10.0))
    relay.held.set()
    await stopping
    await slack.until(lambda: envelope in slack.acknowledged)


async def test_before_it_is_connected_it_says_so(receiver: SocketReceiver) -> None:
    assert "not connected" in await receiver.ping()


async def test_a_suspected_connection_is_replaced_though_it_is_open(
    connected: SocketReceiver, slack: FakeSlack
) -> None:
    connected.suspect_connection()
    await slack.until(lambda: slack.hellos >= 2 and len(slack.sockets) == 1)
