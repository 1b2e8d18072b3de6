"""The laws of the engine: in order per chat, at the time told, and never lost, whoever dies."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.jobs import Engine, Intervals
from bot.relay.errors import RetryLater
from bot.relay.model import ChatId, NoticeId, RefreshNotice, RelayJob, SendNext
from bot.store.database import Database

A, B = ChatId("a"), ChatId("b")
NOTICE = NoticeId("C1:1.1")
PATIENCE_S = 20
TEMPO = Intervals(beat=0.2, heartbeat=0.3, stale=1.5, restart=0.05, patience=0.1)
NO_NET = Intervals(beat=600, patience=0.1)  # whoever is not woken is missed


@dataclass
class Toy:
    """Processes that note who came when. ``plans`` holds what the next errands of a name do instead of returning."""

    plans: dict[str, list[Callable[[], Awaitable[None]]]] = field(default_factory=dict)
    came: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, chat: ChatId) -> None:
        await self.note(chat)

    async def announce(self, notice: NoticeId) -> None:
        await self.note(notice)

    async def note(self, name: str) -> None:
        self.came.append(name)
        self.times.append(time.monotonic())
        self.changed.set()
        if plan := self.plans.get(name):
            await plan.pop(0)()

    async def until(self, *names: str) -> None:
        """Wait until exactly these have come, in this order."""
        await self.until_true(lambda: self.came == list(names))

    async def until_true(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class Gate:
    """Holds whoever passes until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self) -> None:
        await self.opened.wait()


async def fail() -> None:
    raise ValueError("a bug")


async def nothing() -> None:
    return None


def later(seconds: float) -> Callable[[], Awaitable[None]]:
    async def raise_later() -> None:
        raise RetryLater("not yet", after=timedelta(seconds=seconds))

    return raise_later


@asynccontextmanager
async def running(
    database: Database,
    toy: Toy,
    sweeps: dict[str, tuple[float, Callable[[], Awaitable[None]]]] | None = None,
    owed: list[RelayJob] | None = None,
    concurrency: int = 4,
    tempo: Intervals = TEMPO,
    hold: Callable[[], Awaitable[None]] | None = None,
    clock_is_off: timedelta = timedelta(),
) -> AsyncIterator[Engine]:
    async def owing() -> list[RelayJob]:
        return owed or []

    engine = Engine(tempo, lambda: datetime.now(UTC) + clock_is_off)
    engine.register(toy.work, toy.announce, sweeps or {}, owing, hold)
    await engine.open(database.pool)
    run = asyncio.create_task(engine.run(concurrency))
    try:
        await until_listening(database)
        yield engine
    finally:
        await engine.stop()
        await run


async def put(database: Database, *errands: RelayJob) -> None:
    """As the store does, in one statement for each kind."""
    async with database.pool.connection() as connection:
        chats = [errand.chat for errand in errands if isinstance(errand, SendNext)]
        notices = [errand.notice for errand in errands if isinstance(errand, RefreshNotice)]
        await connection.execute(
            "SELECT put_in_line('work', 'chat', %s), put_in_line('announce', 'notice', %s)", (chats, notices)
        )


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


async def until_listening(database: Database) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%announce%'"
    async with asyncio.timeout(PATIENCE_S):
        while ask(str(database.pool.conninfo), query) < [(1,)]:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


async def until_jobs(url: str, *expected: str) -> None:
    """Wait until these are all jobs there are, each as its lock, its state, and whether its time is set."""
    query = (
        "SELECT lock || ' ' || status || CASE WHEN scheduled_at > now() THEN ' set' ELSE '' END FROM procrastinate_jobs"
    )
    async with asyncio.timeout(PATIENCE_S):
        while sorted(ask(url, query)) != [(job,) for job in sorted(expected)]:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


async def test_an_errand_is_done_and_gone(database: Database, database_url: str) -> None:
    toy = Toy()
    async with running(database, toy):
        await put(database, SendNext(A), RefreshNotice(NOTICE))
        await until_jobs(database_url)
    assert sorted(toy.came) == [NOTICE, A]


async def test_an_errand_of_a_transaction_that_failed_is_never_run(database: Database) -> None:
    toy = Toy()
    async with database.pool.connection() as connection, connection.transaction(force_rollback=True):
        await connection.execute("SELECT put_in_line('work', 'chat', '{a}')")
    async with running(database, toy):
        await put(database, SendNext(B))
        await toy.until(B)


async def test_twenty_errands_of_one_chat_wait_for_each_other_and_for_nothing_else(database: Database) -> None:
    toy, busy = Toy(), [0]

    async def alone() -> None:
        busy[0] += 1
        await asyncio.sleep(0)
        assert busy == [1]
        busy[0] -= 1

    toy.plans[A] = [alone] * 20
    async with running(database, toy, tempo=NO_NET):
        await put(database, *[SendNext(A)] * 20)
        await toy.until(*[A] * 20)


async def test_one_slow_chat_holds_up_no_other(database: Database) -> None:
    toy = Toy(plans={A: [Gate()]})
    async with running(database, toy):
        await put(database, SendNext(A), SendNext(A), SendNext(B))
        await toy.until(A, B)


async def test_nothing_begins_while_it_is_held(database: Database) -> None:
    toy, held, gate = Toy(), asyncio.Event(), Gate()

    async def hold() -> None:
        held.set()
        await gate()

    async with running(database, toy, hold=hold):
        await put(database, SendNext(A), RefreshNotice(NOTICE))
        await held.wait()
        assert toy.came == []
        gate.opened.set()
        await toy.until_true(lambda: sorted(toy.came) == [NOTICE, A])  # two lines, in no order to each other


async def test_memos_are_sent_while_slack_hangs(database: Database) -> None:
    notices = [NoticeId(f"C1:{n}") for n in range(9)]
    toy = Toy(plans={notice: [Gate()] for notice in notices})
    async with running(database, toy, concurrency=2):
        await put(database, *map(RefreshNotice, notices))
        await toy.until(*notices[:2])
        await put(database, SendNext(A))
        await toy.until(*notices[:2], A)


async def test_later_is_tried_again_when_told_and_the_chat_waits_behind_it(database: Database) -> None:
    toy = Toy(plans={A: [later(0.7), nothing, nothing]})
    async with running(database, toy, tempo=NO_NET):
        await put(database, SendNext(A), SendNext(A), SendNext(B))
        await toy.until(A, B, A, A)
    assert 0.7 <= toy.times[2] - toy.times[0] < PATIENCE_S


async def test_who_is_hurried_waits_for_no_time_any_more(database: Database, database_url: str) -> None:
    toy = Toy({A: [later(3600), nothing]})
    async with running(database, toy, tempo=NO_NET):
        await put(database, SendNext(A))
        await until_jobs(database_url, "chat:a todo set")
        await put(database, SendNext(B), SendNext(B))  # so that nobody is still told of what was before
        await toy.until(A, B, B)
        await until_jobs(database_url, "chat:a todo set")
        ask(database_url, "SELECT hurry('chat', ARRAY['a', 'b'])")
        await toy.until(A, B, B, A)


async def test_nobody_else_is_hurried(database: Database, database_url: str) -> None:
    toy = Toy({A: [later(3600), nothing], B: [later(3600)]})
    async with running(database, toy):
        await put(database, SendNext(A), SendNext(B))
        await until_jobs(database_url, "chat:a todo set", "chat:b todo set")
        ask(database_url, "SELECT hurry('chat', ARRAY['a'])")
        await toy.until_true(lambda: len(toy.came) >= 3)
        await until_jobs(database_url, "chat:b todo set")
    assert toy.came[2:] == [A]


async def test_a_time_told_before_a_restart_is_kept_after_it(database: Database, database_url: str) -> None:
    toy = Toy(plans={A: [later(4)]})
    async with running(database, toy):
        await put(database, SendNext(A))
        await toy.until(A)
        await until_jobs(database_url, "chat:a todo set")
    async with running(database, toy):
        await toy.until(A, A)
    assert 4 <= toy.times[1] - toy.times[0] < PATIENCE_S


@pytest.mark.parametrize("clock_is_off", [timedelta(hours=-1), timedelta(hours=1)])
async def test_who_has_another_clock_than_the_database_waits_as_long_as_told(
    database: Database, clock_is_off: timedelta
) -> None:
    toy = Toy(plans={A: [later(0.5), nothing]})
    async with running(database, toy, clock_is_off=clock_is_off):
        await put(database, SendNext(A))
        await toy.until(A, A)
    assert toy.times[1] - toy.times[0] >= 0.5


async def test_nothing_is_lost_by_a_bug(database: Database) -> None:
    toy = Toy(plans={A: [fail, nothing]})
    async with running(database, toy):
        await put(database, SendNext(A))
        await toy.until(A, A)


async def test_what_is_not_done_when_patience_ends_comes_again(database: Database) -> None:
    toy = Toy(plans={A: [Gate(), nothing]})
    async with running(database, toy):
        await put(database, SendNext(A))
        await toy.until(A)
    async with running(database, toy):
        await toy.until(A, A)


async def test_stop_lets_finish_what_is_under_way(database: Database, database_url: str) -> None:
    gate, toy = Gate(), Toy()
    toy.plans[A] = [gate]
    async with running(database, toy) as engine:
        await put(database, SendNext(A), SendNext(A))
        await toy.until(A)
        stopping = asyncio.create_task(engine.stop(PATIENCE_S))
        await asyncio.sleep(0)
        gate.opened.set()
        await stopping
    assert toy.came == [A]
    await until_jobs(database_url, "chat:a todo")


async def until_hands(url: str, count: int) -> None:
    """Wait until so many processes take work that is given to them."""
    async with asyncio.timeout(PATIENCE_S):
        while ask(url, "SELECT count(*) FROM engine_hands WHERE queue = 'work'") != [(count,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def state_in_line(database: Database) -> list[str]:
    """What an errand's job is at the moment when it is put in line, before anybody can know of it."""
    async with database.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT put_in_line('work', 'chat', '{a}')")
        found = await connection.execute("SELECT status::text FROM procrastinate_jobs ORDER BY id")
        return [row["status"] for row in await found.fetchall()]


async def test_a_process_that_is_alone_is_given_its_jobs_and_asks_for_none(
    database: Database, database_url: str
) -> None:
    toy = Toy()
    async with running(database, toy, tempo=NO_NET):
        await until_hands(database_url, 1)
        assert await state_in_line(database) == ["doing"]
        await toy.until(A)
        await until_jobs(database_url)


@asynccontextmanager
async def beside(url: str) -> AsyncIterator[Database]:
    """The same database as another process would open it."""
    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.close()


async def test_processes_that_share_a_line_ask_for_their_jobs(database: Database, database_url: str) -> None:
    one, other = Toy(), Toy()
    async with beside(database_url) as their_own, running(database, one), running(their_own, other):
        await until_hands(database_url, 2)
        assert await state_in_line(database) == ["todo"]
        await until_jobs(database_url)
    assert one.came + other.came == [A]


async def test_nothing_is_given_that_others_of_its_lock_come_before(database: Database, database_url: str) -> None:
    toy = Toy(plans={A: [later(60)]})
    async with running(database, toy):
        await until_hands(database_url, 1)
        await put(database, SendNext(A))
        await until_jobs(database_url, "chat:a todo set")
        assert await state_in_line(database) == ["todo", "todo"]


async def test_what_was_given_to_a_process_that_did_not_take_it_up_comes_to_the_next(
    database: Database, database_url: str
) -> None:
    async with another_process_idle(database_url) as child:
        await until_hands(database_url, 1)
        child.send_signal(signal.SIGSTOP)
        assert await state_in_line(database) == ["doing"]
        child.send_signal(signal.SIGKILL)
        await child.wait()
    toy = Toy()
    async with running(database, toy):
        await toy.until(A)


async def test_what_is_given_to_a_process_that_is_leaving_goes_back_in_line(
    database: Database, database_url: str
) -> None:
    gate, toy = Gate(), Toy()
    toy.plans[B] = [gate]
    async with running(database, toy) as engine:
        await until_hands(database_url, 1)
        await put(database, SendNext(B))
        await toy.until(B)
        stopping = asyncio.create_task(engine.stop(PATIENCE_S))
        await put(database, SendNext(A))
        await until_jobs(database_url, "chat:a todo", "chat:b doing")
        gate.opened.set()
        await stopping
    assert toy.came == [B]


ANOTHER = """
import asyncio, sys
from bot.jobs import Engine, Intervals
from bot.store.database import Database

async def main():
    engine = Engine(Intervals(heartbeat=0.3))
    database = await Database.open(sys.argv[1])

    async def work(chat):
        print("came", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        stopping.append(asyncio.create_task(engine.stop()))

    stopping = []
    engine.register(work, work, {})
    await engine.open(database.pool)
    await engine.run()
    await database.close()

asyncio.run(main())
"""


@asynccontextmanager
async def another_process_idle(url: str, pipe: int | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that waits for its first errand."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", ANOTHER, url, stdin=pipe, stdout=pipe)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


@asynccontextmanager
async def another_process(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has taken an errand; when told so by a line it finishes it and stops."""
    async with another_process_idle(url, asyncio.subprocess.PIPE) as child:
        assert child.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert await child.stdout.readline() == b"came\n"
        yield child


async def test_what_is_under_way_is_not_begun_again_while_its_worker_lives(database: Database) -> None:
    toy, swept = Toy(plans={A: [Gate()]}), Toy()
    async with running(database, toy, {"toy": (0.01, lambda: swept.note("swept"))}):
        await put(database, SendNext(A))
        await toy.until(A)
        begun = len(swept.came)
        await swept.until_true(lambda: len(swept.came) > begun + 50)  # for longer than two beats
        assert toy.came == [A]


async def test_a_job_of_which_nobody_was_told_is_found_all_the_same(database: Database, database_url: str) -> None:
    toy = Toy()
    async with running(database, toy):
        await put(database, SendNext(B), SendNext(B))
        await toy.until(B, B)
        await until_jobs(database_url)
        ask(
            database_url,
            "SET session_replication_role = replica; INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)"
            """ VALUES ('work', 'work', 'chat:a', '{"chat": "a"}')""",
        )
        await toy.until(B, B, A)


async def test_a_killed_process_is_noticed_at_once_and_its_errands_are_taken_over(
    database: Database, database_url: str
) -> None:
    toy = Toy()
    await put(database, SendNext(A))
    tempo = Intervals(beat=0.2, patience=0.1, stale=600)  # nobody is missed for his heartbeat
    async with another_process(database_url) as child, running(database, toy, tempo=tempo):
        child.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        await toy.until(A)
        assert toy.times[0] - killed < 10


async def test_a_frozen_process_loses_its_errands_and_breaks_nothing_when_it_wakes(
    database: Database, database_url: str
) -> None:
    toy = Toy(plans={A: [Gate()]})
    await put(database, SendNext(A))
    async with another_process(database_url) as child, running(database, toy):
        child.send_signal(signal.SIGSTOP)
        await toy.until(A)
        child.send_signal(signal.SIGCONT)
        assert child.stdin is not None
        child.stdin.write(b"go on\n")
        assert await child.wait() == 0
        await until_jobs(database_url, "chat:a doing")


async def test_an_engine_taken_for_dead_ends_no_job_that_is_not_its_own_and_goes_on(
    database: Database, database_url: str
) -> None:
    gates, toy = [Gate(), Gate()], Toy()
    toy.plans[A] = list(gates)
    async with running(database, toy):
        await put(database, SendNext(A))
        await toy.until(A)
        ask(database_url, "DELETE FROM procrastinate_workers")
        await toy.until(A, A)
        gates[0].opened.set()
        await put(database, SendNext(B))
        await toy.until(A, A, B)
        await until_jobs(database_url, "chat:a doing")


NO_END = """
CREATE FUNCTION no_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END; $$;
CREATE TRIGGER no_end BEFORE DELETE ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION no_end()
"""


async def test_an_errand_whose_end_could_not_be_stored_comes_again_and_the_engine_goes_on(
    database: Database, database_url: str
) -> None:
    toy = Toy()

    async def end() -> None:
        ask(database_url, "DROP TRIGGER no_end ON procrastinate_jobs")

    toy.plans[A] = [nothing, end]
    ask(database_url, NO_END)
    async with running(database, toy):
        await put(database, SendNext(A))
        await toy.until(A, A)
        await put(database, SendNext(B))
        await toy.until(A, A, B)
        await until_jobs(database_url)


async def test_what_was_given_before_the_workers_had_to_start_again_is_done_once(
    database: Database, database_url: str
) -> None:
    gate, toy = Gate(), Toy()

    async def end() -> None:
        ask(database_url, "DROP TRIGGER no_end ON procrastinate_jobs")

    toy.plans[A] = [gate, end]
    ask(database_url, NO_END)
    async with running(database, toy, concurrency=1):
        await until_hands(database_url, 1)
        await put(database, SendNext(A))
        await toy.until(A)
        await put(database, SendNext(B))
        await until_jobs(database_url, "chat:a doing", "chat:b doing")
        gate.opened.set()
        await toy.until_true(lambda: len(toy.came) >= 3)
        await until_jobs(database_url)
    assert sorted(toy.came) == [A, A, B]


async def test_an_engine_whose_connections_are_cut_goes_on(database: Database, database_url: str) -> None:
    toy = Toy()
    async with running(database, toy):
        await put(database, SendNext(A))
        await toy.until(A)
        await until_jobs(database_url)
        ask(
            database_url,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await put(database, SendNext(B))
        await toy.until(A, B)


async def test_what_is_owed_and_not_in_line_is_put_there_again(database: Database, database_url: str) -> None:
    gate, toy = Gate(), Toy()
    toy.plans = {A: [gate], B: [gate], NOTICE: [gate]}
    await put(database, SendNext(A))
    async with running(database, toy, owed=[SendNext(A), SendNext(B), RefreshNotice(NOTICE)]):
        await until_jobs(database_url, "chat:a doing", "chat:b doing", f"notice:{NOTICE} doing")


async def test_sweeps_run_in_one_process_and_pass_to_the_next(database: Database, database_url: str) -> None:
    first, second = Toy(), Toy()
    async with beside(database_url) as their_own, AsyncExitStack() as later_ones:
        async with running(database, Toy(), {"toy": (0.01, lambda: first.note("swept"))}):
            await first.until_true(lambda: len(first.came) > 1)
            await later_ones.enter_async_context(
                running(their_own, Toy(), {"toy": (0.01, lambda: second.note("swept"))})
            )
            await until_hands(database_url, 2)
            swept = len(first.came)
            await first.until_true(lambda: len(first.came) > swept + 50)  # for longer than two beats
            assert not second.came
        await second.until_true(lambda: len(second.came) > 1)


async def test_a_sweep_that_fails_runs_again(database: Database) -> None:
    toy = Toy(plans={"swept": [fail, later(0), nothing, nothing]})
    async with running(database, toy, {"toy": (0.01, lambda: toy.note("swept"))}):
        await toy.until_true(lambda: len(toy.came) == 4)
