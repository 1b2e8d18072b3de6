"""Texts, links and media through the API: sent once per key, edited while Linq allows it, deleted here only."""

from typing import Any

import pytest
from linq import APIConnectionError, APIStatusError
from linq.types import MessageEditedWebhookEvent, MessageSentWebhookEvent

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.time_scale import TimeScale
from tests.sandbox.linq.clients import CAF, M4A, Caller, Receiver, code_of

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 10


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "value": value, **more}


async def send(caller: Caller, *parts: dict[str, Any], chat: str = Chats.ANN, **more: Any) -> Any:
    """The message of the answer."""
    message: Any = {"parts": list(parts), **more}
    return (await caller.api.chats.messages.send(chat, message=message)).message


async def refusal(caller: Caller, *parts: dict[str, Any], chat: str = Chats.ANN, **more: Any) -> tuple[int, int | None]:
    with pytest.raises(APIStatusError) as refused:
        await send(caller, *parts, chat=chat, **more)
    return code_of(refused)


async def test_text_is_accepted_and_listed(linq: LinqServer, caller: Caller) -> None:
    sent = await send(caller, text("see you at 5"))

    assert sent.delivery_status in ("queued", "sent")
    [listed] = [message async for message in caller.api.chats.messages.list(Chats.ANN)]
    assert (listed.id, listed.is_from_me) == (sent.id, True)
    assert listed.parts
    assert listed.parts[0].value == "see you at 5"  # type: ignore[union-attr]
    assert linq.sent(Chats.ANN)[0].text == "see you at 5"
    assert linq.memos(Chats.ANN) == []


async def test_send_answers_202(caller: Caller) -> None:
    raw = await caller.api.chats.messages.with_raw_response.send(
        Chats.ANN, message={"parts": [{"type": "text", "value": "hi"}]}
    )
    assert raw.status_code == 202


async def test_decorations_and_reply_are_kept(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    question = linq.phone.send(Chats.ANN, "when?")
    bold = {"range": [0, 2], "style": "bold"}

    await send(caller, text("🎉 at 5", text_decorations=[bold]), reply_to={"message_id": question.id})

    [body] = await receiver.until("message.sent")
    MessageSentWebhookEvent.model_validate(body)
    assert body["data"]["parts"][0]["text_decorations"] == [bold]
    assert body["data"]["reply_to"] == {"message_id": question.id, "part_index": 0}


async def test_text_and_media_are_one_message(linq: LinqServer, caller: Caller) -> None:
    picture = await caller.upload(PNG, "plan.png", "image/png")
    sound = await caller.upload(CAF, "note.caf", "audio/x-caf")

    parts = ({"type": "media", "attachment_id": picture}, text("look"), {"type": "media", "attachment_id": sound})
    sent = await send(caller, *parts)

    assert [part.type for part in sent.parts] == ["media", "text", "media"]
    assert [media.filename for media in linq.sent(Chats.ANN)[0].media] == ["plan.png", "note.caf"]


async def test_media_is_fetched_from_a_url(linq: LinqServer, caller: Caller) -> None:
    linq.fetcher.published["https://example.com/plan.png"] = (PNG, "image/png")

    sent = await send(caller, {"type": "media", "url": "https://example.com/plan.png"})

    assert (sent.parts[0].filename, sent.parts[0].size_bytes) == ("plan.png", len(PNG))


@pytest.mark.parametrize(
    "parts",
    [
        [text("one"), text("two")],
        [text("")],
        [text("x" * 10_001)],
        [{"type": "link", "value": "https://example.com"}, text("look")],
        [{"type": "link", "value": "http://example.com"}],
        [{"type": "link", "value": "https://example.com/" + "x" * 2_048}],
        [{"type": "hologram"}],
        [text("x", text_decorations=[{"range": [0, 2], "style": "bold"}])],
        [text("xx", text_decorations=[{"range": [1, 1], "style": "bold"}])],
        [text("xx", text_decorations=[{"range": [0, 1], "style": "bold", "animation": "nod"}])],
        [text("xx", text_decorations=[{"range": [0, 1]}])],
        [text("xx", text_decorations=[{"range": [0, 1], "style": "blinking"}])],
        [
            text(
                "xx",
                text_decorations=[{"range": [0, 2], "style": "bold"}, {"range": [1, 2], "animation": "shake"}],
            )
        ],
        [text("x", mention_range=[0, 1])],
    ],
)
async def test_content_against_a_rule_is_refused(linq: LinqServer, caller: Caller, parts: list[dict[str, Any]]) -> None:
    assert await refusal(caller, *parts) == (400, 1004)
    assert linq.sent(Chats.ANN) == []


async def test_decorations_are_counted_in_utf16(caller: Caller) -> None:
    await send(caller, text("🎉!", text_decorations=[{"range": [0, 3], "style": "bold"}]))
    assert await refusal(caller, text("🎉!", text_decorations=[{"range": [0, 4], "style": "bold"}])) == (400, 1004)


@pytest.mark.parametrize(
    ("part", "refused"),
    [
        ({"type": "media"}, (400, 1003)),
        ({"type": "media", "url": "https://e.com/a.png", "attachment_id": "x"}, (400, 1003)),
        ({"type": "media", "url": "http://e.com/a.png"}, (400, 1005)),
        ({"type": "media", "attachment_id": "x"}, (400, 1005)),
        ({"type": "media", "attachment_id": "00000000-0000-4000-8000-000000000000"}, (404, 2003)),
        ({"type": "app_clip", "value": "https://e.com"}, (403, 2011)),
        ({"type": "text", "value": "x", "colour": "red"}, (400, 1003)),
    ],
)
async def test_media_sources_are_checked(caller: Caller, part: dict[str, Any], refused: tuple[int, int]) -> None:
    assert await refusal(caller, part) == refused


@pytest.mark.parametrize(
    ("body", "content_type", "refused"),
    [
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp", (400, 5004)),
        (b"OggS" + bytes(60), "audio/x-wav", (400, 5004)),
        (PNG, "image/jpeg", (400, 5006)),
        (M4A, "audio/aac", (400, 5006)),
    ],
)
async def test_media_bytes_are_checked(
    caller: Caller, body: bytes, content_type: str, refused: tuple[int, int]
) -> None:
    attachment = await caller.upload(body, "file", content_type)
    assert await refusal(caller, {"type": "media", "attachment_id": attachment}) == refused


async def test_media_before_its_upload_answers_2007(caller: Caller) -> None:
    place = await caller.ask()
    assert await refusal(caller, {"type": "media", "attachment_id": place.attachment_id}) == (404, 2007)


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"reply_to": {"message_id": "00000000-0000-4000-8000-000000000000"}}, (404, 2002)),
        ({"reply_to": {"message_id": "x"}}, (400, 1005)),
        ({"idempotency_key": "x" * 256}, (400, 1005)),
        ({"preferred_service": "pigeon"}, (400, 1005)),
        ({"effect": {"type": "smoke", "name": "x"}}, (400, 1004)),
        ({"experience": {"name": "agentcard", "action": "x"}}, (403, 2011)),
        ({"colour": "red"}, (400, 1003)),
    ],
)
async def test_message_fields_are_checked(caller: Caller, more: dict[str, Any], refused: tuple[int, int]) -> None:
    assert await refusal(caller, text("hi"), **more) == refused


async def test_empty_message_is_refused(caller: Caller) -> None:
    assert await refusal(caller) == (400, 1001)
    assert await refusal(caller, *[text("x"), {"type": "media"}] * 51) == (400, 1004)


async def test_mention_needs_a_member_of_a_group(caller: Caller) -> None:
    assert await refusal(caller, text("Ann", mention="+12025550123")) == (409, 2023)
    assert await refusal(caller, text("Sam", mention="+12025550141"), chat=Chats.FAMILY) == (409, 2015)

    sent = await send(caller, text("Hey Cleo", mention="cleo@example.com", mention_range=[4, 8]), chat=Chats.FAMILY)
    assert sent.parts[0].mentions[0].range == [4, 8]


async def test_send_rules_hold_for_texts(linq: LinqServer, caller: Caller) -> None:
    assert await refusal(caller, text("hi"), chat=Chats.OLGA_OPTED_OUT) == (403, 2024)
    assert await refusal(caller, text("hi"), chat=Chats.CLUB_WE_LEFT) == (409, 2013)
    linq.switches.pair_limit = 0
    assert await refusal(caller, text("hi")) == (429, 1007)


async def test_idempotency_key_returns_the_original_answer(linq: LinqServer, caller: Caller) -> None:
    first = await send(caller, text("once"), idempotency_key="d1")
    again = await send(caller, text("twice"), idempotency_key="d1")
    other = await send(caller, text("once"), idempotency_key="d2")

    assert first.id == again.id != other.id
    assert [message.text for message in linq.sent(Chats.ANN)] == ["once", "once"]


async def test_key_settles_a_lost_answer(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.switches.next("messages.send", "lose_answer")
    with pytest.raises(APIConnectionError):
        await send(caller, text("once"), idempotency_key="d1")

    again = await send(caller, text("once"), idempotency_key="d1")

    [message] = linq.sent(Chats.ANN)
    assert again.id == message.id
    [body] = await receiver.until("message.sent")
    assert body["data"]["idempotency_key"] == "d1"


async def test_key_of_a_deleted_message_is_not_found(caller: Caller) -> None:
    sent = await send(caller, text("once"), idempotency_key="d1")
    await caller.api.messages.delete(sent.id)

    assert await refusal(caller, text("once"), idempotency_key="d1") == (404, 2002)


async def test_deleted_message_is_no_longer_listed(linq: LinqServer, caller: Caller) -> None:
    sent = await send(caller, text("oops"))
    await caller.api.messages.delete(sent.id)

    assert [message async for message in caller.api.chats.messages.list(Chats.ANN)] == []


async def test_refused_send_keeps_no_key(linq: LinqServer, caller: Caller) -> None:
    assert await refusal(caller, text("once"), chat=Chats.OLGA_OPTED_OUT, idempotency_key="d1") == (403, 2024)
    linq.phone.opt_in(Chats.OLGA_OPTED_OUT)

    await send(caller, text("once"), chat=Chats.OLGA_OPTED_OUT, idempotency_key="d1")

    assert len(linq.sent(Chats.OLGA_OPTED_OUT)) == 1


async def test_edit_changes_the_text_and_is_told(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    sent = await send(caller, text("see you at 5", text_decorations=[{"range": [0, 3], "style": "bold"}]))

    edited = await caller.api.messages.update(sent.id, text="see you at 6")

    assert edited.parts
    assert edited.parts[0].value == "see you at 6"  # type: ignore[union-attr]
    [body] = await receiver.until("message.edited")
    MessageEditedWebhookEvent.model_validate(body)
    assert (body["data"]["direction"], body["data"]["part"]["text"]) == ("outbound", "see you at 6")


async def edit_refusal(caller: Caller, message_id: str, **more: Any) -> tuple[int, int | None]:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.messages.update(message_id, text="x", **more)
    return code_of(refused)


async def test_edits_end_after_five(caller: Caller) -> None:
    sent = await send(caller, text("v0"))
    for number in range(5):
        await caller.api.messages.update(sent.id, text=f"v{number + 1}")

    assert await edit_refusal(caller, sent.id) == (409, 2015)


async def test_edits_end_after_fifteen_real_minutes(linq: LinqServer, caller: Caller, time_scale: TimeScale) -> None:
    """Also where time passes faster: people write and edit at their own pace."""
    sent = await send(caller, text("v0"))
    time_scale.scale = 0.1
    linq.switches.late_edit_code = 1005
    kept = linq.account.message(sent.id)
    kept.accepted -= 14 * 60
    await caller.api.messages.update(sent.id, text="v1")
    kept.accepted -= 60

    assert await edit_refusal(caller, sent.id) == (400, 1005)


async def test_only_own_texts_can_be_edited(linq: LinqServer, caller: Caller) -> None:
    memo = await caller.send()
    theirs = linq.phone.send(Chats.ANN, "mine")
    sms = await send(caller, text("hi"), chat=Chats.SAM_BY_SMS)
    mine = await send(caller, text("hi"))

    assert await edit_refusal(caller, memo.id) == (400, 1004)
    assert await edit_refusal(caller, theirs.id) == (403, 2005)
    assert await edit_refusal(caller, sms.id) == (409, 2017)
    assert await edit_refusal(caller, mine.id, part_index=1) == (400, 1005)


async def test_old_subscriptions_get_no_edits(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.subscribe(receiver.url.replace("2026-02-03", "2025-01-01"))
    sent = await send(caller, text("v0"))
    await caller.api.messages.update(sent.id, text="v1")
    await receiver.until("message.read")

    assert receiver.bodies("message.edited") == []
