"""The fault switches of the page, as one table: what each is called, and which switches of the two sides it means.

A ``choice`` has several values, a ``toggle`` is on or off, a ``shot`` is armed until the next exchange uses it up.
``per_chat`` ones belong to the chat that is open on the phone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.sandbox.page.controller import Json
from bot.sandbox.page.faults import fault_setters as flips

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

WEATHER = ("fine", "slow", "limited", "down")
ON_OFF = ("off", "on")


@dataclass(frozen=True)
class Fault:
    name: str
    group: Literal["slack", "linq", "webhooks", "person"]
    label: str
    hint: str
    read: Callable[["Sandbox", str], str]
    write: Callable[["Sandbox", str, str], None]
    kind: Literal["choice", "toggle", "shot"] = "toggle"
    values: tuple[str, ...] = ON_OFF
    per_chat: bool = False

    @property
    def title(self) -> str:
        """The label with its side, where it does not speak for itself."""
        side = {"slack": "Slack", "linq": "Linq", "webhooks": "Webhooks"}.get(self.group, "")
        return f"{side}: {self.label.lower()}" if side not in ("", self.label) else self.label

    def shown(self, sandbox: "Sandbox") -> Json:
        """The row of the table with today's value; what belongs to a chat has none of its own."""
        value = "" if self.per_chat else self.read(sandbox, "")
        plain = {"name": self.name, "group": self.group, "label": self.label, "hint": self.hint}
        return plain | {"kind": self.kind, "values": self.values, "per_chat": self.per_chat, "value": value}

    def set(self, sandbox: "Sandbox", value: str, chat: str = "") -> None:
        """Raises ValueError for a value it does not have, KeyError for an unknown chat."""
        if value not in self.values:
            raise ValueError(f"{self.name} can be {', '.join(self.values)}, not {value!r}")
        self.write(sandbox, value, chat)


FAULTS = (
    Fault(
        "slack",
        "slack",
        "Slack",
        "The Web API and its files: slow, 429 on posts and edits, or 503 on everything.",
        flips.slack_weather,
        flips.set_slack_weather,
        "choice",
        WEATHER,
    ),
    Fault(
        "lose-notice",
        "slack",
        "Lose answer",
        "The next notice is posted, but the answer never reaches the bot.",
        flips.lost_notice,
        flips.lose_notice,
        "shot",
    ),
    Fault(
        "redeliver",
        "slack",
        "Redeliver",
        "Slack sends every event three times.",
        flips.redelivers,
        flips.set_redelivery,
    ),
    Fault(
        "linq",
        "linq",
        "Linq",
        "The API and uploads: slow, 429 on sends, or 503 on everything.",
        flips.linq_weather,
        flips.set_linq_weather,
        "choice",
        WEATHER,
    ),
    Fault(
        "lose-memo",
        "linq",
        "Lose answer",
        "The next memo goes out, but the answer never reaches the bot.",
        flips.lost_memo,
        flips.lose_memo,
        "shot",
    ),
    Fault(
        "fail-memo",
        "linq",
        "Fail next",
        "Linq takes the next memo, then reports that it was not delivered.",
        flips.fails,
        flips.set_failing,
        "shot",
    ),
    Fault(
        "duplicate",
        "webhooks",
        "Duplicate",
        "Every webhook arrives three times.",
        flips.copies,
        flips.set_copies,
    ),
    Fault(
        "reorder",
        "webhooks",
        "Reorder",
        "Webhooks arrive in the wrong order: read before sent.",
        flips.reverses,
        flips.set_reversed,
    ),
    Fault(
        "withhold",
        "webhooks",
        "Withhold",
        "No webhook arrives until this is switched off again.",
        flips.withholds,
        flips.set_withheld,
    ),
    Fault(
        "unheard",
        "person",
        "Unheard",
        "Memos stay delivered until somebody plays them on the phone.",
        flips.leaves_unheard,
        flips.set_unheard,
    ),
    Fault(
        "opted-out",
        "person",
        "Opt out",
        "The recipient answers STOP: memos are refused until they write again.",
        flips.opted_out,
        flips.set_opted_out,
        per_chat=True,
    ),
    Fault(
        "sms",
        "person",
        "SMS",
        "The chat leaves iMessage: delivered and read are no longer reported.",
        flips.by_sms,
        flips.set_sms,
        per_chat=True,
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}


def flip(sandbox: "Sandbox", name: str, value: str, chat: str = "") -> None:
    """Set a fault and say so on the wire. KeyError and ValueError name what does not exist."""
    BY_NAME[name].set(sandbox, value, chat)
    sandbox.wire.write("world", "person", f"{BY_NAME[name].title}: {value}")


def calm(sandbox: "Sandbox") -> None:
    """Put every switch of both sides back to fine; what belongs to a chat stays."""
    for fault in FAULTS:
        if not fault.per_chat and fault.read(sandbox, "") != fault.values[0]:
            flip(sandbox, fault.name, fault.values[0])
