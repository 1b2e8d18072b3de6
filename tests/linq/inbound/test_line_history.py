"""A line's chats → what was said in those that have changed, one call a time."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.linq.adapter import LinqAdapter
from bot.relay.errors import Refused
from bot.relay.ids import RoomId
from bot.relay.model import Message
from bot.sandbox.linq.fixtures import LINE, SECOND_LINE
from tests.linq.conftest import IDS
from tests.linq.fake_linq import Answer, FakeLinq
from tests.linq.local_linq import Chats, LocalLinq, write

SINCE = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
EARLIER, LATER = "2026-11-20T06:00:00Z", "2026-11-22T07:00:00Z"
CHATS, NUMBERS = "GET /v3/chats", "GET /v3/phone_numbers"


async def read_all(adapter: LinqAdapter, room: RoomId, since: datetime) -> list[Message]:
    found: list[Message] = []
    cursor = ""
    while True:
        page = await adapter.history.read(room, since, cursor)
        found += page.messages
        cursor = page.cursor
        if not cursor:
            return found


def chat(number: int, updated_at: str | None) -> dict[str, Any]:
    handles = [{"handle": LINE, "is_me": True}, {"handle": "+12025550123", "is_me": False}]
    name = f"00000000-0000-4000-8000-{number:012d}"
    return {"id": name, "updated_at": updated_at, "is_group": False, "handles": handles}


async def test_what_was_said_on_a_line_is_found_with_its_line(adapter: LinqAdapter, server: LocalLinq) -> None:
    since = datetime.now(UTC)
    write(server, Chats.ANN, "from Ann")
    server.phone.write_to_line("+12025550177", "from a stranger", line=LINE)
    server.phone.write_to_line("+12025550178", "on another line", line=SECOND_LINE)
    found = await read_all(adapter, IDS.line(LINE), since)
    texts = [getattr(message.parts[0], "text", "") for message in found]
    assert sorted(texts) == ["from Ann", "from a stranger"]
    assert {message.within for message in found} == {(IDS.line(LINE), IDS.all_lines())}


async def test_all_lines_are_read_together(adapter: LinqAdapter, server: LocalLinq) -> None:
    since = datetime.now(UTC)
    server.phone.write_to_line("+12025550177", "one", line=LINE)
    server.phone.write_to_line("+12025550178", "two", line=SECOND_LINE)
    found = await read_all(adapter, IDS.all_lines(), since)
    assert {message.line for message in found} == {"+1 202-555-0100", "+1 202-555-0101"}


async def test_only_chats_that_changed_are_read(scripted: LinqAdapter, fake: FakeLinq) -> None:
    """A chat whose time of change is not told is read, too."""
    fake.answer(NUMBERS, Answer(200, {"phone_numbers": [{"phone_number": LINE}]}))
    fake.answer(CHATS, Answer(200, {"chats": [chat(1, EARLIER), chat(2, LATER), chat(3, None)], "next_cursor": None}))
    for number in (2, 3):
        path = f"GET /v3/chats/{chat(number, None)['id']}/messages"
        fake.answer(path, Answer(200, {"messages": [], "next_cursor": None}))
    await read_all(scripted, IDS.line(LINE), SINCE)
    asked = [request.call for request in fake.requests if request.call.endswith("/messages")]
    assert [call[-10] for call in asked] == ["2", "3"]
    assert [request.query["from"] for request in fake.asked(CHATS)] == [LINE]


async def test_each_read_is_one_call(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(NUMBERS, Answer(200, {"phone_numbers": [{"phone_number": LINE}]}))
    fake.answer(
        CHATS,
        Answer(200, {"chats": [chat(1, LATER)], "next_cursor": "100"}),
        Answer(200, {"chats": [chat(2, LATER)], "next_cursor": None}),
    )
    for number in (1, 2):
        path = f"GET /v3/chats/{chat(number, None)['id']}/messages"
        fake.answer(path, Answer(200, {"messages": [], "next_cursor": None}))
    cursor, reads = "", 0
    while True:
        cursor = (await scripted.history.read(IDS.all_lines(), SINCE, cursor)).cursor
        reads += 1
        if not cursor:
            break
    assert len(fake.requests) == reads
    assert [request.query.get("cursor") for request in fake.asked(CHATS)] == [None, "100"]


async def test_chat_that_is_gone_keeps_no_other_from_being_read(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(NUMBERS, Answer(200, {"phone_numbers": [{"phone_number": LINE}]}))
    fake.answer(CHATS, Answer(200, {"chats": [chat(1, LATER), chat(2, LATER)], "next_cursor": None}))
    last = f"GET /v3/chats/{chat(2, None)['id']}/messages"
    fake.answer(last, Answer(200, {"messages": [], "next_cursor": None}))
    await read_all(scripted, IDS.all_lines(), SINCE - timedelta(days=1))
    assert len(fake.asked(last)) == 1


async def test_number_that_is_no_longer_ours_is_refused(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer(NUMBERS, Answer(200, {"phone_numbers": []}))
    with pytest.raises(Refused, match="none of the account's"):
        await scripted.history.read(IDS.line(LINE), SINCE)


async def test_cursor_tells_no_number_and_goes_on_in_another_process(
    adapter: LinqAdapter, second_adapter: LinqAdapter, server: LocalLinq
) -> None:
    since, cursor, texts = datetime.now(UTC), "", []
    for number in range(3):
        server.phone.write_to_line(f"+1202555017{number}", str(number), line=LINE)
    for reader in itertools.cycle((adapter, second_adapter)):
        page = await reader.history.read(IDS.line(LINE), since, cursor)
        texts += [getattr(message.parts[0], "text", "") for message in page.messages]
        assert {message.line for message in page.messages} <= {"+1 202-555-0100"}
        cursor = page.cursor
        assert "1202555" not in cursor
        if not cursor:
            break
    assert sorted(texts) == ["0", "1", "2"]
