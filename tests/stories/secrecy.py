"""What nobody may read in the bot's own words: looked for after every story in log, metrics and database."""

import json
from collections.abc import Iterator

import psycopg

from bot.sandbox.sandbox import Sandbox

SHORTEST = 6  # shorter words turn up by chance
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
STALE_URLS = """
SELECT id FROM deliveries WHERE url <> '' AND step NOT IN ('waiting', 'prepared', 'sending') AND lent_until IS NULL
"""


def keys(sandbox: Sandbox) -> set[str]:
    """Tokens and secrets of both sides, and what stands for one: links that open a file or answer a person."""
    given = {v for k, v in sandbox.environment().items() if k.endswith(("TOKEN", "SECRET", "KEY"))}
    made = {each.secret for each in sandbox.linq.account.subscriptions.values()}
    stored = {each.signature for each in sandbox.linq.account.attachments.values()}
    return given | made | stored | {"/respond/", "X-Amz-Signature", "Bearer "}


def addresses(sandbox: Sandbox) -> set[str]:
    """Phone numbers and e-mail addresses."""
    account = sandbox.linq.account
    people = {handle.address for chat in account.chats.values() for handle in chat.handles}
    return people | {line.number for line in account.lines}


def texts(sandbox: Sandbox) -> set[str]:
    """What people wrote, on either side."""
    here = sandbox.slack.workspace
    said = {m.text for c in here.channels.values() for m in c.messages.values() if not m.bot_id}
    there = {m.text or "" for m in sandbox.linq.account.messages.values()}
    return {text for text in said | there if len(text) >= SHORTEST}


def names(sandbox: Sandbox) -> set[str]:
    """What people called their files, and where those lie."""
    files = sandbox.slack.workspace.files.values()
    return {f.upload.name for f in files if len(f.upload.name) >= SHORTEST} | {"/files-pri/", "/files-tmb/", "/clips/"}


def leaks_in_words(said: str, sandbox: Sandbox) -> list[str]:
    """What a log or the metrics let out; empty when all is well. JSON escapes hide nothing."""
    hidden = keys(sandbox) | addresses(sandbox) | texts(sandbox) | names(sandbox)
    return sorted(word for word in hidden if word in said or json.dumps(word)[1:-1] in said)


def leaks_in_database(url: str, sandbox: Sandbox) -> list[str]:
    """What a dump lets out beyond need. Needed are the names of clips, and in ``links`` the label of the people in a
    chat."""
    hidden = keys(sandbox) | texts(sandbox)
    with psycopg.connect(url, autocommit=True) as connection:
        found = [f"stale url of {row[0]}" for row in connection.execute(STALE_URLS.encode())]
        for table, dump in _dump(connection):
            shown = hidden | (addresses(sandbox) if table != "links" else set())
            found += [f"{table}: {word}" for word in sorted(shown) if word in dump]
    return found


def _dump(connection: psycopg.Connection) -> Iterator[tuple[str, str]]:
    for (table,) in connection.execute(TABLES).fetchall():
        rows = connection.execute(f'SELECT whole::text FROM "{table}" AS whole'.encode()).fetchall()
        yield table, "\n".join(row[0] for row in rows)
