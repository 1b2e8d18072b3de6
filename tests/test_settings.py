"""Settings: read once from the environment and a file; what is wrong is said all at once, with the fix."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.relay.receipts import POLL_BACKOFF
from bot.relay.retry import RetryPolicy
from config.settings import RENAMED, Settings, SettingsError, load, renamed

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "LINQ_API_V3_API_KEY": "k"}


def given(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    for name in (*map(str.upper, Settings.model_fields), *RENAMED):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    given(monkeypatch, **environment)
    with pytest.raises(SettingsError) as caught:
        load()
    return caught.value.problems


def test_smallest_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD)
    assert (load().port, load().transfer, load().database_url) == (3000, "attachment", None)


def test_all_missing_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "\n".join(problems(monkeypatch))
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "LINQ_API_V3_API_KEY"):
        assert f"{name} is missing: " in said


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-user", "xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1", "xapp-"),
        ("LINQ_WEBHOOK_SECRET", "secret", "whsec_"),
        ("SLACK_BOT_TOKEN", "xoxb-", "copy it whole"),
        ("SLACK_APP_TOKEN", "xapp-", "copy it whole"),
        ("LINQ_WEBHOOK_SECRET", "whsec_", "copy it whole"),
        ("LINQ_API_V3_BASE_URL", "https://api.linqapp.com/api/partner/v3", "without /v3"),
        ("LINQ_API_V3_BASE_URL", "https://api.linqapp.com/api/partner/v3/", "without /v3"),
        ("DATABASE_URL", "nonsense", "postgresql://"),
        ("DATABASE_URL", "mysql://bot:hunter2@127.0.0.1/memobridge", "postgresql://"),
        ("DATABASE_URL", "sqlite:///memobridge.db", "postgresql://"),
        ("PORT", "many", "integer"),
        ("TRANSFER", "pigeon", "attachment"),
        ("RETENTION_DAYS", "2", "greater than or equal to 3"),
        ("RETENTION_DAYS", "1000000", "less than or equal to 36500"),
        ("SEND_CONFIRM_SECONDS", "inf", "less than or equal to 86400"),
        ("BACKFILL_INTERVAL_SECONDS", "1e20", "less than or equal to 86400"),
        ("CARRY_UP_TO_SECONDS", "-1", "greater than or equal to 0"),
        ("ALERT_AFTER_SECONDS", "inf", "less than or equal to 86400"),
        ("SLACK_API_URL", "https://slack.com/", "/api/"),
        ("SLACK_API_URL", "http://slack.com/api/", "https"),
        ("PUBLIC_URL", "http://bot.example", "https"),
        ("HOST", "bot..example", "0.0.0.0"),
        ("LOG_LEVEL", "loud", "debug"),
    ],
)
def test_invalid_value_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch, name: str, value: str, fix: str) -> None:
    [said] = problems(monkeypatch, **GOOD | {name: value})
    assert said.startswith(name)
    assert fix in said


ADDRESSES = ("SLACK_API_URL", "LINQ_API_V3_BASE_URL", "PUBLIC_URL")


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example:99999/api/",
        "https://a.example:many/api/",
        "https://[::1/api/",
        "https://1.2.3.999/api/",
        "https://xn--a/api/",
        "https://a b.example/api/",
        "https://a.example/…/api/",
        "https://a.example\\b/api/",
        "https:a.example/api/",
    ],
)
@pytest.mark.parametrize("name", ADDRESSES)
def test_invalid_address_is_named(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    [said] = problems(monkeypatch, **GOOD | {name: address})
    assert said.startswith(f"{name}: must be an https address")


@pytest.mark.parametrize("behind", ["?x=/api/", "#/api/"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_address_with_query_or_fragment_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, behind: str) -> None:
    [said] = problems(monkeypatch, **GOOD | {name: f"https://a.example/x{behind}"})
    assert said.startswith(name)
    assert "? or #" in said


def test_public_url_may_have_a_path_and_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD | {"PUBLIC_URL": "https://a.example:8443/bot/"})
    assert load().public_url == "https://a.example:8443/bot"


SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "s",
    "SLACK_APP_TOKEN": "xapp-1",
    "LINQ_API_V3_API_KEY": "k",
    "LINQ_WEBHOOK_SECRET": "whsec_c2VjcmV0",
}


@pytest.mark.parametrize("around", ["\r", "\n", " ", "\t"])
@pytest.mark.parametrize("name", [*SECRETS, "LINQ_API_V3_BASE_URL"])
def test_space_around_a_value_is_removed(monkeypatch: pytest.MonkeyPatch, name: str, around: str) -> None:
    """Lines of an .env file may end in a carriage return, mounted secrets in a line break."""
    values = SECRETS | {"LINQ_API_V3_BASE_URL": "https://linq.example"}
    given(monkeypatch, **values)
    clean = load()
    given(monkeypatch, **values | {name: f"{around}{values[name]}{around}"})
    assert load() == clean


def test_blank_value_is_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    [said] = problems(monkeypatch, **GOOD | {"LINQ_API_V3_API_KEY": " \r"})
    assert said.startswith("LINQ_API_V3_API_KEY is missing: ")


@pytest.mark.parametrize("inside", ["…", "é", " ", "\n", "\x7f"])
@pytest.mark.parametrize("name", SECRETS)
def test_secret_with_invalid_characters_is_named(monkeypatch: pytest.MonkeyPatch, name: str, inside: str) -> None:
    [said] = problems(monkeypatch, **SECRETS | {name: f"{SECRETS[name]}{inside}A"})
    assert said.startswith(f"{name}: ")
    assert "copy it again" in said


def test_database_url_takes_both_schemes_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("postgres://bot@127.0.0.1/memobridge", "postgresql:///memobridge?host=/tmp"):
        given(monkeypatch, **GOOD | {"DATABASE_URL": url})
        assert load().database_url == url


def test_error_does_not_repeat_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "xoxp-user" not in "".join(problems(monkeypatch, **GOOD | {"SLACK_BOT_TOKEN": "xoxp-user"}))


def test_transfer_by_url_needs_a_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    [said] = problems(monkeypatch, **GOOD | {"TRANSFER": "url"})
    assert said.startswith("PUBLIC_URL is missing")


def test_retention_is_longer_than_retries_and_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD, RETENTION_DAYS="3")
    assert timedelta(days=load().retention_days) > RetryPolicy().give_up_after + sum(POLL_BACKOFF, timedelta())


def test_socket_mode_needs_no_signing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1", LINQ_API_V3_API_KEY="k")
    assert load().slack_signing_secret is None


def test_printed_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD)
    assert "xoxb-1" not in repr(load())


def test_env_file_in_the_working_folder_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, **GOOD)
    monkeypatch.delenv("ENV_FILE")
    (tmp_path / ".env").write_text('# a comment\nPORT=4000\nLINQ_API_V3_API_KEY="from the file"\n')
    monkeypatch.chdir(tmp_path)
    assert load().port == 4000
    assert load().linq_api_v3_api_key.get_secret_value() == "k", "the environment wins"


def test_env_file_may_be_named_or_switched_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "production.env"
    file.write_text("PORT=4000\n")
    (tmp_path / ".env").write_text("PORT=5000\n")
    monkeypatch.chdir(tmp_path)
    given(monkeypatch, **GOOD, ENV_FILE=str(file))
    assert load().port == 4000
    given(monkeypatch, **GOOD, ENV_FILE="")
    assert load().port == 3000


def test_env_file_that_is_named_and_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    [said] = problems(monkeypatch, **GOOD, ENV_FILE=str(tmp_path / "none.env"))
    assert said.startswith("ENV_FILE: ")


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_old_name_of_a_setting_still_works(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    given(monkeypatch, **GOOD, **{old: "77"})
    assert getattr(load(), new.lower()) == 77
    assert renamed() == {old: new}
    given(monkeypatch, **GOOD, **{new: "77"})
    assert renamed() == {}


def test_new_name_of_a_setting_wins_over_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD, FIND_SECONDS="10", SEND_CONFIRM_SECONDS="20")
    assert load().send_confirm_seconds == 20


def test_old_name_in_the_env_file_is_told_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "production.env"
    file.write_text("HEAR_CHECK_SECONDS=30\n")
    given(monkeypatch, **GOOD, ENV_FILE=str(file))
    assert load().backfill_interval_seconds == 30
    assert renamed() == {"HEAR_CHECK_SECONDS": "BACKFILL_INTERVAL_SECONDS"}


def test_old_value_that_switched_reading_off_means_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD, HEAR_CHECK_SECONDS="0")
    assert load().backfill_interval_seconds == 86_400
