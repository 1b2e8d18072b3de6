"""Temporary urls: a token opens one unfinished delivery for a while, and is nowhere written down."""

from datetime import timedelta

import pytest

from bot.relay.ids import DeliveryId
from bot.relay.model import DeliveryState, ReceiptKind
from bot.store.database import Database
from tests.store.rows import ask, claimed, close, delivery, kept, message, pass_by, receipt, record

VALID_FOR = timedelta(minutes=15)
A = DeliveryId("a")


async def lend(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await database.deliveries.save_temporary_url(A, "secret", VALID_FOR)


async def opens(database: Database, token: str = "secret") -> bool:
    found = await database.deliveries.by_temporary_url(token)
    return found is not None and found.id == A


async def test_token_opens_its_delivery(database: Database) -> None:
    await lend(database)
    assert await opens(database)
    assert not await opens(database, "other")


async def test_token_opens_nothing_after_its_time(database: Database, database_url: str) -> None:
    await lend(database)
    pass_by(database_url, VALID_FOR + timedelta(seconds=1))
    assert not await opens(database)


async def test_token_opens_its_delivery_until_it_is_known_to_be_sent(database: Database) -> None:
    """The target may fetch it only after it has answered."""
    await lend(database)
    await record(database, "a", "M1", receipt=receipt("r1", ReceiptKind.QUEUED, message=message("M1")))
    assert await opens(database)
    await database.receipts.add([receipt("r2", ReceiptKind.SENT, message=message("M1"))])
    assert not await opens(database)


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNCONFIRMED, DeliveryState.CANCELLED])
async def test_token_of_a_closed_delivery_opens_nothing(database: Database, state: DeliveryState) -> None:
    await lend(database)
    await close(database, await claimed(database), state)
    assert not await opens(database)


async def test_fetch_is_kept_as_evidence(database: Database) -> None:
    await lend(database)
    await database.deliveries.mark_fetched(A)
    assert (await kept(database, "a")).fetched_at is not None


async def test_token_is_written_down_nowhere(database: Database, database_url: str) -> None:
    await lend(database)
    [row] = ask(database_url, "SELECT url_token, deliveries::text AS row FROM deliveries")
    assert row["url_token"]
    assert "secret" not in row["row"]
