"""``memobridge links``: what an operator may do wrong, and what stays as it was."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CLIPS
from bot.store.database import Database
from tests.cli.shell import Shell
from tests.linq.conftest import IDS


async def test_removing_what_is_not_linked_is_one_line(shell: Shell) -> None:
    ran = await shell.run("links", "remove", CLIPS)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)


async def test_linked_channel_is_not_linked_to_somebody_else(shell: Shell) -> None:
    await shell.run("links", "add", CLIPS, Chats.BEN)
    ran = await shell.run("links", "add", CLIPS, Chats.ANN)
    assert (ran.code, ran.out) == (1, "")
    assert "linked to ben@example.com already. Unlink it first." in ran.err
    assert Chats.BEN in (await shell.run("links", "list")).out


async def test_list_shows_the_name_that_a_contact_has_shared(shell: Shell, database: Database) -> None:
    await shell.run("links", "add", CLIPS, Chats.ANN)
    await database.people.save_card(IDS.person("+12025550123"), "+1 202-555-0123", "Ann Lee")
    assert "Ann Lee (+12025550123)" in (await shell.run("links", "list")).out


async def test_linking_again_to_the_same_chat_keeps_the_settings(shell: Shell) -> None:
    await shell.run("links", "add", CLIPS, Chats.BEN)
    await shell.run("links", "set", CLIPS, "mode=conversation")
    assert (await shell.run("links", "add", CLIPS, Chats.BEN)).code == 0
    assert "mode=conversation" in (await shell.run("links", "list")).out


@pytest.mark.parametrize("words", [("add", CLIPS, Chats.BEN), ("remove", CLIPS)])
async def test_slack_that_rejects_the_token_is_one_line(shell: Shell, words: tuple[str, ...]) -> None:
    ran = await shell.run("links", *words, SLACK_BOT_TOKEN="xoxb-wrong")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)


@pytest.mark.parametrize("words", [("add", CLIPS), ("set", CLIPS), ("remove",), ("rename", CLIPS)])
async def test_missing_and_unknown_words_are_wrong_usage(shell: Shell, words: tuple[str, ...]) -> None:
    ran = await shell.run("links", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
