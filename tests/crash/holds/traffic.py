"""Channels whose messages wait: for an approval, for the end of quiet hours, for an hour that somebody chose."""

import math
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS, CREW
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.interactions.payloads import find_action
from bot.sandbox.slack.state.models import Upload
from tests.crash.boundaries import Act
from tests.crash.conversation import CONVERSATION, VOICE, TeamMessage
from tests.crash.holds.conversation import REFUSED, HeldMessage, HoldingConversation, Hour, Rule
from tests.crash.presses import Press, Presses
from tests.crash.traffic import Traffic
from tests.stories.system import SOUND, System

HELD_MOST = 5  # in one channel, before somebody decides
NEVER_DECIDED = 8  # each so manieth message that waits for an approval waits forever
HOUR_IN_S = (3, 15)
WAIT_S = 10.0
TAKES_LONG = "takes longer"
LATER_CONTACT = "+12025560900"


class HoldsTraffic(Traffic):
    """Four channels, one for each reason to wait. Quiet hours end with the minute, and each new bot has others."""

    def _open_conversations(self) -> None:
        slack, phone = self.sandbox.slack, self.sandbox.linq.phone
        chat = phone.write_to_line(LATER_CONTACT, "From before there was a link.").chat_id
        places: dict[Rule, tuple[str, str]] = {
            "always": (CLIPS, Chats.ANN),
            "first": (slack.new_channel("first"), Chats.BEN),
            "quiet": (CREW, Chats.FAMILY),
            "later": (slack.new_channel("later"), chat),
        }
        self.presses = Presses(self.is_bot_up)
        self.ends_of_quiet: list[float] = []
        self.by_rule = {
            rule: HoldingConversation(
                System(self.sandbox, self.nobody, *place), CONVERSATION if rule == "quiet" else VOICE, rule=rule
            )
            for rule, place in places.items()
        }
        self.conversations += self.by_rule.values()

    def _links(self) -> list[dict[str, str]]:
        end = math.ceil((time.time() + 5) / 60) * 60
        self.ends_of_quiet.append(end)
        begins, ends = datetime.fromtimestamp(end - 3600, UTC), datetime.fromtimestamp(end, UTC)
        rules = {
            "always": {"confirm": "always"},
            "first": {"confirm": "first"},
            "quiet": {"quiet": f"{begins:%H:%M}-{ends:%H:%M} UTC"},
            "later": {},
        }
        return [link | rules[each.rule] for link, each in zip(super()._links(), self.by_rule.values(), strict=True)]

    def _persons(self) -> list[Coroutine[Any, Any, None]]:
        speakers = [self._speak(conversation) for conversation in self.by_rule.values()]
        return [*speakers, self._decide_now_and_then(), self._decide_now_and_then(), self.presses.repeat()]

    @property
    def has_open_ends(self) -> bool:
        return bool(self.presses.open)

    async def _perform(self, act: Act) -> None:
        match act:
            case "approval":
                await self._hold_and("always", "approve")
            case "cancellation":
                await self._hold_and(self.chance.choice(("always", "later")), "dismiss")
            case "send now":
                await self._hold_and(self.chance.choice(("later", "quiet")), "send_now")
            case "change of hour":
                await self._hold_and("later", "reschedule")
            case "schedule":
                await self.schedule(self.chance.uniform(*HOUR_IN_S))
            case "hour comes":
                await self.schedule(HOUR_IN_S[0])
            case _:
                await self.say(self.by_rule["always"])

    # who speaks

    async def _speak(self, conversation: HoldingConversation) -> None:
        while True:
            await self._pause()
            waiting = [each for each in conversation.held if not self._is_over(conversation, each)]
            if len(waiting) < HELD_MOST and (not conversation.team or self._may_speak(conversation)):
                await self.say(conversation)

    def _may_speak(self, conversation: HoldingConversation) -> bool:
        return self._may_go_on(conversation, conversation.team[-1])

    async def say(self, conversation: HoldingConversation) -> HeldMessage:
        if conversation.rule == "later":
            return await self.schedule(self.chance.uniform(*HOUR_IN_S))
        label = self._label("T", conversation, conversation.team)
        if conversation.rule == "quiet" and self.chance.random() < 0.5:
            said = TeamMessage(label, await conversation.view.say(label), text=label)
        else:
            name = f"{label}.m4a"
            said = TeamMessage(label, await conversation.view.drop(Upload(name, SOUND)), clips=(name,))
        quiet_until = self._quiet_at(float(said.message.ts)) if conversation.rule == "quiet" else 0.0
        return self._keep(conversation, HeldMessage(said, conversation.rule, quiet_until))

    def _keep(self, conversation: HoldingConversation, held: HeldMessage) -> HeldMessage:
        conversation.team.append(held.said)
        conversation.held.append(held)
        return held

    def _quiet_at(self, at: float) -> float:
        """The end of the quiet hours that surely hold then, 0 where that is not sure: each new bot has later ones, and
        one that is just starting has not told the others yet."""
        newest = self.forks.bots[-1]
        known = self.ends_of_quiet[-1:] if newest.port and newest.is_running else self.ends_of_quiet[-2:]
        return min(known) if at < min(known) else 0.0

    async def schedule(self, in_s: float) -> HeldMessage:
        """A text that stays here, and that goes at an hour of somebody's choice."""
        conversation = self.by_rule["later"]
        label = self._label("T", conversation, conversation.team)
        message = await conversation.view.say(f"// {label}")
        held = self._keep(conversation, HeldMessage(TeamMessage(label, message, text=label), "later"))
        press = self._press(held, "schedule", ANN, lambda press: self._schedule_once(conversation, held, press))
        held.hours.append(Hour(math.ceil(time.time() + in_s), press))
        await self.presses.press(press)
        return held

    def _press(
        self,
        held: HeldMessage,
        name: str,
        user: str,
        act: Callable[[Press], Coroutine[Any, Any, InteractionAnswer | None]],
    ) -> Press:
        made = Press(name, user, lambda: act(made))
        held.presses.append(made)
        return made

    async def _schedule_once(
        self, conversation: HoldingConversation, held: HeldMessage, press: Press
    ) -> InteractionAnswer | None:
        """The modal stays open until it is taken. Where it says that this takes long, the notice shows what came of
        it."""
        slack, ts = self.sandbox.slack, held.said.message.ts
        if held.is_unsure and conversation.view.notices(held.said.message):
            return press.answer
        if held.is_unsure or not self._modals(press.user, ts):
            await slack.shortcut("send_later", conversation.view.channel, ts, user=press.user)
        asked = self._modals(press.user, ts)
        return await self._submit(held, asked[-1], press) if asked else None

    def _modals(self, user: str, about: str) -> list[str]:
        """Those that ask for an hour for this message or delivery."""
        views = self.sandbox.slack.views(user)
        return [view["id"] for view in views if view.get("private_metadata", "").endswith(about)]

    async def _submit(self, held: HeldMessage, view_id: str, press: Press) -> InteractionAnswer | None:
        """With the hour that was chosen, or with a later one where that is over."""
        hour = [each for each in held.hours if each.press is press][-1]
        if hour.at < time.time() + 1:
            hour = Hour(math.ceil(time.time() + HOUR_IN_S[0]), press)
            held.hours.append(hour)
        chosen = {"at": {"at": {"type": "datetimepicker", "selected_date_time": int(hour.at)}}}
        answer = await self.sandbox.slack.submit(view_id, chosen, user=press.user)
        press.answer = answer
        held.is_unsure = not answer.error and TAKES_LONG in str(answer.body)
        return None if answer.error or (answer.body and REFUSED not in str(answer.body)) else answer

    # who decides

    async def _decide_now_and_then(self) -> None:
        while True:
            await self._pause()
            undecided = [
                (conversation, held)
                for conversation in self.by_rule.values()
                for number, held in enumerate(conversation.held, 1)
                if self._can_decide(conversation, held) and (number % NEVER_DECIDED or held.rule in ("quiet", "later"))
            ]
            if undecided:
                conversation, held = self.chance.choice(undecided)
                await self._decide(conversation, held, self._choose(held))

    def _choose(self, held: HeldMessage) -> str:
        if held.rule in ("always", "first"):
            return self.chance.choice(("approve", "approve", "approve", "dismiss"))
        return self.chance.choice(("send_now", "dismiss", "reschedule" if held.rule == "later" else "send_now"))

    def _can_decide(self, conversation: HoldingConversation, held: HeldMessage) -> bool:
        return conversation.statuses(held) == ["held"] and not held.is_in_hand

    async def _hold_and(self, rule: Rule, decision: str) -> None:
        """Let something be held, wait until its notice says so, and decide."""
        conversation = self.by_rule[rule]
        held = await (self.schedule(30) if rule == "later" else self.say(conversation))
        with suppress(TimeoutError):
            await self.sandbox.wire.until(lambda: self._can_decide(conversation, held), WAIT_S)
            await self._decide(conversation, held, decision)

    async def _decide(self, conversation: HoldingConversation, held: HeldMessage, decision: str) -> None:
        """Now and then two people decide at once, and not always the same."""
        users = (
            [ANN, BEN] if decision != "reschedule" and self.chance.random() < 0.4 else [self.chance.choice((ANN, BEN))]
        )
        other = self.chance.choice((decision, "dismiss"))
        names = [decision, other][: len(users)]
        act = self._change_hour_once if decision == "reschedule" else self._decide_once
        made = [
            self._press(held, name, user, lambda press: act(conversation, held, press))
            for name, user in zip(names, users, strict=True)
        ]
        if decision == "reschedule":
            held.hours.append(Hour(math.ceil(time.time() + self.chance.uniform(*HOUR_IN_S)), made[0]))
        await self.presses.press(*made)

    async def _decide_once(
        self, conversation: HoldingConversation, held: HeldMessage, press: Press
    ) -> InteractionAnswer:
        notice = conversation.view.notices(held.said.message)[0]
        return await self.sandbox.slack.press(notice.channel, notice.ts, press.name, user=press.user)

    async def _change_hour_once(
        self, conversation: HoldingConversation, held: HeldMessage, press: Press
    ) -> InteractionAnswer | None:
        notice = conversation.view.notices(held.said.message)[0]
        await self._decide_once(conversation, held, press)
        delivery = find_action(notice.blocks, "dismiss") or {}
        new = self._modals(press.user, delivery.get("value") or "?")
        return await self._submit(held, new[-1], press) if new else None

    def _is_over(self, conversation: HoldingConversation, held: HeldMessage) -> bool:
        return conversation.has_left(held) or conversation.statuses(held) not in ([], ["held"])
