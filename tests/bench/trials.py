"""What is done to a contestant to learn its figures. Each trial has a scene of its own and gives figures by name.

Latencies are in ms and go from the event's POST to the voicememo's.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tests.bench.contestants import Contest, folder
from tests.bench.knocks import Knock, knock, written
from tests.bench.sandbox_process import SandboxProcess
from tests.bench.scene import CHANNELS, Scene, Way, scene
from tests.bench.usage import looking_at_memory

Figures = Mapping[str, float]
Trial = Callable[[Contest], Awaitable[Figures]]

FAR_S = 0.08  # added to every call of Slack and Linq
WARM_UP = 10
CLIPS, IN_FLIGHT = 200, 20
SINGLES, FAR_SINGLES = 40, 20
EVENTS, CONNECTIONS = 1000, 20
LARGE_CLIPS = 20
REST_S, QUIET_S = 30.0, 5.0
AT_REST_AFTER_S = 65.0  # the worker that the self-test at the start made is kept for a minute
IDLE_AGAIN_S = 0.7  # after a clip was read: what Slack is shown of it is then no load on the next


async def single(contest: Contest) -> Figures:
    """One clip at a time, each when what the one before caused is over."""
    async with scene(contest, WARM_UP + SINGLES) as stage:
        await _one_by_one(stage, WARM_UP)
        return {"p50_ms": _p50_ms(await _one_by_one(stage, SINGLES))}


async def far_single(contest: Contest) -> Figures:
    async with scene(contest, WARM_UP + FAR_SINGLES, latency_s=FAR_S) as stage:
        await _one_by_one(stage, WARM_UP)
        return {"p50_ms": _p50_ms(await _one_by_one(stage, FAR_SINGLES))}


async def far_burst(contest: Contest) -> Figures:
    async with scene(contest, WARM_UP + CLIPS, latency_s=FAR_S) as stage:
        await stage.carry_all(WARM_UP, IN_FLIGHT)
        _, ways = await stage.carry_all(CLIPS, IN_FLIGHT)
        return {"p50_ms": _p50_ms(ways)}


async def burst(contest: Contest) -> Figures:
    """Speed until the last memo; CPU until the last receipt and some seconds beyond, for what is shown in Slack."""
    async with scene(contest, WARM_UP + CLIPS) as stage:
        await _warm_up(stage)
        before_s = stage.contestant.family.cpu_s()
        names, ways = await stage.carry_all(CLIPS, IN_FLIGHT)
        await stage.all_read(names)
        await asyncio.sleep(QUIET_S)
        used_s = stage.contestant.family.cpu_s() - before_s
        lasted_s = max(memo for _, memo in ways) - min(event for event, _ in ways)
        return {"clips_per_s": CLIPS / lasted_s, "cpu_ms": used_s * 1000 / CLIPS, "p50_ms": _p50_ms(ways)}


async def one_chat(contest: Contest) -> Figures:
    """Clips dropped in one channel, each as soon as the event of the one before is answered."""
    async with scene(contest, WARM_UP + IN_FLIGHT) as stage:
        await _warm_up(stage)
        names = [await stage.drop(*each, stage.channels[0]) for each in stage.fresh(IN_FLIGHT)]
        memos = [await stage.notes.moment("memo", name) for name in names]
        if memos != sorted(memos):
            raise RuntimeError("memos of one chat overtook each other")
        return {"lasted_s": memos[-1] - memos[0]}


async def events(contest: Contest) -> Figures:
    """Connections that wait only for the answer, while the clips are being carried behind it."""
    seconds = [each.seconds for each in await _knocked(contest, CONNECTIONS)]
    return {"p99_ms": statistics.quantiles(seconds, n=100)[98] * 1000}


async def instant(contest: Contest) -> Figures:
    """As many connections as events."""
    return {"slowest_s": max(each.seconds for each in await _knocked(contest, EVENTS))}


async def memory(contest: Contest) -> Figures:
    async with scene(contest, WARM_UP, large_clips=LARGE_CLIPS) as stage:
        await _warm_up(stage)
        large = stage.fresh(LARGE_CLIPS)
        await asyncio.sleep(QUIET_S)
        async with looking_at_memory(stage.contestant.family) as idle:
            await asyncio.sleep(QUIET_S)
        async with looking_at_memory(stage.contestant.family) as busy:
            await asyncio.gather(*(stage.carry(name, file) for name, file in large))
        return {"above_idle_mib": busy.most - idle.usual}


async def rest(contest: Contest) -> Figures:
    async with scene(contest, WARM_UP) as stage:
        await _warm_up(stage)
        await asyncio.sleep(AT_REST_AFTER_S)
        family = stage.contestant.family
        before_s = family.cpu_s()
        await asyncio.sleep(REST_S)
        used_s = family.cpu_s() - before_s
        return {"cpu_percent": used_s / REST_S * 100, "memory_mib": family.memory_mib(with_database=False)}


async def start(contest: Contest) -> Figures:
    """A second start, when the database exists: from the new process until it says that it is ready."""
    with folder() as place:
        async with SandboxProcess() as sandbox:
            environment = {"DATA_DIR": str(place), **sandbox.environment}
            async with contest(environment):
                pass
            began = time.perf_counter()
            async with contest(environment):
                return {"ready_s": time.perf_counter() - began}


async def _warm_up(stage: Scene) -> None:
    names, _ = await stage.carry_all(WARM_UP, WARM_UP)
    await stage.all_read(names)


async def _one_by_one(stage: Scene, count: int) -> list[Way]:
    ways = []
    for name, file in stage.fresh(count):
        ways.append(await stage.carry(name, file))
        await stage.all_read([name])
        await asyncio.sleep(IDLE_AGAIN_S)
    return ways


def _p50_ms(ways: Sequence[Way]) -> float:
    return statistics.median(memo - event for event, memo in ways) * 1000


async def _knocked(contest: Contest, connections: int) -> list[Knock]:
    """Every event answered 200, or RuntimeError."""
    async with scene(contest, WARM_UP + CHANNELS) as stage:
        await _warm_up(stage)
        requests = await _events(stage)
        knocks = await knock(stage.contestant.port, requests, connections)
        refused = [each.status for each in knocks if each.status != 200]
        if refused:
            raise RuntimeError(f"{len(refused)} of {EVENTS} events were refused, the first with {refused[0]}")
        return knocks


async def _events(stage: Scene) -> list[bytes]:
    """Signed drops of clips that truly lie in their channels, all channels in turn."""
    each = EVENTS // CHANNELS
    files = stage.fresh(CHANNELS)
    dropped = [
        await stage.sandbox.share_unheard(file, channel, each)
        for (_, file), channel in zip(files, stage.channels, strict=True)
    ]
    secret = stage.sandbox.environment["SLACK_SIGNING_SECRET"]
    messages = [message for turn in zip(*dropped, strict=True) for message in turn]
    return [written(message, number, secret) for number, message in enumerate(messages)]
