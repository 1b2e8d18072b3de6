"""Holds: whether what the team says goes at once, later, when a person has approved it, or not at all. Pure.

Asked once, between parsing and storing, after ``policy`` has said which parts may cross the link. A person's approval
is one act: only quiet hours that hold at that moment still keep back what it lets go.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.relay import policy
from bot.relay.errors import Refused, Remedy
from bot.relay.model import Delivery, DeliveryState, HeldFor, Message
from bot.relay.parts import Announcement, Edit, Happening
from bot.relay.quiet_hours import parse_quiet_hours
from bot.relay.rooms import Confirm, Link, LinkSettings, RoomHealth, Senders

SENT_ELSEWHERE_AFTER = timedelta(minutes=5)
"""So long our own sends may take to be recorded; what is unknown then was said by somebody else on our side."""

MISSED = "It was dropped while the bot could not hear it."
SENDERS_CHANGED = "It was dropped before it was decided anew who may send."
FIRST = "It is the first one that goes there"
EVERY = "Whatever goes there needs a go-ahead"
QUIET = "Quiet hours."
FURTHEST = timedelta(days=366)
QUIET_EDIT = "In quiet hours nothing leaves, and an edit cannot wait for their end. Write it as a new message."
UNAPPROVED_EDIT = f"{EVERY}, and an edit cannot wait for one. Write it as a new message."
OPTED_OUT = "This person asked for no more messages, until they text your number again."


@dataclass(frozen=True)
class Decision:
    """As it stands: it goes at once. ``until``: it is not in line before that hour. ``refused``: it never goes."""

    held_for: HeldFor = HeldFor.NOTHING
    until: datetime | None = None
    reason: str = ""
    refused: bool = False
    remedy: Remedy = Remedy.NONE

    @property
    def awaits_approval(self) -> bool:
        return self.held_for in (HeldFor.APPROVAL, HeldFor.LATE)


NOW = Decision()


def missed(message: Message, link: Link, *, now: datetime, carry_up_to: timedelta) -> str:
    """Why what was found in a history is not sent unasked, "" where it is: it is too old, or nobody knows any more
    whether its sender might send when it was said."""
    if link.senders_at is not None and message.sent_at < link.senders_at:
        return SENDERS_CHANGED
    return MISSED if now - message.sent_at > carry_up_to else ""


def decide(message: Message, link: Link, *, now: datetime, missed: str = "") -> Decision:
    """What happens with a message that crosses this link. ``missed``: why it is not sent unasked, if it was found in a
    history. An hour that a person chose for it counts as it is; else the first of these that applies decides."""
    if message.is_ours:  # unless it turns out that it was us who sent it
        return Decision(until=message.sent_at + SENT_ELSEWHERE_AFTER)
    if not policy.leaves_team(message, link):
        return NOW
    if link.health is RoomHealth.OPTED_OUT:
        return Decision(reason=OPTED_OUT, refused=True, remedy=Remedy.WAIT_FOR_CONTACT)
    if not message.says_something:
        return _decide_change(message, link, now)
    if message.send_at is not None:
        return Decision(HeldFor.HOUR, message.send_at) if message.send_at > now else NOW
    if missed:
        return Decision(HeldFor.LATE, reason=missed)
    if why := _needs_approval(link):
        return Decision(HeldFor.APPROVAL, reason=f"{why}: {approvers(link.settings.senders)} decides.")
    return quiet_at(link.settings, now)


def _decide_change(message: Message, link: Link, now: datetime) -> Decision:
    """A reaction has no words that somebody could approve, and waits for the end of quiet hours. An edit of what was
    sent already has minutes until its network takes it no more (15 at Linq), so it goes now or never; the edit of what
    still waits changes that in its place, whatever is decided here."""
    quiet = quiet_at(link.settings, now)
    if not isinstance(message.parts[0], Edit):
        return quiet
    if link.settings.confirm is Confirm.ALWAYS:
        return Decision(reason=UNAPPROVED_EDIT, refused=True)
    return Decision(reason=QUIET_EDIT, refused=True) if quiet.until else NOW


def quiet_at(settings: LinkSettings, now: datetime) -> Decision:
    """What the quiet hours of a link say at this moment, also about what was just approved."""
    until = parse_quiet_hours(settings.quiet).until(now) if settings.quiet else None
    return Decision(HeldFor.QUIET, until, QUIET) if until else NOW


def apply(decision: Decision, delivery: Delivery) -> Delivery:
    """The delivery as it is to be stored."""
    if decision.refused:
        return replace(delivery, state=DeliveryState.FAILED, reason=decision.reason, remedy=decision.remedy)
    return replace(
        delivery,
        held_for=decision.held_for,
        not_before=decision.until,
        awaits_approval=decision.awaits_approval,
        reason=decision.reason,
    )


def health_after(message: Message, link: Link) -> RoomHealth:
    """How the peer stands once this was said. Who asked for no more messages gets some again once they have written;
    what was told before, and comes late, changes nothing."""
    if link.peer != message.room or message.is_ours or (link.health_at and message.sent_at <= link.health_at):
        return link.health
    match message.parts[0]:
        case Announcement(happening=Happening.OPTED_OUT):
            return RoomHealth.OPTED_OUT
        case Announcement(happening=Happening.ROOM_AT_RISK) if link.health is RoomHealth.FINE:
            return RoomHealth.AT_RISK
    wrote_again = link.health is RoomHealth.OPTED_OUT and message.says_something
    recovered = link.health is RoomHealth.AT_RISK and message.is_room_well
    return RoomHealth.FINE if wrote_again or recovered else link.health


def require_hour(at: datetime, now: datetime) -> None:
    """Refused for one that is over, or further away than anybody remembers."""
    if not now < at <= now + FURTHEST:
        raise Refused("Choose a time that lies ahead, within a year from now.")


def approvers(senders: Sequence[str]) -> str:
    """Whose approval it waits for, in a few words; of a list, who is on it stands where the link is shown."""
    if Senders.EVERYONE in senders:
        return "anybody who is here"
    return "a member of this workspace" if tuple(senders) == (Senders.MEMBERS,) else "one of this link's senders"


def _needs_approval(link: Link) -> str:
    """Why; "" where none is needed. ``spoken_at`` is known once a send was recorded, so of two first ones at the same
    time both wait."""
    if link.settings.confirm is Confirm.ALWAYS:
        return EVERY
    return FIRST if link.settings.confirm is Confirm.FIRST and link.spoken_at is None else ""
