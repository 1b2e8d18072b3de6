"""Brings a database to today's shape: forward only, each step once, one process at a time.

A step that was edited after it was applied, and a step that this version does not know, are refused: the tables are not
what the code expects, and nothing should be read or written then.
"""

import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from bot.relay.errors import Refused

LOCK = 0x6D656D6F  # any number that nobody else takes an advisory lock on
TABLE = """
CREATE TABLE IF NOT EXISTS schema_steps (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
"""
KNOWN = "SELECT name, checksum FROM schema_steps WHERE starts_with(name, %s)"
APPLIED = "INSERT INTO schema_steps (name, checksum) SELECT unnest(%s::text[]), unnest(%s::text[])"


# An owner's tables: its name, SQL that makes an empty database what the steps lead to, and the steps by name.
Schema = tuple[str, str, Mapping[str, str]]


def store_schema() -> Schema:
    """The tables of the store: the numbered SQL files beside this module."""
    files = sorted((f for f in resources.files(__package__).iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    steps = {file.name: file.read_text(encoding="utf-8") for file in files}
    return "store", "\n".join(steps.values()), steps


async def apply(connection: AsyncConnection[TupleRow], schemas: Sequence[Schema]) -> list[str]:
    """Apply what is missing, over a connection in autocommit; gives the names of the steps that were applied.

    Processes that start together wait for the first. Refused when the database is of another, or a newer, version.
    """
    await connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    try:
        await connection.execute(TABLE)
        return [name for schema in schemas for name in await _apply_one(connection, schema)]
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


async def _apply_one(connection: AsyncConnection[TupleRow], schema: Schema) -> list[str]:
    owner, whole, named = schema
    prefix = f"{owner}/"
    steps = {prefix + name: sql for name, sql in named.items()}
    rows = await (await connection.execute(KNOWN, (prefix,))).fetchall()
    known = {str(name): str(checksum) for name, checksum in rows}
    _require_same(steps, known)
    if not known:
        await _run(connection, whole, steps)
        return sorted(steps)
    missing = [name for name in sorted(steps) if name not in known]
    for name in missing:
        await _run(connection, steps[name], {name: steps[name]})
    return missing


def _require_same(steps: Mapping[str, str], known: Mapping[str, str]) -> None:
    if edited := sorted(name for name in set(known) & set(steps) if known[name] != _checksum(steps[name])):
        raise Refused(
            f"The database's tables were made by another edition of {', '.join(edited)}. Install the memobridge that "
            "made them, or start with an empty database."
        )
    if newer := sorted(set(known) - set(steps)):
        raise Refused(
            f"The database was used by a newer memobridge (it has {newer[-1]}). Install that version or a later one, "
            "or restore the backup made before the upgrade."
        )


async def _run(connection: AsyncConnection[TupleRow], sql: str, steps: Mapping[str, str]) -> None:
    async with connection.transaction():
        await connection.execute(sql.encode())
        await connection.execute(APPLIED, (list(steps), [_checksum(step) for step in steps.values()]))


def _checksum(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()
