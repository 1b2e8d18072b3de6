"""What nobody may read in what the bot writes down: looked for after every story in log, metrics and database."""

import json
from collections.abc import Iterator

import psycopg

from bot.linq.ids import shown_handle
from bot.sandbox.sandbox import Sandbox

SHORTEST = 6  # shorter words turn up by chance
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"

# What was delivered, or will never be sent, has no content any more: no words, no address of a file, no name.
KEPT_CONTENT = """
SELECT id, state FROM deliveries WHERE parts <> without_content(parts) AND (
    state = 'cancelled' OR state = 'recorded' AND (
        next_poll_at IS NULL AND NOT EXISTS (SELECT FROM receipts WHERE message = sent_as AND kind = 'failed')
        OR EXISTS (
            SELECT FROM receipts WHERE (message = sent_as OR delivery = deliveries.id)
            AND (kind IN ('delivered', 'read') OR is_final))))
"""
# What is not sent yet, or may be sent again, is kept. Nothing else of a row may hold content, whatever its state.
DELIVERIES = """
SELECT (to_jsonb(whole) || jsonb_build_object('parts', without_content(parts)))::text FROM deliveries AS whole
"""
PEOPLE = ("links", "people")  # where handles and names are kept
OWN_NUMBERS = "conversations"  # where our own numbers stand, too, which are no person's


def secrets(sandbox: Sandbox) -> set[str]:
    """Tokens and secrets of both sides, and what stands for one: addresses that open a file or answer a person."""
    given = {v for k, v in sandbox.environment().items() if k.endswith(("TOKEN", "SECRET", "KEY"))}
    made = {each.secret for each in sandbox.linq.account.subscriptions.values()}
    stored = {each.signature for each in sandbox.linq.account.attachments.values()}
    return given | made | stored | {"/respond/", "X-Amz-Signature", "Bearer ", "/attachments/partners/"}


def handles(sandbox: Sandbox) -> set[str]:
    """Phone numbers and e-mail addresses, as they are and as people read them; ours among them."""
    people = {handle.address for chat in sandbox.linq.account.chats.values() for handle in chat.handles}
    return people | {shown_handle(each) for each in people} | own_numbers(sandbox)


def own_numbers(sandbox: Sandbox) -> set[str]:
    ours = {line.number for line in sandbox.linq.account.lines}
    return ours | {shown_handle(each) for each in ours}


def texts(sandbox: Sandbox) -> set[str]:
    """What people wrote, on either side, edits included."""
    channels = sandbox.slack.workspace.channels.values()
    posts = [post for channel in channels for post in channel.messages.values() if not post.bot_id]
    here = {text for post in posts for text in (post.text, *post.drafts)}
    parts = (part for message in sandbox.linq.account.messages.values() for part in message.parts)
    there = {part.value for part in parts}
    return {text for text in here | there if len(text) >= SHORTEST}


def files(sandbox: Sandbox) -> set[str]:
    """What people called their files, and the paths of where those lie."""
    here = {file.upload.name for file in sandbox.slack.workspace.files.values()}
    there = {each.filename for each in sandbox.linq.account.attachments.values()}
    return {name for name in here | there if len(name) >= SHORTEST} | {"/files-pri/", "/files-tmb/", "/clips/"}


def leaks_in_words(said: str, sandbox: Sandbox) -> list[str]:
    """What a log or the metrics let out; empty when all is well. JSON escapes hide nothing."""
    hidden = secrets(sandbox) | handles(sandbox) | texts(sandbox) | files(sandbox)
    return sorted(word for word in hidden if word in said or json.dumps(word)[1:-1] in said)


def leaks_in_database(url: str, sandbox: Sandbox) -> list[str]:
    """What a dump lets out beyond need. Needed are the names of files, and the people at the other end in their own
    tables."""
    hidden = secrets(sandbox) | texts(sandbox)
    with psycopg.connect(url, autocommit=True) as connection:
        kept = connection.execute(KEPT_CONTENT.encode()).fetchall()
        found = [f"content of {delivery}, which is {state}" for delivery, state in kept]
        for table, dump in _dump(connection):
            shown = hidden | (handles(sandbox) if table not in PEOPLE else set())
            shown -= own_numbers(sandbox) if table == OWN_NUMBERS else set()
            found += [f"{table}: {word}" for word in sorted(shown) if word in dump or json.dumps(word)[1:-1] in dump]
    return found


def _dump(connection: psycopg.Connection) -> Iterator[tuple[str, str]]:
    for (table,) in connection.execute(TABLES).fetchall():
        query = DELIVERIES if table == "deliveries" else f'SELECT whole::text FROM "{table}" AS whole'
        yield table, "\n".join(row[0] for row in connection.execute(query.encode()).fetchall())
