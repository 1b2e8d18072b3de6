"""Tapbacks: one person has at most one on one part of a message; a second one takes the place of the first."""

from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Handle, Message, Reaction, Tapback
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.envelope import Event
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender


class Tapbacks:
    """Adds and removes them, and tells the subscribers; the partner's own are told like everybody else's."""

    def __init__(self, account: Account, switches: Switches, events: EventFactory, webhooks: WebhookSender) -> None:
        self._account, self._switches, self._events, self._webhooks = account, switches, events, webhooks

    def add(self, on: Message, part_index: int, person: Handle, kind: Tapback, emoji: str | None = None) -> None:
        """Put the tapback in the place of this person's former one. The same one again changes nothing."""
        reactions = on.parts[part_index].reactions
        former = next((each for each in reactions if each.person.address == person.address), None)
        if former is not None and (former.type, former.custom_emoji) == (kind, emoji):
            return
        told: list[Event] = []
        if former is not None:
            reactions.remove(former)
            if self._switches.tapback_change == "removed_and_added":
                told.append(self._event("removed", former, on, part_index))
        made = Reaction(self._account.new_id(), person, kind, emoji)
        reactions.append(made)
        self._webhooks.send_soon(*told, self._event("added", made, on, part_index))

    def remove(
        self, on: Message, part_index: int, person: Handle, kind: Tapback | None = None, emoji: str | None = None
    ) -> None:
        """Take this person's tapback away, of that kind only where one is given. Nothing happens without one."""
        reactions = on.parts[part_index].reactions
        for each in reactions:
            mine = each.person.address == person.address
            if mine and kind in (None, each.type) and emoji in (None, each.custom_emoji):
                reactions.remove(each)
                self._webhooks.send_soon(self._event("removed", each, on, part_index))
                return

    def _event(self, kind: str, reaction: Reaction, on: Message, part_index: int) -> Event:
        return self._events.reaction(
            "added" if kind == "added" else "removed",
            reaction,
            on,
            part_index,
            self._account.chat(on.chat_id),
            at=self._account.now(),
            names_message=not self._switches.reactions_name_no_message,
        )
