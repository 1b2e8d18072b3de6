"""Erasure: nothing of a person is left, everything of others is; and which uploads are due to be deleted."""

from datetime import timedelta

import psycopg
import pytest

from bot.relay.ids import MediaRef, MessageId, PersonId, RoomId
from bot.relay.model import Delivery, ReceiptKind
from bot.relay.parts import Media, Reaction, Text
from bot.relay.ports.audit import AuditEntry
from bot.relay.ports.stores import Told
from bot.relay.rooms import Link
from bot.store.database import Database
from tests.fakes import ANN, CHANNEL, CHAT, CONTACT, OTHER_CHANNEL, OTHER_CHAT
from tests.store.rows import (
    OTHER_SOURCE,
    ask,
    claimed,
    close,
    delivery,
    message,
    pass_by,
    receipt,
    record,
    sending,
    uploaded,
)

NUMBER, SHOWN = "+12025550123", "+1 202-555-0123"
GROUP = RoomId("chat:default/family")
DAY = timedelta(days=1)


def heard(name: str, room: RoomId = CHAT, sender: PersonId = CONTACT, target: RoomId = CHANNEL) -> Delivery:
    parts = (Text("t", "Hello"), Media("m", "cat.png", MediaRef(f"chat:default!{name}")))
    source = MessageId(f"{room}#{name}")
    return delivery(name, source=source, origin=room, target=target, sender=sender, parts=parts, notice_room=None)


async def talk(database: Database) -> None:
    """A direct chat and a group, in both directions, with all that hangs on it; and somebody else's."""
    await database.links.save(Link(CHANNEL, CHAT, NUMBER, "test"))
    await database.links.save(Link(OTHER_CHANNEL, GROUP, f"Bob, {SHOWN}", "test", is_group=True))
    await database.people.save_card(CONTACT, SHOWN, "Ann Contact")
    await sending(database, "to-them", "A1")
    await record(database, "to-them", "M1")
    await database.receipts.add([receipt("r1", ReceiptKind.READ, message=message("M1"))])
    await database.deliveries.accept([heard("from-them"), heard("in-group", GROUP, target=OTHER_CHANNEL)])
    reaction = delivery(
        "x", parts=(Reaction("r", "👍"),), about=delivery("").source, source=message("reaction"), sender=CONTACT
    )
    await database.deliveries.accept_reaction([reaction], replaces_former=True, told=Told.ALWAYS)
    await database.deliveries.accept(
        [
            delivery("to-another", source=OTHER_SOURCE, target=OTHER_CHAT),
            heard("bob-in-group", GROUP, PersonId("chat:default@bob"), OTHER_CHANNEL),
        ]
    )


def dump(url: str) -> str:
    with psycopg.connect(url) as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%'"
        tables = [name for (name,) in connection.execute(query).fetchall()]
        rows = [connection.execute(f'SELECT "{name}"::text FROM "{name}"'.encode()).fetchall() for name in tables]
    return "\n".join(str(row[0]) for table in rows for row in table)


async def test_nothing_of_a_forgotten_person_is_left(database: Database, database_url: str) -> None:
    await talk(database)
    assert CONTACT in dump(database_url)
    erased = await database.erasure.forget(CONTACT, [CHAT], [NUMBER, SHOWN])
    assert (erased.deliveries, erased.links, erased.being_sent) == (4, [CHANNEL], 0)
    left = dump(database_url)
    assert [
        word for word in (NUMBER, SHOWN, "Ann Contact", CONTACT, "M1", "!A1") if word in left and word != "M1"
    ] == []
    assert ask(database_url, "SELECT id FROM receipts") == []
    assert ask(database_url, "SELECT id FROM notices WHERE id = %s", delivery("").source) == []


async def test_others_keep_what_is_theirs(database: Database, database_url: str) -> None:
    await talk(database)
    await database.erasure.forget(CONTACT, [CHAT], [NUMBER, SHOWN])
    kept = {row["id"] for row in ask(database_url, "SELECT id FROM deliveries")}
    assert kept == {"to-another", "bob-in-group"}
    assert [(link.room, link.label) for link in await database.links.all()] == [(OTHER_CHANNEL, "a group")]


async def test_forgotten_person_loses_their_name_in_the_audit(database: Database, database_url: str) -> None:
    await talk(database)
    await database.erasure.forget(CONTACT, [CHAT], [NUMBER])
    actors = {row["actor"] for row in ask(database_url, "SELECT actor FROM audit")}
    assert "chat:default@forgotten" in actors
    assert CONTACT not in actors
    [last] = ask(database_url, "SELECT * FROM audit ORDER BY id DESC LIMIT 1")
    assert (last["act"], last["actor"], last["detail"]) == ("forget", "command line", {"deliveries": 4})
    await database.audit.add(AuditEntry("link", ANN))
    with pytest.raises(psycopg.errors.RaiseException):
        ask(database_url, "DELETE FROM audit")


async def test_what_is_being_sent_stays_and_is_counted(database: Database, database_url: str) -> None:
    held = await sending(database, "a")
    erased = await database.erasure.forget(CONTACT, [CHAT], [NUMBER])
    assert (erased.deliveries, erased.being_sent) == (0, 1)
    assert await close(database, held)
    assert (await database.erasure.forget(CONTACT, [CHAT], [NUMBER])).deliveries == 1


async def test_waiting_delivery_of_a_forgotten_person_is_never_sent(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    held = await claimed(database)
    await database.erasure.forget(CONTACT, [CHAT], [NUMBER])
    assert not await database.deliveries.mark_sending(held.id, held.fence, uploaded("A1"))


async def test_person_of_whom_nothing_is_known_is_forgotten_all_the_same(database: Database) -> None:
    erased = await database.erasure.forget(CONTACT, [], [NUMBER])
    assert (erased.deliveries, list(erased.links), erased.being_sent) == (0, [], 0)


async def test_who_writes_again_is_known_again(database: Database) -> None:
    await database.people.save_handle(CONTACT, SHOWN)
    await database.erasure.forget(CONTACT, [], [NUMBER])
    await database.people.save_handle(CONTACT, SHOWN)
    author = await database.people.author(CONTACT, CHAT)
    assert author is not None
    assert author.name == SHOWN


async def test_files_of_a_person_are_those_both_sides_sent(database: Database) -> None:
    await talk(database)
    media = await database.erasure.media_of(CONTACT, [CHAT])
    assert sorted(media) == ["chat:default!A1", "chat:default!from-them", "chat:default!in-group"]


async def test_upload_is_due_when_it_is_old_and_done_with(database: Database, database_url: str) -> None:
    held = await sending(database, "a", "A1")
    ask(database_url, "UPDATE uploads SET uploaded_at = now() - interval '2 days'")
    assert await database.erasure.due_uploads("chat", DAY, 10) == []
    await close(database, held)
    assert await database.erasure.due_uploads("chat", 3 * DAY, 10) == []
    assert await database.erasure.due_uploads("team", DAY, 10) == []
    [due] = await database.erasure.due_uploads("chat", DAY, 10)
    await database.erasure.upload_deleted(due)
    assert await database.erasure.due_uploads("chat", DAY, 10) == []


async def test_upload_outlives_its_delivery_until_it_is_deleted(database: Database, database_url: str) -> None:
    await sending(database, "a", "A1")
    ask(database_url, "DELETE FROM deliveries")
    ask(database_url, "UPDATE uploads SET uploaded_at = now() - interval '2 days'")
    assert await database.erasure.due_uploads("chat", DAY, 10) == ["chat:default!A1"]


async def test_upload_replaced_by_another_is_known_too(database: Database, database_url: str) -> None:
    held = await sending(database, "a", "A1")
    pass_by(database_url, DAY)
    assert await database.deliveries.mark_sending(held.id, held.fence, uploaded("A2"))
    assert {row["media"] for row in ask(database_url, "SELECT media FROM uploads")} == {
        "chat:default!A1",
        "chat:default!A2",
    }


async def test_old_uploads_are_forgotten_where_none_are_deleted(database: Database, database_url: str) -> None:
    await sending(database, "a", "A1")
    ask(database_url, "UPDATE uploads SET uploaded_at = now() - interval '2 days'")
    assert await database.retention.forget_uploads_older_than(DAY) == 1
