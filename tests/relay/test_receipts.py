"""Status is a fold: order and repeats do not matter, the highest rank wins, and silence is checked."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.errors import RetryLater
from bot.relay.ids import DeliveryId, MessageId
from bot.relay.model import Delivery, DeliveryState, DeliveryWithReceipts, Receipt, ReceiptKind, ReceiptSource, Status
from bot.relay.parts import Text
from bot.relay.receipts import POLL_BACKOFF, status_of
from tests.fakes import ANN, BASE, CHANNEL, CHAT, SECOND, FakeChats, heard, said, voice
from tests.relay.world import World

FIRST = FakeChats().sender.message(1)
DELIVERY = Delivery(
    DeliveryId("D"), said().id, CHANNEL, CHAT, ANN, (voice(),), BASE, state=DeliveryState.RECORDED, sent_as=FIRST
)


def receipt(kind: ReceiptKind, number: int = 0, **more: Any) -> Receipt:
    made = Receipt(f"R{kind}{number}", kind, BASE + number * SECOND, ReceiptSource.WEBHOOK, FIRST)
    return replace(made, **more)


def told(*receipts: Receipt, delivery: Delivery = DELIVERY) -> DeliveryWithReceipts:
    return DeliveryWithReceipts(delivery, receipts)


RECEIPTS = st.builds(
    receipt,
    st.sampled_from(ReceiptKind),
    st.integers(0, 9),
    code=st.sampled_from(["", "4001"]),
    source=st.sampled_from(ReceiptSource),
    is_final=st.booleans(),
)


@given(st.lists(RECEIPTS, min_size=1, unique_by=lambda each: each.id), st.randoms())
def test_status_does_not_depend_on_order_or_repeats(receipts: list[Receipt], random: Random) -> None:
    shuffled = receipts * 2
    random.shuffle(shuffled)
    assert status_of(told(*shuffled)) == status_of(told(*receipts))


@given(st.lists(st.sampled_from(ReceiptKind), min_size=1), st.sampled_from(ReceiptKind))
def test_another_receipt_never_moves_the_status_back(kinds: list[ReceiptKind], late: ReceiptKind) -> None:
    def rank(some: list[ReceiptKind]) -> int:
        return ReceiptKind(status_of(told(*map(receipt, some))).status.value).rank

    assert rank([*kinds, late]) >= rank(kinds)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (DeliveryState.WAITING, Status.QUEUED),
        (DeliveryState.PREPARED, Status.QUEUED),
        (DeliveryState.SENDING, Status.QUEUED),
        (DeliveryState.RECORDED, Status.SENT),  # the target reports nothing
        (DeliveryState.FAILED, Status.FAILED),
        (DeliveryState.UNCONFIRMED, Status.UNCONFIRMED),
        (DeliveryState.CANCELLED, Status.CANCELLED),
    ],
)
def test_status_without_receipts_is_our_own_state(state: DeliveryState, status: Status) -> None:
    assert status_of(told(delivery=replace(DELIVERY, state=state))).status is status


def test_status_is_queued_until_the_first_report_where_one_is_asked_for() -> None:
    recorded = replace(DELIVERY, state=DeliveryState.RECORDED, next_poll_at=BASE)
    assert status_of(told(delivery=recorded)).status is Status.QUEUED


async def test_what_slack_got_is_sent(world: World) -> None:
    [delivery] = await world.deliveries.accept(heard())
    await world.run()
    assert await world.status(delivery) is Status.SENT


@pytest.mark.parametrize("held", [{"awaits_approval": True}, {"not_before": BASE}])
def test_status_of_what_is_not_in_line_yet_is_held(held: dict[str, Any]) -> None:
    waiting = replace(DELIVERY, state=DeliveryState.WAITING, sent_as=None, **held)
    assert status_of(told(delivery=waiting)).status is Status.HELD


@pytest.mark.parametrize("held", [{"awaits_approval": True}, {"not_before": BASE}])
def test_status_of_what_was_held_and_cancelled_is_cancelled(held: dict[str, Any]) -> None:
    assert status_of(told(delivery=replace(DELIVERY, state=DeliveryState.CANCELLED, **held))).status is Status.CANCELLED


def test_status_is_delivered_where_failed_came_as_well() -> None:
    assert status_of(told(receipt(ReceiptKind.DELIVERED), receipt(ReceiptKind.FAILED, 5))).status is Status.DELIVERED


@pytest.mark.parametrize("dated", [-5, 5])
def test_status_of_two_failures_tells_the_one_with_a_code(dated: int) -> None:
    """A poll brings no code and no reason of the network's own."""
    polled = receipt(ReceiptKind.FAILED, dated, reason="It does not say why.")
    pushed = receipt(ReceiptKind.FAILED, 0, code="4001", reason="It never left your number.")
    report = status_of(told(polled, pushed))
    assert (report.code, report.reason, report.at) == ("4001", "It never left your number.", BASE)


def test_status_failed_is_not_final_since_delivered_may_follow() -> None:
    assert not status_of(told(receipt(ReceiptKind.FAILED))).is_final


@pytest.mark.parametrize("is_final", [True, False])
def test_status_sent_is_final_only_where_no_more_is_reported(is_final: bool) -> None:
    """As in groups, and for messages that went as SMS."""
    assert status_of(told(receipt(ReceiptKind.SENT, is_final=is_final))).is_final is is_final


def test_status_read_is_final() -> None:
    assert status_of(told(receipt(ReceiptKind.READ))).is_final


def test_status_is_dated_by_the_first_receipt_of_its_rank() -> None:
    report = status_of(told(*(receipt(ReceiptKind.READ, number) for number in (5, 2, 9))))
    assert report.at == BASE + 2 * SECOND


def test_status_of_a_failure_before_the_send_has_its_reason_and_code() -> None:
    report = status_of(told(delivery=replace(DELIVERY, state=DeliveryState.FAILED, reason="No.", code="2024")))
    assert (report.reason, report.code) == ("No.", "2024")


async def recorded(world: World) -> DeliveryId:
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    return delivery


async def pass_and_poll(world: World, wait: timedelta) -> int:
    world.pass_by(wait)
    return await world.receipts.poll_overdue()


async def test_receipt_may_come_before_our_own_send_returned(world: World) -> None:
    await world.receipts.add([receipt(ReceiptKind.SENT)])
    assert await world.status(await recorded(world)) is Status.SENT


async def test_receipt_with_our_attachment_adopts_a_lost_message(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    delivery = await recorded(world)
    prepared = (await world.row(delivery)).prepared
    assert prepared is not None
    await world.receipts.add([receipt(ReceiptKind.SENT, attachments=prepared[0].media)])
    assert await world.status(delivery) is Status.SENT
    assert (await world.row(delivery)).sent_as == FIRST


async def test_receipt_with_our_attachment_ends_the_search(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    await world.deliveries.accept(said("1", voice("a.m4a"), voice("b.m4a")))
    await world.do_jobs()
    [media] = world.chats.media.uploads
    await world.receipts.add([receipt(ReceiptKind.SENT, attachments=(media,))])
    await world.do_jobs()
    assert world.sent_names == ["a.m4a", "b.m4a"]


async def test_poll_asks_for_a_silent_message_after_half_a_minute(world: World) -> None:
    delivery = await recorded(world)
    world.chats.status.says[FIRST] = receipt(ReceiptKind.DELIVERED, source=ReceiptSource.POLL)
    assert await pass_and_poll(world, 20 * SECOND) == 0
    assert await world.status(delivery) is Status.QUEUED
    assert await pass_and_poll(world, 11 * SECOND) == 1
    assert await world.status(delivery) is Status.DELIVERED


async def test_poll_counts_only_news(world: World) -> None:
    await recorded(world)
    world.chats.status.says[FIRST] = receipt(ReceiptKind.SENT, source=ReceiptSource.POLL)
    assert await pass_and_poll(world, 31 * SECOND) == 1
    assert await pass_and_poll(world, 61 * SECOND) == 0


async def test_poll_of_a_message_that_the_network_does_not_know_is_no_news(world: World) -> None:
    await recorded(world)
    assert await pass_and_poll(world, 31 * SECOND) == 0


async def test_polls_grow_rarer_and_end(world: World) -> None:
    await recorded(world)
    waits = []
    for _ in POLL_BACKOFF:
        [row] = world.execute("SELECT next_poll_at - now() AS wait FROM deliveries")
        waits.append(row["wait"])
        await pass_and_poll(world, row["wait"])
    assert all(earlier <= later for earlier, later in pairwise(waits))
    await pass_and_poll(world, timedelta(days=1))
    assert world.execute("SELECT next_poll_at FROM deliveries") == [{"next_poll_at": None}]


async def test_poll_leaves_out_what_webhooks_brought_to_delivered(world: World) -> None:
    """One that brought delivered will bring read."""
    await recorded(world)
    await world.receipts.add([receipt(ReceiptKind.DELIVERED)])
    world.chats.status.trouble["poll"] = [RetryLater("would have been asked")]
    await pass_and_poll(world, timedelta(minutes=1))
    assert world.chats.status.trouble["poll"]
    assert world.execute("SELECT next_poll_at FROM deliveries") == [{"next_poll_at": None}]


async def test_poll_goes_on_until_read_where_no_webhook_came(world: World) -> None:
    delivery = await recorded(world)
    for kind in (ReceiptKind.DELIVERED, ReceiptKind.READ):
        world.chats.status.says[FIRST] = receipt(kind, source=ReceiptSource.POLL)
        await pass_and_poll(world, 61 * SECOND)
    assert await world.status(delivery) is Status.READ


async def test_poll_settles_an_unconfirmed_message_that_is_listed_late(world: World) -> None:
    world.chats.sender.lose_answers, world.chats.sender.lists_messages = 1, False
    delivery = await recorded(world)
    assert await world.status(delivery) is Status.UNCONFIRMED
    world.chats.sender.lists_messages = True
    assert await pass_and_poll(world, 31 * SECOND) == 1
    assert (await world.row(delivery)).sent_as == FIRST


async def test_poll_that_fails_does_not_keep_the_others_waiting(world: World) -> None:
    first = await recorded(world)
    [second] = await world.deliveries.accept(said("9"))
    await world.run()
    other = world.chats.sender.message(2)
    world.chats.status.trouble["poll"] = [RetryLater("hiccup")]
    for message in (FIRST, other):
        world.chats.status.says[message] = receipt(ReceiptKind.SENT, id=f"poll:{message}", message=message)
    await pass_and_poll(world, 31 * SECOND)
    assert sorted([await world.status(first), await world.status(second)]) == [Status.QUEUED, Status.SENT]


async def test_poll_asks_for_nothing_where_the_network_has_no_status(world: World) -> None:
    await world.deliveries.accept(heard())
    await world.run()
    assert world.execute("SELECT next_poll_at FROM deliveries") == [{"next_poll_at": None}]


TEXT = said("1", Text("t", "Hello"), command="T1")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (receipt(ReceiptKind.SENT), "Hello"),
        (receipt(ReceiptKind.FAILED), "Hello"),
        (receipt(ReceiptKind.SENT, is_final=True), ""),
        (receipt(ReceiptKind.DELIVERED), ""),
        (receipt(ReceiptKind.READ), ""),
    ],
    ids=["sent", "failed", "sent for good", "delivered", "read"],
)
@pytest.mark.parametrize("comes_first", [False, True])
async def test_text_is_kept_while_it_may_still_fail(world: World, given: Receipt, kept: str, comes_first: bool) -> None:
    [delivery] = await world.deliveries.accept(TEXT)
    if comes_first:
        await world.receipts.add([given])
    await world.run()
    if not comes_first:
        await world.receipts.add([given])
    assert (await world.row(delivery)).parts == (Text("t", kept),)


async def test_text_is_forgotten_once_recorded_where_the_network_has_no_status(world: World) -> None:
    [delivery] = await world.deliveries.accept(heard("1", Text("0", "Secret.")))
    await world.run()
    assert (await world.row(delivery)).parts == (Text("0"),)
    [row] = world.execute("SELECT deliveries::text AS row FROM deliveries")
    assert "Secret" not in row["row"]


async def test_message_known_under_another_delivery_stays_with_it(world: World) -> None:
    first = await recorded(world)
    [second] = await world.deliveries.accept(said("9"))
    await world.do_jobs()
    await world.receipts.add([receipt(ReceiptKind.SENT)])
    assert (await world.status(first), await world.status(second)) == (Status.SENT, Status.QUEUED)
    assert (await world.row(second)).sent_as == MessageId("chat:x#M2")
