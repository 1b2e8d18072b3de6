"""Status is a fold: order and repeats do not matter, the highest rank wins, and silence is checked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.errors import RetryLater
from bot.relay.model import (
    Delivery,
    DeliveryId,
    DeliveryState,
    DeliveryWithReceipts,
    MemoId,
    Receipt,
    ReceiptKind,
    Status,
)
from bot.relay.receipts import LOOKS, status_of
from tests.fakes import CHAT, clip, share
from tests.relay.conftest import World

AT = datetime(2026, 11, 22, tzinfo=UTC)
DELIVERY = Delivery(DeliveryId("D"), share().post, clip(), 1.0, CHAT, step=DeliveryState.RECORDED, memo=MemoId("M1"))


def receipt(kind: ReceiptKind, number: int = 0, **more: object) -> Receipt:
    made = Receipt(f"R{kind}{number}", kind, AT + timedelta(seconds=number), MemoId("M1"))
    return replace(made, **more)  # type: ignore[arg-type]


@given(st.lists(st.builds(receipt, st.sampled_from(ReceiptKind), st.integers(0, 9)), min_size=1), st.randoms())
def test_status_does_not_depend_on_order_or_repeats(receipts: list[Receipt], random: object) -> None:
    shuffled = receipts * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert status_of(DeliveryWithReceipts(DELIVERY, tuple(shuffled))) == status_of(
        DeliveryWithReceipts(DELIVERY, tuple(receipts))
    )


@given(st.lists(st.sampled_from(ReceiptKind), min_size=1), st.sampled_from(ReceiptKind))
def test_another_receipt_never_moves_status_back(kinds: list[ReceiptKind], late: ReceiptKind) -> None:
    def rank(some: list[ReceiptKind]) -> int:
        return ReceiptKind(status_of(DeliveryWithReceipts(DELIVERY, tuple(receipt(k) for k in some))).status.value).rank

    assert rank([*kinds, late]) >= rank(kinds)


@pytest.mark.parametrize(
    ("step", "status"),
    [
        (DeliveryState.WAITING, Status.QUEUED),
        (DeliveryState.PREPARED, Status.QUEUED),
        (DeliveryState.SENDING, Status.QUEUED),
        (DeliveryState.RECORDED, Status.QUEUED),
        (DeliveryState.FAILED, Status.FAILED),
        (DeliveryState.UNCONFIRMED, Status.UNCONFIRMED),
        (DeliveryState.CANCELLED, Status.CANCELLED),
    ],
)
def test_without_receipts_status_is_how_far_our_own_hands_have_come(step: DeliveryState, status: Status) -> None:
    assert status_of(DeliveryWithReceipts(replace(DELIVERY, step=step))).status is status


def test_delivered_after_failed_is_delivered() -> None:
    told = DeliveryWithReceipts(DELIVERY, (receipt(ReceiptKind.DELIVERED), receipt(ReceiptKind.FAILED, 5)))
    assert status_of(told).status is Status.DELIVERED


@pytest.mark.parametrize("dated", [-5, 5])
def test_of_two_failures_the_one_with_a_code_is_told(dated: int) -> None:
    """A look at Linq brings no code and no reason of Linq's own."""
    looked = receipt(ReceiptKind.FAILED, dated, reason="It does not say why.")
    pushed = receipt(ReceiptKind.FAILED, 0, code="4001", reason="It never left your number.")
    verdict = status_of(DeliveryWithReceipts(DELIVERY, (looked, pushed)))
    assert (verdict.code, verdict.reason, verdict.at) == ("4001", "It never left your number.", AT)


def test_a_failure_is_no_end_since_delivered_may_follow_it() -> None:
    assert not status_of(DeliveryWithReceipts(DELIVERY, (receipt(ReceiptKind.FAILED),))).final


def test_the_first_receipt_of_its_rank_says_since_when() -> None:
    told = DeliveryWithReceipts(
        DELIVERY, (receipt(ReceiptKind.READ, 5), receipt(ReceiptKind.READ, 2), receipt(ReceiptKind.READ, 9))
    )
    assert status_of(told).at == AT + timedelta(seconds=2)


def test_what_failed_before_it_was_sent_says_why_and_with_which_code() -> None:
    told = DeliveryWithReceipts(replace(DELIVERY, step=DeliveryState.FAILED, reason="No.", code="2024"))
    assert (status_of(told).reason, status_of(told).code) == ("No.", "2024")


@pytest.mark.parametrize("is_group", [True, False])
def test_sent_is_the_end_for_a_group_and_only_there(is_group: bool) -> None:
    told = DeliveryWithReceipts(DELIVERY, (receipt(ReceiptKind.SENT, service="iMessage", is_group=is_group),))
    assert status_of(told).final is is_group


def test_sent_is_the_end_for_sms() -> None:
    assert status_of(DeliveryWithReceipts(DELIVERY, (receipt(ReceiptKind.SENT, service="SMS"),))).final


async def recorded(world: World) -> Delivery:
    [delivery] = await world.clips.accept(share())
    await world.run()
    return world.row(delivery)


async def test_a_receipt_may_come_before_our_own_send_returned(world: World) -> None:
    await world.receipts.add([receipt(ReceiptKind.SENT)])
    row = await recorded(world)
    assert world.status(row.id) is Status.SENT


async def test_a_receipt_with_our_attachment_adopts_a_memo_whose_answer_was_lost(world: World) -> None:
    world.linq.lose_answers, world.linq.lists_memos = 1, False
    [delivery] = await world.clips.accept(share())
    await world.run()
    attachment = world.row(delivery).attachment
    assert attachment is not None
    await world.receipts.add([receipt(ReceiptKind.SENT, attachments=(attachment,))])
    assert world.status(delivery) is Status.SENT


async def test_a_silent_memo_is_looked_at_after_thirty_seconds(world: World) -> None:
    row = await recorded(world)
    world.linq.says[MemoId("M1")] = receipt(ReceiptKind.DELIVERED, id="look:M1:delivered")
    await world.receipts.sweep()
    assert world.status(row.id) is Status.QUEUED
    world.clock.pass_by(timedelta(seconds=31))
    await world.receipts.sweep()
    assert world.status(row.id) is Status.DELIVERED


async def test_a_look_that_brings_news_says_that_a_webhook_was_missed(world: World) -> None:
    await recorded(world)
    world.linq.says[MemoId("M1")] = receipt(ReceiptKind.SENT, id="look:M1:sent")
    world.clock.pass_by(timedelta(seconds=31))
    assert await world.receipts.sweep() == 1
    world.clock.pass_by(timedelta(seconds=61))
    assert await world.receipts.sweep() == 0


async def test_looks_grow_rarer_and_end(world: World) -> None:
    row = await recorded(world)
    times = []
    for _ in range(len(LOOKS) + 1):
        due = world.memory.looks[row.id][1]
        assert due is not None
        times.append(due)
        world.clock.now = due
        await world.receipts.sweep()
    waits = [b - a for a, b in pairwise(times)]
    assert waits == sorted(waits)
    assert world.memory.looks[row.id][1] is None


async def test_a_memo_that_webhooks_brought_to_delivered_is_not_polled(world: World) -> None:
    row = await recorded(world)
    await world.receipts.add([receipt(ReceiptKind.DELIVERED)])
    world.linq.trouble["look"] = [RetryLater("would have been asked")]
    world.clock.pass_by(timedelta(minutes=1))
    await world.receipts.sweep()
    assert world.linq.trouble["look"]
    assert world.memory.looks[row.id][1] is None


async def test_a_memo_that_only_looks_brought_to_delivered_is_looked_at_until_it_is_read(world: World) -> None:
    row = await recorded(world)
    for kind in (ReceiptKind.DELIVERED, ReceiptKind.READ):
        world.linq.says[MemoId("M1")] = receipt(kind, id=f"look:M1:{kind}")
        world.clock.pass_by(timedelta(seconds=61))
        await world.receipts.sweep()
    assert world.status(row.id) is Status.READ


async def test_a_memo_listed_late_settles_an_unconfirmed_delivery(world: World) -> None:
    world.linq.lose_answers, world.linq.lists_memos = 1, False
    [delivery] = await world.clips.accept(share())
    await world.run()
    assert world.status(delivery) is Status.UNCONFIRMED
    world.linq.lists_memos = True
    world.clock.pass_by(timedelta(seconds=31))
    await world.receipts.sweep()
    assert world.row(delivery).memo == "M1"


async def test_one_look_that_fails_does_not_keep_the_others_waiting(world: World) -> None:
    first = await recorded(world)
    [second] = await world.clips.accept(share("1790000009.0"))
    await world.run()
    world.linq.trouble["look"] = [RetryLater("Linq hiccup")]
    world.linq.says[MemoId("M2")] = receipt(ReceiptKind.SENT, id="look:M2:sent", memo=MemoId("M2"))
    world.clock.pass_by(timedelta(seconds=31))
    await world.receipts.sweep()
    assert (world.status(first.id), world.status(second)) == (Status.QUEUED, Status.SENT)
