"""Opening a chat, against the local Linq: one first text under one key, and no link in it."""

import pytest

from bot.linq.adapter import LinqAdapter
from bot.relay.errors import Refused
from bot.relay.ids import DeliveryId
from tests.linq.conftest import IDS

KEY, NEW = DeliveryId("0123456789abcdef0123"), "+12025550177"
LINE = IDS.line("+12025550100")


async def test_chat_is_opened_by_its_first_text(adapter: LinqAdapter) -> None:
    room, sent = await adapter.opening.open_room(LINE, NEW, "Hello", key=KEY)
    assert (room.people, room.is_group) == ((NEW,), False)
    assert sent.message is not None
    assert (await adapter.rooms.find_rooms(NEW))[0].id == room.id


async def test_repeat_under_the_same_key_sends_nothing_twice(adapter: LinqAdapter) -> None:
    room, first = await adapter.opening.open_room(LINE, NEW, "Hello", key=KEY)
    same, again = await adapter.opening.open_room(LINE, NEW, "Hello", key=KEY)
    assert (same, again.message) == (room, first.message)


@pytest.mark.parametrize("text", ["see https://example.com", "www.example.com", "HTTP://EXAMPLE.COM"])
async def test_link_in_the_first_text_is_refused_before_linq_is_asked(adapter: LinqAdapter, text: str) -> None:
    with pytest.raises(Refused, match="may hold no link"):
        await adapter.opening.open_room(LINE, NEW, text, key=KEY)


async def test_number_of_somebody_else_is_refused(adapter: LinqAdapter) -> None:
    with pytest.raises(Refused, match="none of our numbers"):
        await adapter.opening.open_room(IDS.line("+12025559999"), NEW, "Hello", key=KEY)


async def test_lines_are_our_numbers_as_people_read_them(adapter: LinqAdapter) -> None:
    assert "+1 202-555-0100" in [line.label for line in await adapter.opening.lines()]
