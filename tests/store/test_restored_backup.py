"""A restored back-up knows that it is one: what may have been done since is looked for before it is done."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.relay.model import Delivery, DeliveryState
from bot.relay.parts import Announcement, Edit, Happening, Text
from bot.store.database import Database
from bot.store.embedded import Embedded
from tests.fakes import BASE, OTHER_CHAT
from tests.store.backups import back_up, restore
from tests.store.rows import NOTICE, ask, delivery, elsewhere, kept, message, record, sending, uploaded

Restored = Callable[[], Awaitable[Database]]


@pytest.fixture
async def restored(
    database: Database, database_url: str, embedded: Embedded, tmp_path: Path
) -> AsyncIterator[Restored]:
    """Backs the test's database up, restores that, and opens it."""
    opened: list[Database] = []

    async def open_restored() -> Database:
        opened.append(await Database.open(restore(embedded, back_up(database_url, tmp_path))))
        return opened[-1]

    yield open_restored
    for each in opened:
        await each.close()


async def test_what_was_under_way_is_as_if_sent_without_an_answer(database: Database, restored: Restored) -> None:
    await database.deliveries.accept([delivery("a"), delivery("held", awaits_approval=True)])
    back = await restored()
    open_one = await kept(back, "a")
    assert (open_one.state, open_one.sending_since) == (DeliveryState.SENDING, BASE)
    held = await kept(back, "held")
    assert (held.state, held.awaits_approval) == (DeliveryState.WAITING, True)


async def test_scheduled_one_whose_hour_has_not_come_stays_scheduled(database: Database, restored: Restored) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    await database.deliveries.accept([delivery("a", not_before=later)])
    assert (await kept(await restored(), "a")).state is DeliveryState.WAITING


async def test_memo_keeps_its_upload_by_which_it_is_found(database: Database, restored: Restored) -> None:
    await sending(database, "memo", "A1")
    await database.deliveries.accept([delivery("text", parts=(Text("t", "Hi"),), target=OTHER_CHAT)])
    claim = await database.deliveries.claim(OTHER_CHAT)
    assert claim is not None
    await database.deliveries.mark_sending(claim.delivery.id, claim.delivery.fence, ())
    back = await restored()
    assert (await kept(back, "memo")).prepared == uploaded("A1")
    assert (await kept(back, "text")).prepared is None, "so it is not repeated"


async def test_finished_deliveries_stay_finished(database: Database, restored: Restored) -> None:
    await sending(database, "a")
    await record(database, "a", "M1")
    assert (await kept(await restored(), "a")).state is DeliveryState.RECORDED


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (delivery("x"), DeliveryState.SENDING),
        (delivery("x", awaits_approval=True), DeliveryState.SENDING),
        (delivery("x", ordered_at=datetime(2999, 1, 1, tzinfo=UTC)), DeliveryState.WAITING),
        (delivery("x", parts=(Edit("t", "Hi"),)), DeliveryState.WAITING),
        (delivery("x", parts=(Announcement("moved", Happening.GOES_ON),)), DeliveryState.SENDING),
    ],
    ids=["old", "old and held", "new", "edit", "announcement"],
)
async def test_message_from_before_the_restore_is_looked_for_first(
    database: Database, restored: Restored, given: Delivery, state: DeliveryState
) -> None:
    await database.deliveries.accept([elsewhere("any")])
    back = await restored()
    await back.deliveries.accept([given])
    found = await kept(back, "x")
    assert (found.state, found.awaits_approval) == (state, False)


async def test_what_our_side_said_before_the_restore_is_not_told_as_sent_elsewhere(
    database: Database, restored: Restored
) -> None:
    await database.deliveries.accept([elsewhere("any")])
    back = await restored()
    told = (Text("t", "Hi"), Announcement("elsewhere", Happening.SENT_ELSEWHERE))
    assert await back.deliveries.accept([delivery("x", parts=told)]) == []


async def test_notice_is_looked_for_before_it_is_posted(database: Database, restored: Restored) -> None:
    await database.deliveries.accept([elsewhere("any")])
    back = await restored()
    await back.deliveries.accept([delivery("x")])
    notice = await back.notices.begin_refresh(NOTICE)
    assert notice is not None
    assert notice.posting_since is not None
    assert notice.posting_since < datetime.now(UTC) - timedelta(minutes=59)


async def test_restore_is_noticed_once(database: Database, restored: Restored) -> None:
    await database.deliveries.accept([delivery("a")])
    back = await restored()
    await back.deliveries.accept([delivery("b", ordered_at=datetime(2999, 1, 1, tzinfo=UTC))])
    again = await Database.open(str(back.pool.conninfo))
    assert (await kept(again, "b")).state is DeliveryState.WAITING
    await again.close()


async def test_same_database_opened_again_is_no_restored_one(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    again = await Database.open(database_url)
    assert (await kept(again, "a")).state is DeliveryState.WAITING
    await again.close()


async def test_copy_of_an_empty_database_suspects_nothing(restored: Restored) -> None:
    back = await restored()
    await back.deliveries.accept([delivery("a")])
    assert (await kept(back, "a")).state is DeliveryState.WAITING


async def test_role_without_any_rights_beyond_its_database_may_ask_for_the_identity(
    database: Database, database_url: str
) -> None:
    ask(database_url, "CREATE ROLE plain LOGIN")
    try:
        with psycopg.connect(database_url, user="plain", autocommit=True) as connection:
            found = connection.execute("SELECT current_identity()").fetchone()
        assert found
        assert found[0].count("/") == 3
    finally:
        ask(database_url, "DROP ROLE plain")


async def test_restore_is_in_the_audit(database: Database, restored: Restored) -> None:
    await database.deliveries.accept([delivery("a", source=message("1"))])
    back = await restored()
    acts = [row["act"] async for row in back.audit.since(datetime(2000, 1, 1, tzinfo=UTC))]
    assert acts == ["accepted", "restored"]
