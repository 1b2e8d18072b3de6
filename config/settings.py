"""The only reader of the environment: one frozen ``Settings``. An error names the variable and the fix."""

import base64
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
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
        "", description="Channel id (C…) that is told, once, when a neighbour is in trouble, and when that is over"
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
    find_seconds: float = Field(
        120.0,
        gt=0,
        le=DAY_S,
        description="How long a memo whose answer was lost is looked for, in seconds, before a person decides",
    )
    hear_check_seconds: float = Field(
        60.0,
        ge=0,
        le=DAY_S,
        description="How often linked channels are searched for clips that Slack never told of, in seconds; 0: never",
    )
    alert_after_seconds: float = Field(
        60.0,
        gt=0,
        le=DAY_S,
        description="How long a trouble must last before SLACK_ALERT_CHANNEL is told of it, or that it is over",
    )
    retention_days: int = Field(
        90, ge=3, le=36_500, description="Days after which finished deliveries are forgotten, at least 3"
    )
    workers: int = Field(32, ge=1, le=500, description="How many deliveries are worked on at once")
    audio_workers: int = Field(2, ge=1, le=64, description="Processes that listen to and convert audio")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    log_format: Literal["json", "text"] | None = Field(None, description="json, or text (default on a terminal)")

    @field_validator("slack_allowed_bots", "memobridge_admins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

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
    """The settings of this process's environment. Raises SettingsError with every problem at once."""
    return Settings()  # type: ignore[call-arg]  # the environment gives the arguments


def load_links(path: Path) -> list[tuple[str, str]]:
    """(channel, chat) pairs of a LINKS_FILE. Raises SettingsError naming the file and the line's fault."""
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("link", [])
        pairs = [(_id(table["channel"]), _chat_id(table["chat"])) for table in tables]
    except OSError as error:
        raise SettingsError([f"LINKS_FILE: {path} cannot be read ({error.strerror})"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"LINKS_FILE: {path} is not valid TOML: {error}"]) from None
    except (KeyError, TypeError, AttributeError):
        fix = 'every [[link]] needs channel = "C…" and chat = "<chat uuid>"'
        raise SettingsError([f"LINKS_FILE: {path}: {fix}"]) from None
    counted = Counter(channel for channel, _ in pairs)
    if twice := [channel for channel, times in counted.items() if times > 1]:
        named = [f"LINKS_FILE: {path}: {channel} has more than one chat. Keep one [[link]] of it." for channel in twice]
        raise SettingsError(named)
    return pairs


def _id(value: object) -> str:
    """Raises TypeError for what is none."""
    if not isinstance(value, str) or not value or not _is_one_word(value):
        raise TypeError
    return value


def _chat_id(value: object) -> str:
    """Raises TypeError for what is none, such as whom the chat is with."""
    chat = _id(value)
    if "@" in chat or chat.startswith("+"):
        raise TypeError
    return chat.lower()


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
