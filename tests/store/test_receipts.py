"""Receipts: kept as they come, in any order, any number of times, and polled for where they do not come."""

import asyncio
from datetime import timedelta

import pytest

from bot.relay.errors import Remedy
from bot.relay.ids import DeliveryId, MediaRef, PersonId
from bot.relay.model import DeliveryState, ReceiptKind, ReceiptSource
from bot.store.database import Database
from tests.fakes import CHAT, SECOND
from tests.store.conftest import Jobs
from tests.store.rows import (
    NOTICE,
    claimed,
    close,
    delivery,
    elsewhere,
    kept,
    message,
    pass_by,
    receipt,
    record,
    sending,
    told,
)

A = DeliveryId("a")
M1 = message("M1")
HALF_A_MINUTE = 31 * SECOND


def attachment(name: str) -> MediaRef:
    return MediaRef(f"chat:default!{name}")


async def shown(database: Database) -> list[str]:
    """The ids of the receipts that the notice tells of."""
    notice = await database.notices.begin_refresh(NOTICE)
    assert notice is not None
    return [each.id for one in notice.deliveries for each in one.receipts]


async def test_receipt_comes_back_as_it_was(database: Database) -> None:
    given = receipt(
        "r1",
        ReceiptKind.FAILED,
        message=M1,
        attachments=(attachment("A1"),),
        trace_id="t",
        is_final=True,
        reason="No.",
        code="3007",
        remedy=Remedy.RESEND,
        source=ReceiptSource.POLL,
        confirmed_by=PersonId("team:T0AAA@U0ANN"),
    )
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await database.receipts.add([given])
    assert (await told(database, "a")).receipts == (given,)


async def test_repeated_receipt_changes_nothing(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await database.receipts.add([receipt("r1", message=M1)])
    assert await shown(database) == ["r1"]
    jobs.clear()
    await database.receipts.add([receipt("r1", ReceiptKind.READ, message=M1)])
    assert [each.kind for each in (await told(database, "a")).receipts] == [ReceiptKind.SENT]
    assert (jobs.rooms, jobs.notices) == ([], [])


async def test_receipt_before_the_record_is_shown_after_it(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await database.receipts.add([receipt("r1", message=M1)])
    assert await shown(database) == []
    await record(database, "a", "M1")
    assert await shown(database) == ["r1"]


async def test_receipt_with_our_attachment_finds_its_delivery(database: Database, jobs: Jobs) -> None:
    await sending(database, "a", "A1")
    jobs.clear()
    attachments = (attachment("A0"), attachment("A1"))
    await database.receipts.add([receipt("r1", message=M1, attachments=attachments, trace_id="t")])
    back = await kept(database, "a")
    assert (back.state, back.sent_as, back.trace_id) == (DeliveryState.RECORDED, M1, "t")
    assert back.voice is not None
    assert back.voice.media_hint == ""
    assert (jobs.rooms, await shown(database)) == ([CHAT], ["r1"])


async def test_receipt_that_names_our_delivery_settles_its_send(database: Database, jobs: Jobs) -> None:
    """The answer to the send was lost: the content goes with such a receipt, so a repeat would have nothing to send."""
    await sending(database, "a", "A1")
    jobs.clear()
    await database.receipts.add([receipt("r1", ReceiptKind.READ, message=M1, delivery=A, trace_id="t")])
    back = await kept(database, "a")
    assert (back.state, back.sent_as, back.trace_id) == (DeliveryState.RECORDED, M1, "t")
    assert (jobs.rooms, await shown(database)) == ([CHAT], ["r1"])


async def test_receipt_that_names_a_delivery_gives_it_no_second_message(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await database.receipts.add([receipt("r1", message=message("M2"), delivery=A)])
    assert (await kept(database, "a")).sent_as == M1


async def test_receipt_with_another_attachment_finds_nothing(database: Database) -> None:
    await sending(database, "a", "A1")
    await database.receipts.add([receipt("r1", message=M1, attachments=(attachment("A2"),))])
    assert (await kept(database, "a")).state is DeliveryState.SENDING


async def test_late_receipt_settles_an_unconfirmed_delivery(database: Database) -> None:
    held = await sending(database, "a", "A1")
    await close(database, held, DeliveryState.UNCONFIRMED)
    await database.receipts.add([receipt("r1", message=M1, attachments=(attachment("A1"),))])
    back = await kept(database, "a")
    assert (back.state, back.sent_as, back.reason, back.code) == (DeliveryState.RECORDED, M1, "", "")


async def test_receipt_takes_no_message_from_the_delivery_that_has_it(database: Database) -> None:
    await sending(database, "a", "A1")
    await database.deliveries.accept([delivery("b", position=1)])
    await record(database, "b", "M1")
    await database.receipts.add([receipt("r1", message=M1, attachments=(attachment("A1"),))])
    assert (await kept(database, "a")).sent_as is None


async def test_receipt_from_a_person_belongs_to_the_delivery_it_names(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a")])
    await shown(database)
    jobs.clear()
    await database.receipts.add([receipt("r1", delivery=A, source=ReceiptSource.PERSON)])
    assert jobs.notices == [NOTICE]
    assert await shown(database) == ["r1"]


@pytest.mark.parametrize("comes_first", [True, False])
async def test_failure_without_a_message_is_known_by_its_trace(database: Database, comes_first: bool) -> None:
    nameless = receipt("r1", ReceiptKind.FAILED, trace_id="t1")
    await database.deliveries.accept([delivery("a"), elsewhere("b")])
    await shown(database)
    if comes_first:
        await database.receipts.add([nameless])
    await record(database, "a", "M1", trace_id="t1")
    if not comes_first:
        await shown(database)
        await database.receipts.add([nameless])
    assert NOTICE in (await database.need_jobs())[1]
    assert await shown(database) == ["r1"]


async def test_receipt_without_a_trace_belongs_to_nobody_without_one(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await database.receipts.add([receipt("r1", ReceiptKind.FAILED)])
    assert (await told(database, "a")).receipts == ()


async def test_receipts_and_deliveries_of_many_callers_are_all_stored(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await asyncio.gather(
        *(database.receipts.add([receipt(f"r{number}", message=M1)]) for number in range(30)),
        *(database.deliveries.accept([elsewhere(f"d{number}")]) for number in range(30)),
    )
    assert len(await shown(database)) == 30
    assert len(await database.deliveries.recent(100)) == 31


async def test_receipts_of_one_delivery_come_oldest_first(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    dated = [receipt(f"r{number}", message=M1, at=receipt("x").at + number * SECOND) for number in (3, 1, 2)]
    await database.receipts.add(dated)
    assert [each.id for each in (await told(database, "a")).receipts] == ["r1", "r2", "r3"]


async def test_poll_is_due_half_a_minute_after_the_record(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1", receipt=receipt("r1", ReceiptKind.QUEUED, message=M1))
    assert await database.receipts.overdue(5) == []
    pass_by(database_url, HALF_A_MINUTE)
    [overdue] = await database.receipts.overdue(5)
    assert (overdue.told.delivery.id, [each.id for each in overdue.told.receipts], overdue.polls) == ("a", ["r1"], 0)


async def test_poll_is_leased_for_a_minute(database: Database, database_url: str) -> None:
    """Several processes poll, each others."""
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    pass_by(database_url, HALF_A_MINUTE)
    assert len(await database.receipts.overdue(5)) == 1
    assert await database.receipts.overdue(5) == []
    pass_by(database_url, 61 * SECOND)
    assert len(await database.receipts.overdue(5)) == 1


async def test_polls_are_counted_and_end_when_told(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await database.receipts.polled(A, timedelta())
    [overdue] = await database.receipts.overdue(5)
    assert overdue.polls == 1
    await database.receipts.polled(A, None)
    pass_by(database_url, timedelta(days=1))
    assert await database.receipts.overdue(5) == []


async def test_poll_takes_those_that_are_due_longest_first(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b")])
    for name, minutes in (("a", -1), ("b", -2)):
        await record(database, name, f"M-{name}")
        await database.receipts.polled(DeliveryId(name), timedelta(minutes=minutes))
    assert [each.told.delivery.id for each in await database.receipts.overdue(1)] == ["b"]


async def test_poll_looks_for_an_unconfirmed_delivery(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await close(database, await claimed(database), DeliveryState.UNCONFIRMED)
    pass_by(database_url, HALF_A_MINUTE)
    [overdue] = await database.receipts.overdue(5)
    assert overdue.told.delivery.state is DeliveryState.UNCONFIRMED


async def test_poll_asks_for_nothing_that_failed_or_was_cancelled(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await close(database, await claimed(database))
    pass_by(database_url, timedelta(days=1))
    assert await database.receipts.overdue(5) == []
