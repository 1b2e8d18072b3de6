"""The step that brought the audit: what was there before is as good as what comes after."""

import psycopg

from bot.store.embedded import Embedded
from bot.store.schema import store_schema
from tests.conftest import NUMBERS, create, url_of

STEP = "0005_operation.sql"
BEFORE = """
INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, is_explicit, state, prepared)
VALUES ('old', 'team:T/C#1', 'team:T/C', 'chat:default/ann', 'team:T@U', '[{"kind": "voice", "key": "k"}]', now(), 0,
    true, 'recorded', '[{"media": ["chat:default!A1"], "audio": null, "refused": ""}]')
"""


async def test_uploads_from_before_can_be_deleted_too(embedded: Embedded) -> None:
    name = f"upgraded_{next(NUMBERS)}"
    create(embedded, name)
    _, _, steps = store_schema()
    jobs = "CREATE FUNCTION enqueue_jobs(task text, names text[]) RETURNS void LANGUAGE sql AS 'SELECT'"
    with psycopg.connect(url_of(embedded, name), autocommit=True) as connection:
        connection.execute(jobs.encode())
        for step in sorted(steps):
            if step == STEP:
                connection.execute(BEFORE.encode())
            if step <= STEP:
                connection.execute(steps[step].encode())
        uploads = connection.execute("SELECT media, delivery, room FROM uploads").fetchall()
        audit = connection.execute("SELECT count(*) FROM audit").fetchone()
    assert uploads == [("chat:default!A1", "old", "chat:default/ann")]
    assert audit == (0,)
