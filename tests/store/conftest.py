"""The store alone: the real database, and the jobs that it enqueued, which nobody runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bot.relay.ids import NoticeId, RoomId

GATE = 1  # an advisory lock
FAULTS = f"""
CREATE TABLE held_jobs (name text);
CREATE FUNCTION hold_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM held_jobs WHERE name = NEW.args ->> 'name') THEN
        PERFORM pg_advisory_xact_lock_shared({GATE});
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER hold_job BEFORE INSERT ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION hold_job();
CREATE FUNCTION refuse_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no job can be enqueued'; END; $$
"""
BREAK = "CREATE TRIGGER refuse_job BEFORE INSERT ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION refuse_job()"


class Jobs:
    """What was enqueued, in that order."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(FAULTS.encode())

    @property
    def rooms(self) -> list[RoomId]:
        return [RoomId(name) for name in self._names("send_next")]

    @property
    def notices(self) -> list[NoticeId]:
        return [NoticeId(name) for name in self._names("refresh_notice")]

    def clear(self) -> None:
        self._connection.execute("DELETE FROM procrastinate_jobs")

    def take(self, name: str) -> bool:
        """Take the jobs of this name away; gives whether there was one."""
        return bool(
            self._connection.execute("DELETE FROM procrastinate_jobs WHERE args ->> 'name' = %s", (name,)).rowcount
        )

    def break_down(self) -> None:
        """From now on nothing can be enqueued, as by a bug."""
        self._connection.execute(BREAK.encode())

    @contextmanager
    def held_up(self, name: str) -> Iterator[None]:
        """Whoever enqueues this one waits, and with it the transaction that it is in."""
        self._connection.execute("INSERT INTO held_jobs VALUES (%s)", (name,))
        self._connection.execute("SELECT pg_advisory_lock(%s)", (GATE,))
        try:
            yield
        finally:
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (GATE,))

    def close(self) -> None:
        self._connection.close()

    def _names(self, task: str) -> list[str]:
        query = "SELECT args ->> 'name' FROM procrastinate_jobs WHERE task_name = %s ORDER BY id"
        return [str(name) for (name,) in self._connection.execute(query, (task,))]


@pytest.fixture
def jobs(database_url: str) -> Iterator[Jobs]:
    made = Jobs(database_url)
    yield made
    made.close()
