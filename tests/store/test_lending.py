"""The laws of lent clips: a token opens one unfinished clip for a while, and is nowhere written down."""

from datetime import timedelta

import psycopg

from bot.relay.model import DeliveryId, DeliveryState, ReceiptKind
from bot.store.database import Database
from tests.store.made import NOW, claimed, delivery, kept, memo, receipt

UNTIL = NOW + timedelta(minutes=15)
A = DeliveryId("a")


async def lend(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.lend(A, "secret", UNTIL)


async def opens(memory: Database, token: str = "secret") -> bool:
    lent = await memory.deliveries.lent(token, NOW)
    return lent is not None and lent.clip.url == "https://files.example/a"


async def test_a_token_opens_its_clip(memory: Database) -> None:
    await lend(memory)
    assert await opens(memory)
    assert not await opens(memory, "other")


async def test_a_token_opens_nothing_after_its_time(memory: Database) -> None:
    await lend(memory)
    assert await memory.deliveries.lent("secret", UNTIL) is None


async def test_a_clip_can_be_fetched_until_its_memo_was_sent(memory: Database) -> None:
    await lend(memory)
    await memory.deliveries.record(A, memo("M1", receipt=receipt("r1", ReceiptKind.QUEUED, memo="M1")))
    assert await opens(memory)
    await memory.receipts.add([receipt("r2", ReceiptKind.SENT, memo="M1")])
    assert not await opens(memory)


async def test_a_closed_delivery_opens_nothing(memory: Database) -> None:
    await lend(memory)
    held = await claimed(memory)
    await memory.deliveries.close(held.id, held.fence, DeliveryState.UNCONFIRMED, reason="", code="")
    assert await memory.deliveries.lent("secret", NOW) is None


async def test_that_linq_fetched_the_clip_is_kept_as_evidence(memory: Database) -> None:
    await lend(memory)
    await memory.deliveries.fetched(A, NOW)
    assert (await kept(memory, "a")).fetched_at == NOW


async def test_no_token_is_written_down(memory: Database, database_url: str) -> None:
    await lend(memory)
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT lent_to, deliveries::text FROM deliveries").fetchone()
    assert found is not None
    assert found[0]
    assert "secret" not in found[1]
