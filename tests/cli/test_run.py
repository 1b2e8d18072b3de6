"""``memobridge run``: what it may be told wrong."""

from tests.cli.shell import Shell


async def test_unknown_role_is_wrong_usage(shell: Shell) -> None:
    ran = await shell.run("run", "--role", "boss")
    assert (ran.code, ran.out) == (2, "")
    assert "--role" in ran.err


async def test_all_problems_of_the_settings_are_told_at_once(shell: Shell) -> None:
    ran = await shell.run("run", SLACK_BOT_TOKEN="", WORKERS="none", RETENTION_DAYS="1")
    assert (ran.code, ran.out) == (2, "")
    assert sorted(line.split()[1].rstrip(":") for line in ran.err.splitlines()) == [
        "RETENTION_DAYS",
        "SLACK_BOT_TOKEN",
        "WORKERS",
    ]
