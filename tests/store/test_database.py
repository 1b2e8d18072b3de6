"""The laws of the database as a whole: its shape, its outages, what it forgets."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.jobs import Engine
from bot.relay.errors import Refused, RetryLater
from bot.relay.model import AttachmentId, ChatId, DeliveryId, DeliveryState, MemoId, NoticeId
from bot.store.database import Database
from bot.store.embedded import Embedded
from bot.store.schema import Schema, apply
from tests.conftest import create, url_of
from tests.store.made import CHANNEL, CHAT, NOTICE, NOW, claimed, delivery, kept, memo, post, receipt, sending

SECOND = timedelta(seconds=1)
FIND_FOR = timedelta(minutes=2)


async def test_permits_need_not_wait_for_the_disk(memory: Database) -> None:
    async with memory.pool.connection() as connection:
        found = await connection.execute("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")
        assert await found.fetchone() == {"setting": "off", "source": "session"}


async def test_that_a_notice_may_be_posted_now_is_on_disk_before_anybody_posts_it(memory: Database) -> None:
    """Though turns need not wait for the disk: whoever does not know of a post would post again."""
    await memory.deliveries.accept([delivery("a")])
    async with memory.pool.connection() as connection:
        found = await connection.execute("SELECT pg_current_wal_insert_lsn() AS end")
        before = (await found.fetchall())[0]["end"]
    await memory.notices.take(NOTICE, NOW)
    async with memory.pool.connection() as connection:
        found = await connection.execute("SELECT pg_current_wal_flush_lsn() > %s::pg_lsn AS is_on_disk", (before,))
        assert await found.fetchone() == {"is_on_disk": True}


async def test_how_the_server_isolates_transactions_elsewhere_changes_nothing_here(
    database_url: str,
) -> None:
    """The functions of our tables rely on each of their statements seeing what was committed before it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'".encode())
    database = await Database.open(database_url)
    async with database.pool.connection() as kept_open:
        found = await kept_open.execute("SHOW transaction_isolation")
        assert await found.fetchone() == {"transaction_isolation": "read committed"}
    await database.close()


async def test_the_way_of_a_clip_reads_no_table_as_a_whole(database_url: str) -> None:
    """Statements are planned while the tables are small, and their plans outlast that."""
    clips, tables = 150, ("deliveries", "receipts", "notices")
    database = await Database.open(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table in tables:  # no plan is mended on the way
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)".encode())
    for number in range(clips):
        name = f"D{number}"
        await database.deliveries.accept([delivery(name, chat=ChatId(name), post=post(message_ts=f"{number}.1"))])
        mine = await claimed(database, ChatId(name))
        await database.deliveries.intend(mine.id, mine.fence, attachment=AttachmentId(name), sound=None, at=NOW)
        await database.deliveries.record(mine.id, memo(name))
        await database.receipts.add([receipt(f"R{number}", memo=MemoId(name))])
        turn = await database.notices.take(NoticeId(f"C1:{number}.1"), NOW)
        assert turn is not None
        assert len(turn.told[0].receipts) == 1
        await database.notices.posted(turn, "1.1", "sent")
    await database.close()  # its connections tell what they read when they end
    with psycopg.connect(database_url, autocommit=True) as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while connection.execute(others).fetchone() != (0,):
            pass
        read = connection.execute("SELECT relname, seq_tup_read FROM pg_stat_user_tables").fetchall()
    assert [(table, rows) for table, rows in read if table in tables and rows > clips] == []


async def test_processes_that_start_together_make_the_tables_once(embedded: Embedded) -> None:
    create(embedded, "together")
    engine = Engine()
    url = url_of(embedded, "together")
    opening = (Database.open(url, schemas=engine.schemas()) for _ in range(3))
    for database in await asyncio.gather(*opening):
        await database.ping()
        await database.close()


async def test_steps_are_applied_once_and_in_order(database_url: str) -> None:
    first: Schema = ("toy", "CREATE TABLE toy (a int)", {"1": "CREATE TABLE toy (a int)"})
    grown: Schema = (
        "toy",
        "never run",
        {**first[2], "2": "ALTER TABLE toy ADD b int", "3": "ALTER TABLE toy ADD c int"},
    )
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for schema in (first, first, grown, grown):
            await apply(connection, [schema])
        found = await (await connection.execute("SELECT * FROM toy")).fetchall()
    assert found == []


async def test_an_older_engines_tables_grow_to_todays(embedded: Embedded) -> None:
    """Procrastinate's steps, applied one by one, are a way to where its whole schema leads."""
    create(embedded, "older")
    ((owner, whole, steps), ours) = Engine().schemas()
    (first, *_) = steps
    async with await psycopg.AsyncConnection.connect(url_of(embedded, "older"), autocommit=True) as connection:
        await apply(connection, [(owner, steps[first], {first: steps[first]})])
        await apply(connection, [(owner, whole, steps), ours])
        await connection.execute("SELECT procrastinate_fetch_job_v2(ARRAY['work'], 1)")


async def test_a_database_that_is_not_there_is_later(embedded: Embedded) -> None:
    with pytest.raises(RetryLater, match="cannot be reached"):
        await Database.open(url_of(embedded, "nowhere"))


async def test_a_user_who_may_make_no_tables_is_refused_with_a_sentence(embedded: Embedded) -> None:
    create(embedded, "somebodys")
    with psycopg.connect(embedded.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
    url = url_of(embedded, "somebodys").replace("//postgres:@", "//stranger:@")
    with pytest.raises(Refused, match=r"permission denied .* DATABASE_URL"):
        await Database.open(url)


async def test_nonsense_for_a_url_is_refused_with_a_sentence() -> None:
    with pytest.raises(Refused, match="DATABASE_URL"):
        await Database.open("nonsense")


async def test_a_broken_connection_is_replaced_before_anyone_uses_it(memory: Database, database_url: str) -> None:
    await memory.deliveries.accept([delivery("a")])
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await memory.deliveries.accept([delivery("b")]) == ["b"]
    assert (await claimed(memory)).id == "a"


async def test_a_busy_relay_delays_no_answer(memory: Database) -> None:
    async with asyncio.TaskGroup() as tasks:
        busy = [tasks.create_task(memory.pool.getconn()) for _ in range(memory.pool.max_size)]
    assert await memory.deliveries.accept([delivery("a")]) == ["a"]
    for each in busy:
        await memory.pool.putconn(each.result())


async def test_finished_deliveries_are_forgotten_with_all_that_hangs_on_them(memory: Database) -> None:
    await memory.deliveries.accept([delivery("done"), delivery("open", post=post(message_ts="200.1"))])
    await memory.deliveries.record(DeliveryId("done"), memo("M1", receipt=receipt("r1", memo="M1")))
    await memory.notices.take(NOTICE, NOW)
    await memory.forget(datetime.now(UTC) - 60 * SECOND)
    assert (await kept(memory, "done")).step is DeliveryState.RECORDED
    await memory.forget(datetime.now(UTC) + SECOND)
    assert [told.delivery.id for told in await memory.deliveries.recent(9)] == ["open"]
    assert await memory.notices.take(NOTICE, NOW) is None
    await memory.deliveries.accept([delivery("done")])
    await memory.deliveries.record(DeliveryId("done"), memo("M1"))
    told = await memory.deliveries.told(DeliveryId("done"))
    assert told is not None
    assert told.receipts == ()


async def test_the_age_of_the_oldest_due_delivery_counts_from_when_it_could_be_worked_on(memory: Database) -> None:
    now = datetime.now(UTC)
    assert await memory.deliveries.oldest_due(now, FIND_FOR) == 0
    await memory.deliveries.accept([delivery("a"), delivery("b", asked_at=200.0)])
    assert 90 < await memory.deliveries.oldest_due(now + 100 * SECOND, FIND_FOR) < 101
    held = await claimed(memory, CHAT)
    await memory.deliveries.postpone(held.id, held.fence, due_at=now + 95 * SECOND, reason="", code="", counts=True)
    assert await memory.deliveries.oldest_due(now + 90 * SECOND, FIND_FOR) == 0
    assert await memory.deliveries.oldest_due(now + 100 * SECOND, FIND_FOR) == pytest.approx(5)


async def test_a_delivery_whose_memo_is_being_looked_for_is_not_due(memory: Database) -> None:
    await sending(memory, "a", "A1")
    assert await memory.deliveries.oldest_due(NOW + FIND_FOR, FIND_FOR) == 0
    assert await memory.deliveries.oldest_due(NOW + FIND_FOR + 5 * SECOND, FIND_FOR) == pytest.approx(5)


async def test_the_clips_of_a_message_are_forgotten_together(memory: Database) -> None:
    await memory.deliveries.accept([delivery("first")])
    await memory.deliveries.record(DeliveryId("first"), memo("M1"))
    await memory.deliveries.accept([delivery("second")])
    await memory.notices.take(NOTICE, NOW)
    await memory.forget(datetime.now(UTC) + SECOND)
    assert len(await memory.deliveries.of_message(CHANNEL, "100.1")) == 2


async def test_nothing_is_forgotten_before_its_notice_has_told_of_it(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.notices.take(NOTICE, NOW)
    await memory.deliveries.record(DeliveryId("a"), memo("M1"))
    await memory.forget(datetime.now(UTC) + SECOND)
    assert (await kept(memory, "a")).step is DeliveryState.RECORDED
    await memory.notices.take(NOTICE, NOW)
    await memory.forget(datetime.now(UTC) + SECOND)
    assert await memory.deliveries.told(DeliveryId("a")) is None
