"""The laws of receipts: kept as they come, in any order, any number of times."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.relay.model import DeliveryId, DeliveryState, ReceiptKind, RefreshNotice
from bot.store.database import Database
from tests.store.conftest import Line
from tests.store.made import NOTICE, NOW, claimed, delivery, kept, memo, post, receipt, sending

A = DeliveryId("a")


async def shown(memory: Database) -> list[str]:
    """The ids of the receipts that the notice tells of, and with that a turn."""
    notice = await memory.notices.take(NOTICE, NOW)
    assert notice is not None
    return [each.id for told in notice.told for each in told.receipts]


async def test_a_receipt_comes_back_as_it_was(memory: Database) -> None:
    given = receipt(
        "r1",
        ReceiptKind.FAILED,
        memo="M1",
        attachments=("A1",),
        trace_id="t",
        service="SMS",
        is_group=True,
        reason="No.",
        code="3007",
    )
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(A, memo("M1"))
    await memory.receipts.add([given])
    told = await memory.deliveries.told(A)
    assert told is not None
    assert told.receipts == (given,)


async def test_a_repeated_receipt_changes_nothing(memory: Database, line: Line) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(A, memo("M1"))
    await memory.receipts.add([receipt("r1", memo="M1")])
    assert await shown(memory) == ["r1"]
    line.clear()
    await memory.receipts.add([receipt("r1", ReceiptKind.READ, memo="M1")])
    assert await shown(memory) == ["r1"]
    assert not line.chats + line.notices


async def test_a_receipt_that_came_before_our_own_send_returned_is_shown_once_the_memo_is_known(
    memory: Database,
) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.receipts.add([receipt("r1", memo="M1")])
    assert await shown(memory) == []
    await memory.deliveries.record(A, memo("M1"))
    assert await shown(memory) == ["r1"]


async def test_a_receipt_with_our_attachment_finds_the_delivery_whose_answer_was_lost(memory: Database) -> None:
    await sending(memory, "a", "A1")
    await memory.receipts.add([receipt("r1", memo="M1", attachments=("A0", "A1"), trace_id="t")])
    back = await kept(memory, "a")
    assert (back.step, back.memo, back.trace_id, back.clip.url) == (DeliveryState.RECORDED, "M1", "t", "")
    assert await shown(memory) == ["r1"]


async def test_a_late_receipt_settles_an_unconfirmed_delivery(memory: Database) -> None:
    held = await sending(memory, "a", "A1")
    await memory.deliveries.close(held.id, held.fence, DeliveryState.UNCONFIRMED, reason="Who knows.", code="")
    await memory.receipts.add([receipt("r1", memo="M1", attachments=("A1",))])
    back = await kept(memory, "a")
    assert (back.step, back.memo, back.reason) == (DeliveryState.RECORDED, "M1", "")


async def test_a_receipt_takes_no_memo_from_the_delivery_that_has_it(memory: Database) -> None:
    await sending(memory, "a", "A1")
    await memory.deliveries.accept([delivery("b", asked_at=200.0)])
    await memory.deliveries.record(DeliveryId("b"), memo("M1"))
    await memory.receipts.add([receipt("r1", memo="M1", attachments=("A1",))])
    assert (await kept(memory, "a")).memo is None


async def test_a_receipt_from_a_person_belongs_to_the_delivery_it_names(memory: Database, line: Line) -> None:
    await memory.deliveries.accept([delivery("a")])
    assert await shown(memory) == []
    line.clear()
    await memory.receipts.add([receipt("r1", ReceiptKind.DELIVERED, delivery="a")])
    assert line.notices == [NOTICE]
    assert await shown(memory) == ["r1"]


@pytest.mark.parametrize("comes_first", [True, False])
async def test_a_failure_that_names_no_memo_is_known_by_the_trace_of_its_send(
    memory: Database, comes_first: bool
) -> None:
    nameless = receipt("r1", ReceiptKind.FAILED, memo=None, trace_id="t1")
    await memory.deliveries.accept([delivery("a"), delivery("b", post=post(message_ts="2.2"))])
    await shown(memory)
    if comes_first:
        await memory.receipts.add([nameless])
    await memory.deliveries.record(A, memo("M1", trace_id="t1"))
    if not comes_first:
        await shown(memory)
        await memory.receipts.add([nameless])
    assert RefreshNotice(NOTICE) in await memory.owed()
    assert await shown(memory) == ["r1"]


async def test_receipts_and_deliveries_of_many_callers_are_all_stored(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(A, memo("M1"))
    posts = [post(message_ts=f"{n}.1") for n in range(30)]
    await asyncio.gather(
        *(memory.receipts.add([receipt(f"r{n}", memo="M1")]) for n in range(30)),
        *(memory.deliveries.accept([delivery(f"d{n}", post=posts[n])]) for n in range(30)),
    )
    assert len(await shown(memory)) == 30
    assert len(await memory.deliveries.recent(100)) == 31


async def test_a_memo_without_a_final_receipt_is_looked_at_after_half_a_minute(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(A, memo("M1", receipt=receipt("r1", ReceiptKind.QUEUED, memo="M1")))
    now = datetime.now(UTC)
    assert await memory.receipts.silent(now, limit=5) == []
    ((told, looks),) = await memory.receipts.silent(now + timedelta(seconds=31), limit=5)
    assert (told.delivery.id, [each.id for each in told.receipts], looks) == ("a", ["r1"], 0)


async def test_looks_are_counted_and_end_when_told(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(A, memo("M1"))
    later = datetime.now(UTC) + timedelta(minutes=1)
    await memory.receipts.looked(A, later)
    ((_, looks),) = await memory.receipts.silent(later, limit=5)
    assert looks == 1
    await memory.receipts.looked(A, None)
    assert await memory.receipts.silent(later + timedelta(days=1), limit=5) == []


async def test_those_whose_look_is_due_longest_come_first(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a"), delivery("b")])
    now = datetime.now(UTC)
    for name, since in (("a", now - timedelta(minutes=1)), ("b", now - timedelta(minutes=2))):
        await memory.deliveries.record(DeliveryId(name), memo(f"M-{name}"))
        await memory.receipts.looked(DeliveryId(name), since)
    assert [told.delivery.id for told, _ in await memory.receipts.silent(now, limit=1)] == ["b"]


async def test_an_unconfirmed_delivery_is_looked_for_too(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    held = await claimed(memory)
    await memory.deliveries.close(held.id, held.fence, DeliveryState.UNCONFIRMED, reason="", code="")
    ((told, _),) = await memory.receipts.silent(datetime.now(UTC) + timedelta(minutes=1), limit=5)
    assert told.delivery.step is DeliveryState.UNCONFIRMED
