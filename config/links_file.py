"""The LINKS_FILE: links that an operator keeps in a TOML file."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import SettingsError

IDS = ("channel", "chat")


@dataclass(frozen=True)
class FileLink:
    """One ``[[link]]``: the ids as the networks give them, and the link's settings as written."""

    channel: str
    chat: str
    settings: Mapping[str, list[str]]


def load_links(path: Path) -> list[FileLink]:
    """The links of the file. Raises SettingsError that names the file and what is wrong in it."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError([f"LINKS_FILE: {path} cannot be read ({error.strerror})"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"LINKS_FILE: {path} is not valid TOML: {error}"]) from None
    if unknown := sorted(set(document) - {"link"}):
        raise SettingsError([f"LINKS_FILE: {path}: there is no [[{unknown[0]}]]. Write each link as [[link]]."])
    try:
        links = [_link(table) for table in document.get("link", [])]
    except (KeyError, TypeError, AttributeError):
        fix = 'every [[link]] needs channel = "C…" and chat = "<chat uuid>"'
        raise SettingsError([f"LINKS_FILE: {path}: {fix}"]) from None
    counted = Counter(link.channel for link in links)
    if twice := [channel for channel, times in counted.items() if times > 1]:
        named = [f"LINKS_FILE: {path}: {channel} has more than one chat. Keep one [[link]] of it." for channel in twice]
        raise SettingsError(named)
    return links


def _link(table: Mapping[str, Any]) -> FileLink:
    settings = {key: _words(value) for key, value in table.items() if key not in IDS}
    return FileLink(_id(table["channel"]), _chat_id(table["chat"]), settings)


def _words(value: object) -> list[str]:
    """Raises TypeError for what is neither a word nor a list of words."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return list(value)
    raise TypeError


def _id(value: object) -> str:
    """Raises TypeError for what is none."""
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable() and " " not in value):
        raise TypeError
    return value


def _chat_id(value: object) -> str:
    """Raises TypeError for what is none, such as whom the chat is with."""
    chat = _id(value)
    if "@" in chat or chat.startswith("+"):
        raise TypeError
    return chat.lower()
