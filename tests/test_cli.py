"""The command line as an operator meets it: real processes, a sandbox, exit codes and one-line errors."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from bot.cli.child import BotProcess, ChildError
from bot.cli.common import show, table
from bot.relay.model import ChannelId, ChatId, Clip, Link
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import ARCHIVED, CLIPS, ELSEWHERE
from bot.store.database import Database
from config.settings import Settings
from tests.store.made import delivery


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass
class Shell:
    sandbox: Sandbox
    environment: dict[str, str]

    async def run(self, *words: str, **environment: str) -> Ran:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            env=self.environment | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def shell(database_url: str) -> AsyncIterator[Shell]:
    clean = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    async with Sandbox() as sandbox:
        yield Shell(sandbox, clean | sandbox.environment() | {"DATABASE_URL": database_url, "COLUMNS": "200"})


async def test_a_missing_setting_is_one_line_with_the_fix_and_exit_code_2(shell: Shell) -> None:
    ran = await shell.run("run", LINQ_API_V3_API_KEY="")
    assert ran == Ran(2, "", "memobridge: LINQ_API_V3_API_KEY is missing: Linq API key, from the Linq dashboard\n")


async def test_a_bot_that_does_not_start_is_told_in_its_own_words_to_whoever_started_it() -> None:
    with pytest.raises(ChildError) as told:
        await BotProcess({}).start()
    assert "SLACK_BOT_TOKEN" in str(told.value)
    assert "{" not in str(told.value)


async def test_no_command_tells_of_a_worker_that_is_gone_already() -> None:
    program = """
import logging
from bot.cli.common import settle

async def work():
    logging.getLogger("asyncio").warning("Unknown child process pid %d, will report returncode 255", 7)
    logging.getLogger("asyncio").warning("something else")

settle(work())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert said.decode() == "something else\n"


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_what_is_told_to_leave_once_more_still_puts_everything_in_order(sign: signal.Signals) -> None:
    program = """
import asyncio, sys
from bot.cli.common import settle

async def work():
    print("working", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("leaving", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print("all in order", flush=True)

settle(work())
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for line in (b"working\n", b"leaving\n"):
        assert await process.stdout.readline() == line
        process.send_signal(sign)
    out, _ = await process.communicate(b"\n")
    assert (process.returncode, out) == (130, b"all in order\n")


async def test_a_bot_that_is_told_to_leave_before_it_began_anything_exits_0(shell: Shell) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "bot", "run"), env=shell.environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while b" bot.telemetry" not in await process.stderr.readline():
        assert not process.stderr.at_eof()
    process.send_signal(signal.SIGTERM)
    _, said = await process.communicate()
    assert process.returncode == 0
    assert b" bot.app" not in said


async def test_an_unknown_command_is_wrong_usage(shell: Shell) -> None:
    assert (await shell.run("fly")).code == 2


@pytest.mark.parametrize("port", ["99999", "-1"])
@pytest.mark.parametrize(
    ("command", "option"),
    [("sandbox", "--slack-port"), ("sandbox", "--linq-port"), ("sandbox", "--control-port"), ("demo", "--port")],
)
async def test_a_port_that_cannot_be_is_wrong_usage(shell: Shell, command: str, option: str, port: str) -> None:
    ran = await shell.run(command, option, port)
    assert ran.code == 2
    assert option in ran.err


async def test_check_is_all_green_when_all_is_well(shell: Shell) -> None:
    ran = await shell.run("check")
    assert ran.code == 0
    assert "✗" not in ran.out


async def test_check_names_what_is_wrong_with_the_fix_and_exits_1(shell: Shell) -> None:
    shell.sandbox.slack.switches.scopes.discard("files:read")
    await shell.run("links", "add", ELSEWHERE, Chats.BEN)
    ran = await shell.run("check", LINQ_API_V3_API_KEY="wrong", SLACK_ALERT_CHANNEL=ELSEWHERE)
    assert ran.code == 1
    wrong = [line for line in ran.out.splitlines() if line.startswith("✗")]
    named = ["✗ Slack scopes", "✗ alert channel", "✗ Linq key", f"✗ link {ELSEWHERE}"]
    assert [line.split(":")[0] for line in wrong] == named
    assert "reinstall the app" in wrong[0]


async def test_check_says_that_the_database_is_not_reached(shell: Shell) -> None:
    ran = await shell.run("check", DATABASE_URL="postgresql://127.0.0.1:1/none?connect_timeout=2")
    assert ran.code == 1
    assert "✗ database: The database cannot be reached" in ran.out


@pytest.mark.parametrize("text", ["[[link]\n", '[[link]]\nchannel = "C1"\nchat = "ann@example.com"\n'])
async def test_check_says_what_is_wrong_with_the_links_file(shell: Shell, tmp_path: Path, text: str) -> None:
    links = tmp_path / "links.toml"
    links.write_text(text)
    ran = await shell.run("check", LINKS_FILE=str(links))
    assert ran.code == 1
    [wrong] = [line for line in ran.out.splitlines() if line.startswith("✗")]
    assert wrong.startswith(f"✗ LINKS_FILE: {links}")


async def test_check_tries_the_links_of_the_file_before_the_bot_has_read_it(shell: Shell, tmp_path: Path) -> None:
    links = tmp_path / "links.toml"
    links.write_text(
        f'[[link]]\nchannel = "{CLIPS}"\nchat = "{Chats.ANN}"\n'
        f'[[link]]\nchannel = "{ELSEWHERE}"\nchat = "{Chats.ANN}"\n'
    )
    await shell.run("links", "add", CLIPS, Chats.BEN)
    ran = await shell.run("check", LINKS_FILE=str(links))
    assert "✓ LINKS_FILE: good; 2 links" in ran.out
    assert "✓ link C0CLIPS0001: #clips → ben@example.com" in ran.out
    assert [line.split(":")[0] for line in ran.out.splitlines() if line.startswith("✗")] == [f"✗ link {ELSEWHERE}"]


async def test_a_link_is_made_shown_and_taken_away(shell: Shell) -> None:
    assert (await shell.run("links", "add", CLIPS, "ben@example.com")).code == 0
    listed = await shell.run("links", "list")
    assert f"{CLIPS}" in listed.out
    assert f"{Chats.BEN}" in listed.out
    assert (await shell.run("links", "remove", CLIPS)).code == 0
    assert "No channel is linked yet" in (await shell.run("links", "list")).out


NO_CHANNELS = ["C bad", "#clips", "clips", "c0clips0001", "C", "DeliveryService"]


@pytest.mark.parametrize("named", NO_CHANNELS)
async def test_what_is_no_channel_id_is_not_linked(shell: Shell, named: str) -> None:
    ran = await shell.run("links", "add", named, Chats.BEN)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"{named} is not a channel id" in ran.err


@pytest.mark.parametrize(
    ("channel", "warning"),
    [
        ("C0NOSUCH001", "Slack does not show this channel to the bot: invite it with /invite."),
        (ELSEWHERE, "the bot is not in #elsewhere and hears nothing there. Type /invite in that channel."),
        (ARCHIVED, "#archived is archived. Unarchive it, or unlink it."),
        (CLIPS, ""),
    ],
)
async def test_a_channel_in_which_the_bot_hears_nothing_is_linked_with_a_warning(
    shell: Shell, channel: str, warning: str
) -> None:
    ran = await shell.run("links", "add", channel, Chats.BEN)
    told = f"memobridge: {channel}: {warning}\n" if warning else ""
    assert ran == Ran(0, f"{channel} is linked to ben@example.com ({Chats.BEN}).\n", told)


async def test_a_chat_that_linq_does_not_know_is_told_as_one_that_was_just_named(shell: Shell) -> None:
    ran = await shell.run("links", "add", CLIPS, "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f")
    assert ran.code == 1
    assert "Linq does not know this chat. " in ran.err


async def test_an_ambiguous_person_is_answered_with_the_chats_to_choose_from(shell: Shell) -> None:
    ran = await shell.run("links", "add", CLIPS, "+12025550123")
    assert ran.code == 1
    assert f"{Chats.ANN}" in ran.err
    assert f"{Chats.FAMILY}" in ran.err


async def test_an_unknown_delivery_is_one_line_and_exit_code_1(shell: Shell) -> None:
    ran = await shell.run("deliveries", "show", "nothing")
    assert (ran.code, ran.err.count("\n")) == (1, 1)


@pytest.mark.parametrize("name", ["x[/].m4a", "call [final].m4a", "call :phone:.m4a"])
async def test_a_clip_is_named_as_it_stands_whatever_its_name_looks_like(
    shell: Shell, database: Database, name: str
) -> None:
    await database.deliveries.accept([delivery("d1", clip=Clip("F1", name))])
    for words in (("deliveries",), ("deliveries", "show", "d1")):
        ran = await shell.run(*words)
        assert (ran.code, ran.err) == (0, "")
        assert name in ran.out


async def test_what_is_piped_on_has_a_line_for_each_delivery_however_long(shell: Shell, database: Database) -> None:
    await database.deliveries.accept([delivery("d1", clip=Clip("F1", f"{'long ' * 30}.m4a"))])
    ran = await shell.run("deliveries", COLUMNS="40")
    assert ran.out.splitlines()[0].split() == ["id", "accepted", "(UTC)", "channel", "clip", "status", "why"]
    [line] = [line for line in ran.out.splitlines() if line.startswith("d1 ")]
    assert f"{'long ' * 30}.m4a" in line
    assert " queued" in line


def test_however_narrow_a_terminal_is_no_column_vanishes_and_ids_and_status_stay_whole() -> None:
    found = table("id", "accepted (UTC)", "channel", "clip", "status", "why")
    facts = ("0123456789abcdef", "2026-11-26 18:30:09", "C0CLIPS0001", "a-memo-of-a-whole-afternoon.m4a", "unconfirmed")
    found.add_row(*facts, "It is not known whether the memo went out.")
    terminal = Console(file=io.StringIO(), width=40)
    show(found, "Nothing.", terminal)
    said = cast(io.StringIO, terminal.file).getvalue()
    assert said.splitlines()[0].split() == ["id", "accepted", "(UTC)", "channel", "clip", "status", "why"]
    for whole in (*facts[:3], facts[4]):
        assert whole in said


async def test_a_chat_is_named_as_it_stands_whatever_its_name_looks_like(shell: Shell, database: Database) -> None:
    await database.links.save(Link(ChannelId("C1"), ChatId("chat-1"), "Sales [/team] [new] :phone:", "U1"))
    for words in (("links", "list"), ("links", "remove", "C1")):
        ran = await shell.run(*words)
        assert (ran.code, ran.err) == (0, "")
        assert "Sales [/team] [new] :phone:" in ran.out


async def test_check_names_a_channel_as_it_stands_whatever_it_looks_like(shell: Shell, database: Database) -> None:
    await database.links.save(Link(ChannelId("C[/]"), ChatId(Chats.BEN), "Ben", "U1"))
    assert "✗ link C[/]: " in (await shell.run("check")).out


@pytest.mark.parametrize("words", [(), ("run",), ("check",), ("links",), ("deliveries",), ("sandbox",), ("demo",)])
async def test_help_is_everywhere(shell: Shell, words: tuple[str, ...]) -> None:
    ran = await shell.run(*words, "--help")
    assert ran.code == 0
    assert "Usage: memobridge" in ran.out
