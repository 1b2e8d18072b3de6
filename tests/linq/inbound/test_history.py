"""A chat's messages as Linq lists them → what webhooks would have told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from bot.linq.adapter import LinqAdapter
from bot.linq.inbound.parse import parse_webhook
from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import RoomId
from bot.relay.model import Message
from bot.relay.parts import Announcement, Edit, Happening, Reaction, Text, Voice
from bot.relay.ports.networks import HistoryPage
from tests.linq.conftest import IDS, Payload, load, now
from tests.linq.fake_linq import Answer, FakeLinq
from tests.linq.local_linq import Chats, LocalLinq, write
from tests.linq.made import CHAT, MESSAGE

LIST = f"GET /v3/chats/{CHAT}/messages"
ROOM = IDS.room(CHAT)
ANN = "+12025550123"
START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
READ_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DATE = {"Date": format_datetime(READ_AT, usegmt=True)}


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def listed(number: int, after_s: float = 0, **fields: Any) -> dict[str, Any]:
    """A message of Ann's, so many seconds after the start."""
    at = stamp(START + timedelta(seconds=after_s))
    message = load("messages_200")["messages"][0]
    changed = {"id": f"00000000-0000-4000-8000-{number:012d}", "created_at": at, "updated_at": at, "sent_at": at}
    return {**message, **changed, "reply_to": None, **fields}


def ours(number: int, after_s: float = 0, **fields: Any) -> dict[str, Any]:
    given = {"is_from_me": True, "from_handle": load("message_200")["from_handle"], "delivery_status": "sent"}
    return listed(number, after_s, **(given | fields))


def reaction(**fields: Any) -> dict[str, Any]:
    handle = load("reaction_added")["data"]["from_handle"]
    return {"id": "r-1", "is_me": False, "handle": handle, "type": "love", "custom_emoji": None, **fields}


def page(*messages: dict[str, Any], cursor: str | None = None) -> Answer:
    return Answer(200, {"messages": list(messages), "next_cursor": cursor}, DATE)


Read = Callable[..., Any]


@pytest.fixture
def read(scripted: LinqAdapter, fake: FakeLinq) -> Read:
    """One call, answered by this page."""

    async def read(*messages: dict[str, Any], since: datetime = START, cursor: str | None = None) -> HistoryPage:
        fake.answer(LIST, page(*messages, cursor=cursor))
        return await scripted.history.read(ROOM, since)

    return read


def only(page: HistoryPage) -> Message:
    [message] = page.messages
    return message


# Messages


async def test_listed_message_is_the_one_that_its_webhook_tells(read: Read, payload: Payload) -> None:
    shown = load("messages_200")["messages"][0]
    webhook = payload("message_received")
    webhook["data"]["reply_to"] = None
    webhook["data"]["sent_at"] = shown["created_at"]
    [told] = parse_webhook(webhook, ids=IDS, webhook_id="w", received_at=READ_AT)
    assert isinstance(told, Message)
    assert only(await read(shown)) == replace(told, room_key="", within=(), line="")  # a list does not say where


async def test_reply_and_recording_are_found_as_such(read: Read) -> None:
    parts = load("message_received_voice")["data"]["parts"]
    message = only(await read(listed(1, parts=parts, reply_to={"message_id": MESSAGE, "part_index": 0})))
    assert message.about == IDS.message(MESSAGE)
    assert isinstance(message.parts[0], Voice)


async def test_message_from_before_the_start_is_not_told(read: Read) -> None:
    assert (await read(listed(1, -1))).messages == []


async def test_message_that_linq_itself_found_late_is_told(read: Read) -> None:
    """It stands in the middle of the history."""
    late = listed(1, -3600, reconciled_at=stamp(START + timedelta(minutes=1)))
    message = only(await read(listed(2, -10), late, listed(3, -7200)))
    assert message.sent_at == START - timedelta(hours=1)


@pytest.mark.parametrize("status", ["sent", "delivered", "read"])
async def test_message_of_our_side_is_told_as_such(read: Read, status: str) -> None:
    message = only(await read(ours(1, delivery_status=status)))
    assert message.is_ours
    assert message.sender == IDS.person("+12025550100")


@pytest.mark.parametrize("status", ["pending", "queued", "failed"])
async def test_message_of_ours_that_never_left_is_not_told(read: Read, status: str) -> None:
    assert (await read(ours(1, delivery_status=status))).messages == []


@pytest.mark.parametrize(
    ("fields", "is_ours"),
    [
        ({"is_from_me": None, "from_handle": None, "delivery_status": "received"}, False),
        ({"is_from_me": None, "from_handle": None, "delivery_status": "delivered"}, True),
        ({"is_from_me": None, "delivery_status": ""}, False),
    ],
)
async def test_side_is_told_by_what_is_there(read: Read, fields: dict[str, Any], is_ours: bool) -> None:
    assert only(await read(listed(1, **fields))).is_ours is is_ours


async def test_opt_out_is_found_too(read: Read) -> None:
    said, opted_out = (await read(listed(1, parts=[{"type": "text", "value": "STOP"}]))).messages
    assert said.parts == (Text("0", "STOP"),)
    assert isinstance(opted_out.parts[0], Announcement)
    assert opted_out.parts[0].happening is Happening.OPTED_OUT


# Edits


async def test_text_that_may_have_been_edited_is_told_as_it_is_now(read: Read) -> None:
    edited_at = START + timedelta(minutes=2)
    [said, edit] = (await read(listed(1, updated_at=stamp(edited_at)))).messages
    assert edit.parts == (Edit("0", "Got it!"),)
    assert (edit.about, edit.sent_at) == (said.id, edited_at)


async def test_edit_is_the_one_that_its_webhook_tells(read: Read, payload: Payload) -> None:
    [told] = parse_webhook(payload("message_edited"), ids=IDS, webhook_id="w", received_at=READ_AT)
    assert isinstance(told, Message)
    shown = listed(1, id=payload("message_edited")["data"]["id"], updated_at=stamp(READ_AT))
    shown["parts"] = [{"type": "text", "value": "Got it, thanks!"}]
    assert told.id in {message.id for message in (await read(shown)).messages}


@pytest.mark.parametrize(
    "fields",
    [
        {"updated_at": stamp(START + timedelta(seconds=1))},
        {"updated_at": None},
        {"updated_at": stamp(START + timedelta(minutes=5)), "read_at": stamp(START + timedelta(minutes=5))},
    ],
    ids=["a moment later", "unknown", "for another reason"],
)
async def test_unchanged_text_is_no_edit(read: Read, fields: dict[str, Any]) -> None:
    assert not isinstance(only(await read(listed(1, **fields))).parts[0], Edit)


async def test_edit_of_a_message_just_before_the_start_is_told(read: Read) -> None:
    """It can be edited for fifteen minutes, so the message itself may be known already."""
    edited_at = stamp(START + timedelta(minutes=2))
    assert isinstance(only(await read(listed(1, -14 * 60, updated_at=edited_at))).parts[0], Edit)
    assert (await read(listed(1, -16 * 60, updated_at=edited_at))).messages == []


async def test_change_of_our_own_text_is_no_edit_of_theirs(read: Read) -> None:
    message = only(await read(ours(1, updated_at=stamp(READ_AT))))
    assert isinstance(message.parts[0], Text)


# Reactions


@pytest.mark.parametrize("make", [listed, ours])
async def test_held_reactions_are_told_as_of_now_even_on_old_messages(read: Read, make: Any) -> None:
    parts = [{"type": "text", "value": "a"}, {"type": "text", "value": "b", "reactions": [reaction()]}]
    message = only(await read(make(1, -86400, parts=parts)))
    assert message.parts == (Reaction("reaction", "❤️", False, "1"),)
    assert (message.sender, message.sent_at) == (IDS.person(ANN), READ_AT)
    assert message.about == IDS.message("00000000-0000-4000-8000-000000000001")


async def test_reaction_is_the_one_that_its_webhook_tells(read: Read, payload: Payload) -> None:
    [told] = parse_webhook(payload("reaction_added"), ids=IDS, webhook_id="w", received_at=READ_AT)
    shown = ours(1, -86400, id=MESSAGE, parts=[{"type": "text", "value": "a", "reactions": [reaction()]}])
    found = only(await read(shown))
    assert isinstance(told, Message)
    assert (found.id, found.parts, found.about, found.sender) == (told.id, told.parts, told.about, told.sender)


@pytest.mark.parametrize("odd", [{"is_me": True}, {"handle": {"handle": "+1", "is_me": True}}, {"type": "sticker"}])
async def test_our_own_reactions_and_stickers_are_not_told(read: Read, odd: dict[str, Any]) -> None:
    parts = [{"type": "text", "value": "a", "reactions": [reaction(**odd), None, "x"]}]
    assert (await read(listed(1, -86400, parts=parts))).messages == []


async def test_without_linqs_date_our_own_clock_has_to_do(scripted: LinqAdapter, fake: FakeLinq) -> None:
    parts = [{"type": "text", "value": "a", "reactions": [reaction()]}]
    body = {"messages": [listed(1, -86400, parts=parts)], "next_cursor": None}
    fake.answer(LIST, Answer(200, body, {"Date": "yesterday"}))
    before = now()
    assert before <= only(await scripted.history.read(ROOM, START)).sent_at <= now()


# Pages


async def test_page_tells_the_reactions_of_all_that_it_lists(read: Read) -> None:
    found = await read(listed(3, 30), listed(2, 20), ours(1, 10), cursor="c1")
    assert (len(found.reactions_of), found.read_at, found.cursor) == (3, READ_AT, "c1")


async def test_message_found_late_does_not_hide_the_order(read: Read) -> None:
    """It is listed where it was sent, and was created just now."""
    late = listed(2, 20, created_at=stamp(READ_AT), reconciled_at=stamp(READ_AT))
    found = await read(listed(3, 30), late, listed(1, -1), cursor="c1")
    assert found.cursor == ""


async def test_page_that_passes_the_start_is_the_last(read: Read) -> None:
    found = await read(listed(2, 20), listed(1, -1), cursor="c1")
    assert found.cursor == ""


@pytest.mark.parametrize("cursor", [None, ""])
async def test_page_without_a_cursor_is_the_last(read: Read, cursor: str | None) -> None:
    found = await read(listed(2, 20), listed(1, 10), cursor=cursor)
    assert found.cursor == ""


async def test_page_in_another_order_goes_on(read: Read) -> None:
    """Newer ones may follow, however old these are."""
    found = await read(listed(1, -7200), listed(2, -3600), cursor="c1")
    assert found.cursor == "c1"


async def test_cursor_leads_on_and_one_that_stays_ends_it(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(LIST, page(listed(2, 20), cursor="c1"), page(listed(1, 10), cursor="c1"))
    first = await scripted.history.read(ROOM, START)
    second = await scripted.history.read(ROOM, START, first.cursor)
    assert second.cursor == ""
    assert [request.query for request in fake.requests] == [{"limit": "100"}, {"limit": "100", "cursor": "c1"}]


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"messages": [None, 7, {}, {"id": ""}]}])
async def test_odd_page_tells_nothing(scripted: LinqAdapter, fake: FakeLinq, body: dict[str, Any]) -> None:
    fake.answer(LIST, Answer(200, body))
    found = await scripted.history.read(ROOM, START)
    assert (found.messages, found.reactions_of, found.cursor) == ([], frozenset(), "")


async def test_rate_limit_is_later(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(LIST, Answer(429, b"", {"Retry-After": "7"}))
    with pytest.raises(RetryLater) as later:
        await scripted.history.read(ROOM, START)
    assert later.value.after == timedelta(seconds=7)


async def test_room_that_is_no_chat_is_refused(scripted: LinqAdapter) -> None:
    with pytest.raises(Refused):
        await scripted.history.read(RoomId("linq:default/line/0123456789abcdef"), START)


@pytest.mark.parametrize("order", ["newest", "oldest", "shuffled"])
async def test_all_messages_of_the_local_linq_are_found_in_any_order(
    adapter: LinqAdapter, server: LocalLinq, order: str
) -> None:
    server.switches.messages_order = order  # type: ignore[assignment]  # one of its three words
    since = now()
    for number in range(120):
        write(server, Chats.ANN, f"number {number}")
    found, cursor = dict[str, Message](), ""
    for _ in range(10):
        page = await adapter.history.read(IDS.room(Chats.ANN), since, cursor)
        found |= {message.id: message for message in page.messages}
        if not (cursor := page.cursor):
            break
    if order != "shuffled":  # it shuffles anew for each page
        assert len(found) == 120
    assert cursor == ""
