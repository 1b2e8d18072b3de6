"""What a person looks after: of their rooms, and of the threads of their inboxes, in the order in which it matters."""

from datetime import UTC, datetime, timedelta

from bot.relay.holds import NOW
from bot.relay.ids import DeliveryId, RoomId
from bot.relay.model import HeldFor, ReceiptKind
from bot.relay.overview import FAILURES_FOR, Overviews
from bot.relay.parts import Reaction
from bot.relay.rooms import Link
from bot.store.database import Database
from bot.store.tables.overview import ATTENTION
from tests.fakes import ANN, CHANNEL, CHAT, LINE, OTHER_CHANNEL, OTHER_CHAT
from tests.store.rows import ask, claimed, close, delivery, message, pass_by, receipt, record

INBOX = RoomId("team:T0AAA/C0INBOX")
THREAD = RoomId(f"{INBOX}/1")
HOUR = timedelta(hours=1)


async def attention(database: Database, *rooms: RoomId) -> list[str]:
    found = await database.overviews.attention(rooms or [CHANNEL], FAILURES_FOR, 10)
    return [told.delivery.id for told in found]


async def recent(database: Database, *rooms: RoomId) -> list[str]:
    return [told.delivery.id for told in await database.overviews.recent(rooms or [CHANNEL], 10)]


async def link(database: Database) -> None:
    await database.links.save(Link(CHANNEL, CHAT, "Ann"))


async def test_attention_is_what_is_held_failed_or_unconfirmed(database: Database) -> None:
    await link(database)
    soon, later = datetime.now(UTC) + HOUR, datetime.now(UTC) + 2 * HOUR
    await database.deliveries.accept([delivery("failed")])
    await close(database, await claimed(database))
    await database.deliveries.accept([delivery("fine")])
    await database.deliveries.accept([delivery("later", not_before=later, held_for=HeldFor.HOUR)])
    await database.deliveries.accept([delivery("soon", not_before=soon, held_for=HeldFor.QUIET)])
    await database.deliveries.accept([delivery("asked", awaits_approval=True, held_for=HeldFor.APPROVAL)])
    assert await attention(database) == ["soon", "later", "asked", "failed"]
    assert await attention(database, OTHER_CHANNEL) == []


async def test_what_was_dealt_with_needs_no_attention(database: Database, database_url: str) -> None:
    await link(database)
    await database.deliveries.accept([delivery("again"), delivery("old"), delivery("held", awaits_approval=True)])
    for _ in range(2):
        await close(database, await claimed(database))
    await database.deliveries.accept([delivery("new", replaces=DeliveryId("again"))])
    await database.deliveries.dismiss(DeliveryId("held"), by=ANN)
    assert await attention(database) == ["old"]
    pass_by(database_url, FAILURES_FOR + HOUR)
    assert await attention(database) == []


async def test_failure_that_a_receipt_tells_needs_attention(database: Database) -> None:
    await link(database)
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await database.receipts.add([receipt("r", ReceiptKind.FAILED, message=message("M1"))])
    await database.notices.alerted(DeliveryId("a"), "failed")
    assert await attention(database) == ["a"]


async def test_attention_of_an_inbox_is_that_of_its_threads(database: Database, database_url: str) -> None:
    await database.links.save(Link(INBOX, LINE, "+1", is_inbox=True))
    add = "INSERT INTO links (room, peer, label, made_by, inbox) VALUES (%s, %s, '', '', %s)"
    ask(database_url, add, THREAD, CHAT, INBOX)
    await database.deliveries.accept([delivery("a", origin=THREAD, awaits_approval=True)])
    assert await attention(database, INBOX) == ["a"]
    assert await recent(database, INBOX) == ["a"]


async def test_recent_tells_both_directions_and_no_reactions(database: Database) -> None:
    await link(database)
    await database.deliveries.accept([delivery("out")])
    await database.deliveries.accept([delivery("in", origin=CHAT, target=CHANNEL)])
    await database.deliveries.accept([delivery("other", origin=OTHER_CHANNEL, target=OTHER_CHAT)])
    await database.deliveries.accept([delivery("tapback", parts=(Reaction("r", "👍"),))])
    assert await recent(database) == ["in", "out"]


async def test_overview_holds_what_needs_a_decision_now(database: Database) -> None:
    await link(database)
    overviews = Overviews(database.overviews, database.links)
    await database.deliveries.accept([delivery("a", awaits_approval=True, held_for=HeldFor.APPROVAL)])
    overview = await overviews.of({CHANNEL})
    assert [told.delivery.id for told in overview.attention] == ["a"]
    assert [each.delivery.id for each in await overviews.held(CHANNEL)] == ["a"]
    await database.deliveries.approve(DeliveryId("a"), NOW, by=ANN)
    assert (await overviews.of({CHANNEL})).attention == []
    assert (await overviews.of({OTHER_CHANNEL})).links == ()


async def test_attention_costs_the_same_however_much_was_sent(database: Database, database_url: str) -> None:
    await link(database)
    fill = """
    INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, is_explicit, state)
    SELECT 'h' || n, 's' || n, '{origin}', '{target}', 'p', '[]', now(), 0, true, 'recorded'
    FROM generate_series(1, 20000) AS n
    """
    ask(database_url, fill.format(origin=CHANNEL, target=CHAT))
    ask(database_url, "ANALYZE deliveries")
    explained = ask(database_url, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + _filled())
    assert explained[0]["QUERY PLAN"][0]["Plan"]["Shared Hit Blocks"] < 50


def _filled() -> str:
    rooms, age = f"ARRAY['{CHANNEL}']", "interval '7 days'"
    return ATTENTION.replace("%(rooms)s", rooms).replace("%(failures_for)s", age).replace("%(limit)s", "10")


async def test_open_conversations_stand_in_the_order_in_which_they_wait(database: Database, database_url: str) -> None:
    add = """
    INSERT INTO conversations (room, opened_as, inbox, peer, line, within, is_group, root, waiting_since, closed_at)
    VALUES (%s, %s, %s, %s, '+1', '{}', false, %s, now() - %s::interval, CASE WHEN %s THEN now() END)
    """
    for name, waits, closed in (("b", "1 hour", False), ("a", "2 hours", False), ("c", "3 hours", True)):
        ask(database_url, add, name, name, INBOX, name, f"root-{name}", waits, closed)
    ask(database_url, add, "d", "d", INBOX, "d", "root-d", None, False)
    ask(database_url, "INSERT INTO people (id, handle) VALUES ('ann', '+12025550123')")
    ask(database_url, "UPDATE conversations SET contact_id = 'ann' WHERE room = 'a'")
    waiting = await database.overviews.waiting([INBOX], 10)
    assert [(each.room, each.contact) for each in waiting] == [("a", "+12025550123"), ("b", ""), ("d", "")]
