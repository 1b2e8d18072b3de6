"""The links of the LINKS_FILE, as the relay knows links."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.linq.adapter import LinqAdapter
from bot.linq.ids import ALL_LABEL, shown_handle
from bot.relay.errors import Refused
from bot.relay.rooms import Link, LinkSettings
from bot.relay.routing import settings as link_settings
from bot.relay.routing.links import FROM_FILE
from bot.slack.adapter import SlackAdapter
from config.links_file import ALL_LINES, FileLink, load_links
from config.settings import SettingsError

SENDERS = "senders"  # the one setting whose words only the adapter understands


def load_file_links(path: Path) -> list[FileLink]:
    """The links as they are written. Raises SettingsError for a file that cannot be read or is wrong, as far as that is
    known without Slack."""
    written = load_links(path)
    for each in written:
        _settings(path, each, {key: words for key, words in each.settings.items() if key != SENDERS})
    return written


async def read_file_links(path: Path, slack: SlackAdapter, linq: LinqAdapter) -> list[Link]:
    """Raises SettingsError; and the relay's errors while Slack does not say which workspace the channels belong to."""
    return [await _link(path, each, slack, linq) for each in load_file_links(path)]


async def _link(path: Path, written: FileLink, slack: SlackAdapter, linq: LinqAdapter) -> Link:
    settings = dict(written.settings)
    if SENDERS in settings:
        settings[SENDERS] = await slack.setting_values(settings[SENDERS])
    room, kept = await slack.room(written.channel), _settings(path, written, settings)
    if not written.line:
        return Link(room, linq.ids.room(written.chat), "", FROM_FILE, kept)
    is_all = written.line == ALL_LINES
    line = linq.ids.all_lines() if is_all else linq.ids.line(written.line)
    label = ALL_LABEL if is_all else shown_handle(written.line)
    return Link(room, line, label, FROM_FILE, kept, is_inbox=True)


def _settings(path: Path, written: FileLink, values: Mapping[str, Sequence[str]]) -> LinkSettings:
    settings = LinkSettings()
    try:
        for key, words in values.items():
            settings = link_settings.change(settings, key, words)
    except Refused as no:
        raise SettingsError([f"LINKS_FILE: {path}: {written.channel}: {no.reason}"]) from None
    return settings
