"""What the notice of a Slack message looks like: Block Kit, calm and readable. Pure.

Slack takes 50 blocks in a message and 3000 characters in a section.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.relay.model import NEEDS_ATTENTION, AudioInfo, Delivery, DeliveryWithReceipts, Notice, NoticeId, Status
from bot.relay.receipts import Verdict, status_of
from bot.slack.escaping import bold, quoted
from bot.slack.words import NAME_MOST, length, listed, reason_of

Block = dict[str, Any]

RESEND, ARRIVED = "resend", "arrived"
SECTION_MOST = 2900
IN_FULL = 15  # clips that get blocks of their own; Slack lets people drop ten files at once
BARS = "▁▂▃▄▅▆▇█"
GLYPHS = {
    Status.QUEUED: "◌",
    Status.SENT: "✓",
    Status.DELIVERED: "✓✓",
    Status.READ: "✓✓",
    Status.FAILED: "✕",
    Status.UNCONFIRMED: "?",
    Status.CANCELLED: "–",
}

_MARK = re.compile(r"memobridge (?:aside )?\w+:(?:([0-9]+\.[0-9]+)|.*)")
_A_PERSON = re.compile(r"confirmed by <@[UW][A-Z0-9]{2,20}>")


def blocks(notice: Notice) -> list[Block]:
    """The notice as people see it. The first block carries the mark by which a lost post is found again."""
    made = [block for told in notice.told[:IN_FULL] for block in _clip(told)]
    if more := notice.told[IN_FULL:]:
        made.append(section(listed(more, SECTION_MOST)))
    if made:
        made[0]["block_id"] = mark(notice.id)
    return made


def mark(notice: NoticeId) -> str:
    return f"memobridge {notice}"[:255]


def mark_aside(notice: NoticeId) -> str:
    """The mark of what is said beside a notice; it must not pass for the notice itself."""
    return f"memobridge aside {notice}"[:255]


def marked(block_id: str) -> str | None:
    """The message of which a post with that mark tells: its ts, or empty for a command, which has no message."""
    found = _MARK.fullmatch(block_id)
    return found and (found[1] or "")


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def mrkdwn(text: str) -> Block:
    """``verbatim``: Slack makes no links of names that look like addresses."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def button(label: str, action: str, value: str) -> Block:
    return {"type": "button", "text": plain(label), "action_id": action, "value": value}


def _clip(told: DeliveryWithReceipts) -> Iterator[Block]:
    verdict = status_of(told)
    yield section("\n".join(_headline(told, verdict)))
    if remarks := [*_about(told.delivery.sound), *_after(told, verdict)]:
        yield {"type": "context", "elements": [mrkdwn("  ·  ".join(remarks))]}
    if verdict.status in NEEDS_ATTENTION:
        yield {"type": "actions", "elements": _buttons(told.delivery, verdict.status)}


def _headline(told: DeliveryWithReceipts, verdict: Verdict) -> Iterator[str]:
    yield bold(told.delivery.clip.name, NAME_MOST)
    when = f"  ·  {_clock(verdict.at)}" if verdict.at else ""
    yield f"{GLYPHS[verdict.status]} *{verdict.status}*{when}"
    if reason := reason_of(told):
        yield reason


def _about(sound: AudioInfo | None) -> Iterator[str]:
    if sound is None:
        return
    yield length(sound.duration_s)
    if sound.waveform:
        yield "".join(BARS[min(max(level, 0), len(BARS) - 1)] for level in sound.waveform[:60])
    if sound.is_sound_of_video:
        yield "the sound of a video"
    if sound.converted_from:
        yield f"from {quoted(sound.converted_from, 60)}"


def _after(told: DeliveryWithReceipts, verdict: Verdict) -> Iterator[str]:
    """What a careful reader would ask next."""
    if verdict.status is Status.SENT and _A_PERSON.fullmatch(verdict.reason):
        yield verdict.reason
    elif verdict.status is Status.SENT and verdict.final:
        yield "groups and SMS report no more than this"
    if told.delivery.replaces is not None:
        yield "sent again by a person"


def _buttons(delivery: Delivery, status: Status) -> list[Block]:
    again = button("Resend", RESEND, delivery.id)
    if status is Status.FAILED:
        return [again]
    return [again | {"confirm": _doubt()}, button("It arrived", ARRIVED, delivery.id)]


def _doubt() -> Block:
    return {
        "title": plain("Send it again?"),
        "text": plain("Nobody knows whether the first memo arrived. If it did, a second memo may arrive now."),
        "confirm": plain("Send again"),
        "deny": plain("Leave it"),
    }


def _clock(at: datetime) -> str:
    """The time of day in the reader's own time zone."""
    return f"<!date^{int(at.timestamp())}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>"
