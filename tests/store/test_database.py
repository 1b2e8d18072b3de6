"""The database as a whole: its connections, its outages, and what its statements read."""

import asyncio

import psycopg
import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import DeliveryId, NoticeId, RoomId
from bot.store.database import Database
from bot.store.embedded import Embedded
from tests.conftest import create, url_of
from tests.fakes import CHANNEL
from tests.store.rows import ask, claimed, delivery, message, receipt, sent, uploaded


async def test_jobs_need_not_wait_for_the_disk(database: Database) -> None:
    async with database.pool.connection() as connection:
        found = await connection.execute("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")
        assert await found.fetchone() == {"setting": "off", "source": "session"}


async def test_isolation_set_elsewhere_changes_nothing_here(database_url: str) -> None:
    """The functions of our tables rely on each of their statements seeing what was committed before it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'".encode())
    database = await Database.open(database_url)
    async with database.pool.connection() as opened:
        found = await opened.execute("SHOW transaction_isolation")
        assert await found.fetchone() == {"transaction_isolation": "read committed"}
    await database.close()


async def test_way_of_a_delivery_reads_no_table_as_a_whole(database_url: str) -> None:
    """Statements are planned while the tables are small, and their plans outlast that."""
    number_of, tables = 150, ("deliveries", "receipts", "notices", "messages")
    database = await Database.open(database_url)
    for table in tables:  # no plan is mended on the way
        ask(database_url, f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    for number in range(number_of):
        await carry_one(database, number)
    await database.close()  # its connections tell what they read when they end
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while ask(database_url, others) != [{"count": 0}]:
        pass
    read = ask(database_url, "SELECT relname, seq_tup_read FROM pg_stat_user_tables")
    whole = {row["relname"]: row["seq_tup_read"] for row in read if row["relname"] in tables}
    assert {table: rows for table, rows in whole.items() if rows > number_of} == {}


async def carry_one(database: Database, number: int) -> None:
    """Accept, claim, send, record, one receipt, one refresh; each in a room of its own."""
    name, source = f"D{number}", message(f"S{number}")
    room = RoomId(f"chat:default/{number}")
    await database.deliveries.accept([delivery(name, target=room, source=source, is_explicit=False)])
    mine = await claimed(database, room)
    await database.deliveries.mark_sending(mine.id, mine.fence, uploaded(name))
    await database.deliveries.record(DeliveryId(name), sent(name), poll=True)
    await database.receipts.add([receipt(f"R{number}", message=message(name), attachments=uploaded(name)[0].media)])
    notice = await database.notices.begin_refresh(NoticeId(source))
    assert notice is not None
    assert len(notice.deliveries[0].receipts) == 1
    await database.notices.posted(notice, message(f"N{number}"), "sent")
    assert await database.deliveries.counterpart(message(name), CHANNEL) is not None


async def test_database_that_is_not_there_is_tried_later(embedded: Embedded) -> None:
    with pytest.raises(RetryLater, match="cannot be reached"):
        await Database.open(url_of(embedded, "nowhere"))


async def test_user_who_may_make_no_tables_is_refused_with_a_sentence(embedded: Embedded) -> None:
    create(embedded, "somebodys")
    with psycopg.connect(embedded.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
    url = url_of(embedded, "somebodys").replace("//postgres:@", "//stranger:@")
    with pytest.raises(Refused, match=r"permission denied .* DATABASE_URL"):
        await Database.open(url)


async def test_url_that_is_none_is_refused_with_a_sentence() -> None:
    with pytest.raises(Refused, match="DATABASE_URL"):
        await Database.open("nonsense")


async def test_broken_connection_is_replaced_before_anyone_uses_it(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    ask(
        database_url,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    assert await database.deliveries.accept([delivery("b")]) == ["b"]
    assert (await claimed(database)).id == "a"


async def test_busy_relay_delays_no_answer(database: Database) -> None:
    async with asyncio.TaskGroup() as tasks:
        busy = [tasks.create_task(database.pool.getconn()) for _ in range(database.pool.max_size)]
    assert await database.deliveries.accept([delivery("a")]) == ["a"]
    for each in busy:
        await database.pool.putconn(each.result())


async def test_ping_says_when_the_database_is_gone(embedded: Embedded) -> None:
    create(embedded, "dropped")
    url = url_of(embedded, "dropped")
    database = Database(url)
    with pytest.raises(RetryLater):
        await database.ping()
    await database.close()
