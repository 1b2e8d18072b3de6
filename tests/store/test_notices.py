"""The laws of notices: no change goes untold, and a turn is asked for only when none is pending."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest
from psycopg.errors import RaiseException

from bot.relay.model import DeliveryId, DeliveryState, NoticeId, RefreshNotice
from bot.store.database import Database
from tests.store.conftest import Line
from tests.store.made import CHANNEL, NOTICE, NOW, SOON, claimed, delivery, memo, post, receipt

A = DeliveryId("a")


async def test_a_new_delivery_asks_for_its_notice_once(memory: Database, line: Line) -> None:
    await memory.deliveries.accept([delivery("a"), delivery("b", position=1)])
    assert line.notices == [NOTICE]
    notice = await memory.notices.take(NOTICE, NOW)
    assert notice is not None
    assert (notice.channel, notice.root_ts, notice.ts, notice.shown) == (CHANNEL, "100.1", None, "")
    assert [told.delivery.id for told in notice.told] == ["a", "b"]


async def test_nobody_knows_a_notice_that_was_never_wanted(memory: Database) -> None:
    assert await memory.notices.take(NoticeId("C1:0.0"), NOW) is None


async def test_changes_before_a_turn_share_it_and_the_next_one_asks_again(memory: Database, line: Line) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(A, memo("M1"))
    await memory.receipts.add([receipt("r1", memo="M1")])
    assert line.notices == [NOTICE]
    await memory.notices.take(NOTICE, NOW)
    await memory.receipts.add([receipt("r2", memo="M1")])
    assert line.notices == [NOTICE, NOTICE]


async def test_a_clip_that_joins_a_notice_asks_for_a_turn_unless_one_is_pending(memory: Database, line: Line) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.accept([delivery("b")])
    assert line.notices == [NOTICE]
    await memory.notices.take(NOTICE, NOW)
    await memory.deliveries.accept([delivery("c")])
    assert line.notices == [NOTICE, NOTICE]


async def test_every_change_that_shows_asks_for_a_turn(memory: Database, line: Line) -> None:
    async def asks(doing: object) -> bool:
        await memory.notices.take(NOTICE, NOW)
        line.clear()
        await doing  # type: ignore[misc]  # any of the store's coroutines
        return line.notices == [NOTICE]

    store = memory.deliveries
    assert await asks(store.accept([delivery("a"), delivery("b", asked_at=200.0)]))
    held = await claimed(memory)
    assert await asks(store.postpone(held.id, held.fence, due_at=SOON, reason="", code="", counts=True))
    assert await asks(store.close(held.id, held.fence, DeliveryState.UNCONFIRMED, reason="", code=""))
    assert await asks(store.record(held.id, memo("M1")))
    assert await asks(store.cancel(CHANNEL, "100.1", []))
    assert await asks(memory.receipts.add([receipt("r1", memo="M1")]))
    assert not await asks(memory.notices.alarmed(A))


async def test_a_change_and_its_turn_are_stored_together_or_not_at_all(memory: Database, line: Line) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.notices.take(NOTICE, NOW)
    line.break_down()
    held = await claimed(memory)
    with pytest.raises(RaiseException):
        await memory.deliveries.close(held.id, held.fence, DeliveryState.FAILED, reason="", code="")
    assert await claimed(memory)


async def turns(memory: Database, line: Line) -> set[str]:
    """Take turns as long as they are asked for; gives the receipts that were seen in them."""
    seen: set[str] = set()
    while line.next(NOTICE):
        notice = await memory.notices.take(NOTICE, NOW)
        assert notice is not None
        seen.update(each.id for told in notice.told for each in told.receipts)
    return seen


async def test_no_change_is_lost_between_turns_that_run_beside_it(memory: Database, line: Line) -> None:
    """Whoever takes turns only when asked has seen everything in the end."""
    await memory.deliveries.accept([delivery("a")])

    seen: set[str] = set()

    async def change(number: int) -> None:
        await memory.receipts.add([receipt(f"r{number}", memo="M1")])
        seen.update(await turns(memory, line))

    await asyncio.gather(*(change(n) for n in range(40)), memory.deliveries.record(A, memo("M1")))
    assert seen | await turns(memory, line) == {f"r{n}" for n in range(40)}


async def test_a_receipt_and_the_record_of_its_memo_cannot_pass_each_other_unseen(
    memory: Database, line: Line, database_url: str
) -> None:
    """Committed side by side, neither would see the other, and the notice would never tell of the receipt."""
    await memory.deliveries.accept([delivery("a"), delivery("b", post=post(message_ts="200.1"))])
    other = NoticeId("C1:200.1")
    await memory.notices.take(other, NOW)
    await turns(memory, line)
    slow = receipt("r2", delivery="b")
    with line.held_up(other):
        adding = asyncio.ensure_future(memory.receipts.add([receipt("r1", memo="M1"), slow]))
        await until(lambda: waiting(database_url) == 1)
        recording = asyncio.ensure_future(memory.deliveries.record(A, memo("M1")))
        await until(lambda: waiting(database_url) == 2 or recording.done())
        seen = await turns(memory, line)
    await asyncio.gather(adding, recording)
    assert seen | await turns(memory, line) == {"r1"}


async def test_who_records_a_memo_holds_no_row_while_receipts_are_added(memory: Database, database_url: str) -> None:
    """Else whoever adds a receipt of that memo would wait for the row, and each for the other."""
    await memory.deliveries.accept([delivery("a")])
    with psycopg.connect(database_url) as adding:
        adding.execute("SELECT pg_advisory_xact_lock(hashtextextended('M1', 0))")
        recording = asyncio.ensure_future(memory.deliveries.record(A, memo("M1", trace_id="A-trace")))
        await until(lambda: waiting(database_url) == 1)
        adding.execute("SELECT id FROM deliveries FOR UPDATE NOWAIT")
    assert await recording


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.005)


def waiting(url: str) -> int:
    """How many connections of this database wait for an advisory lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    with psycopg.connect(url) as connection:
        found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])


async def test_a_delivery_sent_again_takes_the_place_of_the_first(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a"), delivery("b", position=1)])
    await memory.deliveries.accept([delivery("a2", asked_at=300.0, replaces=A)])
    notice = await memory.notices.take(NOTICE, NOW)
    assert notice is not None
    assert [told.delivery.id for told in notice.told] == ["a2", "b"]


async def test_where_a_notice_stands_and_what_it_showed_is_kept(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    taken = await memory.notices.take(NOTICE, NOW)
    assert taken is not None
    assert await memory.notices.posted(taken, "100.2", "a.m4a: queued\x00") == "100.2"
    await memory.notices.alarmed(A)
    notice = await memory.notices.take(NOTICE, NOW)
    assert notice is not None
    assert (notice.posting_since, notice.ts, notice.shown) == (None, "100.2", "a.m4a: queued�")
    assert notice.alarmed == {A}


async def test_whoever_comes_after_a_turn_that_may_have_posted_is_told_since_when(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    first, second = await memory.notices.take(NOTICE, NOW), await memory.notices.take(NOTICE, SOON)
    assert first is not None
    assert second is not None
    assert (first.posting_since, second.posting_since) == (None, NOW)


async def test_a_turn_that_surely_posted_nothing_leaves_the_next_one_nothing_to_look_for(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    first = await memory.notices.take(NOTICE, NOW)
    assert first is not None
    await memory.notices.not_posted(first)
    second = await memory.notices.take(NOTICE, SOON)
    assert second is not None
    assert second.posting_since is None


@pytest.mark.parametrize("comes_first", [0, 1])
async def test_a_turn_that_posted_nothing_does_not_speak_for_another(memory: Database, comes_first: int) -> None:
    await memory.deliveries.accept([delivery("a")])
    first = await memory.notices.take(NOTICE, NOW)
    await memory.deliveries.accept([delivery("b", position=1)])
    second = await memory.notices.take(NOTICE, SOON)
    assert first is not None
    assert second is not None
    await memory.notices.not_posted([first, second][comes_first])
    await memory.notices.not_posted([second, first][comes_first])
    third = await memory.notices.take(NOTICE, SOON)
    assert third is not None
    assert third.posting_since == NOW


async def test_where_a_second_turn_posted_the_first_may_still_do_so(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.notices.take(NOTICE, NOW)
    second = await memory.notices.take(NOTICE, SOON)
    assert second is not None
    await memory.notices.posted(second, "100.2", "a.m4a: queued")
    third = await memory.notices.take(NOTICE, SOON)
    assert third is not None
    assert (third.ts, third.posting_since) == ("100.2", NOW)


async def test_where_the_first_turn_posted_late_the_second_may_have_done_so_too(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    first = await memory.notices.take(NOTICE, NOW)
    assert first is not None
    await memory.notices.take(NOTICE, SOON)
    await memory.notices.posted(first, "100.2", "a.m4a: queued")
    third = await memory.notices.take(NOTICE, SOON)
    assert third is not None
    assert (third.ts, third.posting_since) == ("100.2", NOW)


async def test_who_was_frozen_learns_where_the_notice_stands_and_another_turn_is_owed(
    memory: Database, line: Line
) -> None:
    await memory.deliveries.accept([delivery("a")])
    line.clear()
    frozen = await memory.notices.take(NOTICE, NOW)
    other = await memory.notices.take(NOTICE, NOW)
    assert frozen is not None
    assert other is not None
    await memory.notices.posted(other, "100.2", "a.m4a: sent")
    assert not line.notices
    assert await memory.notices.posted(frozen, "100.9", "a.m4a: queued") == "100.2"
    assert line.notices == [NOTICE]
    assert RefreshNotice(NOTICE) in await memory.owed()
    again = await memory.notices.take(NOTICE, NOW)
    assert again is not None
    assert (again.ts, again.shown) == ("100.2", "")


async def test_an_edit_that_overtook_a_later_one_is_followed_by_another_turn(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    frozen = await memory.notices.take(NOTICE, NOW)
    assert frozen is not None
    await memory.notices.posted(frozen, "100.2", "a.m4a: queued")
    await memory.deliveries.record(A, memo("M1"))
    other = await memory.notices.take(NOTICE, NOW)
    assert other is not None
    await memory.notices.posted(frozen, "100.2", "a.m4a: queued")
    await memory.notices.posted(other, "100.2", "a.m4a: sent")
    assert RefreshNotice(NOTICE) in await memory.owed()
    again = await memory.notices.take(NOTICE, NOW)
    assert again is not None
    assert again.shown == ""
