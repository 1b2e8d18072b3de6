"""``memobridge check``: everything the bot needs, tried out: one line each with ✓ or ✗ and the fix."""

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.app import Services, links_kept, offline
from bot.cli.common import FAILED, plain_console, settings_or_exit, settle
from bot.cli.links import why_deaf
from bot.relay.errors import RelayError
from bot.relay.links import FROM_FILE, label
from bot.relay.model import ChannelId, Link
from bot.slack.pace import Pace
from bot.slack.web import Web
from config.settings import Settings, SettingsError

NEEDED_SCOPES = {
    "channels:history": "to hear what is dropped in public channels",
    "groups:history": "to hear what is dropped in private channels",
    "channels:read": "to see whether it is in a public channel",
    "groups:read": "to see whether it is in a private channel",
    "chat:write": "to post notices",
    "commands": "for /voicememo and the shortcuts",
    "files:read": "to download clips",
    "users:read": "to know who is an admin",
}


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    ok: bool
    what: str
    said: str


def check() -> None:
    """Exit 1 if anything is wrong."""
    settings = settings_or_exit()
    sys.exit(0 if settle(_report(settings)) else FAILED)


async def _report(settings: Settings) -> bool:
    console, all_well = plain_console(soft_wrap=True), True
    async for finding in _findings(settings):
        all_well = all_well and finding.ok
        console.print("✓" if finding.ok else "✗", style="green" if finding.ok else "red", end=" ")
        console.print(f"{finding.what}: {finding.said}")
    return all_well


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield Finding(True, "settings", "complete")
    kept: list[Link] = []
    if settings.links_file is not None:
        finding, kept = _links_file(settings)
        yield finding
    try:
        async with offline(settings) as rooms:
            yield Finding(True, "database", "reached, and its tables are of today's shape")
            async for finding in _neighbours(rooms, kept):
                yield finding
    except RelayError as error:
        yield Finding(False, "database", error.reason)


def _links_file(settings: Settings) -> tuple[Finding, list[Link]]:
    try:
        kept = links_kept(settings)
    except SettingsError as error:
        return Finding(False, "LINKS_FILE", " ".join(error.problems).replace("LINKS_FILE: ", "")), []
    return Finding(True, "LINKS_FILE", f"good; {len(kept)} link{'s' * (len(kept) != 1)}"), kept


async def _neighbours(rooms: Services, kept: Sequence[Link]) -> AsyncIterator[Finding]:
    """``kept``: the links of the file, which the bot reads when it starts."""
    yield await _tried("Slack token", lambda: _slack_token(rooms))
    yield await _tried("Slack scopes", lambda: _slack_scopes(rooms))
    if rooms.settings.slack_app_token is not None:
        yield await _tried("Slack app token", lambda: _slack_socket(rooms))
    if rooms.settings.slack_alert_channel:
        yield await _tried("alert channel", lambda: _alert_channel(rooms))
    yield await _tried("Linq key", lambda: _linq_key(rooms))
    yield await _tried("Linq webhooks", lambda: _webhooks(rooms))
    yield await _tried("audio", lambda: _audio(rooms))
    made = [link for link in await rooms.links.all() if link.made_by != FROM_FILE]
    links = {link.channel: link for link in (*kept, *made)}
    for link in links.values():
        yield await _tried(f"link {link.channel}", lambda link=link: _link(rooms, link))  # type: ignore[misc]
    if not links:
        yield Finding(True, "links", "none yet; make one with /voicememo link, in a channel the bot is in")


async def _tried(what: str, trial: Callable[[], Awaitable[str | Finding]]) -> Finding:
    try:
        said = await trial()
    except RelayError as error:
        return Finding(False, what, f"{error.reason}{f' [{error.code}]' if error.code else ''}")
    return said if isinstance(said, Finding) else Finding(True, what, said)


async def _slack_token(rooms: Services) -> str:
    me = await rooms.slack.lookups.identity()
    return f"good; the bot is {me.user} in workspace {me.team}"


async def _slack_scopes(rooms: Services) -> Finding | str:
    missing = sorted(NEEDED_SCOPES.keys() - await rooms.slack.lookups.scopes())
    if not missing:
        return "all there"
    wants = "; ".join(f"{scope} ({NEEDED_SCOPES[scope]})" for scope in missing)
    return Finding(False, "Slack scopes", f"missing {wants}. Add them under OAuth & Permissions and reinstall the app.")


async def _slack_socket(rooms: Services) -> str:
    assert rooms.settings.slack_app_token is not None
    token = rooms.settings.slack_app_token.get_secret_value()
    web = Web(token, rooms.session, rooms.settings.slack_api_url, Pace(time.monotonic))
    await web.put("apps.connections.open", {})
    return "good; Socket Mode can connect"


async def _alert_channel(rooms: Services) -> Finding | str:
    place = await rooms.slack.lookups.place(ChannelId(rooms.settings.slack_alert_channel))
    if not place.is_member:
        return Finding(False, "alert channel", f"the bot is not in #{place.name}. Type /invite in that channel.")
    return f"good; #{place.name}"


async def _linq_key(rooms: Services) -> Finding | str:
    lines = await rooms.linq.lines()
    if not lines:
        return Finding(False, "Linq key", "good, but the account has no line. Get one in the Linq dashboard.")
    return f"good; {len(lines)} line{'s' * (len(lines) > 1)}"


async def _webhooks(rooms: Services) -> Finding:
    has_secret = rooms.settings.linq_webhook_secret is not None
    if rooms.subscriber is not None:
        hearing = await rooms.subscriber.check(has_secret=has_secret)
        return Finding(hearing.ok, "Linq webhooks", hearing.sentence)
    if has_secret:
        return Finding(
            True, "Linq webhooks", "a secret is set; with PUBLIC_URL the subscription is checked and kept too"
        )
    said = "none: status comes by polling. Set PUBLIC_URL, or LINQ_WEBHOOK_SECRET of a subscription of your own."
    return Finding(True, "Linq webhooks", said)


async def _audio(rooms: Services) -> Finding | str:
    reason = await rooms.audio_workers.self_test()
    return Finding(False, "audio", reason) if reason else "a second of sound goes through its workers"


async def _link(rooms: Services, link: Link) -> Finding | str:
    place = await rooms.slack.lookups.place(link.channel)
    chat = await rooms.linq.chat(link.chat)
    if trouble := why_deaf(place):
        return Finding(False, f"link {link.channel}", trouble)
    return f"#{place.name} → {label(chat)}"
