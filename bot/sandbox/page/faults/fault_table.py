"""The fault switches of the page, as one table: what each is called, and which switches of the two sides it means.

A ``choice`` has several values, a ``toggle`` is on or off, a ``shot`` is armed until the next exchange uses it up.
``per_chat`` ones belong to the chat that is open on the phone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.json_types import Json
from bot.sandbox.linq.fixtures import OPTED_OUT, Chats
from bot.sandbox.page.faults import fault_setters as setters
from bot.sandbox.sandbox import Sandbox

HEALTH = ("fine", "slow", "limited", "down")
ON_OFF = ("off", "on")


@dataclass(frozen=True)
class FaultSwitch:
    name: str
    group: Literal["slack", "linq", "webhooks", "person"]
    label: str
    hint: str
    read: Callable[[Sandbox, str], str]
    write: Callable[[Sandbox, str, str], None]
    kind: Literal["choice", "toggle", "shot"] = "toggle"
    values: tuple[str, ...] = ON_OFF
    usual_in: tuple[str, ...] | None = None
    """For what belongs to a chat: the chats that are so from the beginning."""

    @property
    def title(self) -> str:
        """The label, with its side where the label alone is ambiguous."""
        side = {"slack": "Slack", "linq": "Linq", "webhooks": "Webhooks"}.get(self.group, "")
        return f"{side}: {self.label.lower()}" if side not in ("", self.label) else self.label

    @property
    def per_chat(self) -> bool:
        return self.usual_in is not None

    def shown(self, sandbox: Sandbox) -> Json:
        """Return the row of the table with its value now; what belongs to a chat has none of its own."""
        value = "" if self.per_chat else self.read(sandbox, "")
        plain: Json = {"name": self.name, "group": self.group, "label": self.label, "hint": self.hint}
        plain |= {"kind": self.kind, "values": self.values, "per_chat": self.per_chat, "value": value}
        return plain | {"changed": bool(self.changed_in(sandbox))}

    def changed_in(self, sandbox: Sandbox) -> list[str]:
        """List the chats in which it makes trouble now; "" stands for everywhere."""
        if self.usual_in is None:
            return [] if self.read(sandbox, "") == self.values[0] else [""]
        own = [chat for chat in sandbox.linq.account.chats if chat not in self.usual_in]
        return [chat for chat in own if self.read(sandbox, chat) != self.values[0]]

    def set(self, sandbox: Sandbox, value: str, chat: str = "") -> None:
        """Raises ValueError for a value it does not have, KeyError for an unknown chat."""
        if value not in self.values:
            raise ValueError(f"{self.name} can be {', '.join(self.values)}, not {value!r}")
        self.write(sandbox, value, chat)


FAULTS = (
    FaultSwitch(
        "slack",
        "slack",
        "Slack",
        "The Web API and its files: slow, 429 on posts and edits, or 503 on everything.",
        setters.slack_health,
        setters.set_slack_health,
        "choice",
        HEALTH,
    ),
    FaultSwitch(
        "lose-notice",
        "slack",
        "Lose answer",
        "The next post reaches Slack, but Slack’s answer never reaches the bot.",
        setters.lost_notice,
        setters.lose_notice,
        "shot",
    ),
    FaultSwitch(
        "redeliver",
        "slack",
        "Redeliver",
        "Slack sends every event three times.",
        setters.redelivers,
        setters.set_redelivery,
    ),
    FaultSwitch(
        "linq",
        "linq",
        "Linq",
        "The API and uploads: slow, 429 on sends, or 503 on everything.",
        setters.linq_health,
        setters.set_linq_health,
        "choice",
        HEALTH,
    ),
    FaultSwitch(
        "lose-memo",
        "linq",
        "Lose answer",
        "The next memo goes out, but the answer never reaches the bot.",
        setters.lost_memo,
        setters.lose_memo,
        "shot",
    ),
    FaultSwitch(
        "fail-memo",
        "linq",
        "Fail next",
        "Linq takes the next memo, then reports that it was not delivered.",
        setters.fails,
        setters.set_failing,
        "shot",
    ),
    FaultSwitch(
        "duplicate",
        "webhooks",
        "Duplicate",
        "Every webhook arrives three times.",
        setters.copies,
        setters.set_copies,
    ),
    FaultSwitch(
        "reorder",
        "webhooks",
        "Reorder",
        "Webhooks arrive in the wrong order: read before sent.",
        setters.reverses,
        setters.set_reversed,
    ),
    FaultSwitch(
        "withhold",
        "webhooks",
        "Withhold",
        "No webhook arrives until this is switched off again.",
        setters.withholds,
        setters.set_withheld,
    ),
    FaultSwitch(
        "lose-webhook",
        "webhooks",
        "Lose next",
        "The next webhook is never sent. The bot finds what it told by reading the chat.",
        setters.loses_webhook,
        setters.lose_webhook,
        "shot",
    ),
    FaultSwitch(
        "unheard",
        "person",
        "Unheard",
        "Memos stay delivered until somebody plays them on the phone.",
        setters.leaves_unheard,
        setters.set_unheard,
    ),
    FaultSwitch(
        "opted-out",
        "person",
        "Opt out",
        "The recipient answers STOP: memos are refused until they write again.",
        setters.opted_out,
        setters.set_opted_out,
        usual_in=OPTED_OUT,
    ),
    FaultSwitch(
        "sms",
        "person",
        "SMS",
        "The chat leaves iMessage: delivered and read are no longer reported.",
        setters.by_sms,
        setters.set_sms,
        usual_in=(Chats.SAM_BY_SMS,),
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}


def set_fault(sandbox: Sandbox, name: str, value: str, chat: str = "") -> None:
    """Set a fault and write it to the wire log. KeyError and ValueError name what does not exist."""
    BY_NAME[name].set(sandbox, value, chat)
    sandbox.wire.write("world", "person", f"{BY_NAME[name].title}: {value}")


def reset_faults(sandbox: Sandbox) -> None:
    """Put every switch back to its first value, in every chat; what was so from the beginning stays."""
    for fault in FAULTS:
        for chat in fault.changed_in(sandbox):
            set_fault(sandbox, fault.name, fault.values[0], chat)
