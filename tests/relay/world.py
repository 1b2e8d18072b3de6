"""A relay between two fake networks on the real store. Time passes by moving every stored time back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from bot.relay.backfill import Backfill
from bot.relay.deliveries import DeliveryService
from bot.relay.ids import DeliveryId, NoticeId, RoomId
from bot.relay.links import Links
from bot.relay.media.prefetch import Prefetcher
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import MediaTransfer
from bot.relay.model import Delivery, DeliveryWithReceipts, Link, LinkSettings, Status
from bot.relay.notices import NoticeService
from bot.relay.ports import Network, Networks
from bot.relay.receipts import Receipts, status_of
from bot.relay.retry import RetryPolicy
from bot.relay.user_actions import UserActions
from bot.store.database import Database
from tests.fakes import BASE, CHANNEL, CHAT, FakeChats, FakeTeam, Faulty

TIMES = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type LIKE 'timestamp%%' AND table_name NOT LIKE 'procrastinate%%'
AND column_name NOT IN ('ordered_at') AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')
"""
NEXT_WAIT = """
SELECT min(at) - now() AS wait FROM (
    SELECT retry_at AS at FROM deliveries WHERE state IN ('waiting', 'prepared', 'sending') UNION ALL
    SELECT not_before FROM deliveries WHERE state IN ('waiting', 'prepared') UNION ALL
    SELECT retry_at FROM notices) AS waits
"""


@dataclass
class World:
    folder: Path
    database: Database
    url: str
    team: FakeTeam = field(default_factory=FakeTeam)
    chats: FakeChats = field(default_factory=FakeChats)
    more: Sequence[Network] = ()
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    lend_up_to: int = 0
    prefetch: int = 0

    def __post_init__(self) -> None:
        networks = Networks(self.team.network(), self.chats.network(), *self.more)
        store = self.database
        self.monotonic = 0.0
        self.store = Faulty(store.deliveries)
        self.links = Links(store.links, networks, self.chats.rooms)
        transfer = MediaTransfer(networks, spool_folder=self.folder, lend_up_to=self.lend_up_to)
        self.prefetcher = Prefetcher(transfer.prepare, store.deliveries.wake, limit=self.prefetch)
        urls = TemporaryUrls(store.deliveries, "https://bot.example/", token=lambda: "tok") if self.lend_up_to else None
        self.deliveries = DeliveryService(
            self.store,
            store.people,
            self.links,
            networks,
            self.prefetcher,
            retry=self.retry,
            temporary_urls=urls,
            accepted=self.prefetcher.observe,
            now=self.now,
            clock=lambda: self.monotonic,
        )
        self.receipts = Receipts(store.receipts, store.deliveries, networks)
        self.notices = NoticeService(store.notices, networks)
        self.actions = UserActions(store.deliveries, store.receipts, self.links, now=self.now)
        self.backfill = Backfill(store.marks, self.deliveries, networks, interval=timedelta(minutes=1))
        self.passed = timedelta()
        self._connection = psycopg.connect(self.url, autocommit=True, row_factory=psycopg.rows.dict_row)

    def now(self) -> datetime:
        return BASE + self.passed

    async def link(self, room: RoomId = CHANNEL, peer: RoomId = CHAT, settings: LinkSettings | None = None) -> None:
        await self.database.links.save(Link(room, peer, "Ann", "test", settings or LinkSettings()))
        self.execute("UPDATE links SET made_at = %s", BASE)
        self.execute("UPDATE marks SET read_up_to = %s", BASE)

    async def run(self, *, for_at_most: timedelta = timedelta(hours=48)) -> None:
        """Do every job, and let the time pass that is waited for, until there is neither."""
        end = self.passed + for_at_most
        while True:
            while job := self.next_job():
                await self._do(*job)
            wait = self.execute(NEXT_WAIT)[0]["wait"]
            if wait is None or self.passed + wait > end:
                return
            self.pass_by(max(wait, timedelta(milliseconds=1)))
            await self.enqueue_due()

    async def enqueue_due(self) -> None:
        rooms, notices = await self.database.due()
        self.execute("SELECT enqueue_missing_jobs('send_next', %s)", list(rooms))
        self.execute("SELECT enqueue_missing_jobs('refresh_notice', %s)", list(notices))

    def next_job(self) -> tuple[str, str] | None:
        rows = self.execute(
            "DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs) "
            "RETURNING task_name, args->>'name' AS name"
        )
        return (rows[0]["task_name"], rows[0]["name"]) if rows else None

    async def _do(self, task: str, name: str) -> None:
        if task == "send_next":
            await self.deliveries.send_next(RoomId(name))
        else:
            await self.notices.refresh(NoticeId(name))

    def pass_by(self, wait: timedelta) -> None:
        """Every stored time but the order of messages moves back, so that the server's clock has moved on."""
        self.passed += wait
        self.monotonic += wait.total_seconds()
        for row in self.execute(TIMES):
            self.execute(f"UPDATE {row['table_name']} SET {row['column_name']} = {row['column_name']} - %s", wait)

    async def row(self, delivery: DeliveryId) -> Delivery:
        return (await self.told(delivery)).delivery

    async def told(self, delivery: DeliveryId) -> DeliveryWithReceipts:
        found = await self.database.deliveries.find(delivery)
        assert found is not None
        return found

    async def status(self, delivery: DeliveryId) -> Status:
        return status_of(await self.told(delivery)).status

    def execute(self, sql: str, *params: object) -> list[dict[str, object]]:
        cursor = self._connection.execute(sql.encode(), params or None)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self._connection.close()
