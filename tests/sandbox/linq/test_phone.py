"""The people at the phones: what they do reaches the account and the subscribers."""

from typing import Any

import pytest
from linq.types import (
    ChatGroupNameUpdatedWebhookEvent,
    ContactCardReceivedWebhookEvent,
    MessageEditedWebhookEvent,
    MessageReceivedWebhookEvent,
    ParticipantAddedWebhookEvent,
    ParticipantRemovedWebhookEvent,
    ReactionAddedWebhookEvent,
    ReactionRemovedWebhookEvent,
)

from bot.sandbox.linq.fixtures import SECOND_LINE, Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import CAF, Caller, Receiver

CLEO = "cleo@example.com"
DORA = "+12025550130"


async def test_read_sends_message_read(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.switches.reads_automatically = False
    accepted = await caller.send(Chats.ANN)
    await receiver.until("message.delivered")

    linq.phone.read(accepted.id)

    [body] = await receiver.until("message.read")
    assert body["data"]["id"] == accepted.id
    assert linq.memo(accepted.id).status == "read"


@pytest.mark.parametrize("chat", [Chats.FAMILY, Chats.SAM_BY_SMS])
async def test_groups_and_sms_send_no_read_receipt(linq: LinqServer, caller: Caller, chat: str) -> None:
    accepted = await caller.send(chat)

    with pytest.raises(ValueError, match="read receipts"):
        linq.phone.read(accepted.id)


async def test_queued_message_cannot_be_read(linq: LinqServer, caller: Caller) -> None:
    linq.switches.progresses_automatically = False
    accepted = await caller.send(Chats.ANN)

    with pytest.raises(ValueError, match="queued"):
        linq.phone.read(accepted.id)


async def test_text_is_received_and_listed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    accepted = await caller.send(Chats.ANN)

    sent = linq.phone.send(Chats.ANN, "thanks!", reply_to=accepted.id)

    [body] = await receiver.until("message.received")
    MessageReceivedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["id"], data["direction"], data["parts"][0]["value"]) == (sent.id, "inbound", "thanks!")
    assert (data["sender_handle"]["handle"], data["sender_handle"]["is_me"]) == ("+12025550123", False)
    assert data["reply_to"] == {"message_id": accepted.id, "part_index": 0}
    assert (await caller.api.messages.retrieve(sent.id)).delivery_status == "received"


async def test_voice_memo_is_a_media_part_with_address(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.switches.keep_bytes = False

    linq.phone.send(Chats.FAMILY, files=[PhoneFile(CAF)], person=CLEO)

    [body] = await receiver.until("message.received")
    part = body["data"]["parts"][0]
    assert (part["type"], part["mime_type"], part["filename"]) == ("media", "audio/x-caf", "Audio Message.caf")
    async with caller.http.get(part["url"]) as answer:
        assert await answer.read() == CAF


async def test_text_and_files_are_one_message(linq: LinqServer, receiver: Receiver) -> None:
    picture = PhoneFile(b"\xff\xd8\xff", "IMG_0001.HEIC", "image/heic")
    linq.phone.send(Chats.ANN, "look", files=[picture, PhoneFile(CAF)])

    [body] = await receiver.until("message.received")
    MessageReceivedWebhookEvent.model_validate(body)
    assert [part["type"] for part in body["data"]["parts"]] == ["media", "media", "text"]


@pytest.mark.parametrize(("mime_type", "shown"), [("", None), ("text/plain", "text/plain")])
async def test_media_part_may_have_a_wrong_type_or_none(
    linq: LinqServer, receiver: Receiver, mime_type: str, shown: str | None
) -> None:
    linq.phone.send(Chats.ANN, files=[PhoneFile(CAF, mime_type=mime_type)])

    [body] = await receiver.until("message.received")
    assert body["data"]["parts"][0].get("mime_type") == shown


async def test_parts_of_unknown_kinds_are_sent_as_they_are(linq: LinqServer, receiver: Receiver) -> None:
    parts: list[dict[str, Any]] = [{"type": "hologram", "depth": 3}, {"type": "text", "value": "\ud800"}]

    linq.phone.send_parts(Chats.ANN, parts)

    [body] = await receiver.until("message.received")
    assert body["data"]["parts"] == parts


async def test_link_is_a_link_part(linq: LinqServer, receiver: Receiver) -> None:
    linq.phone.send_link(Chats.ANN, "https://example.com/menu")

    [body] = await receiver.until("message.received")
    MessageReceivedWebhookEvent.model_validate(body)
    assert body["data"]["parts"] == [{"type": "link", "value": "https://example.com/menu"}]


async def test_inbound_voice_is_no_memo_of_ours(linq: LinqServer) -> None:
    linq.phone.send(Chats.ANN, files=[PhoneFile(CAF)])

    assert linq.memos(Chats.ANN) == []


async def test_message_needs_a_text_or_files(linq: LinqServer) -> None:
    with pytest.raises(ValueError, match="text or files"):
        linq.phone.send(Chats.ANN)


async def test_recovered_message_is_listed_by_its_time(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.phone.send(Chats.ANN, "one", recovered_after_s=60)
    linq.phone.send(Chats.ANN, "three")
    late = linq.phone.send(Chats.ANN, "two", recovered_after_s=30)

    bodies = await receiver.until("message.received", 3)
    assert [bool(body["data"].get("reconciled_at")) for body in bodies] == [True, False, True]
    listed = [message async for message in caller.api.chats.messages.list(Chats.ANN)]
    assert [message.parts[0].value for message in listed if message.parts] == ["three", "two", "one"]  # type: ignore[union-attr]
    assert (await caller.api.messages.retrieve(late.id)).reconciled_at


async def test_chat_exists_once_somebody_writes(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    before = len([chat async for chat in caller.api.chats.list_chats(from_=SECOND_LINE)])

    first = linq.phone.write_to_line("+12025550188", "hello", line=SECOND_LINE)
    second = linq.phone.write_to_line("+12025550188", "again", line=SECOND_LINE)
    group = linq.phone.write_to_line("+12025550188", "we", line=SECOND_LINE, others=["+12025550189"])

    assert first.chat_id == second.chat_id != group.chat_id
    listed = [chat.id async for chat in caller.api.chats.list_chats(from_=SECOND_LINE)]
    assert (before, set(listed)) == (0, {first.chat_id, group.chat_id})
    bodies = await receiver.until("message.received", 3)
    assert {body["data"]["chat"]["owner_handle"]["handle"] for body in bodies} == {SECOND_LINE}


async def test_edit_is_told_and_changes_the_text(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    sent = linq.phone.send(Chats.ANN, "see you at 5")

    linq.phone.edit(sent.id, "see you at 6")

    [body] = await receiver.until("message.edited")
    MessageEditedWebhookEvent.model_validate(body)
    assert (body["data"]["direction"], body["data"]["part"]) == ("inbound", {"index": 0, "text": "see you at 6"})
    listed = await caller.api.messages.retrieve(sent.id)
    assert listed.parts
    assert listed.parts[0].value == "see you at 6"  # type: ignore[union-attr]
    assert listed.updated_at > listed.created_at


async def test_edit_of_anothers_message_is_refused(linq: LinqServer, caller: Caller) -> None:
    accepted = await caller.send(Chats.ANN)

    with pytest.raises(ValueError, match="another person"):
        linq.phone.edit(accepted.id, "x")


async def test_tapback_is_told_and_listed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    accepted = await caller.send(Chats.ANN)

    linq.phone.react(accepted.id, "laugh")

    [body] = await receiver.until("reaction.added")
    ReactionAddedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["message_id"], data["reaction_type"], data["is_from_me"]) == (accepted.id, "laugh", False)
    listed = (await caller.api.messages.retrieve(accepted.id)).parts
    assert listed
    assert listed[0].reactions
    assert listed[0].reactions[0].type == "laugh"


@pytest.mark.parametrize(
    ("switch", "told"),
    [
        ("added", ["reaction.added"] * 2),
        ("removed_and_added", ["reaction.added", "reaction.removed", "reaction.added"]),
    ],
)
async def test_second_tapback_replaces_the_first(
    linq: LinqServer, caller: Caller, receiver: Receiver, switch: Any, told: list[str]
) -> None:
    linq.switches.tapback_change = switch
    sent = linq.phone.send(Chats.FAMILY, "ready?")
    linq.phone.react(sent.id, "like", person=CLEO)
    linq.phone.react(sent.id, "custom", emoji="🎉", person=CLEO)
    linq.phone.react(sent.id, "custom", emoji="🎉", person=CLEO)
    await receiver.until("reaction.added", 2)

    assert [body["event_type"] for body in receiver.bodies() if "reaction" in body["event_type"]] == told
    [reaction] = linq.account.messages[sent.id].parts[0].reactions
    assert (reaction.type, reaction.custom_emoji) == ("custom", "🎉")


async def test_tapback_is_removed(linq: LinqServer, receiver: Receiver) -> None:
    sent = linq.phone.send(Chats.FAMILY, "ready?")
    linq.phone.react(sent.id, "like", person=DORA)
    linq.phone.react(sent.id, "like", person=CLEO)

    linq.phone.unreact(sent.id, person=DORA)

    [body] = await receiver.until("reaction.removed")
    ReactionRemovedWebhookEvent.model_validate(body)
    assert body["data"]["from_handle"]["handle"] == DORA
    assert [each.person.address for each in linq.account.messages[sent.id].parts[0].reactions] == [CLEO]


async def test_reaction_event_may_name_no_message(linq: LinqServer, receiver: Receiver) -> None:
    linq.switches.reactions_name_no_message = True

    linq.phone.react(linq.phone.send(Chats.ANN, "hi").id)

    [body] = await receiver.until("reaction.added")
    ReactionAddedWebhookEvent.model_validate(body)
    assert not {"message_id", "chat_id", "part_index"} & body["data"].keys()


async def test_members_join_and_leave_a_group(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.phone.join(Chats.FAMILY, "+12025550199")
    linq.phone.leave(Chats.FAMILY, CLEO)

    [added] = await receiver.until("participant.added")
    [removed] = await receiver.until("participant.removed")
    ParticipantAddedWebhookEvent.model_validate(added)
    ParticipantRemovedWebhookEvent.model_validate(removed)
    assert (added["data"]["handle"], removed["data"]["handle"]) == ("+12025550199", CLEO)
    handles = (await caller.api.chats.retrieve(Chats.FAMILY)).handles
    assert {each.handle: each.status for each in handles}[CLEO] == "left"
    with pytest.raises(KeyError):
        linq.phone.send(Chats.FAMILY, "still here", person=CLEO)


async def test_line_that_left_a_group_gets_nothing(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.phone.leave(Chats.FAMILY, "+12025550100")
    [removed] = await receiver.until("participant.removed")
    assert removed["data"]["participant"]["is_me"]

    unheard = linq.phone.send(Chats.FAMILY, "are they gone?")
    linq.phone.send(Chats.ANN, "heard")

    assert [body["data"]["parts"][0]["value"] for body in await receiver.until("message.received")] == ["heard"]
    assert unheard.id not in linq.account.messages


async def test_group_is_renamed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.phone.rename(Chats.FAMILY, "Holidays", person=DORA)

    [body] = await receiver.until("chat.group_name_updated")
    ChatGroupNameUpdatedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["old_value"], data["new_value"]) == ("Family", "Holidays")
    assert data["changed_by_handle"]["handle"] == DORA
    assert (await caller.api.chats.retrieve(Chats.FAMILY)).display_name == "Holidays"


async def test_direct_chat_is_no_group(linq: LinqServer) -> None:
    for act in (linq.phone.join, linq.phone.rename):
        with pytest.raises(ValueError, match="no group"):
            act(Chats.ANN, "x")


async def test_contact_card_is_received_with_its_photo(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.phone.share_contact("+12025550123", "Ann", "Archer", picture=b"\xff\xd8\xff")

    [body] = await receiver.until("contact_card.received")
    ContactCardReceivedWebhookEvent.model_validate(body)
    data = body["data"]
    assert (data["first_name"], data["owner_handle"], data["sender_handle"]) == ("Ann", "+12025550100", "+12025550123")
    async with caller.http.get(data["media_url"]) as answer:
        assert await answer.read() == b"\xff\xd8\xff"


async def test_blocked_sender_is_dropped(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    await caller.api.blocked_handles.block(handle="+12025550123")

    linq.phone.send(Chats.ANN, "let me in")
    linq.phone.send(Chats.BEN, "hello")

    [body] = await receiver.until("message.received")
    assert body["data"]["parts"][0]["value"] == "hello"
    assert linq.account.messages_in(Chats.ANN) == []
    await caller.api.blocked_handles.block(handle="+12025550187")
    with pytest.raises(ValueError, match="blocked"):
        linq.phone.write_to_line("+12025550187", "hello")


@pytest.mark.parametrize("text", ["STOP", " STOP ", "UNSUBSCRIBE", "QUIT", "opt out", "Opt-Out", "optout"])
async def test_stop_word_opts_out(linq: LinqServer, receiver: Receiver, text: str) -> None:
    linq.phone.send(Chats.ANN, text)

    [body] = await receiver.until("message.received")
    assert body["data"]["chat"]["health_status"]["status"] == "OPTED_OUT"
    assert "+12025550123" in linq.account.opted_out


@pytest.mark.parametrize("text", ["stop", "please STOP", "Stop", "opt  out", "START"])
async def test_other_text_does_not_opt_out(linq: LinqServer, text: str) -> None:
    linq.phone.send(Chats.ANN, text)

    assert "+12025550123" not in linq.account.opted_out


async def test_any_other_message_opts_in(linq: LinqServer, caller: Caller) -> None:
    linq.phone.opt_out(Chats.ANN)

    linq.phone.send(Chats.FAMILY, "I am back", person="+12025550123")

    assert "+12025550123" not in linq.account.opted_out
    assert (await caller.api.chats.retrieve(Chats.ANN)).health_status.status == "HEALTHY"


async def test_stop_word_in_group_blocks_nothing(linq: LinqServer, caller: Caller) -> None:
    linq.phone.send(Chats.FAMILY, "STOP", person="+12025550123")

    assert (await caller.send(Chats.ANN)).status == "queued"
    assert (await caller.api.chats.retrieve(Chats.FAMILY)).health_status.status == "HEALTHY"


async def test_chat_switched_to_sms_sends_sms(linq: LinqServer, caller: Caller) -> None:
    first = await caller.send(Chats.ANN)

    linq.phone.switch_service(Chats.ANN, "SMS")

    assert (await caller.send(Chats.ANN)).service == "SMS"
    assert linq.memo(first.id).service == "iMessage"


async def test_unknown_ids_are_key_errors(linq: LinqServer, wire: Wire) -> None:
    with pytest.raises(KeyError):
        linq.phone.send("nowhere", "x")
    with pytest.raises(KeyError):
        linq.phone.react("nothing")
    assert wire.entries == []
