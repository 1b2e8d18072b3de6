"""The campaigns: each a scene with a database of its own, a way of dying, and an audit at the end."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

from tests.crash.audit import audit, is_settled, repeated_alarms
from tests.crash.blows import Blow, blows
from tests.crash.bots import Bot, ChildError
from tests.crash.databases import Place, place
from tests.crash.scene import BUSY_S, CALM_S, Scene, scene
from tests.crash.tally import Tally

SETTLE_S = 180.0
LOOK_EVERY_S = 0.25
TAKE_OVER_S = 30.0
PAST_THE_LEASE_S = (13.0, 17.0)  # a worker without a heartbeat is given up after 12 s
DATABASE_GONE_S = (0.0, 2.0)

Campaign = Callable[[Scene, Place, Iterator[Blow], Tally], Awaitable[None]]


async def killed(stage: Scene, where: Place, blows: Iterator[Blow], tally: Tally) -> None:
    """One process: it dies, and the next one starts on what it left."""
    for blow in blows:
        await _live_and_die(stage, where, blow, tally)
    await settle(stage, where, [Bot(stage)], tally)


async def killed_cold(stage: Scene, where: Place, blows: Iterator[Blow], tally: Tally) -> None:
    """The same with processes started by the command line, imports and all, at any time."""
    for _ in blows:
        any_time = Blow(delay_s=stage.chance.uniform(0.0, 2.5))
        await _live_and_die(stage, where, any_time, tally, is_cold=True)
    await settle(stage, where, [Bot(stage, is_cold=True)], tally)


async def taken_over(stage: Scene, where: Place, blows: Iterator[Blow], tally: Tally) -> None:
    """Two processes: one dies, and the other has to finish what the dead one held."""
    survivor = Bot(stage)
    await survivor.start()
    for blow in blows:
        stage.begin()
        if await _live_and_die(stage, where, blow, tally, on_death=survivor.face_slack):
            await _see_taken_over(stage, where, tally)
    await settle(stage, where, [survivor, Bot(stage)], tally, running=1)


async def frozen(stage: Scene, where: Place, blows: Iterator[Blow], tally: Tally) -> None:
    """One process stands still, another comes and finishes what it held, and the first goes on as if nothing had been.

    A lost memo is looked for longer than the sleep lasts, as in life: one who sleeps longer than that sends late.
    """
    stage.environment["FIND_SECONDS"] = str(PAST_THE_LEASE_S[1] * 2)
    for blow in blows:
        sleeper = Bot(stage, blow, "SIGSTOP")
        starting = asyncio.create_task(sleeper.start())
        stage.provoke(blow.provocation)
        name = blow.name if await sleeper.freezes(starting) else "any time"
        tally.kills[f"frozen at {name}"] += 1
        other = Bot(stage)
        await other.start()
        await asyncio.sleep(stage.chance.uniform(*PAST_THE_LEASE_S))
        sleeper.wake()
        await starting
        await asyncio.sleep(stage.chance.uniform(0.0, 2.0))
        await _leave(sleeper, tally)
        await _leave(other, tally)
    await settle(stage, where, [Bot(stage)], tally)


async def without_database(stage: Scene, where: Place, blows: Iterator[Blow], tally: Tally) -> None:
    """The server is killed under load and comes back; every third time the bot goes with it.

    A shared one is brought back by us, an embedded one by its bot.
    """
    bot = Bot(stage)
    await bot.start()
    for number, blow in enumerate(blows, start=1):
        stage.provoke(blow.provocation)
        await asyncio.sleep(stage.chance.uniform(0.2, 2.0))
        where.kill()
        tally.kills["database"] += 1
        if number % 3 == 0:
            await bot.kill()
            tally.kills["database and bot"] += 1
        await asyncio.sleep(stage.chance.uniform(*DATABASE_GONE_S))
        if where.is_shared:
            await asyncio.to_thread(where.server)
        if number % 3 == 0:
            bot = Bot(stage)
            await bot.start()
        await _see_progress(stage, where, tally)
    await settle(stage, where, [bot], tally, running=1)


async def drained(stage: Scene, where: Place, blows: Iterator[Blow], tally: Tally) -> None:
    """Asked to leave under load, again and again."""
    for blow in blows:
        bot = Bot(stage)
        await bot.start()
        stage.provoke(blow.provocation)
        await asyncio.sleep(stage.chance.uniform(0.3, 2.0))
        tally.kills["SIGTERM"] += 1
        await _leave(bot, tally)
    await settle(stage, where, [Bot(stage)], tally)


CAMPAIGNS: dict[str, tuple[Campaign, bool, bool]] = {
    # name: what happens, whether the server is shared, whether Slack speaks over Socket Mode
    "embedded": (killed, False, False),
    "socket": (killed, False, True),
    "shared": (killed, True, False),
    "cold": (killed_cold, False, False),
    "pair": (taken_over, True, False),
    "frozen": (frozen, True, False),
    "database": (without_database, True, False),
    "revived": (without_database, False, False),
    "drain": (drained, False, False),
}


async def run(name: str, seed: str, count: int = 0, chosen: list[Blow] | None = None) -> Tally:
    """``count`` blows drawn from ``seed``, or those that were ``chosen``, with busier people."""
    campaign, is_shared, socket_mode = CAMPAIGNS[name]
    tally = Tally()
    plan = iter(chosen) if chosen is not None else islice(blows(random.Random(seed)), count)
    pauses_s = CALM_S if chosen is None else BUSY_S
    async with _stage(seed, pauses_s, is_shared=is_shared, socket_mode=socket_mode) as (stage, where):
        stage.begin()
        await campaign(stage, where, plan, tally)
        tally.findings = audit(stage)
        tally.repeated_alarms = repeated_alarms(stage)
        await asyncio.to_thread(where.server)  # the last bot took its own one down
        tally.left_over = await asyncio.to_thread(where.left_over)
    return tally


@asynccontextmanager
async def _stage(
    seed: str, pauses_s: tuple[float, float], *, is_shared: bool, socket_mode: bool
) -> AsyncIterator[tuple[Scene, Place]]:
    async with place(is_shared=is_shared) as where:
        settings = await asyncio.to_thread(where.settings)
        async with scene(seed, Path(where.folder), settings, socket_mode=socket_mode, pauses_s=pauses_s) as stage:
            yield stage, where


async def _live_and_die(
    stage: Scene,
    where: Place,
    blow: Blow,
    tally: Tally,
    *,
    is_cold: bool = False,
    on_death: Callable[[], None] | None = None,
) -> bool:
    """Start a bot, let it be hit, and count it. False: it died before it was ready."""
    was_owed = tally.count > 0 and bool(await asyncio.to_thread(where.open_clips))
    bot = Bot(stage, blow, is_cold=is_cold)
    try:
        await bot.start()
    except ChildError:
        tally.kills[f"{blow.name} while starting"] += 1
        return False
    stage.provoke(blow.provocation)
    tally.kills[await bot.fall()] += 1
    if on_death:
        on_death()
    resumed_s = bot.resumed_after_s()
    if was_owed and resumed_s is not None and on_death is None:
        tally.resumed_s.append(resumed_s)
    return True


async def _see_taken_over(stage: Scene, where: Place, tally: Tally) -> None:
    """All that was on its way when the process died comes to an end without it."""
    since = time.monotonic()
    if held := await asyncio.to_thread(where.open_clips):
        tally.trouble += await _none_of(held, where)
        tally.taken_over_s.append(time.monotonic() - since)


async def _none_of(held: set[str], where: Place) -> list[str]:
    for _ in range(round(TAKE_OVER_S / LOOK_EVERY_S)):
        await asyncio.sleep(LOOK_EVERY_S)
        if not held & await asyncio.to_thread(where.open_clips):
            return []
    return [f"not taken over after {TAKE_OVER_S:g} s"]


async def _see_progress(stage: Scene, where: Place, tally: Tally) -> None:
    """Something of what was on its way comes to an end."""
    since = time.monotonic()
    held = await asyncio.to_thread(where.open_clips)
    for _ in range(round(TAKE_OVER_S / LOOK_EVERY_S) if held else 0):
        await asyncio.sleep(LOOK_EVERY_S)
        if not held <= await asyncio.to_thread(where.open_clips):
            tally.back_s.append(time.monotonic() - since)
            return


async def settle(stage: Scene, where: Place, bots: list[Bot], tally: Tally, running: int = 0) -> None:
    """Nobody drops anything more; the last bots finish it all and leave."""
    for bot in bots[running:]:
        await bot.start()
    await stage.pause()
    if not await _ends(stage, where):
        tally.trouble.append(f"not settled after {SETTLE_S:g} s")
    for bot in bots:
        await _leave(bot, tally)


async def _leave(bot: Bot, tally: Tally) -> None:
    code, took_s = await bot.leave()
    tally.exit_codes.append(code)
    tally.drained_s.append(took_s)
    if code:
        tally.trouble.append(f"left with {code} after {took_s:.1f} s; its last words: {bot.last_words()}")


async def _ends(stage: Scene, where: Place) -> bool:
    for _ in range(round(SETTLE_S / LOOK_EVERY_S)):
        if is_settled(stage) and not await asyncio.to_thread(where.left_over):
            return True
        await asyncio.sleep(LOOK_EVERY_S)
    return False
