"""``forget`` as an operator meets it: what it erased, what it cannot reach, and nothing of the person in a dump."""

import os
import pty

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CLIPS
from bot.store.database import Database
from tests.cli.shell import Shell
from tests.linq.conftest import IDS
from tests.store.rows import ask, delivery
from tests.store.test_erasure import dump

BEN = "ben@example.com"


async def test_forgotten_person_is_in_no_dump_and_out_of_reach_is_named(
    shell: Shell, database: Database, database_url: str
) -> None:
    await shell.run("links", "add", CLIPS, Chats.BEN)
    await database.people.save_handle(IDS.person(BEN), BEN)
    await database.deliveries.accept([delivery("a", target=IDS.room(Chats.BEN))])
    assert BEN in dump(database_url)
    ran = await shell.run("forget", BEN)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{BEN} is forgotten: 1 deliveries, 1 links, 0 files at Linq.\n")
    assert all(place in ran.out for place in ("Slack", "phones", "Linq's own lists", "back-ups"))
    assert BEN not in dump(database_url)
    assert IDS.person(BEN) not in dump(database_url)


async def test_link_of_the_file_is_named_because_it_would_come_back(
    shell: Shell, database: Database, database_url: str
) -> None:
    await shell.run("links", "add", CLIPS, Chats.BEN)
    ask(database_url, "UPDATE links SET from_file = true, made_by = 'LINKS_FILE'")
    ran = await shell.run("forget", BEN)
    assert ran.code == 0
    assert f"LINKS_FILE still links {CLIPS} with them" in ran.err


async def test_stranger_may_be_misspelt(shell: Shell) -> None:
    ran = await shell.run("forget", "bean@example.com")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(
        "bean@example.com had no deliveries, links or files here: is it written as Linq shows it?\n"
    )


@pytest.mark.parametrize("words", ["Ben", "12025550123", ""])
async def test_what_is_no_handle_is_one_line(shell: Shell, words: str) -> None:
    ran = await shell.run("forget", words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "neither a phone number nor an e-mail address" in ran.err


async def test_key_that_linq_rejects_erases_nothing(shell: Shell, database: Database, database_url: str) -> None:
    await database.people.save_handle(IDS.person(BEN), BEN)
    ran = await shell.run("forget", BEN, LINQ_API_V3_API_KEY="wrong")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "LINQ_API_V3_API_KEY" in ran.err
    assert BEN in dump(database_url)


async def test_person_at_a_terminal_is_asked_first(shell: Shell, database: Database, database_url: str) -> None:
    await database.people.save_handle(IDS.person(BEN), BEN)
    ours, theirs = pty.openpty()
    os.write(ours, b"n\n")
    ran = await shell.run("forget", BEN, stdin=theirs)
    os.close(theirs)
    assert ran.code == 1
    assert "Nothing brings it back" in ran.out + ran.err
    assert BEN in dump(database_url)
