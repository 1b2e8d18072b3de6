"""A wrong environment ends the bot before anything starts, and every problem is named with its fix."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.cli.child import ROOT
from bot.sandbox.sandbox import Sandbox
from config.settings import Settings

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "s3cr3t-signing",
    "LINQ_API_V3_API_KEY": "linq-key",
}


async def exit_of(**environment: str) -> tuple[int, list[str]]:
    """How ``run`` ends in this environment: its exit code, and its lines on stderr."""
    clean = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), cwd=ROOT, env=clean | environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, said.decode().splitlines()


async def test_what_is_missing_is_named_all_at_once_with_the_place_to_find_it() -> None:
    code, said = await exit_of()
    assert code == 2
    assert [line.split()[1] for line in said] == ["SLACK_BOT_TOKEN", "LINQ_API_V3_API_KEY", "SLACK_SIGNING_SECRET"]
    assert all(line.startswith("memobridge: ") and "is missing: " in line for line in said)


async def test_what_is_wrong_is_named_all_at_once_and_never_quoted() -> None:
    wrong = {
        "SLACK_BOT_TOKEN": "xapp-not-a-bot-token",
        "SLACK_API_URL": "http://slack.example.com/api/",
        "LINQ_API_V3_BASE_URL": "ftp://linq.example.com",
        "LINQ_WEBHOOK_SECRET": "whsec_!!not-base64!!",
        "TRANSFER": "url",
        "PORT": "99999",
    }
    code, said = await exit_of(**GOOD | wrong)
    assert code == 2
    text = "\n".join(said)
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_API_URL",
        "LINQ_API_V3_BASE_URL",
        "LINQ_WEBHOOK_SECRET",
        "PUBLIC_URL",
        "PORT",
    ):
        assert f"memobridge: {name}" in text
    assert "not-a-bot-token" not in text
    assert "not-base64" not in text
    assert "Traceback" not in text


async def test_a_links_file_with_a_fault_is_named_before_anything_starts(tmp_path: Path, database_url: str) -> None:
    links = tmp_path / "links.toml"
    links.write_text('[[link]]\nchannel = "C1"\n')
    async with Sandbox() as sandbox:
        environment = sandbox.environment() | {"LINKS_FILE": str(links), "DATABASE_URL": database_url}
        code, said = await exit_of(**environment)
    assert code == 2
    needs = 'every [[link]] needs channel = "C…", and chat = "<chat uuid>" or line = "+1…" (or "all")'
    assert said == [f"memobridge: LINKS_FILE: {links}: {needs}"]


async def test_a_database_that_cannot_be_reached_is_one_line_without_its_password() -> None:
    code, said = await exit_of(**GOOD, DATABASE_URL="postgresql://bot:hunter2@127.0.0.1:1/memobridge")
    assert code == 1
    assert len(said) == 1
    assert "database cannot be reached" in said[0]
    assert "hunter2" not in said[0]


async def test_a_port_that_is_taken_is_named_with_its_fix(database_url: str) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = str(taken.sockets[0].getsockname()[1])
    async with taken, Sandbox() as sandbox:
        settings = {"DATABASE_URL": database_url, "HOST": "127.0.0.1", "PORT": port}
        code, said = await exit_of(**sandbox.environment() | settings, LOG_LEVEL="error")
    assert code == 1
    assert said == [f"memobridge: PORT: cannot listen on 127.0.0.1:{port} (Address already in use). Choose another."]


@pytest.mark.parametrize("host", ["999.1.1.1", "192.0.2.1"], ids=["cannot be resolved", "belongs to no machine"])
async def test_a_host_that_cannot_be_listened_on_is_named_with_its_fix(database_url: str, host: str) -> None:
    async with Sandbox() as sandbox:
        settings = {"DATABASE_URL": database_url, "HOST": host, "PORT": "0"}
        code, said = await exit_of(**sandbox.environment() | settings, LOG_LEVEL="error")
    assert code == 1
    assert len(said) == 1
    assert said[0].startswith(f"memobridge: HOST: cannot listen on {host} (")
    assert "0.0.0.0" in said[0]
