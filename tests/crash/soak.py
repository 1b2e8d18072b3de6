"""One hour of production in accelerated time: people drop clips and answer, everything that can break does, and heals.

Incidents follow each other as the seed decides, some while the one before still lasts. The world's minutes pass
``SPEED`` times faster than ours; the bot's own seconds do not, so it has to be that much quicker than in life.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.sandbox.linq.switches import Down
from bot.sandbox.linq.switches import Switches as LinqSwitches
from bot.sandbox.slack.switches import Switches as SlackSwitches
from tests.crash.audit import audit, repeated_alarms
from tests.crash.bots import Bot
from tests.crash.campaigns import settle
from tests.crash.databases import Place, place
from tests.crash.scene import LINKED, Scene, scene
from tests.crash.tally import Tally

SPEED = 12.0
HOUR_S = 3600 / SPEED
OUTAGES: list[Down] = ["refused", "500", "503"]


class Production:
    """Two bots on one server. Each method but ``live`` is an incident; it gives way to the next when it returns."""

    def __init__(self, stage: Scene, where: Place, chance: random.Random) -> None:
        self._stage = stage
        self._where = where
        self._chance = chance
        self._bots: list[Bot] = []
        self.seen: Counter[str] = Counter()

    @property
    def bots(self) -> list[Bot]:
        return self._bots

    async def live(self, seconds: float) -> None:
        self._bots = [await self._new(), await self._new()]
        self._stage.begin()
        incidents: list[Callable[[], Awaitable[None]]] = [
            self.bot_killed,
            self.bot_restarted,
            self.database_killed,
            self.linq_down,
            self.slack_down,
            self.linq_strict,
            self.slack_strict,
            self.answers_lost,
            self.webhooks_held_back,
            self.webhooks_confused,
            self.events_confused,
            self.person_replies,
        ]
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            incident = self._chance.choice(incidents)
            self.seen[incident.__name__.replace("_", " ")] += 1
            await incident()
            await self._pass(10, 90)
        self._calm()

    async def bot_killed(self) -> None:
        await self._bots.pop(0).kill()
        self._bots[0].face_slack()
        await self._pass(5, 60)
        self._bots.append(await self._new())

    async def bot_restarted(self) -> None:
        leaving = self._bots.pop(0)
        self._bots[0].face_slack()
        await leaving.leave()
        self._bots.append(await self._new())

    async def database_killed(self) -> None:
        self._where.kill()
        await self._pass(0, 30)
        await asyncio.to_thread(self._where.server)

    async def linq_down(self) -> None:
        switches = self._stage.sandbox.linq.switches
        switches.down = self._chance.choice(OUTAGES)
        await self._pass(20, 200)
        switches.down = "no"

    async def slack_down(self) -> None:
        switches = self._stage.sandbox.slack.switches
        switches.down = self._chance.choice(OUTAGES)
        await self._pass(20, 200)
        switches.down = "no"

    async def linq_strict(self) -> None:
        self._stage.sandbox.linq.switches.pair_limit = self._chance.choice((3, 10, 30))

    async def slack_strict(self) -> None:
        for method in ("chat.update", "chat.postMessage"):
            self._stage.sandbox.slack.switches.fault(method, status=429, retry_after=2, times=4)

    async def answers_lost(self) -> None:
        self._stage.sandbox.linq.switches.next("voicememo", "lose_answer", "act_then_500", "act_then_empty")
        self._stage.sandbox.linq.switches.next("upload", "lose_answer", "refuse_500")
        self._stage.sandbox.slack.switches.fault("chat.postMessage", drop=True, done=True, times=2)

    async def webhooks_held_back(self) -> None:
        self._stage.sandbox.linq.switches.webhooks_withheld = True
        await self._pass(60, 300)
        self._release()

    async def webhooks_confused(self) -> None:
        switches = self._stage.sandbox.linq.switches
        switches.webhook_copies = self._chance.choice((1, 2, 3))
        switches.webhooks_reversed = self._chance.choice((True, False))
        switches.webhook_before_answer = self._chance.choice((True, False))

    async def events_confused(self) -> None:
        switches = self._stage.sandbox.slack.switches
        switches.duplicate_events = self._chance.choice((0, 1, 2))
        switches.shuffle_events = self._chance.choice((True, False))

    async def person_replies(self) -> None:
        self._stage.sandbox.linq.phone.send(self._chance.choice(list(LINKED.values())), "Thank you!")

    def _calm(self) -> None:
        linq, slack = self._stage.sandbox.linq.switches, self._stage.sandbox.slack.switches
        for name in ("pair_limit", "webhook_copies", "webhooks_reversed", "webhook_before_answer", "next_answers"):
            setattr(linq, name, getattr(LinqSwitches(), name))
        for name in ("duplicate_events", "shuffle_events", "faults"):
            setattr(slack, name, getattr(SlackSwitches(), name))
        self._release()

    def _release(self) -> None:
        self._stage.sandbox.linq.switches.webhooks_withheld = False
        self._stage.sandbox.linq.admin.release_webhooks()

    async def _new(self) -> Bot:
        bot = Bot(self._stage)
        await bot.start()
        return bot

    async def _pass(self, least: float, most: float) -> None:
        """So many of the world's seconds."""
        await asyncio.sleep(self._chance.uniform(least, most) / SPEED)


async def soak(seed: str, seconds: float = HOUR_S) -> Tally:
    tally = Tally()
    async with place(is_shared=True) as where:
        settings = await asyncio.to_thread(where.settings)
        async with scene(seed, Path(where.folder), settings, scale=1 / SPEED) as stage:
            hour = Production(stage, where, random.Random(seed))
            await hour.live(seconds)
            await settle(stage, where, hour.bots, tally, running=len(hour.bots))
            tally.kills, tally.findings = hour.seen, audit(stage)
            tally.repeated_alarms = repeated_alarms(stage)
            tally.left_over = await asyncio.to_thread(where.left_over)
    return tally
