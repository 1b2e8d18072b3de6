"""The LINKS_FILE: links that an operator keeps in a TOML file."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import SettingsError

IDS = ("channel", "chat", "line")
ALL_LINES = "all"


@dataclass(frozen=True)
class FileLink:
    """One ``[[link]]``: the ids as the networks give them, and the link's settings as written.

    Instead of a ``chat`` it may name a ``line``, one of our own numbers or ``all``: then the channel is its inbox.
    """

    channel: str
    chat: str
    settings: Mapping[str, list[str]]
    line: str = ""


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
        fix = 'every [[link]] needs channel = "C…", and chat = "<chat uuid>" or line = "+1…" (or "all")'
        raise SettingsError([f"LINKS_FILE: {path}: {fix}"]) from None
    twice = [f"{channel} has more than one chat" for channel in _repeated(link.channel for link in links)]
    twice += [f"{line} has more than one inbox" for line in _repeated(link.line for link in links if link.line)]
    if twice:
        raise SettingsError([f"LINKS_FILE: {path}: {what}. Keep one [[link]] of it." for what in twice])
    return links


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _link(table: Mapping[str, Any]) -> FileLink:
    """Raises KeyError without, and TypeError with both, a chat and a line."""
    settings = {key: _words(value) for key, value in table.items() if key not in IDS}
    if "line" not in table:
        return FileLink(_id(table["channel"]), _chat_id(table["chat"]), settings)
    if "chat" in table:
        raise TypeError
    return FileLink(_id(table["channel"]), "", settings, _line(table["line"]))


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


def _line(value: object) -> str:
    """Raises TypeError for what is neither a number with its country code nor all of them."""
    line = re.sub(r"[\s().-]", "", value).lower() if isinstance(value, str) else ""
    if line != ALL_LINES and not re.fullmatch(r"\+[1-9]\d{6,14}", line, re.ASCII):
        raise TypeError
    return line


def _chat_id(value: object) -> str:
    """Raises TypeError for what is none, such as whom the chat is with."""
    chat = _id(value)
    if "@" in chat or chat.startswith("+"):
        raise TypeError
    return chat.lower()
