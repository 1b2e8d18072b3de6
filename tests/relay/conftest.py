"""A relay among fakes. ``world.run()`` does what the engine would: every errand, in turn, as time passes."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.relay.deliveries import DeliveryService
from bot.relay.errors import RetryLater
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import MediaTransfer
from bot.relay.model import ChannelId, Delivery, DeliveryId, Link, RelayJob, SendNext, Status
from bot.relay.notices import Notices
from bot.relay.receipts import Receipts, status_of
from bot.relay.retry import RetryPolicy
from bot.relay.user_actions import UserActions
from tests.fakes import CHANNEL, CHAT, Clock, FakeAudio, FakeLinq, FakeSlack, Memory


@dataclass
class World:
    folder: Path
    lends: bool = False
    clock: Clock = field(default_factory=Clock)
    slack: FakeSlack = field(default_factory=FakeSlack)
    linq: FakeLinq = field(default_factory=FakeLinq)
    patience: RetryPolicy = field(default_factory=RetryPolicy)

    def __post_init__(self) -> None:
        self.memory = Memory(self.clock)
        self.memory.links[CHANNEL] = Link(CHANNEL, CHAT, "Ann")
        lending = (
            TemporaryUrls(self.memory, "https://bot.example/", now=self.clock, token=lambda: "tok")
            if self.lends
            else None
        )
        limit = 10 * 1024 * 1024 if self.lends else 0
        carrier = MediaTransfer(self.slack, self.linq, FakeAudio(), spool_folder=self.folder, lend_up_to=limit)
        self.clips = DeliveryService(
            self.memory, self.linq, carrier, now=self.clock, patience=self.patience, lending=lending
        )
        self.receipts = Receipts(self.memory, self.memory, self.linq, now=self.clock)
        self.notices = Notices(self.memory, self.slack, now=self.clock)
        self.wishes = UserActions(self.memory, self.memory, now=self.clock)

    async def run(self, *, for_at_most: timedelta = timedelta(hours=48)) -> None:
        """Work until no errand is left; a RetryLater lets that much time pass."""
        end = self.clock.now + for_at_most
        while self.memory.errands and self.clock.now <= end:
            errand = self.memory.errands.pop(0)
            try:
                await self._do(errand)
            except RetryLater as later:
                self.clock.pass_by(later.after or timedelta(seconds=1))
                self.memory.errands.insert(0, errand)

    async def _do(self, errand: RelayJob) -> None:
        if isinstance(errand, SendNext):
            await self.clips.work(errand.chat)
        else:
            await self.notices.announce(errand.notice)

    def row(self, delivery: DeliveryId) -> Delivery:
        return self.memory.rows[delivery]

    def status(self, delivery: DeliveryId) -> Status:
        row = self.memory.rows[delivery]
        return status_of(self.memory._told(row)).status

    def unlink(self, channel: ChannelId = CHANNEL) -> None:
        del self.memory.links[channel]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def lending_world(tmp_path: Path) -> World:
    return World(tmp_path, lends=True)
