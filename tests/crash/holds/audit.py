"""Afterwards, of what was held: nothing left before its hour or unapproved, or twice; nothing is forgotten."""

from tests.crash.audit import GIVEN_UP, Findings, judge_status
from tests.crash.holds.conversation import HeldMessage, HoldingConversation
from tests.crash.holds.traffic import HoldsTraffic


def audit(traffic: HoldsTraffic) -> Findings:
    found = Findings()
    for conversation in traffic.by_rule.values():
        for held in conversation.held:
            found.said += 1
            _judge_notice(conversation, held, found)
            _judge_held(traffic, conversation, held, found)
    return found


def _judge_notice(conversation: HoldingConversation, held: HeldMessage, found: Findings) -> None:
    notices = conversation.view.notices(held.said.message)
    found.notices += len(notices)
    if len(notices) > 1:
        found.fault("notices_doubled", held.said.label)
    if not notices and held.said.clips:
        found.fault("notices_missing", held.said.label)


def _judge_held(traffic: HoldsTraffic, conversation: HoldingConversation, held: HeldMessage, found: Findings) -> None:
    label, status = held.said.label, next(iter(conversation.statuses(held)), "")
    [name] = held.said.clips or (label,)
    sent = conversation.memos(name) if held.said.clips else conversation.texts(label)
    found.carried += bool(sent)
    if len(sent) > 1:
        found.fault("doubled", label)
    if not sent:
        _judge_stayed(conversation, held, status, found)
        return
    left_at = sent[0].created_at.timestamp()
    if not may_leave(conversation, held, left_at):
        found.fault("early", f"{label} ({held.rule}) left at {left_at:.2f}; {decisions(held)}")
    if status in ("held", "cancelled"):
        found.fault("untrue", f"{label} is {sent[0].status} and shown as {status}; {decisions(held)}")
    else:
        judge_status(traffic, label, sent[0], status, found)


def may_leave(conversation: HoldingConversation, held: HeldMessage, at: float) -> bool:
    """Of a chat that is spoken to for the first time, whatever follows the first approval may go by itself."""
    if held.rule == "first":
        return any(each.may_leave_at(at) for each in conversation.held)
    return held.may_leave_at(at)


def _judge_stayed(conversation: HoldingConversation, held: HeldMessage, status: str, found: Findings) -> None:
    """It did not leave: because somebody cancelled it, because nobody has approved it, or because it was given up."""
    if status == "cancelled" and held.pressed("dismiss"):
        found.cancelled += 1
        return
    if status in GIVEN_UP and status != "cancelled":
        setattr(found, status, getattr(found, status) + 1)
        return
    awaits = held.rule in ("always", "first") and not held.is_surely("approve")
    if not (awaits and status == "held"):
        found.fault("lost", f"{held.said.label} ({held.rule}) is shown as {status or 'nothing'}; {decisions(held)}")


def decisions(held: HeldMessage) -> str:
    pressed = [f"{each.name} by {each.user} {each.began_at:.2f}-{each.ended_at:.2f}" for each in held.presses]
    hours = [f"{hour.at:.0f}" for hour in held.hours]
    return f"hours {hours or held.quiet_until}; {'; '.join(pressed) or 'nobody decided'}"
