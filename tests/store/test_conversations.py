"""Conversations as rows: what counts, what is named, and what retention takes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.relay.errors import Remedy
from bot.relay.ids import RoomId
from bot.relay.model import Message
from bot.relay.rooms import Link
from bot.store.database import Database
from tests.fakes import ANN, CHAT, LINE, OTHER_CHAT, heard
from tests.store.rows import NOTICE, OTHER_NOTICE, ask, claimed, delivery, elsewhere, pass_by, postpone

INBOX = RoomId("team:T0AAA/C0INBOX")
THREAD = RoomId(f"{INBOX}/new-1")
DAYS, HOUR = timedelta(days=90), timedelta(hours=1)


async def begin(database: Database, room: RoomId = THREAD, chat: RoomId = CHAT) -> None:
    await database.links.save(Link(INBOX, LINE, "+1 202 555 0100", "test", is_inbox=True))
    await database.conversations.go_on(words(chat), INBOX, room)


def words(chat: RoomId = CHAT) -> Message:
    return heard("1", room=chat, line=LINE)


def left(url: str) -> tuple[int, int, int]:
    """Conversations, links that an inbox made, unheard chats."""
    [row] = ask(
        url,
        "SELECT (SELECT count(*) FROM conversations) AS a, (SELECT count(*) FROM links WHERE inbox IS NOT NULL) AS b, "
        "(SELECT count(*) FROM unheard) AS c",
    )
    return row["a"], row["b"], row["c"]


async def test_closed_conversation_goes_with_its_link_when_it_is_old(database: Database, database_url: str) -> None:
    await begin(database)
    await database.conversations.close(THREAD)
    pass_by(database_url, DAYS - HOUR)
    await database.retention.delete_older_than(DAYS)
    assert left(database_url) == (1, 1, 0)
    pass_by(database_url, 2 * HOUR)
    await database.retention.delete_older_than(DAYS)
    assert left(database_url) == (0, 0, 0)


async def test_open_conversation_stays_however_old(database: Database, database_url: str) -> None:
    await begin(database)
    pass_by(database_url, 4 * DAYS)
    await database.retention.delete_older_than(DAYS)
    assert left(database_url) == (1, 1, 0)


async def test_closed_conversation_is_read_once_more_and_then_no_longer(database: Database, database_url: str) -> None:
    await begin(database)
    await database.conversations.close(THREAD)
    assert await read_all(database) == {INBOX, LINE, THREAD, CHAT}
    assert marked(database_url) == {INBOX, LINE}


async def test_conversation_that_opens_again_while_it_is_closed_is_read_on(
    database: Database, database_url: str
) -> None:
    """Closing takes two statements, and the contact may write between them."""
    await begin(database)
    await database.conversations.close(THREAD)
    await begin(database)
    await read_all(database)
    assert marked(database_url) == {INBOX, LINE, THREAD, CHAT}


async def read_all(database: Database) -> set[RoomId]:
    """The rooms that were to be read."""
    read = set()
    while (mark := await database.marks.lease(timedelta())) is not None and mark.room not in read:
        read.add(mark.room)
        await database.marks.finish_pass(mark)
    return read


def marked(url: str) -> set[RoomId]:
    return {row["room"] for row in ask(url, "SELECT room FROM marks")}


async def test_closed_conversation_stays_while_something_is_under_way(database: Database, database_url: str) -> None:
    await begin(database)
    await database.conversations.close(THREAD)
    await database.deliveries.accept([delivery("d1", target=THREAD)])
    pass_by(database_url, 2 * DAYS)
    await database.retention.delete_older_than(DAYS)
    assert left(database_url)[0] == 1


async def test_chat_whose_conversation_was_deleted_begins_anew(database: Database, database_url: str) -> None:
    await begin(database)
    await database.conversations.close(THREAD)
    pass_by(database_url, 2 * DAYS)
    await database.retention.delete_older_than(DAYS)
    again = RoomId(f"{INBOX}/new-2")
    await begin(database, again)
    assert await database.conversations.of(again) is not None


async def test_old_unheard_chats_are_forgotten(database: Database, database_url: str) -> None:
    await database.conversations.note_unheard(words())
    pass_by(database_url, DAYS - HOUR)
    await database.conversations.note_unheard(words(OTHER_CHAT))
    pass_by(database_url, 2 * HOUR)
    await database.retention.delete_older_than(DAYS)
    assert [each.room for each in await database.conversations.unheard()] == [OTHER_CHAT]


async def test_first_answer_is_the_median_of_the_last_day(database: Database, database_url: str) -> None:
    assert await database.conversations.first_answer_s() == 0.0
    for number, waited_s in enumerate((60, 120, 3600)):
        room = RoomId(f"{INBOX}/new-{number}")
        await begin(database, room, RoomId(f"chat:default/{number}"))
        moment = f"began_at + interval '{waited_s} seconds'"
        ask(database_url, f"UPDATE conversations SET answered_at = {moment} WHERE room = '{room}' RETURNING 1 AS one")
    assert await database.conversations.first_answer_s() == pytest.approx(120.0)


async def test_rooms_that_messages_wait_for_are_counted_with_the_reason(database: Database) -> None:
    await database.deliveries.accept([delivery("d1", target=THREAD), delivery("d2", target=THREAD)])
    await database.deliveries.accept([delivery("d3", target=CHAT)])
    assert await database.deliveries.waiting_for_rooms() == []
    await postpone(database, await claimed(database, THREAD), reason="It is archived.", remedy=Remedy.RESTORE_ROOM)
    await postpone(database, await claimed(database))
    assert await database.deliveries.waiting_for_rooms() == [(THREAD, 2, "It is archived.")]


async def test_room_that_is_back_has_what_waits_for_it_tried_at_once(database: Database) -> None:
    await begin(database)
    rooms = [THREAD, RoomId("team:T/ELSEWHERE")]
    for number, room in enumerate((*rooms, CHAT)):
        await database.deliveries.accept([delivery(f"d{number}", target=room)])
        first = await claimed(database, room)
        remedy = Remedy.NONE if room == CHAT else Remedy.INVITE_BOT
        await postpone(database, first, wait=timedelta(minutes=5), remedy=remedy)
    await database.deliveries.retry_rooms([INBOX, rooms[1], CHAT])
    for room in rooms:
        await claimed(database, room)
    assert await database.deliveries.claim(CHAT) is None, "it waits for something else"


async def test_conversations_are_found_by_thread_and_by_chat_with_who_is_in_them(database: Database) -> None:
    await begin(database)
    await database.people.save_handle(words().sender, "+12025550123")
    found = await database.conversations.in_rooms([THREAD, OTHER_CHAT])
    assert set(found) == {THREAD, CHAT}
    assert (found[CHAT].contact, found[CHAT].inbox) == ("+12025550123", INBOX)
    await database.conversations.take(THREAD, ANN)
    assert (await database.conversations.in_rooms([CHAT]))[THREAD].taken_by == ANN


async def test_group_is_named_by_who_began_its_conversation(database: Database) -> None:
    await database.links.save(Link(INBOX, LINE, "+1 202 555 0100", "test", is_inbox=True))
    await database.conversations.go_on(replace(words(), is_in_group=True), INBOX, THREAD)
    await database.people.save_handle(words().sender, "+12025550123")
    assert (await database.conversations.in_rooms([CHAT]))[CHAT].contact == "+12025550123 and others"


async def test_notice_of_a_conversation_knows_its_contact(database: Database) -> None:
    await begin(database)
    await database.people.save_handle(words().sender, "+12025550123")
    await database.deliveries.accept([delivery("d1", origin=THREAD), elsewhere("d2", target=OTHER_CHAT)])
    notices = [await database.notices.begin_refresh(each) for each in (NOTICE, OTHER_NOTICE)]
    assert [notice and notice.contact for notice in notices] == ["+12025550123", ""]
