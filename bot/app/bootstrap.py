"""Settings → clients → relay → adapters: every object made once and given what it needs. Nothing runs yet."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import aiohttp

from bot.audio import AudioConverter, AudioWorkers, sniff
from bot.files import FileConverter, FileRules
from bot.jobs import Handlers, JobRunner, job_schemas
from bot.linq.adapter import LinqAdapter
from bot.linq.api import limits
from bot.relay import settings as link_settings
from bot.relay.backfill import Backfill
from bot.relay.conversation_actions import ConversationActions
from bot.relay.conversations import Conversations
from bot.relay.deliveries import DeliveryService
from bot.relay.ids import NoticeId, RoomId
from bot.relay.links import FROM_FILE, Links
from bot.relay.media.prefetch import Prefetcher
from bot.relay.media.spool import SpoolFolder
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import MediaTransfer
from bot.relay.model import Link, LinkSettings
from bot.relay.notices import NoticeService
from bot.relay.ports import Networks
from bot.relay.receipts import Receipts
from bot.relay.retry import RetryPolicy
from bot.relay.routes import Routes
from bot.relay.user_actions import UserActions
from bot.slack.adapter import SlackAdapter, SlackSettings
from bot.slack.api.formats import FILE_BYTES as SLACK_FILE_BYTES
from bot.slack.api.formats import PLAYABLE, SHOWN_AS
from bot.store.database import Database, migrate
from bot.store.embedded import Embedded
from config.links_file import FileLink, load_links
from config.settings import Settings

Port = TypeVar("Port")

STOP_WITHIN_S = 8.0  # of the promised ten; the rest is for the database


class PortDecorator(Protocol):
    """Wraps one of the relay's neighbours on its way in. For experiments; the bot itself wraps nothing."""

    def __call__(self, name: str, port: Port) -> Port: ...


def undecorated(name: str, port: Port) -> Port:
    del name
    return port


@dataclass(frozen=True)
class Services:
    """Everything between the receivers and the database, connected but idle."""

    settings: Settings
    database: Database
    slack: SlackAdapter
    linq: LinqAdapter
    audio: AudioWorkers
    voice: AudioConverter  # as Linq takes it
    networks: Networks
    spool: SpoolFolder
    prefetcher: Prefetcher
    deliveries: DeliveryService
    actions: UserActions
    receipts: Receipts
    notices: NoticeService
    links: Links
    conversations: ConversationActions
    backfill: Backfill
    temporary_urls: TemporaryUrls | None
    jobs: JobRunner


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_services(
    settings: Settings, decorate: PortDecorator = undecorated, *, prefetch: int = 0
) -> AsyncIterator[Services]:
    """All services, with nothing received and no work done. Raises Refused or RetryLater without a database.

    ``prefetch``: so many recordings are fetched at once before their turn; only a process that accepts and works does.
    """
    async with AsyncExitStack() as stack:
        database = await _open_database(settings, stack)
        session = await stack.enter_async_context(_session())
        spool = await asyncio.to_thread(SpoolFolder.create, settings.data_dir)
        stack.callback(spool.remove)
        services = _build(settings, database, session, spool, decorate, prefetch)
        stack.push_async_callback(services.linq.close)
        stack.push_async_callback(services.audio.close)
        stack.push_async_callback(services.prefetcher.close)
        yield services


def _session() -> aiohttp.ClientSession:
    """One for everything. A connection kept too long is closed by the other side just as a send goes out on it, and
    then nobody knows whether that arrived: so we hang up first."""
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=0, keepalive_timeout=10)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def migrate_database(settings: Settings) -> list[str]:
    """Gives the names of the steps that were applied."""
    async with AsyncExitStack() as stack:
        return await migrate(await _database_url(settings, stack), job_schemas())


async def _open_database(settings: Settings, stack: AsyncExitStack) -> Database:
    database = await Database.open(await _database_url(settings, stack), schemas=job_schemas())
    stack.push_async_callback(database.close)
    return database


async def _database_url(settings: Settings, stack: AsyncExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url
    embedded = await asyncio.to_thread(Embedded.start, settings.data_dir)
    stack.push_async_callback(asyncio.to_thread, embedded.stop)
    await stack.enter_async_context(embedded.watched())
    return embedded.url


def _build(
    settings: Settings,
    database: Database,
    session: aiohttp.ClientSession,
    spool: SpoolFolder,
    decorate: PortDecorator,
    prefetch: int,
) -> Services:
    audio = AudioWorkers(settings.audio_workers)
    voice = AudioConverter(audio, limits.VOICE_FORMATS)
    slack, linq = _slack(settings, session), _linq(settings, session)
    playable = AudioConverter(audio, PLAYABLE)
    slack_files = FileRules("Slack", SLACK_FILE_BYTES, copies=SHOWN_AS, keeps_original=True, voice=playable)
    linq_files = FileRules("iMessage", limits.ATTACHMENT_BYTES, limits.CONTENT_TYPES, copies=limits.SENT_AS)
    networks = Networks(
        decorate("slack", slack.network(audio=playable, files=FileConverter(audio, slack_files))),
        decorate("linq", linq.network(audio=voice, files=FileConverter(audio, linq_files))),
    )
    store = decorate("deliveries", database.deliveries)
    urls = _temporary_urls(settings, database)
    transfer = MediaTransfer(networks, spool_folder=spool.path, lend_up_to=limits.URL_BYTES if urls else 0)
    prefetcher = Prefetcher(transfer.prepare, store.wake, limit=prefetch)
    links = Links(database.links, networks, linq.rooms)
    routes = Routes(database.links, database.conversations, links, networks)
    deliveries = DeliveryService(
        store,
        database.people,
        routes,
        Conversations(database.conversations, database.links, networks, linq.rooms),
        networks,
        prefetcher,
        retry=RetryPolicy(search_timeout=timedelta(seconds=settings.send_confirm_seconds)),
        temporary_urls=urls,
        accepted=prefetcher.observe,
        carry_up_to=timedelta(seconds=settings.carry_up_to_seconds),
        now=now,
    )
    notices = NoticeService(decorate("notices", database.notices), networks)
    receipts = decorate("receipts", database.receipts)
    return Services(
        settings=settings,
        database=database,
        slack=slack,
        linq=linq,
        audio=audio,
        voice=voice,
        networks=networks,
        spool=spool,
        prefetcher=prefetcher,
        deliveries=deliveries,
        actions=UserActions(store, receipts, links, now=now),
        receipts=Receipts(receipts, store, networks),
        notices=notices,
        links=links,
        conversations=ConversationActions(database.conversations, links, networks, linq.rooms, now=now),
        backfill=_backfill(settings, database, deliveries, networks),
        temporary_urls=urls,
        jobs=_jobs(settings, database, deliveries, notices),
    )


def _slack(settings: Settings, session: aiohttp.ClientSession) -> SlackAdapter:
    slack_settings = SlackSettings(
        settings.slack_bot_token.get_secret_value(),
        settings.slack_api_url,
        allowed_bots=settings.slack_allowed_bots,
        admins=settings.memobridge_admins,
    )
    return SlackAdapter(slack_settings, session, clock=time.monotonic, now=now, sniff=sniff)


def _linq(settings: Settings, session: aiohttp.ClientSession) -> LinqAdapter:
    key, base_url = settings.linq_api_v3_api_key.get_secret_value(), settings.linq_api_v3_base_url
    return LinqAdapter(key, base_url, session, now=now, public_url=settings.public_url)


def _temporary_urls(settings: Settings, database: Database) -> TemporaryUrls | None:
    if settings.transfer != "url" or settings.public_url is None:
        return None
    return TemporaryUrls(database.deliveries, settings.public_url, token=lambda: secrets.token_urlsafe(32))


def _backfill(settings: Settings, database: Database, deliveries: DeliveryService, networks: Networks) -> Backfill:
    interval = timedelta(seconds=settings.backfill_interval_seconds)
    return Backfill(database.marks, database.deliveries, deliveries, networks, interval=interval)


def _jobs(settings: Settings, database: Database, deliveries: DeliveryService, notices: NoticeService) -> JobRunner:
    handlers = Handlers(
        send_next=lambda room: deliveries.send_next(RoomId(room)),
        refresh_notice=lambda notice: notices.refresh(NoticeId(notice)),
        due=database.due,
        missing=database.need_jobs,
    )
    return JobRunner(handlers, workers=settings.workers, stop_within_s=STOP_WITHIN_S)


async def file_links(services: Services) -> list[Link]:
    """The links of the links file. Raises SettingsError for a file that cannot be read or is wrong, RetryLater while
    Slack does not say which workspace its channels belong to."""
    path = services.settings.links_file
    return [await _file_link(services, each) for each in load_links(path)] if path else []


async def _file_link(services: Services, written: FileLink) -> Link:
    settings = LinkSettings()
    for key, words in written.settings.items():
        values = [await services.slack.setting_value(word) for word in words] if key == "senders" else words
        settings = link_settings.change(settings, key, values)
    room = await services.slack.room(written.channel)
    return Link(room, services.linq.ids.room(written.chat), "", FROM_FILE, settings)
