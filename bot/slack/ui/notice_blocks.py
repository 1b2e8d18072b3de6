"""What the notice of a Slack message looks like: Block Kit, calm and readable. Pure."""

import hashlib
import json
import re
from collections.abc import Iterator

from bot.relay.ids import NoticeId
from bot.relay.model import (
    NEEDS_ATTENTION,
    AudioInfo,
    Delivery,
    DeliveryWithReceipts,
    HeldFor,
    Mark,
    Notice,
    Rendered,
    Status,
)
from bot.relay.receipts import StatusReport, status_of
from bot.slack.ids import is_person, user_of
from bot.slack.ui.blocks import ID_MOST, Block, actions, button, context, plain, section
from bot.slack.ui.mrkdwn import bold, quoted
from bot.slack.ui.notice_text import (
    NAME_MOST,
    clock,
    is_change,
    length,
    lines_of,
    listed,
    may_resend,
    name_of,
    reason_of,
)
from bot.slack.ui.remedies import WORDS

RESEND, CONFIRM_DELIVERED = "resend", "confirm_delivered"
APPROVE, SEND_NOW, RESCHEDULE, DISMISS = "approve", "send_now", "reschedule", "dismiss"
LIST_MOST = 2900
IN_FULL = 15  # clips that get blocks of their own, at most three each; Slack lets people drop ten files at once
BARS = "▁▂▃▄▅▆▇█"
GLYPHS = {
    Status.QUEUED: "◌",
    Status.HELD: "‖",
    Status.SENT: "✓",
    Status.DELIVERED: "✓✓",
    Status.READ: "✓✓",
    Status.FAILED: "✕",
    Status.UNCONFIRMED: "?",
    Status.CANCELLED: "–",
}

_MARK = re.compile(r"memobridge (?:aside )?(slack:\S+#\S+)")


def render_notice(notice: Notice) -> Rendered:
    """What a notice shows now: a line per recording; for texts and files, signs on their message."""
    lines = lines_of(notice.deliveries)
    body = notice_blocks(notice, lines) if lines else []
    words, marks = listed(lines) if lines else "", marks_of(notice)
    shown = json.dumps([words, body, sorted(marks or ())], sort_keys=True)
    return Rendered(words, hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:20], body, marks)


def notice_blocks(notice: Notice, lines: tuple[DeliveryWithReceipts, ...]) -> list[Block]:
    """The first block carries the mark by which a lost post is found again."""
    made = [block for told in lines[:IN_FULL] for block in _clip(told, notice.contact)]
    if more := lines[IN_FULL:]:
        made.append(section(listed(more, LIST_MOST)))
    if made:
        made[0]["block_id"] = mark_of(notice.id)
    return made


def marks_of(notice: Notice) -> frozenset[Mark] | None:
    """The signs for what has no line; None where everything has one.

    One failure outweighs the rest; read implies delivered, so that nothing that was put on a message has to be taken
    off when it is read: Slack allows 20 removals a minute.
    """
    lines = lines_of(notice.deliveries)
    signed = [told for told in notice.deliveries if told not in lines and not is_change(told.delivery)]
    if not signed:
        return None
    statuses = [status_of(told).status for told in signed]
    going = [status for status in statuses if status is not Status.CANCELLED]
    if any(status in NEEDS_ATTENTION for status in going):
        return frozenset({Mark.FAILED})
    if going and all(status is Status.READ for status in going):
        return frozenset({Mark.DELIVERED, Mark.READ})
    if going and all(status in (Status.READ, Status.DELIVERED) for status in going):
        return frozenset({Mark.DELIVERED})
    return frozenset()


def mark_of(notice: NoticeId) -> str:
    return f"memobridge {notice}"[:ID_MOST]


def mark_aside(notice: NoticeId) -> str:
    """The mark of what is said beside a notice; it must not pass for the notice itself."""
    return f"memobridge aside {notice}"[:ID_MOST]


def marked(block_id: str) -> str:
    """The id of the message of which a post with that mark tells; "" for any other block."""
    found = _MARK.fullmatch(block_id)
    return found[1] if found else ""


def _clip(told: DeliveryWithReceipts, contact: str) -> Iterator[Block]:
    """The contact's name stands in the blocks alone: in the text it might pass for a second status."""
    report = status_of(told)
    yield section("\n".join(_headline(told, report)))
    to = [f"to {quoted(contact, NAME_MOST)}"] if contact else []
    if remarks := [*to, *_about(told.delivery.audio), *_after(told, report)]:
        yield context("  ·  ".join(remarks))
    if buttons := decision_buttons(told, report):
        yield actions(*buttons)


def _headline(told: DeliveryWithReceipts, report: StatusReport) -> Iterator[str]:
    yield bold(name_of(told.delivery), NAME_MOST)
    when = f"  ·  {clock(report.at)}" if report.at else ""
    yield f"{GLYPHS[report.status]} *{report.status}*{when}"
    if reason := reason_of(told):
        yield reason
    if report.status in NEEDS_ATTENTION and (way := WORDS[report.remedy]):
        yield way


def _about(audio: AudioInfo | None) -> Iterator[str]:
    if audio is None:
        return
    yield length(audio.duration_s)
    if audio.waveform:
        yield "".join(BARS[min(max(level, 0), len(BARS) - 1)] for level in audio.waveform[:60])
    if audio.is_sound_of_video:
        yield "the sound of a video"
    if audio.converted_from:
        yield f"from {quoted(audio.converted_from, 60)}"


def _after(told: DeliveryWithReceipts, report: StatusReport) -> Iterator[str]:
    """What a careful reader would ask next."""
    confirmed_by = report.receipt.confirmed_by if report.receipt else None
    if confirmed_by is not None and is_person(confirmed_by):
        yield f"confirmed by <@{user_of(confirmed_by)}>"
    elif report.status is Status.SENT and report.is_final:
        yield "groups and SMS report no more than this"
    if told.delivery.is_late and report.status is Status.QUEUED:
        yield "late: what came after it goes ahead of it"
    if told.delivery.replaces is not None:
        yield "sent again by a person"
    if (person := told.delivery.decided_by) is not None and is_person(person):
        yield f"{_decided(told.delivery, report)} by <@{user_of(person)}>"


def _decided(delivery: Delivery, report: StatusReport) -> str:
    if report.status is Status.CANCELLED:
        return "cancelled"
    return "scheduled" if delivery.held_for is HeldFor.HOUR and delivery.not_before else "approved"


def decision_buttons(told: DeliveryWithReceipts, report: StatusReport) -> list[Block]:
    """What a person can do about it now."""
    delivery = told.delivery
    if report.status is Status.HELD:
        return held_buttons(delivery)
    made = [resend_button(told)] if may_resend(told) else []
    if report.status is Status.UNCONFIRMED:
        made.append(button("It arrived", CONFIRM_DELIVERED, delivery.id))
    return made


def held_buttons(delivery: Delivery) -> list[Block]:
    """What can be done with a held one. An approval that the link asks for still respects its quiet hours; *Send now*
    does not."""
    cancel = button("Cancel", DISMISS, delivery.id)
    if delivery.awaits_approval:
        label = "Send" if delivery.held_for is HeldFor.APPROVAL else "Send now"
        return [button(label, APPROVE, delivery.id), cancel]
    hour = f"{delivery.id} {int(delivery.not_before.timestamp())}" if delivery.not_before else delivery.id
    return [button("Send now", SEND_NOW, delivery.id), button("Change time", RESCHEDULE, hour), cancel]


def resend_button(told: DeliveryWithReceipts) -> Block:
    again = button("Resend", RESEND, told.delivery.id)
    return again | {"confirm": _doubt()} if status_of(told).status is Status.UNCONFIRMED else again


def _doubt() -> Block:
    return {
        "title": plain("Send it again?"),
        "text": plain("Nobody knows whether the first memo arrived. If it did, a second memo may arrive now."),
        "confirm": plain("Send again"),
        "deny": plain("Leave it"),
    }
