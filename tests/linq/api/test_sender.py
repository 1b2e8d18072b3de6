"""What goes out for texts, media, tapbacks and edits, and what is made of the answers."""

from typing import Any

import pytest

from bot.linq.adapter import LinqAdapter
from bot.linq.api.sender import TOO_LATE_TO_EDIT
from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import PreparedPart, ReceiptKind, ReceiptSource
from bot.relay.parts import Edit, Media, Reaction, Text, Voice
from bot.relay.ports.networks import Outgoing, Settlement
from tests.linq.conftest import IDS, Payload, now
from tests.linq.fake_linq import Answer, FakeLinq
from tests.linq.made import ATTACHMENT, CHAT, DELIVERY, MESSAGE, delivery, memo, outgoing

SEND = f"POST /v3/chats/{CHAT}/messages"
MEMO = f"POST /v3/chats/{CHAT}/voicememo"
REACT = f"POST /v3/messages/{MESSAGE}/reactions"
EDIT = f"PATCH /v3/messages/{MESSAGE}"
LIST = f"GET /v3/chats/{CHAT}/messages"

VOICE = Voice("0", "memo.m4a", IDS.media(ATTACHMENT))
LOST = Answer(is_lost=True)


def refusal(code: int, status: int) -> Answer:
    return Answer(status, {"success": False, "error": {"status": status, "code": code, "message": "no"}})


# Settlement


def test_recording_alone_is_searched_for_and_all_else_is_repeated(scripted: LinqAdapter) -> None:
    settlement = scripted.sender.settlement
    assert settlement(delivery(VOICE)) is Settlement.FIND_OR_ASK
    for parts in ((Text("0", "hi"),), (Text("0", "hi"), VOICE), (Reaction("r", "👍"),), (Edit("0", "hi"),)):
        assert settlement(delivery(*parts)) is Settlement.REPEAT


# Voice memos


@pytest.mark.parametrize(
    ("given", "body"),
    [
        (Outgoing(memo(ATTACHMENT)), {"attachment_id": ATTACHMENT}),
        (Outgoing(memo(ATTACHMENT), url="https://b.example/a.m4a"), {"attachment_id": ATTACHMENT}),
        (Outgoing(memo(), url="https://b.example/a.m4a"), {"voice_memo_url": "https://b.example/a.m4a"}),
        (Outgoing(memo(media="web:https://c.example/a.m4a")), {"voice_memo_url": "https://c.example/a.m4a"}),
    ],
    ids=["uploaded", "uploaded and lent", "lent", "public"],
)
async def test_memo_names_exactly_one_source(
    scripted: LinqAdapter, fake: FakeLinq, payload: Payload, given: Outgoing, body: dict[str, str]
) -> None:
    fake.answer(MEMO, Answer(202, payload("voicememo_202")))
    await scripted.sender.send(given)
    assert [request.body for request in fake.requests] == [body]


async def test_memo_whose_intent_is_too_old_is_not_sent(scripted: LinqAdapter, fake: FakeLinq) -> None:
    def held_up() -> None:
        raise RetryLater("The bot was held up.")

    with pytest.raises(RetryLater, match="held up"):
        await scripted.sender.send(Outgoing(memo(ATTACHMENT), require_fresh=held_up))
    assert not fake.requests


async def test_memo_without_any_source_is_refused_without_asking(scripted: LinqAdapter, fake: FakeLinq) -> None:
    given = delivery(VOICE, prepared=(PreparedPart(refused="It holds no sound."),))
    with pytest.raises(Refused, match="no sound"):
        await scripted.sender.send(Outgoing(given))
    assert not fake.requests


async def test_memo_to_a_group_tells_no_more_than_sent(scripted: LinqAdapter, fake: FakeLinq, payload: Payload) -> None:
    body = payload("voicememo_202")
    body["voice_memo"]["status"], body["voice_memo"]["chat"]["is_group"] = "sent", True
    fake.answer(MEMO, Answer(202, body))
    sent = await scripted.sender.send(Outgoing(memo(ATTACHMENT)))
    assert sent.receipt
    assert sent.receipt.is_final


async def test_memo_is_known_by_our_attachment_and_by_linqs(
    scripted: LinqAdapter, fake: FakeLinq, payload: Payload
) -> None:
    """They are one, as far as anybody has seen; where they are not, either finds the delivery."""
    fake.answer(MEMO, Answer(202, payload("voicememo_202"), {"X-Trace-ID": "trace"}))
    sent = await scripted.sender.send(Outgoing(memo("our-own")))
    assert sent.receipt
    assert sent.receipt.attachments == (IDS.media("our-own"), IDS.media(ATTACHMENT))
    assert (sent.message, sent.trace_id, sent.receipt.trace_id) == (IDS.message(MESSAGE), "trace", "trace")


async def test_search_for_a_text_finds_nothing_without_asking(scripted: LinqAdapter, fake: FakeLinq) -> None:
    assert await scripted.sender.find(delivery(Text("0", "hi"), sending_since=now())) is None
    assert await scripted.sender.find(memo(ATTACHMENT)) is None
    assert not fake.requests


async def test_search_gives_up_after_twenty_pages(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(LIST, *(Answer(200, {"messages": [], "next_cursor": str(n)}) for n in range(30)))
    assert await scripted.sender.find(memo(ATTACHMENT, since=now())) is None
    assert len(fake.requests) == 20


# Messages


async def test_message_carries_text_media_reply_and_key(
    scripted: LinqAdapter, fake: FakeLinq, payload: Payload
) -> None:
    fake.answer(SEND, Answer(202, payload("messages_send_202"), {"X-Trace-ID": "trace"}))
    picture = Media("1", "cat.png", IDS.media("unused"))
    prepared = (PreparedPart(), PreparedPart((IDS.media(ATTACHMENT),)))
    sent = await scripted.sender.send(outgoing(Text("0", "Look!"), picture, about=MESSAGE, prepared=prepared))
    [request] = fake.requests
    assert request.body == {
        "message": {
            "parts": [{"type": "text", "value": "Look!"}, {"type": "media", "attachment_id": ATTACHMENT}],
            "idempotency_key": DELIVERY,
            "reply_to": {"message_id": MESSAGE},
        }
    }
    assert (sent.message, sent.trace_id) == (IDS.message(MESSAGE), "trace")
    assert sent.receipt
    assert (sent.receipt.kind, sent.receipt.source) == (ReceiptKind.QUEUED, ReceiptSource.SEND)


@pytest.mark.parametrize(
    "answer", [LOST, Answer(500), Answer(202, {}), Answer(202, {"message": {"id": 7}}), Answer(504), Answer(408)]
)
async def test_message_that_may_have_gone_out_is_unknown(scripted: LinqAdapter, fake: FakeLinq, answer: Answer) -> None:
    fake.answer(SEND, answer)
    with pytest.raises(OutcomeUnknown):
        await scripted.sender.send(outgoing(Text("0", "hi")))


async def test_repeated_message_is_the_same_request(scripted: LinqAdapter, fake: FakeLinq, payload: Payload) -> None:
    fake.answer(SEND, LOST, Answer(202, payload("messages_send_202")))
    given = outgoing(Text("0", "hi"), about=MESSAGE)
    with pytest.raises(OutcomeUnknown):
        await scripted.sender.send(given)
    assert (await scripted.sender.send(given)).message == IDS.message(MESSAGE)
    first, second = fake.requests
    assert first.body == second.body


async def test_reply_to_an_unknown_message_goes_without_that(
    scripted: LinqAdapter, fake: FakeLinq, payload: Payload
) -> None:
    """A line without retention knows none of its messages."""
    fake.answer(SEND, refusal(2002, 404), Answer(202, payload("messages_send_202")))
    assert (await scripted.sender.send(outgoing(Text("0", "hi"), about=MESSAGE))).message
    assert ["reply_to" in request.body["message"] for request in fake.requests] == [True, False]


@pytest.mark.parametrize(("code", "status"), [(2024, 403), (2013, 409), (2001, 404), (1004, 400)])
async def test_refused_message_is_not_sent_in_another_way(
    scripted: LinqAdapter, fake: FakeLinq, code: int, status: int
) -> None:
    fake.answer(SEND, refusal(code, status))
    with pytest.raises(Refused) as refused:
        await scripted.sender.send(outgoing(Text("0", "hi"), about=MESSAGE))
    assert refused.value.code == str(code)
    assert len(fake.requests) == 1


async def test_recording_among_other_parts_is_a_file(scripted: LinqAdapter, fake: FakeLinq, payload: Payload) -> None:
    fake.answer(SEND, Answer(202, payload("messages_send_202")))
    prepared = (PreparedPart(), PreparedPart((IDS.media(ATTACHMENT),)))
    await scripted.sender.send(outgoing(Text("0", "listen"), VOICE, prepared=prepared))
    [request] = fake.requests
    assert request.body["message"]["parts"][1] == {"type": "media", "attachment_id": ATTACHMENT}


# Tapbacks


PARROT = ":parrot:"  # a workspace's own emoji
GONE = Reaction("r", "👍", is_removed=True)
CUSTOM = {"operation": "add", "type": "custom", "custom_emoji": "🎉", "part_index": 1}


@pytest.mark.parametrize(
    ("reaction", "held", "body"),
    [
        pytest.param(Reaction("r", "👍🏽"), ("👍🏽",), {"operation": "add", "type": "like"}, id="added"),
        pytest.param(Reaction("r", "🎉", part="1"), ("🎉",), CUSTOM, id="custom, on a part"),
        pytest.param(Reaction("r", "👍"), ("👍", "❤️"), {"operation": "add", "type": "like"}, id="latest wins"),
        pytest.param(GONE, ("❤️",), {"operation": "add", "type": "love"}, id="next takes its place"),
        pytest.param(GONE, (PARROT, "❤️"), {"operation": "add", "type": "love"}, id="next that has Unicode"),
        pytest.param(GONE, (), {"operation": "remove", "type": "like"}, id="last one goes"),
        pytest.param(GONE, (PARROT,), {"operation": "remove", "type": "like"}, id="none left that has Unicode"),
        pytest.param(Reaction("r", "👍"), (), {"operation": "remove", "type": "like"}, id="taken back meanwhile"),
    ],
)
async def test_our_one_tapback_is_the_latest_that_is_held(
    scripted: LinqAdapter,
    fake: FakeLinq,
    reaction: Reaction,
    held: tuple[str, ...],
    body: dict[str, Any],
    payload: Payload,
) -> None:
    fake.answer(REACT, Answer(202, payload("reactions_202")))
    sent = await scripted.sender.send(outgoing(reaction, about=MESSAGE, held=held))
    assert [request.body for request in fake.requests] == [body]
    assert sent.message is None


async def test_emoji_without_unicode_is_refused_without_asking(scripted: LinqAdapter, fake: FakeLinq) -> None:
    with pytest.raises(Refused):
        await scripted.sender.send(outgoing(Reaction("r", PARROT), about=MESSAGE, held=(PARROT, "👍")))
    assert not fake.requests


async def test_removing_what_was_never_put_there_is_done(scripted: LinqAdapter, fake: FakeLinq) -> None:
    sent = await scripted.sender.send(outgoing(Reaction("r", PARROT, is_removed=True), about=MESSAGE))
    assert sent.message is None
    assert not fake.requests


async def test_tapback_whose_answer_was_lost_is_simply_repeated(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(REACT, LOST)
    with pytest.raises(RetryLater):
        await scripted.sender.send(outgoing(Reaction("r", "👍"), about=MESSAGE, held=("👍",)))


@pytest.mark.parametrize("part", [Reaction("r", "👍"), Edit("0", "hi")])
async def test_change_of_what_is_no_message_at_linq_is_refused(
    scripted: LinqAdapter, fake: FakeLinq, part: Reaction | Edit
) -> None:
    for about in (None, IDS.event("e1")):
        with pytest.raises(Refused):
            await scripted.sender.send(Outgoing(delivery(part), about=about, held=("👍",)))
    assert not fake.requests


# Edits


async def test_edit_replaces_the_text_of_the_first_part(
    scripted: LinqAdapter, fake: FakeLinq, payload: Payload
) -> None:
    fake.answer(EDIT, Answer(200, payload("message_200")))
    sent = await scripted.sender.send(outgoing(Edit("text", "see you at \x006"), about=MESSAGE))
    assert [request.body for request in fake.requests] == [{"text": "see you at 6", "part_index": 0}]
    assert sent.message is None


@pytest.mark.parametrize("answer", [refusal(2015, 409), refusal(1004, 400), refusal(1005, 400), Answer(409)])
async def test_edit_that_linq_takes_no_more_says_why(scripted: LinqAdapter, fake: FakeLinq, answer: Answer) -> None:
    fake.answer(EDIT, answer)
    with pytest.raises(Refused, match="15 minutes") as refused:
        await scripted.sender.send(outgoing(Edit("0", "hi"), about=MESSAGE))
    assert refused.value.reason == TOO_LATE_TO_EDIT


@pytest.mark.parametrize(("code", "status"), [(2024, 403), (2017, 409), (2002, 404)])
async def test_edit_that_fails_for_another_reason_says_that_one(
    scripted: LinqAdapter, fake: FakeLinq, code: int, status: int
) -> None:
    fake.answer(EDIT, refusal(code, status))
    with pytest.raises(Refused) as refused:
        await scripted.sender.send(outgoing(Edit("0", "hi"), about=MESSAGE))
    assert refused.value.reason != TOO_LATE_TO_EDIT
    assert refused.value.code == str(code)


@pytest.mark.parametrize("text", ["", " \n", "\x00", "a" * 10_001, "👍" * 5_001])
async def test_edit_that_linq_never_takes_is_refused_without_asking(
    scripted: LinqAdapter, fake: FakeLinq, text: str
) -> None:
    with pytest.raises(Refused):
        await scripted.sender.send(outgoing(Edit("0", text), about=MESSAGE))
    assert not fake.requests
