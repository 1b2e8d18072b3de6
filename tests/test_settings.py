"""The environment is read once, and what is wrong with it is said all at once, with the fix."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.relay.receipts import LOOKS
from bot.relay.retry import RetryPolicy
from config.settings import Settings, SettingsError, load, load_links

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "LINQ_API_V3_API_KEY": "k"}


def given(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    given(monkeypatch, **environment)
    with pytest.raises(SettingsError) as caught:
        load()
    return caught.value.problems


def test_the_least_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD)
    assert (load().port, load().transfer, load().database_url) == (3000, "attachment", None)


def test_everything_that_is_missing_is_named_at_once_with_where_to_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
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
        ("FIND_SECONDS", "inf", "less than or equal to 86400"),
        ("HEAR_CHECK_SECONDS", "1e20", "less than or equal to 86400"),
        ("ALERT_AFTER_SECONDS", "inf", "less than or equal to 86400"),
        ("SLACK_API_URL", "https://slack.com/", "/api/"),
        ("SLACK_API_URL", "http://slack.com/api/", "https"),
        ("PUBLIC_URL", "http://bot.example", "https"),
        ("HOST", "bot..example", "0.0.0.0"),
        ("LOG_LEVEL", "loud", "debug"),
    ],
)
def test_a_wrong_value_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch, name: str, value: str, fix: str) -> None:
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
def test_an_address_that_nobody_can_reach_is_named(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    [said] = problems(monkeypatch, **GOOD | {name: address})
    assert said.startswith(f"{name}: must be an https address")


@pytest.mark.parametrize("behind", ["?x=/api/", "#/api/"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_ends_with_its_path(monkeypatch: pytest.MonkeyPatch, name: str, behind: str) -> None:
    [said] = problems(monkeypatch, **GOOD | {name: f"https://a.example/x{behind}"})
    assert said.startswith(name)
    assert "? or #" in said


def test_a_bot_may_live_on_a_path_and_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_space_around_a_value_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch, name: str, around: str) -> None:
    """Lines of an .env file may end in a carriage return, mounted secrets in a line break."""
    values = SECRETS | {"LINQ_API_V3_BASE_URL": "https://linq.example"}
    given(monkeypatch, **values)
    clean = load()
    given(monkeypatch, **values | {name: f"{around}{values[name]}{around}"})
    assert load() == clean


def test_a_blank_value_is_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    [said] = problems(monkeypatch, **GOOD | {"LINQ_API_V3_API_KEY": " \r"})
    assert said.startswith("LINQ_API_V3_API_KEY is missing: ")


@pytest.mark.parametrize("inside", ["…", "é", " ", "\n", "\x7f"])
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_with_what_no_secret_holds_is_named(monkeypatch: pytest.MonkeyPatch, name: str, inside: str) -> None:
    [said] = problems(monkeypatch, **SECRETS | {name: f"{SECRETS[name]}{inside}A"})
    assert said.startswith(f"{name}: ")
    assert "copy it again" in said


def test_a_database_may_be_named_by_either_name_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("postgres://bot@127.0.0.1/memobridge", "postgresql:///memobridge?host=/tmp"):
        given(monkeypatch, **GOOD | {"DATABASE_URL": url})
        assert load().database_url == url


def test_a_secret_is_never_repeated_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "xoxp-user" not in "".join(problems(monkeypatch, **GOOD | {"SLACK_BOT_TOKEN": "xoxp-user"}))


def test_lending_needs_a_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    [said] = problems(monkeypatch, **GOOD | {"TRANSFER": "url"})
    assert said.startswith("PUBLIC_URL is missing")


def test_nothing_is_forgotten_while_it_is_worked_on_or_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD, RETENTION_DAYS="3")
    assert timedelta(days=load().retention_days) > RetryPolicy().give_up_after + sum(LOOKS, timedelta())


def test_socket_mode_needs_no_signing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1", LINQ_API_V3_API_KEY="k")
    assert load().slack_signing_secret is None


def test_secrets_do_not_show_when_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **GOOD)
    assert "xoxb-1" not in repr(load())


def test_links_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "links.toml"
    path.write_text('[[link]]\nchannel = "C1"\nchat = "0D2B7A54-3F1C-4F0E-9B7A-5A1E2C3D4E5F"\n')
    assert load_links(path) == [("C1", "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f")]


BROKEN = [
    "[[link]\n",
    '[[link]]\nchannel = "C1"\n',
    '[[link]]\nchannel = "C1"\nchat = ""\n',
    '[[link]]\nchannel = "C1"\nchat = "a\\u0000b"\n',
    '[[link]]\nchannel = "C1"\nchat = "ann@example.com"\n',
    '[[link]]\nchannel = "C 1"\nchat = "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"\n',
    '[[link]]\nchannel = 1\nchat = "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"\n',
    'link = "C1"\n',
    "link = 5\n",
    "\xff",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_links_file_says_which_and_what_it_needs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "links.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"LINKS_FILE: .*links\.toml"):
        load_links(path)


def test_a_channel_that_the_links_file_names_twice_is_told(tmp_path: Path) -> None:
    path = tmp_path / "links.toml"
    chat = "0d2b7a54-3f1c-4f0e-9b7a-5a1e2c3d4e5f"
    path.write_text("".join(f'[[link]]\nchannel = "{c}"\nchat = "{chat}"\n' for c in ("C1", "C2", "C1")))
    with pytest.raises(SettingsError, match=r"LINKS_FILE: .*links\.toml.* C1 "):
        load_links(path)


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_a_links_file_that_is_none_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_links(tmp_path / name)
