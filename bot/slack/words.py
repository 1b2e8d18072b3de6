"""What a notice says in words: the fallback text, reasons, and the alarm. Pure; the fold to a status is the relay's."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bot.relay.model import OPEN_STATES, AudioInfo, Delivery, DeliveryWithReceipts, Notice, Status
from bot.relay.receipts import status_of
from bot.slack.escaping import bold, quoted

TEXT_MOST = 3900  # an edit takes 4000
NAME_MOST, REASON_MOST = 120, 500
LEFT_MOST = 150  # the line that counts what has none

# In the text a reason stands beside the one word that is the status, so it must not use another of them.
OTHER_WORDS = {
    "queued": "waiting",
    "sent": "passed on",
    "delivered": "handed over",
    "read": "opened",
    "failed": "went wrong",
    "unconfirmed": "uncertain",
    "cancelled": "called off",
}
_A_STATUS = re.compile(rf"(?<![\w:])({'|'.join(OTHER_WORDS)})(?!\w)", re.IGNORECASE)  # files:read is none


def words(notice: Notice) -> str:
    """A line per clip with its name and exactly one status word, and why, if there is a why."""
    return listed(notice.told, TEXT_MOST)


def listed(told: Sequence[DeliveryWithReceipts], most: int) -> str:
    """A line per clip, in at most ``most`` characters; those without room for a line are counted by their status."""
    room = max(60, most // max(1, len(told)) - 1)
    return fitting([line(one, room) for one in told], most, lambda number: _counted(told[number:]))


def line(told: DeliveryWithReceipts, room: int) -> str:
    """One clip in at most ``room`` characters: its name and status always, its reason where it fits."""
    verdict = status_of(told)
    name = quoted(told.delivery.clip.name, min(NAME_MOST, room // 2))
    start = f"{name}{_how_long(told.delivery.sound)}: {verdict.status}"
    space = min(REASON_MOST, room - len(start) - 3)
    reason = reason_of(told, space, beside_status=True) if space > 20 else ""
    return f"{start} – {reason}" if reason else start


def length(seconds: float) -> str:
    """As people write it: 0:42, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def fitting(lines: Sequence[str], most: int, left: Callable[[int], str]) -> str:
    """The lines, if they fit into ``most`` characters; else as many as do, and what is ``left`` from that number on."""
    if sum(len(one) + 1 for one in lines) <= most + 1:
        return "\n".join(lines)
    used, number = 0, 0
    while used + len(lines[number]) < most - LEFT_MOST:
        used += len(lines[number]) + 1
        number += 1
    return "\n".join([*lines[:number], left(number)])


def reason_of(told: DeliveryWithReceipts, most: int = REASON_MOST, *, beside_status: bool = False) -> str:
    """Why it failed, is in doubt or still waits, in at most ``most`` characters; success needs no reason.

    What is too long is cut before the code and the time of the next try. ``beside_status``: without the words that are
    statuses.
    """
    reason, rest = _why(told)
    if beside_status:
        reason, rest = _other_words(reason), _other_words(rest)
    end = quoted(rest, most)
    space = most - len(end) - 1
    return " ".join(part for part in (quoted(reason, space) if space > 10 else "", end) if part)


def alarm(notice: Notice, delivery: Delivery) -> str:
    """What is said aloud of a failure, with a mention of the one who wanted it sent."""
    told = next((one for one in notice.told if one.delivery.id == delivery.id), DeliveryWithReceipts(delivery))
    mention = f"<@{delivery.post.user}> " if delivery.post.user else ""
    said = f"{mention}{bold(delivery.clip.name, NAME_MOST)} {status_of(told).status}"
    again = "Giving the command again"
    if delivery.post.message_ts:
        again = "The shortcut *Resend* of the message with the clip"
    return f"{said}: {reason_of(told)} {again} sends it again."


def _how_long(sound: AudioInfo | None) -> str:
    return f" ({length(sound.duration_s)})" if sound else ""


def _why(told: DeliveryWithReceipts) -> tuple[str, str]:
    """The reason; and behind it the neighbour's own code in brackets, and when it is tried again."""
    verdict = status_of(told)
    code = f"[{verdict.code}]" if verdict.code else ""
    match verdict.status:
        case Status.FAILED:
            return verdict.reason or ("" if code else "no reason was given"), code
        case Status.UNCONFIRMED | Status.CANCELLED:
            return verdict.reason, code
        case Status.QUEUED if told.delivery.step in OPEN_STATES and verdict.reason:
            return verdict.reason, f"{code}{_next_try(told.delivery.due_at)}".strip()
    return "", ""


def _counted(told: Sequence[DeliveryWithReceipts]) -> str:
    numbers = Counter(status_of(one).status for one in told)
    counts = ", ".join(f"{numbers[status]} {status}" for status in Status if numbers[status])
    return f"… and {len(told)} more: {counts}"


def _other_words(reason: str) -> str:
    return _A_STATUS.sub(lambda found: OTHER_WORDS[found[0].lower()], reason)


def _next_try(due_at: datetime | None) -> str:
    return f" Next try at {due_at.astimezone(UTC):%H:%M} UTC." if due_at else ""
