"""Turns under Slack's limits: never too many in any minute, channels in turn, final states first, nobody forgotten."""

import asyncio
import heapq
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from bot.relay.errors import RetryLater
from bot.slack.api.rate_limit import MAX_WAIT_S, RateLimiter

T = TypeVar("T")

TIERS = [
    ("chat.update", 50),
    ("reactions.add", 50),
    ("reactions.remove", 20),
    ("conversations.history", 50),
    ("conversations.replies", 50),
    ("files.info", 100),
    ("files.completeUploadExternal", 100),
]


SETTLED = 10  # turns of the event loop after which nothing moves that does not wait for the clock


class FakeTime:
    """A clock that jumps to the next moment somebody sleeps for, once nothing else can go on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._number += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, future))
        await future

    async def settle(self) -> None:
        for _ in range(SETTLED):
            await asyncio.sleep(0)

    async def run(self, *work: Coroutine[Any, Any, T]) -> list[T | BaseException]:
        """What each of them gives, or raises."""
        running = asyncio.gather(*work, return_exceptions=True)
        await self.settle()
        while not running.done():
            self.now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await self.settle()
        return running.result()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def limiter(time: FakeTime) -> RateLimiter:
    return RateLimiter(time, sleep=time.sleep)


class Turns:
    """Takes turns of the limiter, and says when they came, in seconds after the test began."""

    def __init__(self, limiter: RateLimiter, time: FakeTime) -> None:
        self._limiter, self._time, self._begun = limiter, time, time.now

    async def take(
        self, method: str, channel: str = "", *, goes_first: bool = False, is_backfill: bool = False
    ) -> float:
        await self._limiter.acquire(method, channel=channel, goes_first=goes_first, is_backfill=is_backfill)
        return self._time.now - self._begun

    async def burst(self, method: str, count: int, channel: str = "") -> None:
        for _ in range(count):
            assert not await self._limiter.acquire(method, channel=channel)


@pytest.fixture
def turns(limiter: RateLimiter, time: FakeTime) -> Turns:
    return Turns(limiter, time)


@pytest.mark.parametrize(("method", "most"), TIERS)
async def test_no_minute_has_more_calls_than_the_tier_allows(
    time: FakeTime, turns: Turns, method: str, most: int
) -> None:
    async def one_after_the_other() -> list[float]:
        return [await turns.take(method) for _ in range(3 * most)]

    [taken] = await time.run(one_after_the_other())
    assert isinstance(taken, list)
    for start in taken:
        assert sum(start <= at < start + 60 for at in taken) <= most


async def test_posts_are_one_a_second_and_channel_after_a_short_burst(time: FakeTime, turns: Turns) -> None:
    first = await time.run(*(turns.take("chat.postMessage", "C1") for _ in range(8)))
    assert first == [0, 0, 0, 0, 0, 1, 2, 3]
    assert await time.run(turns.take("chat.postMessage", "C2")) == [3]


async def test_whether_there_was_a_wait_is_told(time: FakeTime, limiter: RateLimiter) -> None:
    asked = [limiter.acquire("chat.update", channel="C1") for _ in range(11)]
    assert await time.run(*asked) == [False] * 10 + [True]


async def test_one_channels_burst_delays_another_by_one_turn(time: FakeTime, turns: Turns) -> None:
    await turns.burst("chat.update", 10, "C1")
    crowd = [turns.take("chat.update", "C1") for _ in range(10)]
    *busy, other = await time.run(*crowd, turns.take("chat.update", "C2"))
    assert other == 3.0
    assert busy == [1.5, *(4.5 + 1.5 * number for number in range(9))]


async def test_channels_take_turns(time: FakeTime, turns: Turns) -> None:
    await turns.burst("chat.update", 10, "C0")
    asked = [turns.take("chat.update", channel) for channel in ("C1", "C1", "C1", "C2", "C2", "C3")]
    assert await time.run(*asked) == [1.5, 6.0, 9.0, 3.0, 7.5, 4.5]


async def test_final_states_go_first_within_their_channel(time: FakeTime, turns: Turns) -> None:
    await turns.burst("chat.update", 10, "C1")
    early = [turns.take("chat.update", "C1") for _ in range(3)]
    finals = [turns.take("chat.update", "C1", goes_first=True) for _ in range(2)]
    assert await time.run(*early, *finals) == [4.5, 6.0, 7.5, 1.5, 3.0]


async def test_nobody_waits_longer_than_a_worker_may_be_held(time: FakeTime, turns: Turns) -> None:
    done = await time.run(*(turns.take("chat.update", "C1") for _ in range(40)))
    waits = [at for at in done if isinstance(at, float)]
    refused = [error for error in done if isinstance(error, RetryLater)]
    assert max(waits) <= MAX_WAIT_S
    assert (len(waits), len(refused)) == (10 + 13, 17)
    assert all(error.after and error.after.total_seconds() > MAX_WAIT_S for error in refused)


async def test_who_gives_up_waiting_costs_the_others_nothing(
    time: FakeTime, turns: Turns, limiter: RateLimiter
) -> None:
    await turns.burst("chat.update", 10, "C1")
    gone = asyncio.create_task(limiter.acquire("chat.update", channel="C1"))
    await time.settle()
    gone.cancel()
    assert await time.run(turns.take("chat.update", "C1")) == [1.5]


async def test_a_pause_that_slack_asks_for_holds_the_method_and_leaves_no_burst(
    time: FakeTime, turns: Turns, limiter: RateLimiter
) -> None:
    limiter.hold("chat.update", timedelta(seconds=7))
    limiter.hold("chat.update", timedelta(seconds=3))
    await turns.burst("chat.postMessage", 1, "C1")
    assert await time.run(*(turns.take("chat.update", "C1") for _ in range(3))) == [7, 8.5, 10]


async def test_a_pause_holds_channels_that_have_not_posted_yet(
    time: FakeTime, turns: Turns, limiter: RateLimiter
) -> None:
    limiter.hold("chat.postMessage", timedelta(seconds=7))
    assert await time.run(turns.take("chat.postMessage", "C9")) == [7]


async def test_a_long_pause_is_told_to_those_who_wait_and_to_newcomers(
    time: FakeTime, turns: Turns, limiter: RateLimiter
) -> None:
    await turns.burst("chat.update", 10, "C1")
    waiting = asyncio.create_task(limiter.acquire("chat.update", channel="C1"))
    await time.settle()
    limiter.hold("chat.update", timedelta(seconds=90))
    for turn in (waiting, asyncio.create_task(limiter.acquire("chat.update", channel="C2"))):
        with pytest.raises(RetryLater) as later:
            await turn
        assert later.value.after == timedelta(seconds=90)


async def test_reading_history_leaves_turns_for_finding_lost_posts(
    time: FakeTime, turns: Turns, limiter: RateLimiter
) -> None:
    reads = [turns.take("conversations.history", "C1", is_backfill=True) for _ in range(14)]
    assert await time.run(*reads) == [0] * 8 + [2, 4, 6, 8, 10, 12]
    await turns.burst("conversations.history", 3, "C1")


async def test_a_method_without_a_rate_waits_only_when_slack_said_so(
    time: FakeTime, turns: Turns, limiter: RateLimiter
) -> None:
    await turns.burst("auth.test", 500)
    limiter.hold("auth.test", timedelta(seconds=3))
    assert await time.run(turns.take("auth.test")) == [3]
