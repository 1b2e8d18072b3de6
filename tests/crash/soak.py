"""An hour of production: people on both sides talk, everything that can break does, and heals.

Incidents follow each other as the seed decides, some while the one before still lasts. With ``speed`` the networks'
minutes pass faster than ours; the bot's own seconds do not, so it has to be that much quicker than in life.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from bot.sandbox.linq.switches import Down, MediaFault
from bot.sandbox.linq.switches import Switches as LinqSwitches
from bot.sandbox.slack.switches import Download
from bot.sandbox.slack.switches import Switches as SlackSwitches
from tests.crash.audit import audit, repeated_alerts
from tests.crash.campaigns import Bot, settle
from tests.crash.evidence import write_evidence
from tests.crash.processes.database_folder import DatabaseFolder, database_folder
from tests.crash.report import Result
from tests.crash.traffic import Traffic, traffic

OUTAGES: list[Down] = ["refused", "500", "503"]
TALK_PAUSES_S = (4.0, 20.0)
SEARCH_S = 120.0


class Production:
    """Two bots on one server. Each method but ``live`` is an incident; it gives way to the next when it returns."""

    def __init__(self, traffic: Traffic, database: DatabaseFolder, chance: random.Random, speed: float) -> None:
        self._traffic = traffic
        self._database = database
        self._chance = chance
        self._speed = speed
        self.bots: list[Bot] = []
        self.seen: Counter[str] = Counter()

    async def live(self, seconds: float) -> None:
        self.bots = [await self._start_bot(), await self._start_bot()]
        self._traffic.begin()
        end = asyncio.get_running_loop().time() + seconds / self._speed
        while asyncio.get_running_loop().time() < end:
            for incident in self._chance.sample(incidents := self._incidents(), len(incidents)):
                if asyncio.get_running_loop().time() > end:
                    break
                self.seen[incident.__name__.replace("_", " ")] += 1
                await incident()
                await self._pass(10, 60)
        self._heal()

    def _incidents(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self.bot_killed,
            self.bot_restarted,
            self.bots_down,
            self.database_killed,
            self.linq_down,
            self.slack_down,
            self.linq_strict,
            self.slack_strict,
            self.answers_lost,
            self.files_broken,
            self.webhooks_held_back,
            self.webhooks_lost,
            self.webhooks_confused,
            self.events_confused,
        ]

    async def bot_killed(self) -> None:
        await self.bots.pop(0).kill()
        self.bots[0].connect()
        await self._pass(5, 60)
        self.bots.append(await self._start_bot())

    async def bot_restarted(self) -> None:
        leaving = self.bots.pop(0)
        self.bots[0].connect()
        await leaving.stop(Result())
        self.bots.append(await self._start_bot())

    async def bots_down(self) -> None:
        """Up to ten minutes; both sides go on talking."""
        for bot in self.bots:
            await bot.kill()
        await self._pass(60, 600)
        self.bots = [await self._start_bot(), await self._start_bot()]

    async def database_killed(self) -> None:
        self._database.kill()
        await self._pass(0, 30)
        await asyncio.to_thread(self._database.server)

    async def linq_down(self) -> None:
        switches = self._traffic.sandbox.linq.switches
        switches.down = self._chance.choice(OUTAGES)
        await self._pass(20, 200)
        switches.down = "no"

    async def slack_down(self) -> None:
        switches = self._traffic.sandbox.slack.switches
        switches.down = self._chance.choice(OUTAGES)
        await self._pass(20, 200)
        switches.down = "no"

    async def linq_strict(self) -> None:
        self._traffic.sandbox.linq.switches.pair_limit = self._chance.choice((3, 10, 30))

    async def slack_strict(self) -> None:
        for method in ("chat.update", "chat.postMessage", "reactions.add"):
            self._traffic.sandbox.slack.switches.fault(method, status=429, retry_after=2, times=4)

    async def answers_lost(self) -> None:
        linq, slack = self._traffic.sandbox.linq.switches, self._traffic.sandbox.slack.switches
        linq.next("voicememo", "lose_answer", "act_then_500", "act_then_empty")
        linq.next("messages.send", "lose_answer", "act_then_500")
        linq.next("upload", "lose_answer", "refuse_500")
        for method in ("chat.postMessage", "files.completeUploadExternal", "reactions.add"):
            slack.fault(method, drop=True, done=True, times=2)

    async def files_broken(self) -> None:
        """Files cannot be fetched for longer than anybody waits for them: they step aside, and follow."""
        linq, slack = self._traffic.sandbox.linq.switches, self._traffic.sandbox.slack.switches
        slack.download, linq.media_fault = Download("truncated"), MediaFault("truncated")
        await self._pass(60, 180)
        slack.download, linq.media_fault = Download(), MediaFault()

    async def webhooks_held_back(self) -> None:
        self._traffic.sandbox.linq.switches.webhooks_withheld = True
        await self._pass(60, 300)
        self._release_webhooks()

    async def webhooks_lost(self) -> None:
        self._traffic.sandbox.linq.switches.lose_webhooks += 6
        self._traffic.sandbox.slack.switches.lose_events += 4

    async def webhooks_confused(self) -> None:
        switches = self._traffic.sandbox.linq.switches
        switches.webhook_copies = self._chance.choice((1, 2, 3))
        switches.webhook_before_answer = self._chance.choice((True, False))

    async def events_confused(self) -> None:
        switches = self._traffic.sandbox.slack.switches
        switches.duplicate_events = self._chance.choice((0, 1, 2))
        switches.shuffle_events = self._chance.choice((True, False))

    def _heal(self) -> None:
        linq, slack = self._traffic.sandbox.linq.switches, self._traffic.sandbox.slack.switches
        for name in ("pair_limit", "webhook_copies", "webhook_before_answer", "next_answers", "lose_webhooks"):
            setattr(linq, name, getattr(LinqSwitches(), name))
        for name in ("duplicate_events", "shuffle_events", "faults", "lose_events"):
            setattr(slack, name, getattr(SlackSwitches(), name))
        self._release_webhooks()

    def _release_webhooks(self) -> None:
        self._traffic.sandbox.linq.switches.webhooks_withheld = False
        self._traffic.sandbox.linq.admin.release_webhooks()

    async def _start_bot(self) -> Bot:
        bot = Bot(self._traffic)
        await bot.start()
        return bot

    async def _pass(self, least: float, most: float) -> None:
        """So many of the networks' seconds."""
        await asyncio.sleep(self._chance.uniform(least, most) / self._speed)


async def soak(seed: str, *, minutes: float, speed: float, evidence: Path | None = None) -> Result:
    """``evidence``: written unless all is clean."""
    result = Result()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(database_folder(is_shared=True))
        settings = await asyncio.to_thread(database.settings)
        pauses_s = (TALK_PAUSES_S[0] / speed, TALK_PAUSES_S[1] / speed)
        people = await stack.enter_async_context(
            traffic(seed, database.folder, settings, scale=1 / speed, search_s=SEARCH_S / speed, pauses_s=pauses_s)
        )
        hour = Production(people, database, random.Random(seed), speed)
        await hour.live(minutes * 60)
        await settle(people, database, hour.bots, result, running=len(hour.bots))
        people.stepped_aside = await asyncio.to_thread(database.stepped_aside)
        result.kills, result.findings = hour.seen, audit(people)
        result.repeated_alerts = repeated_alerts(people)
        result.unfinished = await asyncio.to_thread(database.unfinished)
        if evidence and not result.is_clean:
            write_evidence(evidence, people, database, result)
    return result
