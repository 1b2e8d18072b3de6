"""Settings → clients → relay → adapters: every object made once and given what it needs. Nothing runs yet."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import aiohttp

from bot.app.erasure import Erasure
from bot.app.shutdown import DRAIN_S
from bot.app.url_tokens import UrlTokens
from bot.audio import AudioWorkers, VoiceConverter, sniff
from bot.files import AttachmentConverter, FileRules
from bot.jobs import Handlers, Intervals, JobRunner, job_schemas
from bot.linq.adapter import LinqAdapter
from bot.linq.api import limits
from bot.relay.backfill import Backfill
from bot.relay.deliveries import DeliveryService
from bot.relay.errors import Refused, RelayError
from bot.relay.ids import NoticeId, RoomId
from bot.relay.inbound_order import InboundOrder
from bot.relay.media.prefetch import Prefetcher
from bot.relay.media.spool import SpoolFolder
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import MediaTransfer
from bot.relay.notices import NoticeService
from bot.relay.overview import Overviews
from bot.relay.ports.networks import Networks
from bot.relay.ports.room_stores import ConversationStore, MarkStore
from bot.relay.ports.stores import DeliveryStore
from bot.relay.receipts import Receipts
from bot.relay.retry import RetryPolicy
from bot.relay.routing.conversation_actions import ConversationActions
from bot.relay.routing.conversations import Conversations
from bot.relay.routing.links import Links
from bot.relay.routing.openings import Openings
from bot.relay.routing.routes import Routes
from bot.relay.user_actions import UserActions
from bot.slack.adapter import SlackAdapter, SlackSettings
from bot.slack.api.formats import FILE_BYTES as SLACK_FILE_BYTES
from bot.slack.api.formats import PLAYABLE, SHOWN_AS
from bot.store.database import Database, migrate
from bot.store.embedded import Embedded, default_folder
from config.settings import Settings

Port = TypeVar("Port")


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
    voice: VoiceConverter  # as Linq takes it
    networks: Networks
    spool: SpoolFolder
    prefetcher: Prefetcher
    deliveries: DeliveryService
    actions: UserActions
    receipts: Receipts
    links: Links
    conversations: ConversationActions
    overviews: Overviews
    openings: Openings
    backfill: Backfill
    inbound_order: InboundOrder
    erasure: Erasure
    temporary_urls: TemporaryUrls | None
    url_tokens: UrlTokens
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
        spool = await asyncio.to_thread(_create_spool, settings)
        stack.callback(spool.remove)
        services = _build(settings, database, session, spool, decorate, prefetch)
        stack.push_async_callback(services.linq.close)
        stack.push_async_callback(services.audio.close)
        stack.push_async_callback(services.prefetcher.close)
        yield services


def _create_spool(settings: Settings) -> SpoolFolder:
    """In the data folder, where there is one: it is as private as the data, and on a disk for data."""
    parent = settings.data_dir or (default_folder() if settings.database_url is None else None)
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        return SpoolFolder.create(parent)
    except OSError as error:
        place = f"DATA_DIR {parent}" if parent else "The system's temporary folder"
        raise Refused(f"{place} cannot be made or written in: {error.strerror}. Choose a DATA_DIR that can.") from error


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
    starting = asyncio.ensure_future(asyncio.to_thread(Embedded.start, settings.data_dir))
    stack.push_async_callback(_stop_embedded, starting)
    embedded = await asyncio.shield(starting)
    await stack.enter_async_context(embedded.watched())
    return embedded.url


async def _stop_embedded(starting: "asyncio.Future[Embedded]") -> None:
    """Also when the bot is told to stop while the server starts: the thread cannot be cancelled, and goes on."""
    with suppress(RelayError):  # it did not start, which is told already
        await asyncio.to_thread((await starting).stop)


def _build(
    settings: Settings,
    database: Database,
    session: aiohttp.ClientSession,
    spool: SpoolFolder,
    decorate: PortDecorator,
    prefetch: int,
) -> Services:
    adapters = _adapters(settings, session, decorate)
    networks = adapters.networks
    links = Links(database.links, database.people, networks, adapters.linq.rooms, database.audit)
    store, receipts = decorate("deliveries", database.deliveries), decorate("receipts", database.receipts)
    conversations = decorate("conversations", database.conversations)
    url_tokens = UrlTokens(settings.linq_api_v3_api_key.get_secret_value())
    urls = _temporary_urls(settings, database, url_tokens)
    transfer = MediaTransfer(networks, spool_folder=spool.path, lend_up_to=limits.URL_BYTES if urls else 0)
    prefetcher = Prefetcher(transfer.prepare, store.wake, limit=prefetch)
    marks = decorate("marks", database.marks)
    order = InboundOrder(marks.open_gap)
    deliveries = _deliveries(settings, database, store, conversations, adapters, links, prefetcher, order, urls)
    backfill = _backfill(settings, marks, database, deliveries, networks)
    notices = NoticeService(decorate("notices", database.notices), networks)
    return Services(
        settings=settings,
        database=database,
        slack=adapters.slack,
        linq=adapters.linq,
        audio=adapters.audio,
        voice=adapters.voice,
        networks=networks,
        spool=spool,
        prefetcher=prefetcher,
        deliveries=deliveries,
        actions=UserActions(store, receipts, links, database.audit, now=now),
        receipts=Receipts(receipts, store, networks),
        links=links,
        conversations=ConversationActions(conversations, links, networks, adapters.linq.rooms, database.audit, now=now),
        overviews=Overviews(database.overviews, database.links),
        openings=Openings(store, links, adapters.linq.opening, now=now),
        backfill=backfill,
        inbound_order=order,
        erasure=Erasure(adapters.linq.erasure, database.erasure),
        temporary_urls=urls,
        url_tokens=url_tokens,
        jobs=_jobs(settings, database, deliveries, notices, decorate("intervals", Intervals())),
    )


def _deliveries(
    settings: Settings,
    database: Database,
    store: DeliveryStore,
    conversations: ConversationStore,
    adapters: "_Adapters",
    links: Links,
    prefetcher: Prefetcher,
    inbound_order: InboundOrder,
    urls: TemporaryUrls | None,
) -> DeliveryService:
    networks = adapters.networks
    return DeliveryService(
        store,
        database.people,
        Routes(database.links, conversations, links, networks),
        Conversations(conversations, database.links, networks, adapters.linq.rooms),
        networks,
        prefetcher,
        inbound_order,
        retry=RetryPolicy(search_timeout=timedelta(seconds=settings.send_confirm_seconds)),
        temporary_urls=urls,
        accepted=prefetcher.observe,
        carry_up_to=timedelta(seconds=settings.carry_up_to_seconds),
        now=now,
    )


@dataclass(frozen=True)
class _Adapters:
    slack: SlackAdapter
    linq: LinqAdapter
    audio: AudioWorkers
    voice: VoiceConverter
    networks: Networks


def _adapters(settings: Settings, session: aiohttp.ClientSession, decorate: PortDecorator) -> _Adapters:
    """The two networks, each with what makes recordings and other files fit for it."""
    audio = AudioWorkers(settings.audio_workers)
    slack, linq = _slack(settings, session), _linq(settings, session)
    voice, playable = VoiceConverter(audio, limits.VOICE_FORMATS), VoiceConverter(audio, PLAYABLE)
    slack_files = FileRules("Slack", SLACK_FILE_BYTES, copies=SHOWN_AS, keeps_original=True, voice=playable)
    linq_files = FileRules("iMessage", limits.ATTACHMENT_BYTES, limits.CONTENT_TYPES, copies=limits.SENT_AS)
    networks = Networks(
        decorate("slack", slack.network(audio=playable, files=AttachmentConverter(audio, slack_files))),
        decorate("linq", linq.network(audio=voice, files=AttachmentConverter(audio, linq_files))),
    )
    return _Adapters(slack, linq, audio, voice, networks)


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


def _temporary_urls(settings: Settings, database: Database, tokens: UrlTokens) -> TemporaryUrls | None:
    if settings.transfer != "url" or settings.public_url is None:
        return None
    return TemporaryUrls(database.deliveries, settings.public_url, token=tokens.create)


def _backfill(
    settings: Settings, marks: MarkStore, database: Database, deliveries: DeliveryService, networks: Networks
) -> Backfill:
    interval = timedelta(seconds=settings.backfill_interval_seconds)
    return Backfill(marks, database.deliveries, deliveries, networks, interval=interval, now=now)


def _jobs(
    settings: Settings, database: Database, deliveries: DeliveryService, notices: NoticeService, intervals: Intervals
) -> JobRunner:
    handlers = Handlers(
        send_next=lambda room: deliveries.send_next(RoomId(room)),
        refresh_notice=lambda notice: notices.refresh(NoticeId(notice)),
        due=database.due,
        missing=database.need_jobs,
    )
    return JobRunner(handlers, workers=settings.workers, stop_within_s=DRAIN_S, intervals=intervals)
