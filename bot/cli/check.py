"""``memobridge check``: everything the bot needs, tried out: one line each with ✓ or ✗ and the fix."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from bot.app import Services, health, load_file_links, open_services, read_file_links
from bot.app.account import expiry_words
from bot.cli.common import FAILED, plain_console, run_or_exit, settings_or_exit
from bot.relay.errors import RelayError
from bot.relay.rooms import Link, UnheardRoom
from bot.relay.routing.links import FROM_FILE
from bot.slack.diagnosis import CheckResult
from bot.slack.ids import parse_room
from config.settings import Settings, SettingsError

Trial = Callable[[], Awaitable[str | CheckResult]]


def check() -> None:
    """Exit 1 if anything is wrong."""
    settings = settings_or_exit()
    sys.exit(0 if run_or_exit(_report(settings)) else FAILED)


async def _report(settings: Settings) -> bool:
    console, is_all_ok = plain_console(soft_wrap=True), True
    async for result in _results(settings):
        is_all_ok = is_all_ok and result.is_ok
        console.print("✓" if result.is_ok else "✗", style="green" if result.is_ok else "red", end=" ")
        console.print(f"{result.subject}: {result.sentence}")
    return is_all_ok


async def _results(settings: Settings) -> AsyncIterator[CheckResult]:
    yield CheckResult(True, "settings", "complete")
    links_file = _links_file(settings.links_file) if settings.links_file else None
    if links_file:
        yield links_file
    try:
        async with open_services(settings) as services:
            yield await _database(services)
            async for result in _dependencies(services):
                yield result
            async for result in _links(services, with_file=bool(links_file and links_file.is_ok)):
                yield result
    except RelayError as error:
        yield CheckResult(False, "database", error.reason)


def _links_file(path: Path) -> CheckResult:
    try:
        links = load_file_links(path)
    except SettingsError as error:
        return _wrong_links_file(error)
    return CheckResult(True, "LINKS_FILE", f"good; {len(links)} link{'s' * (len(links) != 1)}")


def _wrong_links_file(error: SettingsError) -> CheckResult:
    return CheckResult(False, "LINKS_FILE", " ".join(error.problems).replace("LINKS_FILE: ", ""))


async def _database(services: Services) -> CheckResult:
    if reason := await health.database(services.database)():
        return CheckResult(False, "database", reason)
    return CheckResult(True, "database", "takes writes, and its tables are of today's shape")


async def _dependencies(services: Services) -> AsyncIterator[CheckResult]:
    async for result in _slack(services):
        yield result
    yield await _tried("Linq key", lambda: _linq_key(services))
    yield await _tried("Linq webhooks", lambda: _webhooks(services))
    yield await _tried("audio", lambda: _audio(services))


async def _links(services: Services, *, with_file: bool) -> AsyncIterator[CheckResult]:
    """Those of the file, which the bot reads when it starts, lie under those made by people."""
    links = {link.room: link for link in await services.links.all() if link.made_by != FROM_FILE}
    path = services.settings.links_file
    try:
        if with_file and path:
            links = {link.room: link for link in await read_file_links(path, services.slack, services.linq)} | links
    except SettingsError as error:
        yield _wrong_links_file(error)
    except RelayError:
        pass  # Slack's trouble is told above
    made = [link for link in links.values() if link.inbox is None]  # an inbox stands for its conversations
    for link in made:
        subject = f"{'inbox' if link.is_inbox else 'link'} {parse_room(link.room).channel}"
        yield await _tried(subject, partial(_link, services, link, subject))
    yield await _waiting(services)
    if unheard := await services.conversations.unheard():
        yield _unheard(unheard)
    if not made:
        yield CheckResult(True, "links", "none yet; make one with /voicememo link, in a channel the bot is in")


async def _slack(services: Services) -> AsyncIterator[CheckResult]:
    settings, diagnosis = services.settings, services.slack.diagnosis()
    yield await diagnosis.token()
    yield await diagnosis.scopes()
    yield await diagnosis.clock()
    yield diagnosis.signing_secret(is_set=settings.slack_signing_secret is not None)
    if settings.slack_app_token is not None:
        yield await _tried("Slack app token", lambda: _app_token(services))
    if settings.slack_alert_channel:
        yield await diagnosis.channel(settings.slack_alert_channel, "alert channel")


async def _tried(subject: str, trial: Trial) -> CheckResult:
    try:
        said = await trial()
    except RelayError as error:
        return CheckResult(False, subject, f"{error.reason}{f' [{error.code}]' if error.code else ''}")
    return said if isinstance(said, CheckResult) else CheckResult(True, subject, said)


async def _app_token(services: Services) -> str:
    assert services.settings.slack_app_token is not None, "asked only where there is one"
    api = services.slack.app_api(services.settings.slack_app_token.get_secret_value())
    await api.modify("apps.connections.open", {})
    return "good; Socket Mode can connect"


async def _linq_key(services: Services) -> CheckResult | str:
    lines = await services.linq.lines()
    if not lines:
        return CheckResult(False, "Linq key", "good, but the account has no line. Get one in the Linq dashboard.")
    expires_at = await services.database.account.expiry_of(services.settings.linq_api_v3_api_key.get_secret_value())
    if expires_at:
        return CheckResult(False, "Linq key", f"good, but it {expiry_words(expires_at)}")
    at_risk = [line for line in lines if line.is_at_risk]
    if at_risk:
        said = "; ".join(f"{line.number} is {line.reputation}" for line in at_risk)
        return CheckResult(False, "Linq key", f"good, but {said}: Linq may stop sending from it. See its dashboard.")
    return f"good; {len(lines)} line{'s' * (len(lines) > 1)}"


async def _webhooks(services: Services) -> CheckResult:
    has_secret = services.settings.linq_webhook_secret is not None
    if services.linq.subscriber is not None:
        status = await services.linq.subscriber.check(has_secret=has_secret)
        return CheckResult(status.is_ok, "Linq webhooks", status.sentence)
    if has_secret:
        said = "a secret is set; with PUBLIC_URL the subscription is checked and kept too"
        return CheckResult(True, "Linq webhooks", said)
    said = (
        "none: status comes by polling, and what contacts answer by reading their chats now and then. "
        "Set PUBLIC_URL, or LINQ_WEBHOOK_SECRET of a subscription of your own."
    )
    return CheckResult(True, "Linq webhooks", said)


async def _audio(services: Services) -> CheckResult | str:
    reason = await services.audio.self_test()
    return CheckResult(False, "audio", reason) if reason else "a second of sound went through its workers"


async def _link(services: Services, link: Link, subject: str) -> CheckResult | str:
    label = link.label if link.is_inbox else (await services.linq.rooms.room(link.peer)).label
    if link.is_inbox and not await _is_ours(services, link):
        return CheckResult(False, subject, f"{label} is no line of this account (any more): end it, or make another.")
    result = await services.slack.diagnosis().channel(parse_room(link.room).channel, subject)
    return result if not result.is_ok else f"{result.sentence.removeprefix('good; ')} → {label}"


async def _is_ours(services: Services, inbox: Link) -> bool:
    ids = services.linq.ids
    return inbox.peer in {ids.all_lines(), *(ids.line(line.number) for line in await services.linq.lines())}


async def _waiting(services: Services) -> CheckResult:
    """What contacts said and no channel takes: see ``health.rooms``."""
    reason = await health.rooms(services.database)()
    return CheckResult(not reason, "waiting messages", reason or "none that wait for a channel")


def _unheard(rooms: Sequence[UnheardRoom]) -> CheckResult:
    messages, last = sum(room.messages for room in rooms), max(room.last_at for room in rooms)
    said = f"{len(rooms)} chats wrote and nobody listens: {messages} messages, the last one {last:%Y-%m-%d %H:%M} UTC. "
    fix = "Link them, or make an inbox: memobridge links add CHANNEL line:all"
    return CheckResult(False, "unheard chats", said + fix)
