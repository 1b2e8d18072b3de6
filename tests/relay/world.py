"""A relay between two fake networks on the real store. Time passes by moving every stored time back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bot.relay.backfill import Backfill
from bot.relay.deliveries import DeliveryService
from bot.relay.errors import RelayError
from bot.relay.ids import DeliveryId, NoticeId, RoomId
from bot.relay.inbound_order import InboundOrder
from bot.relay.media.prefetch import Prefetcher
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import MediaTransfer
from bot.relay.model import Delivery, DeliveryWithReceipts, Status
from bot.relay.notices import NoticeService
from bot.relay.ports.networks import Network, Networks
from bot.relay.receipts import Receipts, StatusReport, status_of
from bot.relay.retry import RetryPolicy
from bot.relay.rooms import Link, LinkSettings
from bot.relay.routing.conversation_actions import ConversationActions
from bot.relay.routing.conversations import Conversations
from bot.relay.routing.links import Links
from bot.relay.routing.routes import Routes
from bot.relay.user_actions import UserActions
from bot.store.database import Database
from tests.fakes import BASE, CHANNEL, CHAT, FakeChats, FakeTeam, Faulty

TIMES = """
SELECT table_name AS table, string_agg(format('%1$I = %1$I - %%L::interval', column_name), ', ') AS moves
FROM information_schema.columns WHERE table_schema = 'public' AND data_type LIKE 'timestamp%%'
AND table_name NOT LIKE 'procrastinate%%' AND table_name IN (SELECT tablename FROM pg_tables)
AND column_name NOT IN ('ordered_at', 'edited_at')
AND table_name NOT IN ('receipts', 'reactions', 'audit') GROUP BY table_name
"""
NEXT_WAIT = """
SELECT min(at) - now() AS wait FROM (
    SELECT retry_at AS at FROM deliveries WHERE state IN ('waiting', 'prepared', 'sending') UNION ALL
    SELECT not_before FROM deliveries WHERE state IN ('waiting', 'prepared') UNION ALL
    SELECT refresh_at FROM conversations WHERE root IS NOT NULL UNION
    SELECT retry_at FROM notices) AS waits WHERE at > now()
"""
PROGRESS = """
SELECT (SELECT sum(fence) FROM deliveries) AS claims, (SELECT sum(requested) FROM notices) AS refreshes,
    (SELECT max(shown_at) FROM conversations) AS shown
"""
JOB_RETRY = timedelta(seconds=5)


@dataclass
class World:
    """One process of a bot: ``team`` and ``chats`` may be those of another one on the same database."""

    folder: Path
    database: Database
    url: str
    team: FakeTeam = field(default_factory=FakeTeam)
    chats: FakeChats = field(default_factory=FakeChats)
    more: Sequence[Network] = ()
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    lend_up_to: int = 0
    prefetch: int = 0
    began: datetime = BASE  # what its own clock shows at first; the server's is the real one

    def __post_init__(self) -> None:
        networks = Networks(self.team.network(), self.chats.network(), *self.more)
        store = self.database
        self.monotonic = 0.0
        self.store = Faulty(store.deliveries)
        self.links = Links(store.links, store.people, networks, self.chats.rooms, store.audit)
        transfer = MediaTransfer(networks, spool_folder=self.folder, lend_up_to=self.lend_up_to)
        self.prefetcher = Prefetcher(transfer.prepare, store.deliveries.wake, limit=self.prefetch)
        urls = TemporaryUrls(store.deliveries, "https://bot.example/", token=lambda: "tok") if self.lend_up_to else None
        self.order = InboundOrder(store.marks.open_gap)
        self.deliveries = DeliveryService(
            self.store,
            store.people,
            Routes(store.links, store.conversations, self.links, networks),
            Conversations(store.conversations, store.links, networks, self.chats.rooms),
            networks,
            self.prefetcher,
            self.order,
            retry=self.retry,
            temporary_urls=urls,
            accepted=self.prefetcher.observe,
            now=self.now,
            clock=lambda: self.monotonic,
        )
        self.receipts = Receipts(store.receipts, store.deliveries, networks)
        self.notices = NoticeService(store.notices, networks)
        self.actions = UserActions(store.deliveries, store.receipts, self.links, store.audit, now=self.now)
        self.conversations = ConversationActions(
            store.conversations, self.links, networks, self.chats.rooms, store.audit, now=self.now
        )
        self.backfill = Backfill(
            store.marks, store.deliveries, self.deliveries, networks, interval=timedelta(minutes=1)
        )
        self.passed = timedelta()
        self._connection = psycopg.connect(self.url, autocommit=True, row_factory=dict_row)

    def now(self) -> datetime:
        return self.began + self.passed

    async def link(self, room: RoomId = CHANNEL, peer: RoomId = CHAT, settings: LinkSettings | None = None) -> None:
        """As if it had been made before the first message of any test."""
        await self.database.links.save(Link(room, peer, "Ann", "test", settings or LinkSettings()))
        self.execute("UPDATE links SET made_at = %s, mode_at = NULL, senders_at = NULL", BASE)
        self.execute("UPDATE marks SET read_up_to = %s", BASE)

    async def run(self, *, during: timedelta | None = None) -> None:
        """Do every job, and let the time pass that is waited for, until there is neither; or just so much time."""
        end = self.passed + (during or timedelta(hours=48))
        while True:
            [before], [wait] = self.execute(PROGRESS), self.execute(NEXT_WAIT)
            await self.do_jobs()
            await self.enqueue_due()
            await self.do_jobs()
            if self.execute(PROGRESS) != [before]:
                continue
            if wait["wait"] is None or self.passed + wait["wait"] > end:
                break
            self.pass_by(wait["wait"])
        if during is not None:
            self.pass_by(end - self.passed)

    async def enqueue_due(self) -> None:
        self._enqueue(*await self.database.due())

    async def restore_jobs(self) -> None:
        """What is done now and then for rows that should have a job."""
        self._enqueue(*await self.database.need_jobs())

    def _enqueue(self, rooms: Sequence[str], notices: Sequence[str]) -> None:
        self.execute("SELECT enqueue_missing_jobs('send_next', %s)", list(rooms))
        self.execute("SELECT enqueue_missing_jobs('refresh_notice', %s)", list(notices))

    async def do_jobs(self) -> None:
        """All that are enqueued. One that fails comes again a little later."""
        while job := self._next_job():
            try:
                await self._do(*job)
            except RelayError:
                self.pass_by(JOB_RETRY)
                self.execute("SELECT enqueue_jobs(%s, %s)", job[0], [job[1]])

    def _next_job(self) -> tuple[str, str] | None:
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
        """Every stored time but those of the networks moves back, so that the server's clock has moved on."""
        self.passed += wait
        self.monotonic += wait.total_seconds()
        for row in self.execute(TIMES):
            moves = row["moves"].replace("%L", f"'{wait.total_seconds()} seconds'")
            self.execute(f"UPDATE {row['table']} SET {moves}")

    async def row(self, delivery: DeliveryId) -> Delivery:
        return (await self.told(delivery)).delivery

    async def told(self, delivery: DeliveryId) -> DeliveryWithReceipts:
        found = await self.database.deliveries.find(delivery)
        assert found is not None
        return found

    async def report(self, delivery: DeliveryId) -> StatusReport:
        return status_of(await self.told(delivery))

    async def status(self, delivery: DeliveryId) -> Status:
        return (await self.report(delivery)).status

    @property
    def sent_names(self) -> list[str]:
        """The recordings that the chats were sent, by their names."""
        voices = (outgoing.delivery.voice for outgoing in self.chats.sender.sent)
        return [voice.name for voice in voices if voice]

    def execute(self, sql: str, *params: object) -> list[dict[str, Any]]:
        cursor = self._connection.execute(sql.encode(), params or None)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self._connection.close()
