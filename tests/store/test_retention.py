"""Retention: what is finished and old is deleted, together, in batches, and nothing before its notice has shown it."""

import asyncio
from datetime import timedelta

import pytest

from bot.relay.ids import DeliveryId
from bot.relay.model import DeliveryState, Receipt
from bot.relay.parts import Reaction, Text
from bot.relay.ports.stores import Told
from bot.store.database import Database
from bot.store.pool import Pool
from bot.store.tables.retention import BATCH, Retention
from tests.fakes import CHANNEL, CHAT
from tests.store.rows import (
    NOTICE,
    SOURCE,
    ask,
    delivery,
    elsewhere,
    kept,
    message,
    pass_by,
    receipt,
    record,
    told,
)

DAYS = timedelta(days=90)
LONGER = timedelta(days=91)


async def finished(database: Database, name: str = "done") -> None:
    """Recorded, shown, with a receipt."""
    await database.deliveries.accept([delivery(name, is_explicit=False)])
    await record(database, name, "M1", receipt=receipt("r1", message=message("M1")))
    await database.notices.begin_refresh(NOTICE)


def left(url: str) -> dict[str, int]:
    tables = ("deliveries", "receipts", "notices", "messages", "reactions")
    return {table: ask(url, f"SELECT count(*) AS left FROM {table}")[0]["left"] for table in tables}


async def test_old_delivery_goes_with_all_that_hangs_on_it(database: Database, database_url: str) -> None:
    await finished(database)
    pass_by(database_url, LONGER)
    assert await database.retention.delete_older_than(DAYS) == 1
    assert set(left(database_url).values()) == {0}


async def test_younger_delivery_stays(database: Database, database_url: str) -> None:
    await finished(database)
    pass_by(database_url, DAYS - timedelta(days=1))
    assert await database.retention.delete_older_than(DAYS) == 0
    assert (await told(database, "done")).receipts


async def test_open_delivery_stays_however_old(database: Database, database_url: str) -> None:
    await database.deliveries.accept([elsewhere("open")])
    pass_by(database_url, LONGER)
    assert await database.retention.delete_older_than(DAYS) == 0
    assert (await kept(database, "open")).state is DeliveryState.WAITING


async def test_deliveries_of_one_message_go_together(database: Database, database_url: str) -> None:
    await finished(database, "first")
    pass_by(database_url, LONGER)
    await database.deliveries.accept([delivery("second")])
    await record(database, "second", "M2")
    await database.notices.begin_refresh(NOTICE)
    await database.retention.delete_older_than(DAYS)
    assert len(await database.deliveries.of_message(SOURCE)) == 2


async def test_nothing_goes_before_its_notice_has_shown_it(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await database.notices.begin_refresh(NOTICE)
    await record(database, "a", "M1")
    pass_by(database_url, LONGER)
    await database.retention.delete_older_than(DAYS)
    assert (await kept(database, "a")).state is DeliveryState.RECORDED
    await database.notices.begin_refresh(NOTICE)
    await database.retention.delete_older_than(DAYS)
    assert await database.deliveries.find(DeliveryId("a")) is None


async def test_held_delivery_that_nobody_approved_is_cancelled(database: Database, database_url: str) -> None:
    """Its words would stay for ever."""
    await database.deliveries.accept([delivery("a", parts=(Text("t", "Hello"),), awaits_approval=True)])
    pass_by(database_url, LONGER)
    await database.retention.delete_older_than(DAYS)
    back = await kept(database, "a")
    assert (back.state, back.parts) == (DeliveryState.CANCELLED, (Text("t"),))
    assert (await database.need_jobs())[1] == [NOTICE]


async def test_what_has_to_stay_keeps_nothing_else_from_going(database: Database, database_url: str) -> None:
    """Those accepted first, more of them than a batch holds, are still open."""
    open_ones = [delivery(f"open-{number}", source=message(f"{number}")) for number in range(BATCH + 1)]
    await database.deliveries.accept(open_ones)
    await finished(database)
    pass_by(database_url, LONGER)
    assert await database.retention.delete_older_than(DAYS) == 1


async def test_batches_leave_the_database_to_others_between_them(database: Database, database_url: str) -> None:
    many = [delivery(f"D{number}", source=message(f"{number}"), notice_room=None) for number in range(BATCH + 1)]
    await database.deliveries.accept(many)
    ask(database_url, "UPDATE deliveries SET state = 'recorded'")
    pass_by(database_url, LONGER)
    pauses = []

    async def pause() -> None:
        pauses.append(left(database_url)["deliveries"])
        await asyncio.sleep(0)

    pool = Pool(database_url, size=1, timeout_s=60)
    await pool.open()
    assert await Retention(pool, pause=pause).delete_older_than(DAYS) == BATCH + 1
    await pool.close()
    assert pauses == [1, 0]


@pytest.mark.parametrize("given", [receipt("r1", message=message("strange")), receipt("r1", trace_id="strange")])
async def test_receipt_that_belongs_to_nothing_goes(database: Database, database_url: str, given: Receipt) -> None:
    await database.receipts.add([given])
    await database.retention.delete_older_than(DAYS)
    assert left(database_url)["receipts"] == 1
    pass_by(database_url, LONGER)
    await database.retention.delete_older_than(DAYS)
    assert left(database_url)["receipts"] == 0


async def test_withdrawal_of_what_never_came_goes(database: Database, database_url: str) -> None:
    ask(database_url, "INSERT INTO links (room, peer, label, made_by) VALUES (%s, %s, '', '')", CHANNEL, CHAT)
    await database.deliveries.withdraw(SOURCE, [CHANNEL], [])
    pass_by(database_url, LONGER)
    await database.retention.delete_older_than(DAYS)
    assert left(database_url)["messages"] == 0


async def test_reaction_goes_with_the_message_it_was_put_on(database: Database, database_url: str) -> None:
    reaction = delivery("x", parts=(Reaction("r", "👍"),), about=SOURCE, source=message("reaction"))
    await database.deliveries.accept_reaction([reaction], replaces_former=True, told=Told.ALWAYS)
    ask(database_url, "UPDATE deliveries SET state = 'recorded'")
    await finished(database)
    pass_by(database_url, DAYS - timedelta(days=1))
    ask(database_url, "UPDATE reactions SET at = at - interval '1 year'")
    await database.retention.delete_older_than(DAYS)
    assert left(database_url)["reactions"] == 1
    pass_by(database_url, timedelta(days=2))
    await database.retention.delete_older_than(DAYS)
    assert left(database_url)["reactions"] == 0
