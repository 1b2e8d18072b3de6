"""Brings a database to today's shape: forward only, each step once, one process at a time."""

from collections.abc import Mapping, Sequence
from importlib import resources

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

LOCK = 0x6D656D6F  # any number that nobody else takes an advisory lock on
MADE = "CREATE TABLE IF NOT EXISTS schema_steps (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
KNOWN = "SELECT name FROM schema_steps WHERE starts_with(name, %s)"
APPLIED = "INSERT INTO schema_steps (name) SELECT unnest(%s::text[])"


# An owner's tables: its name, SQL that makes an empty database what the steps lead to, and the steps by name.
Schema = tuple[str, str, Mapping[str, str]]


def store_schema() -> Schema:
    """The tables of this room: the numbered SQL files beside this module."""
    files = sorted((f for f in resources.files(__package__).iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    steps = {file.name: file.read_text(encoding="utf-8") for file in files}
    return "store", "\n".join(steps.values()), steps


async def apply(connection: AsyncConnection[TupleRow], schemas: Sequence[Schema]) -> None:
    """Apply what is missing, over a connection in autocommit. Processes that start together wait for the first."""
    await connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    try:
        await connection.execute(MADE)
        for schema in schemas:
            await _apply_one(connection, schema)
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


async def _apply_one(connection: AsyncConnection[TupleRow], schema: Schema) -> None:
    owner, whole, steps = schema
    prefix = f"{owner}/"
    known = {str(name) for (name,) in await (await connection.execute(KNOWN, (prefix,))).fetchall()}
    if not known:
        await _step(connection, whole, [prefix + name for name in steps] or [prefix])
        return
    for name in sorted(steps):
        if prefix + name not in known:
            await _step(connection, steps[name], [prefix + name])


async def _step(connection: AsyncConnection[TupleRow], sql: str, names: Sequence[str]) -> None:
    async with connection.transaction():
        await connection.execute(sql.encode())
        await connection.execute(APPLIED, (list(names),))
