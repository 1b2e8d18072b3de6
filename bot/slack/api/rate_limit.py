"""Rate limiter: keeps within Slack's limits before Slack has to say so.

A call waits for its turn here, so that it need not be refused and repeated. Turns go round by channel, so that a burst
in one channel delays no other. Within a channel goes first what a contact said or did, as our own notices and signs
tell of it at best (each text needs two signs, and Slack takes 50 a minute), and final states, because after them nobody
edits again. What would have to wait longer than 20 s is given back to the caller as RetryLater, as a waiting call holds
a worker's slot.

Slack counts per method, app and workspace: tiers 1, 2, 3 and 4 are 1, 20, 50 and 100 calls a minute
(https://docs.slack.dev/apis/web-api/rate-limits). ``burst`` calls and then one each ``interval_s`` never come to more
than that in any minute. Posting has a limit of its own: one message a second and channel, with short bursts.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.relay.errors import RetryLater

MAX_WAIT_S = 20.0
RATE_LIMITED = "ratelimited"
BUSY = "Slack is rate limiting the bot."


@dataclass(frozen=True)
class Rate:
    """``burst`` calls at once, then one every ``interval_s``. ``is_per_channel``: each channel has its own."""

    interval_s: float
    burst: int
    is_per_channel: bool = False


TIER_2 = Rate(interval_s=3.75, burst=4)
TIER_3 = Rate(interval_s=1.5, burst=10)
TIER_4 = Rate(interval_s=0.75, burst=20)

RATES = {
    "chat.postMessage": Rate(interval_s=1.0, burst=5, is_per_channel=True),
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "reactions.add": TIER_3,
    "reactions.remove": TIER_2,
    "conversations.history": TIER_3,
    "conversations.replies": TIER_3,
    "conversations.info": TIER_3,
    "chat.getPermalink": TIER_4,
    "functions.completeError": TIER_3,
    "functions.completeSuccess": TIER_3,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "files.info": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.conversations": TIER_3,
    "users.info": TIER_4,
}
BACKFILL = Rate(interval_s=2.0, burst=8)
"""Reading history takes at most 38 of the 50 calls a minute, and fewer than come free, so that finding a lost post does
not wait for it. After a start the first message of each busy channel waits for its history: the 20th for 24 s."""


@dataclass
class Waiter:
    """A call that waits for its turn."""

    goes_first: bool
    turn: "asyncio.Future[None]"


@dataclass
class Bucket:
    """The turns of one method (and channel). Times are the clock's; ``free_from``: when the next turn is due."""

    rate: Rate
    free_from: float = float("-inf")
    queues: dict[str, deque[Waiter]] = field(default_factory=dict)  # by channel, the next one first
    pump: "asyncio.Task[None] | None" = None

    def wait(self, now: float) -> float:
        """Seconds until the next turn, if nobody waits before."""
        return max(0.0, self.free_from - now)

    def take(self, now: float) -> None:
        earliest = now - (self.rate.burst - 1) * self.rate.interval_s
        self.free_from = max(self.free_from, earliest) + self.rate.interval_s

    def expected_wait(self, channel: str, *, goes_first: bool, now: float) -> float:
        """Seconds until a newcomer's turn: who is before them in their own channel, and as many of each other one."""
        own = self.queues.get(channel, ())
        before = sum(waiter.goes_first or not goes_first for waiter in own)
        others = sum(min(len(queue), before + 1) for name, queue in self.queues.items() if name != channel)
        return self.wait(now) + (before + others) * self.rate.interval_s

    def enqueue(self, channel: str, waiter: Waiter) -> None:
        self.queues.setdefault(channel, deque()).append(waiter)

    def next(self) -> Waiter | None:
        """Whose turn it is. Their channel goes to the end of the round."""
        while self.queues:
            channel, queue = next(iter(self.queues.items()))
            del self.queues[channel]
            waiter = next((each for each in queue if each.goes_first), queue[0])
            queue.remove(waiter)
            if queue:
                self.queues[channel] = queue
            if not waiter.turn.done():  # else it was cancelled while it waited
                return waiter
        return None

    def refuse_all(self, seconds: float) -> None:
        """Nobody gets a turn for so long."""
        while (waiter := self.next()) is not None:
            waiter.turn.set_exception(_too_long(seconds))


class RateLimiter:
    """``clock`` gives seconds that only ever grow; ``sleep`` waits that many of them."""

    def __init__(
        self, clock: Callable[[], float], *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._held_until: dict[str, float] = {}

    async def acquire(
        self, method: str, *, channel: str = "", goes_first: bool = False, is_backfill: bool = False
    ) -> bool:
        """Use up a turn for a call of ``method``, as soon as there is one; whether it had to be waited for.

        RetryLater with the time until then, when that is long. ``is_backfill``: within the smaller budget too.
        """
        has_waited = False
        for bucket in self._buckets_of(method, channel, is_backfill=is_backfill):
            has_waited |= await self._wait(method, bucket, channel, goes_first=goes_first)
        return has_waited

    def hold(self, method: str, pause: timedelta) -> None:
        """Slack asked for a pause of this method; after it there is no burst to spend."""
        until = self._clock() + pause.total_seconds()
        self._held_until[method] = until = max(until, self._held_until.get(method, until))
        for (name, _), bucket in self._buckets.items():
            if name == method:
                bucket.free_from = max(bucket.free_from, until)
                if pause.total_seconds() > MAX_WAIT_S:
                    bucket.refuse_all(pause.total_seconds())

    def _buckets_of(self, method: str, channel: str, *, is_backfill: bool) -> list[Bucket]:
        rate = RATES.get(method, Rate(interval_s=0.0, burst=1))
        buckets = [self._bucket(method, channel if rate.is_per_channel else "", rate)]
        return [self._bucket("backfill", "", BACKFILL), *buckets] if is_backfill else buckets

    def _bucket(self, method: str, channel: str, rate: Rate) -> Bucket:
        return self._buckets.setdefault((method, channel), Bucket(rate, self._held_until.get(method, float("-inf"))))

    async def _wait(self, method: str, bucket: Bucket, channel: str, *, goes_first: bool) -> bool:
        now = self._clock()
        wait = bucket.expected_wait(channel, goes_first=goes_first, now=now)
        if wait <= 0:
            bucket.take(now)
            return False
        if wait > MAX_WAIT_S:
            raise _too_long(wait)
        waiter = Waiter(goes_first, asyncio.get_running_loop().create_future())
        bucket.enqueue(channel, waiter)
        if bucket.pump is None or bucket.pump.done():
            bucket.pump = asyncio.create_task(self._pump(bucket), name=f"rate limit of {method}")
        await waiter.turn
        return True

    async def _pump(self, bucket: Bucket) -> None:
        """Hands out the turns, one by one, until nobody waits."""
        while bucket.queues:
            if wait := bucket.wait(self._clock()):
                await self._sleep(wait)
                continue
            if (waiter := bucket.next()) is None:
                continue
            bucket.take(self._clock())
            waiter.turn.set_result(None)


def _too_long(seconds: float) -> RetryLater:
    return RetryLater(BUSY, after=timedelta(seconds=seconds), code=RATE_LIMITED)
