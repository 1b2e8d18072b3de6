"""Counts: what is under way and what needs somebody, and not what is settled."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.relay.ids import PersonId
from bot.relay.model import DeliveryState, ReceiptKind, ReceiptSource
from bot.store.database import Database
from bot.store.tables.counts import Counts
from tests.fakes import CHAT, OTHER_CHAT
from tests.store.rows import ask, close, delivery, message, pass_by, receipt, record, sending


async def counted(database: Database) -> dict[tuple[str, str], int]:
    return dict((await database.counts.read()).deliveries)


async def test_empty_database_has_nothing_to_count(database: Database) -> None:
    counts = await database.counts.read()
    assert counts == Counts({}, 0, 0, 0.0, 0)


async def test_open_deliveries_are_queued_or_held(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b"), delivery("c", awaits_approval=True)])
    assert await counted(database) == {("queued", ""): 2, ("held", ""): 1}


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNCONFIRMED])
async def test_lost_one_is_counted_by_its_code_for_a_day(
    database: Database, database_url: str, state: DeliveryState
) -> None:
    await close(database, await sending(database, "a"), state)
    assert await counted(database) == {(str(state), "4001"): 1}
    pass_by(database_url, timedelta(days=2))
    assert await counted(database) == {}


async def test_one_that_was_sent_again_needs_nobody(database: Database) -> None:
    await close(database, await sending(database, "a"))
    await database.deliveries.accept([delivery("again", replaces="a")])
    assert await counted(database) == {("queued", ""): 1}


async def test_unconfirmed_one_that_a_person_saw_needs_nobody(database: Database) -> None:
    await close(database, await sending(database, "a"), DeliveryState.UNCONFIRMED)
    seen = receipt("p", source=ReceiptSource.PERSON, delivery=delivery("a").id, confirmed_by=PersonId("x"))
    await database.receipts.add([seen])
    assert await counted(database) == {}


async def test_failure_that_the_network_reports_counts_once_and_not_after_it_was_delivered(database: Database) -> None:
    await sending(database, "a")
    await record(database, "a", "M1")
    for name in ("r1", "r2"):
        await database.receipts.add([receipt(name, ReceiptKind.FAILED, message=message("M1"), code="4005")])
    assert await counted(database) == {("failed", "4005"): 1}
    await database.receipts.add([receipt("r3", ReceiptKind.DELIVERED, message=message("M1"))])
    assert await counted(database) == {}


async def test_waiting_contacts_and_chats_that_nobody_takes_are_counted(database: Database, database_url: str) -> None:
    talk = """
    INSERT INTO conversations (room, opened_as, inbox, peer, line, within, is_group, waiting_since, closed_at)
    VALUES (%s, %s, 'i', %s, '', '{}', false, %s, %s)
    """
    since = datetime.now(UTC) - timedelta(hours=1)
    ask(database_url, talk, "r1", "r1", CHAT, since, None)
    ask(database_url, talk, "r2", "r2", OTHER_CHAT, since, "2026-01-01")
    ask(database_url, talk, "r3", "r3", f"{CHAT}3", None, None)
    ask(database_url, "INSERT INTO unheard VALUES ('chat:x', 'line', now(), now(), 1, 'm')")
    counts = await database.counts.read()
    assert (counts.open, counts.waiting, counts.unheard) == (2, 1, 1)
    assert 3600 <= counts.longest_wait_s < 3700
