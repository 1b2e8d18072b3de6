"""The person at the phone: what they do reaches the account and the subscribers."""

import json
from typing import Any

import pytest
from linq.types import MessageReceivedWebhookEvent, ReactionAddedWebhookEvent

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq_callers import CAF, Caller, Receiver

pytest_plugins = ["tests.sandbox.linq_fixtures"]


async def the_only(receiver: Receiver, wire: Wire, event_type: str) -> dict[str, Any]:
    """The body of the one webhook of this type, once it is there."""
    await wire.until(lambda: bool(wire.named(f"webhook {event_type}")))
    found = [json.loads(got.body) for got in receiver.got if got.headers["X-Webhook-Event"] == event_type]
    assert len(found) == 1
    return dict(found[0])


async def test_reading_a_memo_tells_read(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.reads_automatically = False
    accepted = await linq_caller.send(Chats.ANN)
    await linq_wire.until(lambda: bool(linq_wire.named("webhook message.delivered")))

    linq_side.phone.read(accepted.id)

    body = await the_only(linq_receiver, linq_wire, "message.read")
    assert body["data"]["id"] == accepted.id
    assert linq_side.memo(accepted.id).status == "read"


@pytest.mark.parametrize("chat", [Chats.FAMILY, Chats.SAM_BY_SMS])
async def test_nobody_confirms_reading_in_groups_and_by_sms(
    linq_side: LinqServer, linq_caller: Caller, chat: str
) -> None:
    accepted = await linq_caller.send(chat)

    with pytest.raises(ValueError, match="read receipts"):
        linq_side.phone.read(accepted.id)


async def test_what_has_not_left_the_line_cannot_be_read(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.progresses_automatically = False
    accepted = await linq_caller.send(Chats.ANN)

    with pytest.raises(ValueError, match="queued"):
        linq_side.phone.read(accepted.id)


async def test_a_reply_in_words_is_received_and_listed(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    accepted = await linq_caller.send(Chats.ANN)

    message_id = linq_side.phone.send(Chats.ANN, "thanks!", to=accepted.id)

    body = await the_only(linq_receiver, linq_wire, "message.received")
    MessageReceivedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["id"], data["direction"], data["parts"]) == (
        message_id,
        "inbound",
        [{"type": "text", "value": "thanks!"}],
    )
    assert (data["sender_handle"]["handle"], data["sender_handle"]["is_me"]) == ("+12025550123", False)
    assert data["reply_to"] == {"message_id": accepted.id, "part_index": 0}
    assert (await linq_caller.api.messages.retrieve(message_id)).delivery_status == "received"


async def test_a_reply_by_voice_is_a_media_part_one_can_download(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.keep_bytes = False

    linq_side.phone.send(Chats.FAMILY, audio=CAF, person="cleo@example.com")

    part = (await the_only(linq_receiver, linq_wire, "message.received"))["data"]["parts"][0]
    assert (part["type"], part["mime_type"], part["filename"]) == ("media", "audio/mp4", "Audio Message.caf")
    async with linq_caller.http.get(part["url"]) as answer:
        assert await answer.read() == CAF


async def test_a_reply_is_no_memo_of_ours(linq_side: LinqServer) -> None:
    linq_side.phone.send(Chats.ANN, audio=CAF)

    assert linq_side.memos(Chats.ANN) == []


async def test_a_tapback_reaches_the_subscribers_and_the_message(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    accepted = await linq_caller.send(Chats.ANN)

    linq_side.phone.tapback(accepted.id, "laugh")

    body = await the_only(linq_receiver, linq_wire, "reaction.added")
    ReactionAddedWebhookEvent.model_validate(body)
    assert (body["data"]["message_id"], body["data"]["reaction_type"]) == (accepted.id, "laugh")
    message = await linq_caller.api.messages.retrieve(accepted.id)
    assert message.parts
    reactions = getattr(message.parts[0], "reactions", None) or []
    assert [reaction.type for reaction in reactions] == ["laugh"]


@pytest.mark.parametrize("word", ["STOP", " QUIT ", "opt-out", "Opt Out", "OPTOUT"])
async def test_a_stop_word_opts_out(linq_side: LinqServer, word: str) -> None:
    linq_side.phone.send(Chats.ANN, word)

    assert "+12025550123" in linq_side.account.opted_out


@pytest.mark.parametrize("words", ["stop", "please STOP", "Quit", "opting out"])
async def test_other_words_do_not_opt_out(linq_side: LinqServer, words: str) -> None:
    linq_side.phone.send(Chats.ANN, words)

    assert "+12025550123" not in linq_side.account.opted_out


async def test_anything_else_said_opts_in_again(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.phone.opt_out(Chats.ANN)
    assert (await linq_caller.api.chats.retrieve(Chats.ANN)).health_status.status == "OPTED_OUT"

    linq_side.phone.opt_in(Chats.ANN)

    assert (await linq_caller.api.chats.retrieve(Chats.ANN)).health_status.status == "HEALTHY"
    assert (await linq_caller.send(Chats.ANN)).status == "queued"


async def test_a_stop_word_in_a_group_blocks_nothing(linq_side: LinqServer) -> None:
    linq_side.phone.send(Chats.FAMILY, "STOP")

    assert "+12025550123" not in linq_side.account.opted_out


async def test_a_chat_that_fell_back_to_sms_sends_sms(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.phone.switch_service(Chats.ANN, "SMS")

    assert (await linq_caller.send(Chats.ANN)).service == "SMS"


async def test_a_strangers_memo_is_told_but_never_listed(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.admin.stray(Chats.ANN, "delivered")

    body = await the_only(linq_receiver, linq_wire, "message.delivered")
    assert body["data"]["direction"] == "outbound"
    assert [message async for message in linq_caller.api.chats.messages.list(Chats.ANN)] == []
