"""Settings → clients → relay: every room made once and given its neighbours. Nothing runs yet."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import aiohttp

from bot.audio import AudioConverter, AudioWorkers
from bot.jobs import Engine
from bot.linq import limits
from bot.linq.client import LinqClient, open_api
from bot.linq.subscription import Subscriber
from bot.relay.deliveries import DeliveryService
from bot.relay.links import FROM_FILE, Links
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import MediaTransfer
from bot.relay.model import ChannelId, ChatId, Link, UserId
from bot.relay.notices import Notices
from bot.relay.receipts import Receipts
from bot.relay.retry import RetryPolicy
from bot.relay.user_actions import UserActions
from bot.slack.door import SlackDoor
from bot.store.database import Database
from bot.store.embedded import Embedded
from bot.store.schema import Schema
from config.settings import Settings, load_links

Port = TypeVar("Port")


class PortDecorator(Protocol):
    """Wraps a neighbour of the relay on its way in. For experiments; the bot itself wraps nothing."""

    def __call__(self, name: str, port: Port) -> Port: ...


def as_it_is(name: str, port: Port) -> Port:
    del name
    return port


@dataclass(frozen=True)
class Services:
    """Everything between the doors and the database, connected but idle."""

    settings: Settings
    database: Database
    engine: Engine
    session: aiohttp.ClientSession
    slack: SlackDoor
    linq: LinqClient
    subscriber: Subscriber | None
    audio_workers: AudioWorkers
    audio: AudioConverter
    carrier: MediaTransfer
    clips: DeliveryService
    wishes: UserActions
    receipts: Receipts
    notices: Notices
    links: Links
    lending: TemporaryUrls | None


def links_kept(settings: Settings) -> list[Link]:
    """Those of the links file. Raises SettingsError for a file that cannot be read or makes no sense."""
    pairs = load_links(settings.links_file) if settings.links_file else []
    return [Link(ChannelId(channel), ChatId(chat), "", FROM_FILE) for channel, chat in pairs]


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def offline(settings: Settings, around: PortDecorator = as_it_is, *, ahead: int = 0) -> AsyncIterator[Services]:
    """The rooms with no door open and no work done. Raises Refused or RetryLater when the database cannot be had.

    ``ahead`` is the carrier's: only a process that accepts and works may give head starts.
    """
    async with AsyncExitStack() as stack:
        engine = Engine()
        database = await _open_database(settings, engine.schemas(), stack)
        session = await stack.enter_async_context(_session())
        audio_workers = AudioWorkers(settings.audio_workers)
        stack.push_async_callback(audio_workers.close)
        yield _furnish(settings, database, engine, session, audio_workers, around, ahead)


def _session() -> aiohttp.ClientSession:
    """One for everything. A connection kept too long is closed by the other side just as a send goes out on it, and
    then nobody knows whether that arrived: so we hang up first."""
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=0, keepalive_timeout=10)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def migrate_database(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        engine = Engine()
        await _open_database(settings, engine.schemas(), stack)


async def _open_database(settings: Settings, schemas: Sequence[Schema], stack: AsyncExitStack) -> Database:
    url = settings.database_url
    if url is None:
        embedded = await asyncio.to_thread(Embedded.start, settings.data_dir)
        stack.push_async_callback(asyncio.to_thread, embedded.stop)
        await stack.enter_async_context(embedded.watched())
        url = embedded.url
    database = await Database.open(url, schemas=schemas)
    stack.push_async_callback(database.close)
    return database


def _furnish(
    settings: Settings,
    database: Database,
    engine: Engine,
    session: aiohttp.ClientSession,
    audio_workers: AudioWorkers,
    around: PortDecorator,
    ahead: int,
) -> Services:
    """One object for each room, each given its neighbours."""
    token = settings.slack_bot_token.get_secret_value()
    slack = SlackDoor(token, session, clock=time.monotonic, now=now, base_url=settings.slack_api_url)
    api = open_api(settings.linq_api_v3_api_key.get_secret_value(), settings.linq_api_v3_base_url, session)
    linq_client, audio = LinqClient(api, session, now=now), AudioConverter(audio_workers, limits.CONTAINERS)
    linq, slack_port = around("linq", linq_client), around("slack", slack.client)
    deliveries, receipts = around("deliveries", database.deliveries), around("receipts", database.receipts)
    lending = _lending(settings, database)
    carrier = MediaTransfer(
        slack_port,
        linq,
        audio,
        spool_folder=None,
        lend_up_to=limits.URL_BYTES if lending is not None else 0,
        ahead=ahead,
    )
    patience = RetryPolicy(find_for=timedelta(seconds=settings.find_seconds))
    return Services(
        settings=settings,
        database=database,
        engine=engine,
        session=session,
        slack=slack,
        linq=linq_client,
        subscriber=Subscriber(api, settings.public_url) if settings.public_url else None,
        audio_workers=audio_workers,
        audio=audio,
        carrier=carrier,
        clips=DeliveryService(deliveries, linq, carrier, now=now, patience=patience, lending=lending),
        wishes=UserActions(deliveries, receipts, now=now),
        receipts=Receipts(receipts, deliveries, linq, now=now),
        notices=Notices(around("notices", database.notices), slack_port, now=now),
        links=Links(
            database.links,
            slack.client,
            linq_client,
            admins=[UserId(u) for u in settings.memobridge_admins],
            parted=carrier.head_starts.forget,
        ),
        lending=lending,
    )


def _lending(settings: Settings, database: Database) -> TemporaryUrls | None:
    if settings.transfer != "url" or settings.public_url is None:
        return None
    return TemporaryUrls(database.deliveries, settings.public_url, now=now, token=lambda: secrets.token_urlsafe(32))
