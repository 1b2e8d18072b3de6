"""A database with a long history: a million deliveries, their notices and receipts, a thousand links, and an inbox with
twenty thousand conversations, of which five hundred are open."""

import asyncio
import atexit
import functools
import shutil
import sys
import tempfile
from pathlib import Path

import psycopg

from bot.jobs import job_schemas
from bot.store.database import migrate
from bot.store.embedded import Embedded

DELIVERIES, LINKS = 1_000_000, 1_000
CONVERSATIONS, OPEN_CONVERSATIONS = 20_000, 500
ROOMS = """
CREATE TEMPORARY TABLE rooms AS SELECT number, 'slack:TOLD/COLD' || number AS room,
    'linq:default/' || md5('chat' || number)::uuid AS peer FROM generate_series(0, %(links)s - 1) AS number
"""
# Dates lie between one day and eighty back: retention begins at ninety.
STEPS = (
    "INSERT INTO links (room, peer, label, made_by) SELECT room, peer, '+12025550100', 'bench' FROM rooms",
    "INSERT INTO marks (room) SELECT room FROM rooms UNION SELECT peer FROM rooms",
    """
    INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, notice_room, is_explicit,
        state, fence, accepted_at, prepared, sent_as, trace_id)
    SELECT substr(md5('delivery' || n), 1, 20), room || '#' || n, room, peer, 'slack:TOLD@U1',
        jsonb_build_array(jsonb_build_object('key', 'F' || n, 'kind', 'voice', 'name', 'clip.m4a',
            'media', 'slack:TOLD!F' || n, 'size_bytes', 1048576, 'content_type', 'audio/mp4')),
        at, 0, room || '/' || n, false, 'recorded', 1, at,
        jsonb_build_array(jsonb_build_object('media', jsonb_build_array('linq:default!' || md5('media' || n)::uuid),
            'audio', jsonb_build_object('duration_s', 60.0, 'waveform', '[1,2,3,4,5,6,7,6,5,4,3,2]'::jsonb))),
        'linq:default#' || md5('memo' || n)::uuid, md5('trace' || n)
    FROM (SELECT n, now() - interval '1 day' - n * (interval '79 days' / %(deliveries)s) AS at
          FROM generate_series(1, %(deliveries)s) AS n) AS numbered JOIN rooms ON number = n %% %(links)s ORDER BY 1
    """,
    "INSERT INTO messages (id, known_at, accepted_at) SELECT source, accepted_at, accepted_at FROM deliveries",
    """
    INSERT INTO notices (id, room, posted_as, shown, requested, started)
    SELECT source, notice_room, source || '9', md5(source), 3, 3 FROM deliveries
    """,
    """
    CREATE TEMPORARY TABLE threads AS SELECT n, 'slack:TOLD/COLDINBOX/1700000000.' || lpad(n::text, 6, '0') AS room,
        'linq:default/' || md5('contact' || n)::uuid AS peer, now() - n * interval '5 minutes' AS at
    FROM generate_series(1, %(conversations)s) AS n
    """,
    """
    INSERT INTO links (room, peer, label, made_by, is_inbox, inbox)
    SELECT 'slack:TOLD/COLDINBOX', 'linq:default/line/0123456789abcdef', '+12025550199', 'bench', true, NULL
    UNION ALL SELECT room, peer, '', 'bench', false, 'slack:TOLD/COLDINBOX' FROM threads
    """,
    """
    INSERT INTO conversations (room, opened_as, inbox, peer, line, within, is_group, root, began_at, active_at,
        waiting_since, answered_at, closed_at, shown_at)
    SELECT room, room, 'slack:TOLD/COLDINBOX', peer, '+12025550199', ARRAY['linq:default/line/0123456789abcdef'], false,
        replace(room, 'COLDINBOX/', 'COLDINBOX#'), at, at, CASE WHEN n <= %(open)s AND n %% 2 = 0 THEN at END,
        CASE WHEN n > %(open)s OR n %% 2 = 1 THEN at END, CASE WHEN n > %(open)s THEN at END, at
    FROM threads
    """,
    "INSERT INTO marks (room) SELECT unnest(ARRAY[room, peer]) FROM threads WHERE n <= %(open)s",
    """
    INSERT INTO receipts (id, kind, at, source, message, attachments, trace_id, is_final, reason, code, remedy, came_at)
    SELECT md5(kind || deliveries.id)::uuid::text, kind, accepted_at, 'webhook', sent_as,
        ARRAY[prepared -> 0 -> 'media' ->> 0], trace_id, false, '', '', '', accepted_at
    FROM deliveries CROSS JOIN (VALUES ('sent'), ('delivered'), ('read')) AS kinds (kind) ORDER BY 1
    """,
)
# Made after the rows they take a fraction of the time.
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisunique
    AND indrelid = ANY (ARRAY['deliveries', 'receipts', 'notices', 'messages']::regclass[])
"""


@functools.cache
def filled_folder() -> Path:
    """A data folder with such a database, made once for all measures of a run; it takes some minutes and 3 GB."""
    sys.stderr.write(f"making a database with {DELIVERIES} deliveries\n")
    place = Path(tempfile.mkdtemp(prefix="memobridge-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    server = Embedded.start(place)
    asyncio.run(migrate(server.url, job_schemas()))
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET work_mem = '256MB'")
        indexes = connection.execute(INDEXES).fetchall()
        connection.execute("; ".join(f"DROP INDEX {name}" for name, _ in indexes).encode())
        counts = {"links": LINKS, "deliveries": DELIVERIES}
        counts |= {"conversations": CONVERSATIONS, "open": OPEN_CONVERSATIONS}
        for step in (ROOMS, *STEPS):
            connection.execute(step.encode(), counts)
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM ANALYZE")
    server.stop()
    return place


# What an earlier measure left undone would be worked on in the next one, whose networks know nothing of it.
LEFT_OVER = """
DELETE FROM notices WHERE id IN (SELECT source FROM deliveries WHERE accepted_at > now() - interval '12 hours');
DELETE FROM deliveries WHERE accepted_at > now() - interval '12 hours';
DELETE FROM procrastinate_jobs
"""


def clean_folder() -> Path:
    """The same folder, with its history alone."""
    place = filled_folder()
    server = Embedded.start(place)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(LEFT_OVER.encode())
    server.stop()
    return place


def url(folder: Path) -> str:
    """Of the server that runs in a data folder."""
    return f"postgresql://postgres:@/postgres?host={folder / 'postgres'}"
