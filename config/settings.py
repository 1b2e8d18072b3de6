"""The only reader of the environment: one frozen ``Settings``. An error names the variable, the cause and the fix."""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AliasChoices,
    Field,
    HttpUrl,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DAY_S = 86_400.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SAFE_URL = "must be an https address (http only on this machine) in plain ASCII, its port at most 65535, without ? or #"
SECRETS = ("slack_bot_token", "slack_signing_secret", "slack_app_token", "linq_api_v3_api_key", "linq_webhook_secret")

RENAMED = {"FIND_SECONDS": "SEND_CONFIRM_SECONDS", "HEAR_CHECK_SECONDS": "BACKFILL_INTERVAL_SECONDS"}


class SettingsError(Exception):
    """The environment will not do. ``problems`` holds a line each: variable, cause, fix."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Every setting, as an operator gives it. Units are in the names or the descriptions."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    slack_bot_token: SecretStr = Field(description="Bot token of the Slack app (xoxb-…), from OAuth & Permissions")
    slack_signing_secret: SecretStr | None = Field(None, description="Signing secret; needed for HTTP events")
    slack_app_token: SecretStr | None = Field(
        None, description="App-level token (xapp-…, connections:write): Socket Mode instead of HTTP events"
    )
    slack_api_url: str = Field(
        "https://slack.com/api/", description="Web API base; its origin is also trusted for file downloads"
    )
    slack_allowed_bots: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Bot ids (B…) whose clips are carried too, separated by commas"
    )
    slack_alert_channel: str = Field(
        "",
        description="Channel id (C…) that is told when Slack, Linq or the bot itself fails, and when it recovers",
    )
    linq_api_v3_api_key: SecretStr = Field(description="Linq API key, from the Linq dashboard")
    linq_api_v3_base_url: str = Field("https://api.linqapp.com/api/partner", description="Linq base; /v3 lies below it")
    linq_webhook_secret: SecretStr | None = Field(
        None, description="Signing secret of the webhook subscription (whsec_…); without it status comes by polling"
    )
    database_url: str | None = Field(None, description="PostgreSQL 14 or newer; unset: an embedded server in DATA_DIR")
    data_dir: Path | None = Field(None, description="Where the embedded server lives; unset: the per-user data folder")
    public_url: str | None = Field(
        None, description="https origin of this bot; set: the Linq webhook subscription is made and repaired at start"
    )
    transfer: Literal["attachment", "url"] = Field("attachment", description="How clips reach Linq: attachment or url")
    host: str = Field("0.0.0.0", description="Address to listen on")
    port: int = Field(3000, ge=0, le=65535, description="Port to listen on")
    links_file: Path | None = Field(None, description="Links kept in a TOML file, merged under those made from Slack")
    memobridge_admins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Slack user ids (U…) who may link, beside workspace admins, separated by commas"
    )
    send_confirm_seconds: float = Field(
        120.0,
        gt=0,
        le=DAY_S,
        validation_alias=AliasChoices("send_confirm_seconds", "find_seconds"),
        description="How long a memo whose answer was lost is searched for, in seconds, before a person decides",
    )
    backfill_interval_seconds: float = Field(
        60.0,
        ge=5,
        le=DAY_S,
        validation_alias=AliasChoices("backfill_interval_seconds", "hear_check_seconds"),
        description="How often a linked channel or chat is read for what no event told, in seconds, at most",
    )
    carry_up_to_seconds: float = Field(
        3600.0,
        ge=0,
        le=7 * DAY_S,
        description="How old a clip found after downtime may be to be sent unasked, in seconds; older: a button",
    )
    alert_after_seconds: float = Field(
        60.0,
        gt=0,
        le=DAY_S,
        description="How long a problem must last, in seconds, before SLACK_ALERT_CHANNEL is told of it, or of its end",
    )
    retention_days: int = Field(
        90,
        ge=3,
        le=36_500,
        description="Delete finished deliveries after this many days (at least 3, the longest retry window)",
    )
    audit_retention_days: int = Field(
        365, ge=1, le=36_500, description="Delete entries of the audit after this many days"
    )
    linq_retention_days: int | None = Field(
        None, ge=1, le=36_500, description="Delete our uploads at Linq after this many days; unset: never"
    )
    workers: int = Field(32, ge=1, le=500, description="How many rooms are worked on at once")
    audio_workers: int = Field(2, ge=1, le=64, description="Processes that decode and convert audio")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    log_format: Literal["json", "text"] | None = Field(None, description="json, or text (default on a terminal)")

    @field_validator("slack_allowed_bots", "memobridge_admins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("backfill_interval_seconds", mode="before")
    @classmethod
    def _seldom(cls, value: object) -> object:
        """Under its old name, 0 meant never."""
        return DAY_S if str(value).strip() == "0" else value

    @field_validator("log_level", "transfer", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("slack_api_url")
    @classmethod
    def _api_base(cls, value: str) -> str:
        if not _is_safe_url(value):
            raise ValueError(f"{SAFE_URL}, like https://slack.com/api/")
        if not value.endswith("/api/"):
            raise ValueError("must end in /api/, like https://slack.com/api/")
        return value

    @field_validator("linq_api_v3_base_url", "public_url")
    @classmethod
    def _base(cls, value: str | None) -> str | None:
        if value is not None and not _is_safe_url(value):
            raise ValueError(SAFE_URL)
        return value.rstrip("/") if value else value

    @field_validator("linq_api_v3_base_url")
    @classmethod
    def _above_v3(cls, value: str) -> str:
        if value.endswith("/v3"):
            raise ValueError("give it without /v3 at its end, which every call adds")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgres://", "postgresql://")):
            raise ValueError("must be like postgresql://user:password@host/database; unset: an embedded server")
        return value

    @field_validator("host")
    @classmethod
    def _host(cls, value: str) -> str:
        try:
            value.encode("idna")  # as it will be when it is looked up
        except UnicodeError:
            raise ValueError("is no host name or address: leave it at 0.0.0.0 to listen on all of them") from None
        return value

    @field_validator(*SECRETS)
    @classmethod
    def _speakable(cls, value: SecretStr | None) -> SecretStr | None:
        """Secrets travel in HTTP headers, which take no other characters."""
        if value is not None and not _is_one_word(value.get_secret_value()):
            raise ValueError("holds a space, a line break or a character outside ASCII: copy it again, whole and alone")
        return value

    @field_validator("slack_bot_token", "slack_app_token", "linq_webhook_secret")
    @classmethod
    def _prefixed(cls, value: SecretStr | None, field: Any) -> SecretStr | None:
        prefix = {"slack_bot_token": "xoxb-", "slack_app_token": "xapp-", "linq_webhook_secret": "whsec_"}
        expected = prefix[field.field_name]
        if value is not None and not value.get_secret_value().startswith(expected):
            raise ValueError(f"does not start with {expected}: another kind of secret was given")
        if value is not None and value.get_secret_value() == expected:
            raise ValueError(f"holds nothing behind {expected}: copy it whole")
        return value

    @field_validator("linq_webhook_secret")
    @classmethod
    def _decodable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_base64(value.get_secret_value().removeprefix("whsec_")):
            raise ValueError("is not whsec_ and base64: copy it whole, as Linq shows it when the subscription is made")
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _whole(cls, values: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        """Faults between variables are told together with those of single ones, not one start later."""
        values = _trimmed(values)
        problems = _between(values)
        try:
            settings = build(values)
        except ValidationError as error:
            raise SettingsError([_problem(e) for e in error.errors()] + problems) from None
        if problems:
            raise SettingsError(problems)
        return settings


def load() -> Settings:
    """The settings of this process's environment, and of a file: ``.env`` in its working folder, or what ENV_FILE names
    (empty: none). The environment wins.

    Raises SettingsError with every problem at once.
    """
    return Settings(_env_file=_env_file())  # type: ignore[call-arg]  # the environment gives the arguments


def renamed() -> dict[str, str]:
    """Old name → new name of the settings in use that were renamed. The old ones work for one more version."""
    path = _env_file()
    given = {**(dotenv_values(path) if path else {}), **os.environ}
    used = {name.upper() for name, value in given.items() if value}
    return {old: new for old, new in RENAMED.items() if old in used}


def _env_file() -> Path | None:
    named = os.environ.get("ENV_FILE")
    if named == "":
        return None
    path = Path(named or ".env")
    try:
        if path.is_file():
            path.open("rb").close()
            return path
    except OSError as error:
        raise SettingsError([f"ENV_FILE: {path} cannot be read ({error.strerror})"]) from None
    if named:
        raise SettingsError([f"ENV_FILE: {path} is no file"])
    return None


def _trimmed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lines of an .env file may end in a carriage return, mounted secrets in a line break. What is blank is not set."""
    trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in trimmed.items() if value != ""}


def _between(values: Mapping[str, Any]) -> list[str]:
    problems = []
    if not values.get("slack_signing_secret") and not values.get("slack_app_token"):
        problems.append(
            "SLACK_SIGNING_SECRET is missing: take it from Basic Information of the Slack app "
            "(or set SLACK_APP_TOKEN to use Socket Mode)"
        )
    if str(values.get("transfer", "")).lower() == "url" and not values.get("public_url"):
        problems.append("PUBLIC_URL is missing: TRANSFER=url needs the https address under which Linq reaches this bot")
    return problems


def _problem(error: Any) -> str:
    name = str(error["loc"][0]).upper() if error["loc"] else ""
    if error["type"] == "missing":
        field = Settings.model_fields[name.lower()]
        return f"{name} is missing: {field.description}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def _is_one_word(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except ValueError:
        return False


def _is_safe_url(url: str) -> bool:
    """Two readings have to agree: those who call the address trip over hosts and ports that one of them lets pass."""
    try:
        HttpUrl(url)
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.hostname or not _is_one_word(url) or any(sign in url for sign in "?#\\"):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
