import pytest

from bot.linq.adapter import LinqAdapter
from bot.linq.api.rooms import clean_query
from bot.relay.errors import Refused, Remedy
from bot.relay.ids import RoomId
from tests.linq.conftest import IDS
from tests.linq.local_linq import Chats, LocalLinq

ANN, BEN, FAMILY = (IDS.room(chat) for chat in (Chats.ANN, Chats.BEN, Chats.FAMILY))


async def test_chat_is_shown_with_its_people(adapter: LinqAdapter) -> None:
    room = await adapter.rooms.room(FAMILY)
    assert room.people == ("+12025550123", "+12025550130", "cleo@example.com")
    assert (room.id, room.is_group, room.name, room.service) == (FAMILY, True, "Family", "iMessage")


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("+12025550123", ""),
        ("+1 202-555-0123", ""),
        ("+12025550100, +12025550123", ""),
        ("+12025550123, Ben@Example.com", ""),
        ("", ""),
        ("Ann", "Ann"),
        ("Ann, +12025550123", "Ann, +12025550123"),
    ],
)
async def test_handles_that_linq_shows_for_want_of_a_name_are_none(
    adapter: LinqAdapter, server: LocalLinq, shown: str, name: str
) -> None:
    """The default: a list of them, in which our own number may stand."""
    server.account.chats[Chats.ANN].display_name = shown
    room = await adapter.rooms.room(ANN)
    assert (room.name, room.label) == (name, name or "+12025550123")


def test_person_is_the_same_however_the_handle_is_written(adapter: LinqAdapter) -> None:
    assert adapter.rooms.person("+1 202-555-0123") == IDS.person("+12025550123")


async def test_unknown_chat_is_refused_and_can_be_linked_again(adapter: LinqAdapter) -> None:
    with pytest.raises(Refused) as refused:
        await adapter.rooms.room(IDS.room("6f0c2a1e-8a77-4a0b-9d0e-3a5b1d7c9e10"))
    assert refused.value.remedy is Remedy.LINK_AGAIN


@pytest.mark.parametrize("chat", ["", ".", "..", "%2e", "a/../b", "ü", "a\nb", "not-a-uuid"])
async def test_what_is_no_chat_id_is_refused(adapter: LinqAdapter, chat: str) -> None:
    with pytest.raises(Refused):
        await adapter.rooms.room(RoomId(f"linq:default/{chat}"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("+12025550123", [ANN, FAMILY]),
        (" +1 (202) 555-0123 ", [ANN, FAMILY]),
        ("+1.202.555.0123", [ANN, FAMILY]),
        ("+1\u2011202\u2011555\u20110123", [ANN, FAMILY]),
        ("+1 202 555\u20130123", [ANN, FAMILY]),
        ("\u202a+1\u00a0202\u00a0555\u00a00123\u202c", [ANN, FAMILY]),
        ("\u200b+1202\u200b5550123\ufeff", [ANN, FAMILY]),
        ("\uff0b\uff11\uff12\uff10\uff12\uff15\uff15\uff15\uff10\uff11\uff12\uff13", [ANN, FAMILY]),
        ("+\u0661\u0662\u0660\u0662\u0665\u0665\u0665\u0660\u0661\u0662\u0663", [ANN, FAMILY]),
        ("ben@example.com", [BEN]),
        ("Ben@Example.com", [BEN]),
        ("\u200bben\uff20example.com ", [BEN]),
        (Chats.ANN, [ANN]),
        (f" {Chats.ANN.upper()}\n", [ANN]),
        (Chats.ANN.replace("-", "\u2011"), [ANN]),
    ],
)
async def test_rooms_are_found_however_they_were_typed(adapter: LinqAdapter, query: str, found: list[RoomId]) -> None:
    assert [room.id for room in await adapter.rooms.find_rooms(query)] == found


@pytest.mark.parametrize(
    "query", ["", "Ann", "0202 5550123", "+12", "+0123456789", "a@b", "+1202555012a", "<mailto:a@b.c>"]
)
async def test_query_that_names_nobody_says_what_to_write(adapter: LinqAdapter, query: str) -> None:
    with pytest.raises(Refused, match=r"\+12025550123"):
        await adapter.rooms.find_rooms(query)


@pytest.mark.parametrize("handle", ["+12025559999", "+12025550100", "nobody@example.com"])
async def test_person_without_a_chat_is_refused(adapter: LinqAdapter, handle: str) -> None:
    with pytest.raises(Refused, match="no chat with"):
        await adapter.rooms.find_rooms(handle)


async def test_all_chats_of_a_person_are_found_over_many_pages(adapter: LinqAdapter, server: LocalLinq) -> None:
    for number in range(205):
        server.add_chat("+12025550199", f"guest{number}@example.com")
    assert len(await adapter.rooms.find_rooms("+12025550199")) == 205


def test_clean_query_keeps_what_an_address_needs() -> None:
    assert clean_query("  Ann.o'Neil+memo@example.com\t") == "Ann.o'Neil+memo@example.com"


# Lines


@pytest.mark.parametrize("query", ["+1 202 555 0100", "+12025550100", "+1\u2011202\u2011555\u20110100"])
async def test_our_own_number_is_found_with_its_chats(adapter: LinqAdapter, query: str) -> None:
    line = await adapter.rooms.find_line(query)
    assert (line.room, line.label) == (IDS.line("+12025550100"), "+1 202-555-0100")
    assert line.rooms


@pytest.mark.parametrize("query", ["all", "ALL "])
async def test_all_numbers_are_found_together(adapter: LinqAdapter, query: str) -> None:
    assert (await adapter.rooms.find_line(query)).room == IDS.all_lines()


@pytest.mark.parametrize("query", ["", "+12025550123", "ben@example.com"])
async def test_number_that_is_not_ours_names_those_that_are(adapter: LinqAdapter, query: str) -> None:
    with pytest.raises(Refused, match=r"\+1 202-555-0100, \+1 202-555-0101"):
        await adapter.rooms.find_line(query)
