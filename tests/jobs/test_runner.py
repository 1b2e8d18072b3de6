"""The jobs: in order per room, one slow room holds up no other, and nothing is lost by a bug, a stop or an outage."""

import asyncio
from dataclasses import replace

from bot.jobs import Handlers, Intervals, JobRunner
from bot.relay.errors import RetryLater
from bot.store.database import Database
from tests.jobs.workers import (
    HOURS,
    NOTICE,
    SOON,
    A,
    B,
    Gate,
    Toy,
    enqueue,
    fail,
    nothing,
    retry_later,
    running,
    until_deaf,
    until_jobs,
)
from tests.store.rows import ask


async def test_job_is_done_and_gone(database: Database, database_url: str) -> None:
    toy = Toy()
    async with running(database, toy):
        await enqueue(database, A)
        await enqueue(database, NOTICE, task="refresh_notice")
        await until_jobs(database_url)
    assert sorted(toy.came) == sorted([A, NOTICE])


async def test_job_of_a_transaction_that_failed_is_never_run(database: Database) -> None:
    toy = Toy()
    async with database.pool.connection() as connection, connection.transaction(force_rollback=True):
        await connection.execute("SELECT enqueue_jobs('send_next', ARRAY[%s])", (A,))
    async with running(database, toy):
        await enqueue(database, B)
        await toy.until(B)


async def test_one_slow_room_holds_up_no_other(database: Database) -> None:
    toy = Toy(plans={A: [Gate()]})
    async with running(database, toy):
        await enqueue(database, A, A, B)
        await toy.until(A, B)


async def test_jobs_of_one_room_run_one_after_the_other(database: Database) -> None:
    toy, busy = Toy(), [0]

    async def alone() -> None:
        busy[0] += 1
        await asyncio.sleep(0)
        assert busy == [1]
        busy[0] -= 1

    toy.plans[A] = [alone] * 20
    async with running(database, toy):
        await enqueue(database, *[A] * 20)
        await toy.until(*[A] * 20)


async def test_messages_are_sent_while_notices_hang(database: Database) -> None:
    """The network that shows them may be down."""
    notices = [f"{NOTICE}{number}" for number in range(9)]
    toy = Toy(plans={notice: [Gate()] for notice in notices})
    async with running(database, toy, workers=2):
        await enqueue(database, *notices, task="refresh_notice")
        await toy.until_true(lambda: sorted(toy.came) == notices)
        await enqueue(database, A)
        await toy.until_true(lambda: toy.came[-1] == A)


async def test_notice_waits_for_what_changes_meanwhile(database: Database, database_url: str) -> None:
    """The debounce: until it is over, the notice has not been begun."""
    toy = Toy()
    slow = replace(SOON, notice_debounce_s=HOURS)
    async with running(database, toy, slow):
        await enqueue(database, NOTICE, task="refresh_notice")
        await until_jobs(database_url, f"{NOTICE} doing")
        await enqueue(database, A)
        await toy.until(A)
    async with running(database, toy):
        await toy.until(A, NOTICE)


async def test_notice_debounce_is_shorter_than_anybody_waits() -> None:
    assert Intervals().notice_debounce_s < 1


async def test_failed_job_comes_again(database: Database) -> None:
    toy = Toy(plans={A: [fail, nothing]})
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A, A)


async def test_job_that_met_an_outage_comes_again(database: Database) -> None:
    toy = Toy(plans={A: [retry_later, nothing]})
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A, A)


async def test_failed_job_keeps_its_room_in_order(database: Database) -> None:
    toy = Toy(plans={A: [fail, nothing, nothing]})
    async with running(database, toy):
        await enqueue(database, A, A)
        await toy.until(A, A, A)


async def test_job_that_is_not_done_when_the_stop_is_due_comes_again(database: Database) -> None:
    toy = Toy(plans={A: [Gate(), nothing]})
    async with running(database, toy, stop_within_s=0.1):
        await enqueue(database, A)
        await toy.until(A)
    async with running(database, toy):
        await toy.until(A, A)


async def test_stop_lets_finish_what_is_under_way_and_takes_nothing_new(database: Database, database_url: str) -> None:
    gate, toy = Gate(), Toy()
    toy.plans[A] = [gate]
    async with running(database, toy, stop_within_s=HOURS) as runner:
        await enqueue(database, A, A)
        await toy.until(A)
        runner.stop()
        await until_deaf(database_url)
        await enqueue(database, B)
        gate.opened.set()
    assert toy.came == [A]
    await until_jobs(database_url, f"{A} todo", f"{B} todo")


async def test_stop_before_the_start_runs_nothing(database: Database) -> None:
    toy = Toy()
    await enqueue(database, A)
    runner = JobRunner(toy.handlers(), workers=1, intervals=SOON)
    await runner.open(database.pool)
    runner.stop()
    await runner.run()
    assert toy.came == []


async def test_due_names_get_a_job(database: Database) -> None:
    toy = Toy(due=[A, B])
    async with running(database, toy):
        await toy.until_true(lambda: sorted(toy.came) == [A, B])


async def test_due_name_that_has_a_job_gets_no_other(database: Database, database_url: str) -> None:
    toy = Toy(plans={A: [Gate()]})
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A)
        toy.due = [A, B]
        await toy.until(A, B)
        await until_jobs(database_url, f"{A} doing")


async def test_missing_jobs_are_restored(database: Database, database_url: str) -> None:
    gate, toy = Gate(), Toy()
    toy.plans = {A: [gate], B: [gate], NOTICE: [gate]}
    await enqueue(database, A)
    toy.missing = ([A, B], [NOTICE])
    async with running(database, toy):
        await until_jobs(database_url, f"{A} doing", f"{B} doing", f"{NOTICE} doing")


async def test_trouble_with_what_is_due_breaks_no_job_off(database: Database) -> None:
    gate, toy = Gate(), Toy()
    toy.plans[A] = [gate]
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A)
        toy.trouble = [RetryLater("The database cannot be reached.")]
        looked = toy.looked
        await toy.until_true(lambda: toy.looked > looked + 3)
        gate.opened.set()
        await enqueue(database, B)
        await toy.until(A, B)


async def test_job_that_nobody_was_notified_of_is_found(database: Database, database_url: str) -> None:
    toy = Toy()
    async with running(database, toy):
        await enqueue(database, B)
        await toy.until(B)
        await until_jobs(database_url)
        ask(
            database_url,
            "SET session_replication_role = replica; "  # no trigger fires
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args) "
            "VALUES ('send_next', 'send_next', 'send_next:x', '{\"name\": \"chat:default/a\"}')",
        )
        await toy.until(B, A)


async def test_runner_whose_connections_are_cut_goes_on(database: Database, database_url: str) -> None:
    toy = Toy()
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A)
        await until_jobs(database_url)
        cut_connections(database_url)
        await enqueue(database, B)
        await toy.until(A, B)


async def test_runner_goes_on_after_an_outage(database: Database, database_url: str) -> None:
    """Longer than its workers try: they start again when the database is back."""
    toy = Toy()
    name = database_url.split("?")[0].rsplit("/", 1)[1]
    server = database_url.replace(f"/{name}?", "/postgres?")
    async with running(database, toy):
        ask(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        ask(server, f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{name}'")
        toy.trouble = [RetryLater("gone")]
        looked = toy.looked
        await toy.until_true(lambda: toy.looked > looked + 2)
        ask(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        ask(database_url, "SELECT enqueue_jobs('send_next', ARRAY[%s])", A)
        await toy.until_true(lambda: A in toy.came)


def cut_connections(url: str) -> None:
    ask(
        url,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


NO_END = """
CREATE FUNCTION no_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END; $$;
CREATE TRIGGER no_end BEFORE DELETE ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION no_end()
"""


async def test_job_whose_end_could_not_be_stored_comes_again(database: Database, database_url: str) -> None:
    toy = Toy()

    async def mend() -> None:
        await asyncio.to_thread(ask, database_url, "DROP TRIGGER no_end ON procrastinate_jobs")

    toy.plans[A] = [nothing, mend]
    ask(database_url, NO_END)
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A, A)
        await enqueue(database, B)
        await toy.until(A, A, B)
        await until_jobs(database_url)


async def test_job_under_way_is_not_taken_for_lost(database: Database) -> None:
    """Looked at many times: it is listed as ours, and it runs here."""
    toy = Toy(plans={A: [Gate()]})
    async with running(database, toy):
        await enqueue(database, A)
        await toy.until(A)
        looked = toy.looked
        await toy.until_true(lambda: toy.looked > looked + 30)
    assert toy.came == [A]


async def test_handlers_are_all_that_it_knows_of_the_relay() -> None:
    """Four functions, so that the jobs can be run by anything."""
    assert list(Handlers.__dataclass_fields__) == ["send_next", "refresh_notice", "due", "missing"]
