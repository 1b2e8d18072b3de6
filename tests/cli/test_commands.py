"""The command line as an operator meets it: real processes, a sandbox, exit codes and one-line errors."""

import asyncio
import io
import os
import re
import signal
import sys
from pathlib import Path
from typing import cast

import psycopg
import pytest
from rich.console import Console

from bot import __version__
from bot.cli.child import BotProcess, ChildError
from bot.cli.common import show, table
from bot.linq.ids import LinqIds
from bot.relay.ports.audit import AuditEntry
from bot.relay.rooms import Link
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import ARCHIVED, CLIPS, ELSEWHERE, TEAM
from bot.slack.ids import SlackRoom
from bot.store.database import Database
from tests.cli.shell import Ran, Shell
from tests.store.rows import delivery, voice

UNKNOWN_CHAT = "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"


def failures(ran: Ran) -> list[str]:
    """The lines of ``check`` that say what is wrong."""
    return [line for line in ran.out.splitlines() if line.startswith("✗")]


async def test_missing_setting_is_one_line_with_the_fix_and_exit_code_2(shell: Shell) -> None:
    ran = await shell.run("run", LINQ_API_V3_API_KEY="")
    assert ran == Ran(2, "", "memobridge: LINQ_API_V3_API_KEY is missing: Linq API key, from the Linq dashboard\n")


async def test_version_is_shown(shell: Shell) -> None:
    assert await shell.run("--version") == Ran(0, f"memobridge {__version__}\n", "")


async def test_unknown_command_is_wrong_usage(shell: Shell) -> None:
    assert (await shell.run("fly")).code == 2


@pytest.mark.parametrize(
    "words", [(), ("run",), ("check",), ("links",), ("deliveries",), ("audit",), ("forget",), ("sandbox",), ("demo",)]
)
async def test_help_is_everywhere(shell: Shell, words: tuple[str, ...]) -> None:
    ran = await shell.run(*words, "--help")
    assert ran.code == 0
    assert "Usage: memobridge" in ran.out


@pytest.mark.parametrize("port", ["99999", "-1"])
@pytest.mark.parametrize(
    ("command", "option"),
    [("sandbox", "--slack-port"), ("sandbox", "--linq-port"), ("sandbox", "--control-port"), ("demo", "--port")],
)
async def test_invalid_port_is_wrong_usage(shell: Shell, command: str, option: str, port: str) -> None:
    ran = await shell.run(command, option, port)
    assert ran.code == 2
    assert option in ran.err


@pytest.mark.parametrize("url", ["", "127.0.0.1:3000", "localhost", "ftp://localhost", "http://", "http://localhost:x"])
async def test_bot_url_that_is_none_is_wrong_usage(shell: Shell, url: str) -> None:
    ran = await shell.run("sandbox", "--bot-url", url)
    assert (ran.code, ran.out) == (2, "")
    assert "--bot-url" in ran.err


async def test_windows_is_told_to_use_wsl() -> None:
    program = "import sys; from bot.__main__ import main; sys.platform = 'win32'; main()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (
        1,
        "memobridge runs on Linux and macOS. On Windows, run it in WSL.",
    )


async def test_bot_that_does_not_start_is_told_in_its_own_words() -> None:
    with pytest.raises(ChildError) as told:
        await BotProcess({}).start()
    assert "SLACK_BOT_TOKEN" in str(told.value)
    assert "{" not in str(told.value)


async def test_child_meets_no_settings_of_its_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A demo that was started beside a real bot's .env file must not meet its accounts."""
    everything = "SLACK_BOT_TOKEN=xoxb-real\nSLACK_SIGNING_SECRET=real\nLINQ_API_V3_API_KEY=real\n"
    file = tmp_path / "real.env"
    file.write_text(everything)
    monkeypatch.setenv("ENV_FILE", str(file))
    monkeypatch.setenv("FIND_SECONDS", "no number")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-real")
    with pytest.raises(ChildError, match="SLACK_BOT_TOKEN is missing") as told:
        await BotProcess({}).start()
    assert "SEND_CONFIRM_SECONDS" not in str(told.value)


async def test_migrate_says_what_it_did(shell: Shell, database_url: str) -> None:
    again = await shell.run("migrate")
    assert again == Ran(0, "Nothing to do: the database is of today's shape.\n", "")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    first = await shell.run("migrate")
    assert first.code == 0
    assert first.out.startswith("Applied procrastinate/")
    assert "jobs/0001_jobs.sql" in first.out
    assert "store/0001_tables.sql" in first.out


@pytest.mark.parametrize("command", ["migrate", "run", "check"])
async def test_database_of_a_newer_version_is_refused(shell: Shell, database_url: str, command: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO schema_steps (name, checksum) VALUES ('store/9999_later.sql', 'x')")
    ran = await shell.run(command)
    assert ran.code == 1
    assert "was used by a newer memobridge (it has store/9999_later.sql)" in ran.out + ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", ["migrate", "check"])
async def test_database_whose_steps_were_edited_is_refused(shell: Shell, database_url: str, command: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE schema_steps SET checksum = 'x' WHERE name = 'store/0001_tables.sql'")
    ran = await shell.run(command)
    assert ran.code == 1
    assert "another edition of store/0001_tables.sql" in ran.out + ran.err


async def test_check_is_all_green_when_all_is_well(shell: Shell) -> None:
    ran = await shell.run("check")
    assert ran.code == 0
    assert failures(ran) == []


async def test_check_names_what_is_wrong_with_the_fix_and_exits_1(shell: Shell) -> None:
    shell.sandbox.slack.switches.scopes.discard("files:read")
    await shell.run("links", "add", ELSEWHERE, Chats.BEN)
    ran = await shell.run("check", LINQ_API_V3_API_KEY="wrong", SLACK_ALERT_CHANNEL=ELSEWHERE)
    assert ran.code == 1
    named = ["✗ Slack scopes", "✗ alert channel", "✗ Linq key", f"✗ link {ELSEWHERE}"]
    assert [line.split(":")[0] for line in failures(ran)] == named
    assert "reinstall the app" in failures(ran)[0]


async def test_check_says_what_it_cannot_test(shell: Shell) -> None:
    ran = await shell.run("check", SLACK_SIGNING_SECRET="wrong")
    [line] = [line for line in ran.out.splitlines() if "signing secret" in line]
    assert "only a request from Slack can show whether it is the right one" in line


AN_HOUR_LATER = """
import datetime, sys

class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(hours=1)

datetime.datetime = Later
from bot.__main__ import main
sys.argv[1:] = ["check"]
main()
"""


async def test_check_names_a_clock_that_is_an_hour_off(shell: Shell) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AN_HOUR_LATER), env=shell.environment, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 1
    wrong = [line for line in out.decode().splitlines() if line.startswith("✗")]
    assert [line.split(":")[0] for line in wrong] == ["✗ database", "✗ clock"]
    assert all(re.search("(3599|3600|3601) s", line) for line in wrong)


async def test_check_says_that_the_database_cannot_be_reached(shell: Shell) -> None:
    ran = await shell.run("check", DATABASE_URL="postgresql://127.0.0.1:1/none?connect_timeout=2")
    assert ran.code == 1
    assert "✗ database: The database cannot be reached" in ran.out


WRONG_FILES = {
    "[[link]\n": "not valid TOML",
    '[[link]]\nchannel = "C1"\nchat = "ann@example.com"\n': "every [[link]] needs",
    f'[[links]]\nchannel = "C1"\nchat = "{UNKNOWN_CHAT}"\n': "Write each link as [[link]]",
    f'[[link]]\nchannel = "{CLIPS}"\nchat = "{Chats.ANN}"\nmode = "shout"\n': "mode is voice or conversation",
    f'[[link]]\nchannel = "{CLIPS}"\nchat = "{Chats.ANN}"\nsenders = ["nobody"]\n': "nobody is nobody",
}


@pytest.mark.parametrize("text", WRONG_FILES)
async def test_wrong_links_file_is_named_by_check_and_stops_run(shell: Shell, tmp_path: Path, text: str) -> None:
    links = tmp_path / "links.toml"
    links.write_text(text)
    ran = await shell.run("check", LINKS_FILE=str(links))
    assert ran.code == 1
    assert [line.startswith(f"✗ LINKS_FILE: {links}") for line in failures(ran)] == [True]
    assert WRONG_FILES[text] in failures(ran)[0]
    ran = await shell.run("run", LINKS_FILE=str(links), LOG_LEVEL="error", PORT="0", HOST="127.0.0.1")
    assert ran.code == 2
    assert ran.err.startswith(f"memobridge: LINKS_FILE: {links}")
    assert ran.err.count("\n") == 1


async def test_check_tries_the_links_of_the_file_before_the_bot_has_read_it(shell: Shell, tmp_path: Path) -> None:
    links = tmp_path / "links.toml"
    links.write_text(
        f'[[link]]\nchannel = "{CLIPS}"\nchat = "{Chats.ANN}"\n'
        f'[[link]]\nchannel = "{ELSEWHERE}"\nchat = "{Chats.ANN}"\n'
    )
    await shell.run("links", "add", CLIPS, Chats.BEN)
    ran = await shell.run("check", LINKS_FILE=str(links))
    assert "✓ LINKS_FILE: good; 2 links" in ran.out
    assert f"✓ link {CLIPS}: #clips → ben@example.com" in ran.out
    assert [line.split(":")[0] for line in failures(ran)] == [f"✗ link {ELSEWHERE}"]


async def test_link_is_made_shown_and_removed(shell: Shell) -> None:
    assert (await shell.run("links", "add", CLIPS, "ben@example.com")).code == 0
    listed = await shell.run("links", "list")
    assert CLIPS in listed.out
    assert Chats.BEN in listed.out
    assert "mode=voice replies=on senders=members" in listed.out
    assert (await shell.run("links", "remove", CLIPS)).code == 0
    assert "No channel is linked yet" in (await shell.run("links", "list")).out


async def test_settings_of_a_link_are_changed_together(shell: Shell) -> None:
    await shell.run("links", "add", CLIPS, Chats.BEN)
    ran = await shell.run("links", "set", CLIPS, "mode=conversation", "senders=U0ANN0000,S0TEAM000", "replies=off")
    senders = f"slack:{TEAM}@U0ANN0000,slack:{TEAM}&S0TEAM000"
    assert ran == Ran(0, f"{CLIPS}: mode=conversation replies=off senders={senders} confirm=never quiet=off\n", "")
    assert "mode=conversation" in (await shell.run("links", "list")).out


WRONG_SETTINGS = (
    ("mode", 2, "write each setting as KEY=VALUE"),
    ("mode=", 2, "write each setting as KEY=VALUE"),
    ("colour=red", 2, "There are: mode, replies, senders, confirm, quiet."),
    ("mode=shout", 2, "mode is voice or conversation."),
    ("senders=bob", 2, "bob is nobody."),
    ("quiet=at night", 2, "Those are no quiet hours."),
    ("quiet=25:00-08:00 UTC", 2, "There is no such time of day."),
    ("quiet=08:00-08:00 UTC", 2, "Quiet hours need a beginning and another end."),
    ("quiet=22:00-08:00 Mars/Base", 2, "There is no time zone Mars/Base."),
)


async def test_wrong_setting_of_a_link_is_one_line_and_changes_nothing(shell: Shell) -> None:
    await shell.run("links", "add", CLIPS, Chats.BEN)
    for assignment, code, fix in WRONG_SETTINGS:
        ran = await shell.run("links", "set", CLIPS, "replies=off", assignment)
        assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1), assignment
        assert fix in ran.err
    assert "replies=on" in (await shell.run("links", "list")).out


async def test_wrong_setting_is_wrong_usage_before_there_is_a_link(shell: Shell) -> None:
    for assignment in ("mode=shout", "senders=bob"):
        ran = await shell.run("links", "set", CLIPS, assignment)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), assignment


async def test_setting_of_a_channel_without_a_link_is_one_line(shell: Shell) -> None:
    ran = await shell.run("links", "set", CLIPS, "mode=voice")
    assert (ran.code, ran.err) == (1, "memobridge: This place is not linked to anybody.\n")


@pytest.mark.parametrize("named", ["C bad", "#clips", "clips", "c0clips0001", "C", "DM0000001"])
async def test_what_is_no_channel_id_is_not_linked(shell: Shell, named: str) -> None:
    ran = await shell.run("links", "add", named, Chats.BEN)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"{named} is not a channel id" in ran.err


@pytest.mark.parametrize(
    ("channel", "warning"),
    [
        ("C0NOSUCH001", "/invite"),
        (ELSEWHERE, "the bot is not in #elsewhere. Type /invite in that channel."),
        (ARCHIVED, "#archived is archived. Unarchive it, or use another channel."),
        (CLIPS, ""),
    ],
)
async def test_channel_that_the_bot_cannot_read_is_linked_with_a_warning(
    shell: Shell, channel: str, warning: str
) -> None:
    ran = await shell.run("links", "add", channel, Chats.BEN)
    assert (ran.code, ran.out) == (0, f"{channel} is linked to ben@example.com ({Chats.BEN}).\n")
    assert warning in ran.err
    assert ran.err.count("\n") == bool(warning)


@pytest.mark.parametrize("chat", ["Ben", "12025550123", "", "line:", "line:Sales", "line:12"])
async def test_what_names_neither_a_chat_nor_a_line_is_wrong_usage(shell: Shell, chat: str) -> None:
    ran = await shell.run("links", "add", CLIPS, chat)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "Write a" in ran.err


async def test_chat_that_linq_does_not_know_is_told(shell: Shell) -> None:
    ran = await shell.run("links", "add", CLIPS, UNKNOWN_CHAT)
    assert ran.code == 1
    assert "Linq does not know this chat" in ran.err


async def test_ambiguous_person_is_answered_with_the_chats_to_choose_from(shell: Shell) -> None:
    ran = await shell.run("links", "add", CLIPS, "+12025550123")
    assert ran.code == 1
    assert Chats.ANN in ran.err
    assert Chats.FAMILY in ran.err


async def test_label_is_shown_as_it_is_whatever_it_looks_like(shell: Shell, database: Database) -> None:
    room, peer = SlackRoom(TEAM, CLIPS).id, LinqIds().room(Chats.BEN)
    await database.links.save(Link(room, peer, "Sales [/team] [new] :phone:", "U1"))
    for words in (("links", "list"), ("links", "remove", CLIPS)):
        ran = await shell.run(*words)
        assert (ran.code, ran.err) == (0, "")
        assert "Sales [/team] [new] :phone:" in ran.out


async def test_delivery_is_shown_with_who_approved_it(shell: Shell, database: Database) -> None:
    await database.deliveries.accept([delivery("d1")])
    await database.audit.add(AuditEntry("approve", "slack:T1@U1", delivery("d1").id))
    assert "approve, by slack:T1@U1" in (await shell.run("deliveries", "show", "d1")).out


@pytest.mark.parametrize("command", ["show", "resend"])
async def test_what_is_no_text_names_no_delivery(shell: Shell, command: str) -> None:
    ran = await shell.run("deliveries", command, os.fsdecode(b"\xff"))
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


async def test_unknown_delivery_is_one_line_and_exit_code_1(shell: Shell) -> None:
    for command in ("show", "resend"):
        ran = await shell.run("deliveries", command, "nothing")
        assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)


async def test_recording_is_named_as_it_is_whatever_it_looks_like(shell: Shell, database: Database) -> None:
    names = ["x[/]", "call [final]", "call :phone:"]
    await database.deliveries.accept([delivery(f"d{n}", parts=(voice(name),)) for n, name in enumerate(names)])
    listed = await shell.run("deliveries")
    assert [name for name in names if f"{name}.m4a" not in listed.out] == []
    for number, name in enumerate(names):
        ran = await shell.run("deliveries", "show", f"d{number}")
        assert (ran.code, ran.err) == (0, "")
        assert f"{name}.m4a" in ran.out


async def test_piped_list_has_a_line_for_each_delivery_however_long(shell: Shell, database: Database) -> None:
    await database.deliveries.accept([delivery("d1", parts=(voice("long " * 30),))])
    ran = await shell.run("deliveries", COLUMNS="40")
    assert ran.out.splitlines()[0].split() == ["id", "accepted", "(UTC)", "from", "to", "what", "status", "reason"]
    [line] = [line for line in ran.out.splitlines() if line.startswith("d1 ")]
    assert f"{'long ' * 30}.m4a" in line
    assert " queued" in line


def test_narrow_terminal_loses_no_column_and_folds_no_id() -> None:
    found = table("id", "accepted (UTC)", "channel", "what", "status", "reason")
    facts = ("0123456789abcdef", "2026-11-26 18:30:09", "C0CLIPS0001", "a-memo-of-a-whole-afternoon.m4a", "unconfirmed")
    found.add_row(*facts, "It is not known whether the memo was sent.")
    terminal = Console(file=io.StringIO(), width=40)
    show(found, "Nothing.", terminal)
    said = cast(io.StringIO, terminal.file).getvalue()
    assert said.splitlines()[0].split() == ["id", "accepted", "(UTC)", "channel", "what", "status", "reason"]
    for whole in (*facts[:3], facts[4]):
        assert whole in said


async def test_worker_process_that_has_ended_already_is_not_logged() -> None:
    program = """
import logging
from bot.cli.common import run_or_exit

async def work():
    logging.getLogger("asyncio").warning("Unknown child process pid %d, will report returncode 255", 7)
    logging.getLogger("asyncio").warning("something else")

run_or_exit(work())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert said.decode() == "something else\n"


@pytest.mark.parametrize("loop", ["asyncio.new_event_loop", "uvloop.new_event_loop"])
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_second_signal_does_not_disturb_a_command_that_stops(sign: signal.Signals, loop: str) -> None:
    program = f"""
import asyncio, sys, uvloop
from bot.cli.common import run_or_exit

async def work():
    print("working", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("stopping", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print("all in order", flush=True)

run_or_exit(work(), loop_factory={loop})
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for line in (b"working\n", b"stopping\n"):
        assert await process.stdout.readline() == line
        process.send_signal(sign)
    out, _ = await process.communicate(b"\n")
    assert (process.returncode, out) == (130, b"all in order\n")


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_signal_before_anything_began_ends_run_at_once(shell: Shell, sign: signal.Signals, code: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "bot", "run"), env=shell.environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while b" bot.telemetry" not in await process.stderr.readline():
        assert not process.stderr.at_eof()
    process.send_signal(sign)
    _, said = await process.communicate()
    assert process.returncode == code
    assert b" bot.app\n" not in said
    assert b"Traceback" not in said
