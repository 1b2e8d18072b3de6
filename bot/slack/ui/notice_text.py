"""What a notice says in words: the fallback text, reasons, and the alert. Pure; the fold to a status is the relay's."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bot.relay.model import NEEDS_ATTENTION, OPEN_STATES, AudioInfo, Delivery, DeliveryWithReceipts, HeldFor, Status
from bot.relay.parts import Edit, Media, Reaction, Voice
from bot.relay.receipts import status_of
from bot.slack.ids import parse_message, user_of
from bot.slack.ui.mrkdwn import bold, quoted
from bot.slack.ui.remedies import NEVER_READABLE, WORDS

TEXT_MOST = 3900  # an edit takes 4000
NAME_MOST, REASON_MOST = 120, 500
COUNT_MOST = 150  # the line that counts those without a line of their own
DAY_AND_TIME = "{date_short_pretty} at {time}"  # "today at 9:00 AM" where it is today
NO_REASON = "no reason was given"

# In the text a reason stands beside the one word that is the status, so it must not use another of them.
OTHER_WORDS = {
    "queued": "waiting",
    "held": "kept back",
    "sent": "passed on",
    "delivered": "handed over",
    "read": "opened",
    "failed": "went wrong",
    "unconfirmed": "uncertain",
    "cancelled": "called off",
}
_A_STATUS = re.compile(rf"(?<!\w)(?<!\w:)({'|'.join(OTHER_WORDS)})(?!\w)", re.IGNORECASE)  # files:read is none


def lines_of(deliveries: Sequence[DeliveryWithReceipts]) -> tuple[DeliveryWithReceipts, ...]:
    """Those with a line in the notice: recordings; what a command sent, as there is no message to mark; and what was
    held, as somebody had or has to decide.

    What shows its status as a reaction to its message has no line.
    """
    return tuple(told for told in deliveries if _has_line(told.delivery))


def _has_line(delivery: Delivery) -> bool:
    was_held = delivery.held_for is not HeldFor.NOTHING and not is_change(delivery)
    return delivery.voice is not None or was_held or is_of_command(delivery)


def is_of_command(delivery: Delivery) -> bool:
    return not parse_message(delivery.source).ts


def listed(lines: Sequence[DeliveryWithReceipts], most: int = TEXT_MOST) -> str:
    """A line per clip with its name and exactly one status word, and why, if there is a why, in at most ``most``
    characters; those without room for a line are counted by their status."""
    room = max(60, most // max(1, len(lines)) - 1)
    return fitting([line(one, room) for one in lines], most, lambda number: _counted(lines[number:]))


def line(told: DeliveryWithReceipts, room: int) -> str:
    """One clip in at most ``room`` characters: its name and status always, its reason where it fits."""
    report = status_of(told)
    name = quoted(name_of(told.delivery), min(NAME_MOST, room // 2))
    start = f"{name}{_how_long(told.delivery.audio)}: {report.status}"
    space = min(REASON_MOST, room - len(start) - 3)
    reason = reason_of(told, space, beside_status=True) if space > 20 else ""
    return f"{start} – {reason}" if reason else start


def name_of(delivery: Delivery) -> str:
    """What a delivery carries, in a few words: the file's own name, where it is one file."""
    first = delivery.parts[0] if delivery.parts else None
    match first:
        case Voice() | Media() if len(delivery.parts) == 1:
            return first.name
        case Edit():
            return "Your edit"
        case Reaction():
            return "Your reaction"
    return "Your message"


def length(seconds: float) -> str:
    """As people write it: 0:42, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock(at: datetime, style: str = "{time}") -> str:
    """A time in the zone of whoever reads it. Only where a client cannot do that, it shows UTC, and says so."""
    utc = f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if "{date" in style else f"{at.astimezone(UTC):%H:%M}"
    return f"<!date^{int(at.timestamp())}^{style}|{utc} UTC>"


def fitting(lines: Sequence[str], most: int, left: Callable[[int], str]) -> str:
    """The lines, if they fit into ``most`` characters; else as many as do, and what is ``left`` from that number on."""
    if sum(len(one) + 1 for one in lines) <= most + 1:
        return "\n".join(lines)
    used, number = 0, 0
    while used + len(lines[number]) < most - COUNT_MOST:
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
    if len(rest) > most:
        rest = ""  # it is markup, which cannot be cut
    space = most - len(rest) - 1
    return " ".join(part for part in (quoted(reason, space) if space > 10 else "", rest) if part)


def may_resend(told: DeliveryWithReceipts) -> bool:
    """Whether sending it again could come to something else."""
    report = status_of(told)
    return report.status in NEEDS_ATTENTION and report.remedy not in NEVER_READABLE and not is_change(told.delivery)


def is_change(delivery: Delivery) -> bool:
    """An edit or a reaction, which is no message of its own."""
    return bool(delivery.parts) and isinstance(delivery.parts[0], Edit | Reaction)


def alert_text(told: DeliveryWithReceipts, contact: str = "") -> str:
    """What notifies the one who sent it: that it failed, why, and what they can do. ``contact``: whose conversation it
    is, where a channel holds many."""
    report = status_of(told)
    what = bold(name_of(told.delivery), NAME_MOST) + (f" to {bold(contact, NAME_MOST)}" if contact else "")
    start = f"<@{user_of(told.delivery.sender)}> {what} {report.status}"
    reason = reason_of(told)
    ways = WORDS[report.remedy] or _way_to_resend(told)
    return " ".join(part for part in (f"{start}: {reason}" if reason else f"{start}.", ways) if part)


def _way_to_resend(told: DeliveryWithReceipts) -> str:
    if not may_resend(told):
        return ""
    if is_of_command(told.delivery):
        return "Giving the command again sends it again."
    return "The shortcut *Resend* of the message sends it again."


def _how_long(audio: AudioInfo | None) -> str:
    return f" ({length(audio.duration_s)})" if audio else ""


def _why(told: DeliveryWithReceipts) -> tuple[str, str]:
    """The reason; and behind it, as markup, the other side's own code in brackets, and when it is tried again."""
    report, delivery = status_of(told), told.delivery
    code = f"[{quoted(report.code, 60)}]" if report.code else ""
    match report.status:
        case Status.FAILED:
            return report.reason or ("" if code else NO_REASON), code
        case Status.UNCONFIRMED | Status.CANCELLED:
            return report.reason, code
        case Status.QUEUED if delivery.state in OPEN_STATES and report.reason:
            return report.reason, f"{code}{_next_try(delivery.retry_at)}".strip()
        case Status.HELD:
            until = f"It goes {clock(delivery.not_before, DAY_AND_TIME)}." if delivery.not_before else ""
            return report.reason, until
    return "", ""


def _counted(lines: Sequence[DeliveryWithReceipts]) -> str:
    numbers = Counter(status_of(one).status for one in lines)
    counts = ", ".join(f"{numbers[status]} {status}" for status in Status if numbers[status])
    return f"… and {len(lines)} more: {counts}"


def _other_words(reason: str) -> str:
    return _A_STATUS.sub(lambda found: OTHER_WORDS[found[0].lower()], reason)


def _next_try(at: datetime | None) -> str:
    return f" Next try {clock(at, DAY_AND_TIME)}." if at else ""
