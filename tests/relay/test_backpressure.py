"""Answers come before memos: while a crowd waits at the door no work is begun, and none waits for long."""

import asyncio
from contextlib import ExitStack

from bot.relay.backpressure import CALM_S, FEW, LONGEST_S, IngressGate


class Time:
    """Seconds that pass only by being slept through."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


def crowd(rush: IngressGate, size: int) -> ExitStack:
    door = ExitStack()
    for _ in range(size):
        door.enter_context(rush.answering())
    return door


async def waited(rush: IngressGate, time: Time) -> float:
    since = time.now
    await rush.over()
    return round(time.now - since, 6)


async def test_a_few_at_the_door_hold_up_nothing() -> None:
    time = Time()
    rush = IngressGate(clock=time, sleep=time.sleep)
    with crowd(rush, FEW):
        assert await waited(rush, time) == 0


async def test_a_crowd_holds_work_up_until_it_has_been_gone_for_a_moment() -> None:
    time = Time()
    rush = IngressGate(clock=time, sleep=time.sleep)
    crowd(rush, FEW + 1).close()
    assert rush.is_on
    assert await waited(rush, time) == CALM_S
    assert not rush.is_on


async def test_a_crowd_that_comes_back_at_once_is_the_same_rush() -> None:
    time = Time()
    rush = IngressGate(clock=time, sleep=time.sleep)
    crowd(rush, FEW + 1).close()
    time.now += CALM_S / 2
    crowd(rush, FEW + 1).close()
    assert await waited(rush, time) == CALM_S


async def test_a_crowd_that_waits_long_for_its_answer_is_there_until_it_has_it() -> None:
    time = Time()
    rush = IngressGate(clock=time, sleep=time.sleep)
    with crowd(rush, FEW + 1):
        time.now += 2 * CALM_S
    assert rush.is_on


async def test_a_rush_that_does_not_end_holds_work_up_no_longer_and_not_again() -> None:
    time = Time()
    rush = IngressGate(clock=time, sleep=time.sleep)
    end = time.now + LONGEST_S
    while time.now < end + LONGEST_S:
        crowd(rush, FEW + 1).close()
        assert rush.is_on == (time.now < end)
        time.now += CALM_S / 2


async def test_after_calm_the_next_rush_counts_anew() -> None:
    time = Time()
    rush = IngressGate(clock=time, sleep=time.sleep)
    crowd(rush, FEW + 1).close()
    time.now += LONGEST_S
    crowd(rush, FEW + 1).close()
    assert rush.is_on
