"""The campaigns: each with a database, two networks and people of its own, a way of dying, and an audit at the end."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil

from bot.cli.child import ChildError
from tests.crash.audit import is_settled, repeated_alerts
from tests.crash.boundaries import ANY_TIME, Kill, Subject, kills
from tests.crash.evidence import write_evidence
from tests.crash.processes.database_folder import DatabaseFolder, database_folder
from tests.crash.report import Result
from tests.crash.subjects import TRAFFIC, audit_of
from tests.crash.traffic import Traffic, traffic

REACH_S = 20.0  # for a boundary to be reached; then the process is killed wherever it happens to be
HELD_S = 60.0
SETTLE_S = 240.0
TAKE_OVER_S = 90.0  # what was missed goes first: its gap may hold a room for a minute
TALK_ON_S = 20.0  # then people wait: what they say takes turns at Slack from what was open, 40 edits a minute
PAST_THE_HEARTBEAT_S = (10.0, 14.0)  # a worker without a heartbeat is given up after 7 to 9 s
DOWN_S = (0.0, 3.0)
POLL_S = 0.25
AS_THE_BOT_POLLS_S = 0.02


class Bot:
    """One process of the bot, and how it is to die."""

    def __init__(self, traffic: Traffic, kill: Kill | None = None, sign: str = "SIGKILL") -> None:
        self._traffic = traffic
        self._kill = kill or Kill()
        traffic.write_links_file()
        self._process = traffic.forks.bot(traffic.environment | self._kill.environment(sign))

    async def start(self) -> None:
        """Raises ChildError when it dies before it is ready, as one that meets its boundary in old work does."""
        await self._process.start()
        self.connect()

    def connect(self) -> None:
        """Both networks turn to this process from now on."""
        self._traffic.sandbox.meet(self._process.url)

    async def die(self) -> str:
        """Bring about its death and see it; gives the name of where it died."""
        slack = self._traffic.sandbox.slack.switches
        if self._kill.held:
            slack.fault(self._kill.held, times=1, delay_s=HELD_S)
        await self._traffic.act(self._kill.act)
        if self._kill.at:
            died = await self._dies()
        else:
            died = await self._is_waiting() if self._kill.held else await self._has_passed()
        await self.kill()
        slack.faults.clear()
        return self._kill.name if died else ANY_TIME

    async def _dies(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._process.wait()), REACH_S)
            return True
        return False

    async def _is_waiting(self) -> bool:
        """Slack has done what it was asked, and keeps its answer."""
        wire, start = self._traffic.sandbox.wire, len(self._traffic.sandbox.wire.entries)
        with suppress(TimeoutError):
            await wire.until(lambda: any(e.what == self._kill.held for e in wire.entries[start:]), REACH_S)
            return True
        return False

    async def _has_passed(self) -> bool:
        await asyncio.sleep(self._kill.delay_s)
        return True

    async def freezes(self, starting: asyncio.Task[None]) -> bool:
        """Wait until it stops by itself, if need be while it starts; False when it had to be stopped from outside."""
        for _ in range(round(REACH_S / AS_THE_BOT_POLLS_S)):
            await asyncio.sleep(AS_THE_BOT_POLLS_S)
            if self._process.is_running and psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED:
                return True
        await starting
        psutil.Process(self._process.pid).suspend()
        return False

    def wake(self) -> None:
        psutil.Process(self._process.pid).resume()

    async def stop(self, result: Result) -> None:
        """Ask it to leave. One that was stopped from outside meets its own boundary after that, and stops once more."""
        asked_at = time.monotonic()
        waking = asyncio.create_task(self._keep_awake())
        code = await self._process.stop()
        waking.cancel()
        took_s = time.monotonic() - asked_at
        result.exit_codes.append(code)
        result.drained_s.append(took_s)
        if code:
            last = "; ".join(map(str, self._process.log[-12:]))
            result.trouble.append(f"left with {code} after {took_s:.1f} s; its last words: {last}")

    async def _keep_awake(self) -> None:
        while self._process.is_running:
            with suppress(psutil.NoSuchProcess):
                self.wake()
            await asyncio.sleep(AS_THE_BOT_POLLS_S)

    async def kill(self) -> None:
        await self._process.kill()


Campaign = Callable[[Traffic, DatabaseFolder, Iterator[Kill], Result], Awaitable[None]]


async def killed(traffic: Traffic, database: DatabaseFolder, plan: Iterator[Kill], result: Result) -> None:
    """One process: it dies, people go on talking, and the next one starts on what it left."""
    for kill in plan:
        await _live_and_die(traffic, kill, result)
        await asyncio.sleep(traffic.chance.uniform(*DOWN_S))
    await settle(traffic, database, [Bot(traffic)], result)


async def taken_over(traffic: Traffic, database: DatabaseFolder, plan: Iterator[Kill], result: Result) -> None:
    """Two processes: one dies, and the other has to finish what the dead one held."""
    traffic.environment["JOB_SPEED"] = "1"
    survivor = Bot(traffic)
    await survivor.start()
    for kill in plan:
        await _live_and_die(traffic, kill, result)
        survivor.connect()
        await _see_taken_over(traffic, database, result)
    await settle(traffic, database, [survivor, Bot(traffic)], result, running=1)


async def frozen(traffic: Traffic, database: DatabaseFolder, plan: Iterator[Kill], result: Result) -> None:
    """One process stops, another finishes what it held, and the first goes on as if nothing had been.

    A lost memo is searched for longer than the sleep lasts, as in life: one who sleeps longer than that sends late.
    """
    traffic.environment["JOB_SPEED"] = "1"
    traffic.environment["SEND_CONFIRM_SECONDS"] = str(PAST_THE_HEARTBEAT_S[1] * 2)
    for kill in plan:
        sleeper = Bot(traffic, kill, "SIGSTOP")
        starting = asyncio.create_task(sleeper.start())
        await traffic.act(kill.act)
        result.kills[f"frozen at {kill.name if await sleeper.freezes(starting) else ANY_TIME}"] += 1
        other = Bot(traffic)
        await other.start()
        await asyncio.sleep(traffic.chance.uniform(*PAST_THE_HEARTBEAT_S))
        sleeper.wake()
        await starting
        await asyncio.sleep(traffic.chance.uniform(0.0, 2.0))
        await sleeper.stop(result)
        await other.stop(result)
    await settle(traffic, database, [Bot(traffic)], result)


async def without_database(traffic: Traffic, database: DatabaseFolder, plan: Iterator[Kill], result: Result) -> None:
    """The server is killed under load and comes back; every third time the bot goes with it.

    A shared one is started again by us, an embedded one by its bot.
    """
    bot = Bot(traffic)
    await bot.start()
    for number, kill in enumerate(plan, start=1):
        await traffic.act(kill.act)
        await asyncio.sleep(traffic.chance.uniform(0.2, 2.0))
        database.kill()
        takes_bot = number % 3 == 0
        result.kills["database and bot" if takes_bot else "database"] += 1
        if takes_bot:
            await bot.kill()
        await asyncio.sleep(traffic.chance.uniform(0.0, 2.0))
        if database.is_shared:
            await asyncio.to_thread(database.server)
        if takes_bot:
            bot = Bot(traffic)
            await bot.start()
        await _see_progress(database, result)
    await settle(traffic, database, [bot], result, running=1)


async def drained(traffic: Traffic, database: DatabaseFolder, plan: Iterator[Kill], result: Result) -> None:
    """Asked to leave under load, again and again."""
    for kill in plan:
        bot = Bot(traffic)
        await bot.start()
        await traffic.act(kill.act)
        await asyncio.sleep(traffic.chance.uniform(0.3, 3.0))
        result.kills["SIGTERM"] += 1
        await bot.stop(result)
    await settle(traffic, database, [Bot(traffic)], result)


@dataclass(frozen=True)
class Mode:
    """``socket_mode``: Slack speaks over Socket Mode."""

    happens: Campaign
    is_shared: bool = False  # the database server is ours, not the bot's
    socket_mode: bool = False
    subject: Subject = "links"


CAMPAIGNS: dict[str, Mode] = {
    "embedded": Mode(killed),
    "socket": Mode(killed, socket_mode=True),
    "shared": Mode(killed, is_shared=True),
    "pair": Mode(taken_over, is_shared=True),
    "frozen": Mode(frozen, is_shared=True),
    "database": Mode(without_database, is_shared=True),
    "revived": Mode(without_database),
    "drained": Mode(drained),
    "inbox": Mode(killed, subject="inbox"),
    "inbox_pair": Mode(taken_over, is_shared=True, subject="inbox"),
    "holds": Mode(killed, subject="holds"),
    "holds_pair": Mode(taken_over, is_shared=True, subject="holds"),
}


async def run(
    name: str, seed: str, count: int = 0, chosen: list[Kill] | None = None, evidence: Path | None = None
) -> Result:
    """``count`` kills drawn from ``seed``, or those that were ``chosen``. ``evidence``: written unless all is clean."""
    mode = CAMPAIGNS[name]
    plan = iter(chosen) if chosen is not None else islice(kills(random.Random(seed), mode.subject), count)
    result = Result()
    async with database_folder(is_shared=mode.is_shared) as database:
        settings = await asyncio.to_thread(database.settings)
        kind = TRAFFIC[mode.subject]
        async with traffic(seed, database.folder, settings, kind=kind, socket_mode=mode.socket_mode) as people:
            await _make_links(people)
            people.begin()
            await mode.happens(people, database, plan, result)
            await asyncio.to_thread(database.server)  # the last bot stopped its own
            people.stepped_aside = await asyncio.to_thread(database.stepped_aside)
            result.findings, result.repeated_alerts = audit_of(people), repeated_alerts(people)
            result.unfinished = await asyncio.to_thread(database.unfinished)
            if evidence and not result.is_clean:
                write_evidence(evidence, people, database, result)
    return result


async def _make_links(traffic: Traffic) -> None:
    """The first start makes the links of the file; nothing from before them is carried."""
    bot = Bot(traffic)
    await bot.start()
    await bot.kill()


async def _live_and_die(traffic: Traffic, kill: Kill, result: Result) -> None:
    bot = Bot(traffic, kill)
    try:
        await bot.start()
    except ChildError:
        result.kills[f"{kill.name} while starting"] += 1
    else:
        result.kills[await bot.die()] += 1


async def _see_taken_over(traffic: Traffic, database: DatabaseFolder, result: Result) -> None:
    """All that was open when the process died comes to an end without it."""
    since = time.monotonic()
    held = await asyncio.to_thread(database.open_deliveries)
    while left := held.keys() & (now := await asyncio.to_thread(database.open_deliveries)).keys():
        waited_s = time.monotonic() - since
        if waited_s > TALK_ON_S:
            traffic.pause()
        if waited_s > TAKE_OVER_S:
            result.trouble += [f"not taken over after {TAKE_OVER_S:g} s: {now[each]}" for each in sorted(left)]
            break
        await asyncio.sleep(POLL_S)
    else:
        result.taken_over_s.append(time.monotonic() - since)
    traffic.begin()


async def _see_progress(database: DatabaseFolder, result: Result) -> None:
    """Something of what was free to go comes to an end."""
    since = time.monotonic()
    held = await asyncio.to_thread(database.free_deliveries)
    while held and held <= (await asyncio.to_thread(database.open_deliveries)).keys():
        if time.monotonic() - since > TAKE_OVER_S:
            return
        await asyncio.sleep(POLL_S)
    if held:
        result.back_s.append(time.monotonic() - since)


async def settle(traffic: Traffic, database: DatabaseFolder, bots: list[Bot], result: Result, running: int = 0) -> None:
    """Nobody says anything more; the last bots finish it all and leave."""
    for bot in bots[running:]:
        await bot.start()
    traffic.pause()
    deadline = time.monotonic() + SETTLE_S
    while not is_settled(traffic, audit_of(traffic)) or len(await asyncio.to_thread(database.unfinished)) > 0:
        if time.monotonic() > deadline:
            result.trouble.append(f"not settled after {SETTLE_S:g} s")
            break
        await asyncio.sleep(POLL_S)
    for bot in bots:
        await bot.stop(result)
