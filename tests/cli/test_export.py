"""Exports: every row, in order, as CSV and as JSON lines, and nothing that was said."""

import asyncio
import csv
import io
import json
import sys

import pytest

from bot.relay.model import ReceiptKind
from bot.relay.parts import Text
from bot.relay.ports.audit import AuditEntry
from bot.store.database import Database
from tests.cli.shell import Shell
from tests.fakes import ANN, CHANNEL, CHAT
from tests.store.rows import ask, delivery, message, receipt, record, sending

MANY = """
INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, is_explicit, accepted_at)
SELECT 'd' || n, 'team:T0AAA/C0MAP#' || n, 'team:T0AAA/C0MAP', 'chat:default/ann', 'team:T0AAA@U0ANN',
    '[{"kind": "voice", "key": "k", "name": "a.m4a", "media": "team:T0AAA!F"}]', now(), 0, true,
    now() - interval '1 day' + n * interval '1 second'
FROM generate_series(1, 2500) AS n
"""


async def test_deliveries_are_exported_with_who_what_whom_and_result(shell: Shell, database: Database) -> None:
    await sending(database, "a")
    await record(database, "a", "M1")
    await database.receipts.add([receipt("r1", ReceiptKind.READ, message=message("M1"))])
    await database.audit.add(AuditEntry("approve", "team:T0AAA@U0BOSS", delivery("a").id))
    ran = await shell.run("deliveries", "export", "--format", "jsonl")
    assert (ran.code, ran.err) == (0, "")
    [row] = map(json.loads, ran.out.splitlines())
    assert (row["id"], row["origin"], row["target"], row["sender"]) == ("a", CHANNEL, CHAT, ANN)
    assert (row["kinds"], row["status"], row["approved_by"]) == (["voice"], "read", "team:T0AAA@U0BOSS")
    [line] = csv.DictReader(io.StringIO((await shell.run("deliveries", "export")).out))
    assert line == {name: _as_cell(value) for name, value in row.items()}


def _as_cell(value: str | bool | list[str] | None) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return str(value).lower() if isinstance(value, bool) else value or ""


async def test_export_goes_on_from_batch_to_batch(shell: Shell, database: Database, database_url: str) -> None:
    ask(database_url, MANY)
    ran = await shell.run("deliveries", "export")
    assert [line["id"] for line in csv.DictReader(io.StringIO(ran.out))] == [f"d{n}" for n in range(1, 2501)]


async def test_export_since_a_day_leaves_out_what_is_older(shell: Shell, database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("old"), delivery("new")])
    ask(database_url, "UPDATE deliveries SET accepted_at = '2026-01-31 23:59:59Z' WHERE id = 'old'")
    ask(database_url, "UPDATE deliveries SET accepted_at = '2026-02-01 00:00:00Z' WHERE id = 'new'")
    ran = await shell.run("deliveries", "export", "--since", "2026-02-01", "--format", "jsonl")
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["new"]


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--format", "xml")])
async def test_wrong_option_of_an_export_is_wrong_usage(shell: Shell, words: tuple[str, ...]) -> None:
    ran = await shell.run("deliveries", "export", *words)
    assert (ran.code, ran.out) == (2, "")


async def test_day_that_cannot_be_read_is_told_how_to_write_it(shell: Shell) -> None:
    ran = await shell.run("audit", "--since", "yesterday")
    assert "write it as 2026-01-31 or 2026-01-31T09:30" in ran.err


async def test_exports_hold_nothing_that_was_said(shell: Shell, database: Database) -> None:
    await database.deliveries.accept([delivery("a", parts=(Text("t", "Our secret"),))])
    for words in (("deliveries", "export"), ("audit",)):
        for form in ("csv", "jsonl"):
            ran = await shell.run(*words, "--format", form)
            assert "a" in ran.out
            assert "secret" not in ran.out


async def test_audit_is_exported_with_people_and_settings(shell: Shell, database: Database) -> None:
    await database.audit.add(AuditEntry("set_link", ANN, room=CHANNEL, peer=CHAT, detail={"mode": ["voice"]}))
    [row] = map(json.loads, (await shell.run("audit", "--format", "jsonl")).out.splitlines())
    assert (row["act"], row["actor"], row["room"], row["peer"]) == ("set_link", ANN, CHANNEL, CHAT)
    assert row["detail"] == {"mode": ["voice"]}


async def test_reader_that_has_enough_ends_an_export_quietly(
    shell: Shell, database: Database, database_url: str
) -> None:
    ask(database_url, MANY)
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", '"$0" -m bot deliveries export | head -n 2', sys.executable),
        env=shell.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await process.communicate()
    assert (len(out.splitlines()), said) == (2, b"")
