"""Notices: no change stays unshown, and a refresh is enqueued only when none is pending."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import psycopg
import pytest
from psycopg.errors import RaiseException

from bot.relay.holds import NOW
from bot.relay.ids import DeliveryId, MessageId, NoticeId
from bot.relay.model import DeliveryState, Notice, Status
from bot.store.database import Database
from tests.fakes import ANN, CHANNEL
from tests.store.conftest import Jobs
from tests.store.rows import (
    NOTICE,
    OTHER_NOTICE,
    SOURCE,
    ask,
    claimed,
    close,
    delivery,
    elsewhere,
    message,
    pass_by,
    postpone,
    receipt,
    record,
    sending,
)

A = DeliveryId("a")
POSTED, OTHER_POST = MessageId(f"{CHANNEL}#100.2"), MessageId(f"{CHANNEL}#100.9")


async def begin(database: Database, notice: NoticeId = NOTICE) -> Notice:
    begun = await database.notices.begin_refresh(notice)
    assert begun is not None
    return begun


async def test_new_delivery_enqueues_its_notice_once(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    assert jobs.notices == [NOTICE]
    notice = await begin(database)
    assert (notice.room, notice.posted_as, notice.shown) == (f"{CHANNEL}/100", None, "")
    assert [told.delivery.id for told in notice.deliveries] == ["a", "b"]


async def test_delivery_without_a_place_for_a_notice_has_none(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a", notice_room=None)])
    assert jobs.notices == []
    assert await database.notices.begin_refresh(NOTICE) is None


async def test_notice_that_was_never_requested_is_not_known(database: Database) -> None:
    assert await database.notices.begin_refresh(NoticeId("team:T0AAA/C0MAP#0")) is None


async def test_changes_before_a_refresh_share_it_and_the_next_requests_another(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    await database.receipts.add([receipt("r1", message=message("M1"))])
    assert jobs.notices == [NOTICE]
    await begin(database)
    await database.receipts.add([receipt("r2", message=message("M1"))])
    assert jobs.notices == [NOTICE, NOTICE]


async def test_delivery_that_joins_a_notice_enqueues_it_unless_one_is_pending(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a")])
    await database.deliveries.accept([delivery("b")])
    assert jobs.notices == [NOTICE]
    await begin(database)
    await database.deliveries.accept([delivery("c")])
    assert jobs.notices == [NOTICE, NOTICE]


async def test_every_change_that_shows_requests_a_refresh(database: Database, jobs: Jobs) -> None:
    async def requests(doing: Awaitable[object]) -> bool:
        await database.notices.begin_refresh(NOTICE)
        jobs.clear()
        await doing
        return jobs.notices == [NOTICE]

    store = database.deliveries
    assert await requests(store.accept([delivery("a"), delivery("b", position=1, awaits_approval=True)]))
    held = await claimed(database)
    assert await requests(postpone(database, held))
    assert await requests(store.mark_sending(held.id, held.fence, ())) is False
    assert await requests(store.search_later(held.id, held.fence, wait=timedelta(), reason="Lost.", code=""))
    assert await requests(close(database, held, DeliveryState.UNCONFIRMED))
    assert await requests(record(database, "a", "M1"))
    assert await requests(store.approve(DeliveryId("b"), NOW, by=ANN))
    assert await requests(store.withdraw(SOURCE, [CHANNEL], []))
    assert await requests(database.receipts.add([receipt("r1", message=message("M1"))]))
    assert await requests(database.notices.alerted(A, Status.FAILED)) is False


async def test_change_and_its_refresh_are_stored_together_or_not_at_all(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a")])
    await begin(database)
    jobs.break_down()
    held = await claimed(database)
    with pytest.raises(RaiseException):
        await close(database, held)
    assert (await claimed(database)).state is DeliveryState.WAITING


async def refresh_while_asked(database: Database, jobs: Jobs) -> set[str]:
    """Refresh as long as it is asked for; gives the receipts that were seen by it."""
    seen: set[str] = set()
    while jobs.take(NOTICE):
        notice = await begin(database)
        seen.update(each.id for told in notice.deliveries for each in told.receipts)
    return seen


async def test_no_change_is_lost_between_refreshes_that_run_beside_it(database: Database, jobs: Jobs) -> None:
    """Whoever refreshes only when asked has seen everything in the end."""
    await database.deliveries.accept([delivery("a")])
    seen: set[str] = set()

    async def change(number: int) -> None:
        await database.receipts.add([receipt(f"r{number}", message=message("M1"))])
        seen.update(await refresh_while_asked(database, jobs))

    await asyncio.gather(*(change(number) for number in range(40)), record(database, "a", "M1"))
    assert seen | await refresh_while_asked(database, jobs) == {f"r{number}" for number in range(40)}


async def test_receipt_and_record_side_by_side_cannot_miss_each_other(
    database: Database, jobs: Jobs, database_url: str
) -> None:
    """Committed at the same moment, neither would see the other, and the notice would never tell of the receipt."""
    await database.deliveries.accept([delivery("a"), elsewhere("b")])
    await begin(database, OTHER_NOTICE)
    await refresh_while_asked(database, jobs)
    slow = receipt("r2", delivery=DeliveryId("b"))
    with jobs.held_up(OTHER_NOTICE):
        adding = asyncio.ensure_future(database.receipts.add([receipt("r1", message=message("M1")), slow]))
        await until_waiting(database_url, 1)
        recording = asyncio.ensure_future(record(database, "a", "M1"))
        await until_waiting(database_url, 2, or_done=recording)
        seen = await refresh_while_asked(database, jobs)
    await asyncio.gather(adding, recording)
    assert seen | await refresh_while_asked(database, jobs) == {"r1"}


async def test_record_holds_no_row_while_it_waits_for_receipts(database: Database, database_url: str) -> None:
    """Else whoever adds a receipt of that message would wait for the row, and each for the other."""
    await database.deliveries.accept([delivery("a")])
    with psycopg.connect(database_url) as adding:
        adding.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (message("M1"),))
        recording = asyncio.ensure_future(record(database, "a", "M1", trace_id="A-trace"))
        await until_waiting(database_url, 1)
        adding.execute("SELECT id FROM deliveries FOR UPDATE NOWAIT")
    assert await recording


async def until_waiting(url: str, count: int, or_done: "asyncio.Future[bool] | None" = None) -> None:
    """Until so many connections of this database wait for an advisory lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    async with asyncio.timeout(60):
        while not (or_done and or_done.done()):
            if await asyncio.to_thread(ask, url, query) == [{"count": count}]:
                return
            await asyncio.sleep(0.005)


async def test_resent_delivery_takes_the_place_of_the_first(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    await database.deliveries.accept([delivery("a2", replaces=A)])
    assert [told.delivery.id for told in (await begin(database)).deliveries] == ["a2", "b"]


async def test_what_a_notice_showed_and_where_is_kept(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    assert await database.notices.posted(await begin(database), POSTED, "a.m4a: queued\x00") == POSTED
    await database.notices.alerted(A, Status.FAILED)
    notice = await begin(database)
    assert (notice.posting_since, notice.posted_as, notice.shown) == (None, POSTED, "a.m4a: queued\ufffd")
    assert notice.alerted == {A: Status.FAILED}


async def test_notice_shown_by_marks_alone_is_posted_nowhere(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    assert await database.notices.posted(await begin(database), None, "queued") is None
    notice = await begin(database)
    assert (notice.posting_since, notice.posted_as, notice.shown) == (None, None, "queued")


async def test_refresh_after_one_that_may_have_posted_is_told_since_when(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    first, second = await begin(database), await begin(database)
    assert first.posting_since is None
    assert second.posting_since is not None


async def test_refresh_that_surely_posted_nothing_leaves_nothing_to_look_for(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await database.notices.not_posted(await begin(database))
    assert (await begin(database)).posting_since is None


@pytest.mark.parametrize("comes_first", [0, 1])
async def test_refresh_that_posted_nothing_does_not_speak_for_another(database: Database, comes_first: int) -> None:
    await database.deliveries.accept([delivery("a")])
    both = [await begin(database), await begin(database)]
    await database.notices.not_posted(both[comes_first])
    await database.notices.not_posted(both[1 - comes_first])
    assert (await begin(database)).posting_since is not None


@pytest.mark.parametrize("posts", [0, 1])
async def test_where_two_refreshes_began_the_other_may_still_post(database: Database, posts: int) -> None:
    await database.deliveries.accept([delivery("a")])
    both = [await begin(database), await begin(database)]
    await database.notices.posted(both[posts], POSTED, "a.m4a: queued")
    third = await begin(database)
    assert third.posted_as == POSTED
    assert third.posting_since is not None


async def test_frozen_refresh_learns_where_it_is_posted_and_requests_another(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a")])
    jobs.clear()
    frozen, other = await begin(database), await begin(database)
    await database.notices.posted(other, POSTED, "a.m4a: sent")
    assert not jobs.notices
    assert await database.notices.posted(frozen, OTHER_POST, "a.m4a: queued") == POSTED
    assert jobs.notices == [NOTICE]
    assert (await database.need_jobs())[1] == [NOTICE]
    again = await begin(database)
    assert (again.posted_as, again.shown) == (POSTED, "")


async def test_edit_that_overtook_a_later_one_is_followed_by_another(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    frozen = await begin(database)
    await database.notices.posted(frozen, POSTED, "a.m4a: queued")
    await record(database, "a", "M1")
    other = await begin(database)
    await database.notices.posted(frozen, POSTED, "a.m4a: queued")
    await database.notices.posted(other, POSTED, "a.m4a: sent")
    assert (await database.need_jobs())[1] == [NOTICE]
    assert (await begin(database)).shown == ""


async def test_postponed_refresh_begins_when_it_is_due_whatever_changes(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await begin(database)
    await database.notices.postpone_refresh(NOTICE, timedelta(minutes=1))
    await record(database, "a", "M1")
    assert await database.notices.begin_refresh(NOTICE) is None
    assert (await database.due())[1] == []
    pass_by(database_url, timedelta(minutes=2))
    assert (await database.due())[1] == [NOTICE]
    assert [told.delivery.sent_as for told in (await begin(database)).deliveries] == [message("M1")]
    assert (await database.due())[1] == []


@pytest.mark.parametrize(("kept", "is_gone"), [([], True), (["F-a"], False)])
async def test_notice_knows_that_its_source_is_gone(database: Database, kept: list[str], is_gone: bool) -> None:
    await sending(database, "a")
    await database.deliveries.withdraw(SOURCE, [CHANNEL], kept)
    assert (await begin(database)).is_source_gone is is_gone


async def test_that_a_notice_may_be_posted_is_on_disk_before_it_is(database: Database) -> None:
    """Though refreshes need not wait for the disk: whoever does not know of a post would post again."""
    await database.deliveries.accept([delivery("a")])
    async with database.pool.connection() as connection:
        found = await connection.execute("SELECT pg_current_wal_insert_lsn() AS end")
        before = (await found.fetchall())[0]["end"]
    await begin(database)
    async with database.pool.connection() as connection:
        found = await connection.execute("SELECT pg_current_wal_flush_lsn() > %s::pg_lsn AS is_on_disk", (before,))
        assert await found.fetchone() == {"is_on_disk": True}
