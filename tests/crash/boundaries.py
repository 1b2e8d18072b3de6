"""Every boundary between an effect and its record, by name: where a process that dies is in the middle of something.

A boundary is a call of the relay to one of its neighbours, and the moment: ``before`` it (what went before is done,
this is not), ``amid`` it, or ``after`` it (it is done, and nothing that follows is). ``HELD_ANSWERS`` are the steps
inside one call: Slack has done what it was asked, and the process dies while it waits for the answer.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

Moment = Literal["before", "amid", "after"]
Act = Literal[
    # what people do
    "clip",
    "team text",
    "team edit",
    "team reaction",
    "deletion",
    "contact text",
    "contact media",
    "contact edit",
    "tapback",
    # what goes wrong on the way
    "busy",
    "refusal",
    "lost memo answer",
    "lost notice answer",
    "lost post answer",
    "early edit",
    "downtime",
    # in the conversations of an inbox
    "first message",
    "lost root answer",
    "take",
    "release",
    "close",
    "reopen",
    "contact returns",
    "move",
    # before something leaves
    "held clip",
    "approval",
    "cancellation",
    "schedule",
    "change of hour",
    "send now",
    "hour comes",
]
Subject = Literal["links", "inbox", "holds"]


@dataclass(frozen=True)
class Boundary:
    """``act`` is what people and networks do so that the bot comes by here.

    ``port`` is a store of the relay, or a port of a network (``slack.sender``). ``to`` and ``part`` narrow it down to
    deliveries into that network, and to messages with such a part; the part "root" is no part, but the first message of
    a conversation.
    """

    port: str
    call: str
    moment: Moment
    act: Act
    to: Literal["", "linq", "slack"] = ""
    part: str = ""

    @property
    def name(self) -> str:
        what = " ".join(word for word in (self.part, self.to and f"to {self.to}") if word)
        return f"{self.port}.{self.call}:{self.moment}" + (f" ({what})" if what else "")


def _around(port: str, call: str, act: Act, to: Literal["", "linq", "slack"] = "", part: str = "") -> list[Boundary]:
    return [Boundary(port, call, moment, act, to, part) for moment in ("before", "after")]


def _stored(act: Act, to: Literal["linq", "slack"]) -> list[Boundary]:
    """The steps of the store that every delivery passes."""
    steps = ("accept", "claim", "mark_sending", "record")
    return [boundary for step in steps for boundary in _around("deliveries", step, act, to)]


TO_LINQ = [
    *_stored("clip", "linq"),
    *_around("slack.source", "open", "clip"),
    *_around("linq.media", "create_upload", "clip"),
    *_around("linq.media", "upload", "clip"),
    Boundary("linq.media", "upload", "amid", "clip"),
    *_around("linq.sender", "send", "clip", part="voice"),
    *_around("linq.sender", "send", "team text", part="text"),
    *_around("linq.sender", "send", "team edit", part="edit"),
    *_around("linq.sender", "send", "team reaction", part="reaction"),
    *_around("linq.sender", "find", "lost memo answer"),
    *_around("deliveries", "search_later", "lost memo answer", "linq"),
    *_around("deliveries", "postpone", "busy", "linq"),
    *_around("deliveries", "close", "refusal", "linq"),
    *_around("deliveries", "withdraw", "deletion"),
]
TO_SLACK = [
    *_stored("contact media", "slack"),
    *_around("deliveries", "accept_edit", "contact edit", "slack"),
    *_around("deliveries", "accept_reaction", "tapback", "slack"),
    *_around("linq.source", "open", "contact media"),
    *_around("slack.media", "create_upload", "contact media"),
    *_around("slack.media", "upload", "contact media"),
    Boundary("slack.media", "upload", "amid", "contact media"),
    *_around("slack.sender", "send", "contact text", part="text"),
    *_around("slack.sender", "send", "contact media", part="media"),
    *_around("slack.sender", "send", "contact edit", part="edit"),
    *_around("slack.sender", "send", "tapback", part="reaction"),
    *_around("slack.sender", "find", "lost post answer"),
    *_around("deliveries", "postpone", "early edit", "slack"),  # it steps aside
]
NOTICES = [
    *_around("receipts", "add", "clip"),
    *_around("receipts", "overdue", "clip"),
    *_around("notices", "begin_refresh", "clip"),
    *_around("slack.board", "post", "clip"),
    *_around("notices", "posted", "clip"),
    *_around("slack.board", "update", "clip"),
    *_around("slack.board", "mark", "team text"),
    *_around("slack.board", "find", "lost notice answer"),
    *_around("slack.board", "alert", "refusal"),
    *_around("notices", "alerted", "refusal"),
]
HISTORY = [
    *_around("marks", "open_gaps", "downtime"),
    *_around("marks", "lease", "downtime"),
    *_around("slack.history", "read", "downtime"),
    *_around("linq.history", "read", "downtime"),
    *_around("marks", "finish_pass", "downtime"),
]
INBOX = [
    *_around("conversations", "go_on", "first message"),
    *_around("deliveries", "mark_sending", "first message", part="root"),
    *_around("slack.sender", "send", "first message", part="root"),
    *_around("slack.sender", "find", "lost root answer", part="root"),
    *_around("deliveries", "record", "first message", part="root"),  # after it the second message goes into the thread
    *_around("conversations", "due", "take"),
    *_around("slack.threads", "show", "take"),
    *_around("conversations", "shown", "take"),
    *_around("conversations", "take", "take"),
    *_around("conversations", "release", "release"),
    *_around("conversations", "close", "close"),
    *_around("conversations", "reopen", "reopen"),
    *_around("conversations", "move", "move"),
]
HOLDS = [
    *_around("deliveries", "approve", "approval"),
    *_around("deliveries", "dismiss", "cancellation"),
    *_around("deliveries", "reschedule", "send now"),
]
BOUNDARIES = (*TO_LINQ, *TO_SLACK, *NOTICES, *HISTORY)
BY_NAME = {boundary.name: boundary for boundary in (*BOUNDARIES, *INBOX, *HOLDS)}

HELD_ANSWERS: dict[str, Act] = {
    "files.getUploadURLExternal": "contact media",
    "files.completeUploadExternal": "contact media",
    "chat.postMessage": "contact text",
    "chat.update": "contact media",
    "reactions.add": "tapback",
    "reactions.remove": "tapback",
    "conversations.history": "downtime",
}
ANY_TIME = "any time"


@dataclass(frozen=True)
class Kill:
    """When a process dies: at the ``nth`` passage of a boundary, while Slack holds an answer, or after a while."""

    at: Boundary | None = None
    nth: int = 1
    held: str = ""
    delay_s: float = 0.0
    act: Act = field(default="clip")

    @property
    def name(self) -> str:
        return self.at.name if self.at else f"{self.held}:held" if self.held else ANY_TIME

    def environment(self, sign: str = "SIGKILL") -> dict[str, str]:
        """For ``killed_bot``."""
        return {"KILL_AT": self.at.name, "KILL_NTH": str(self.nth), "KILL_SIGNAL": sign} if self.at else {}


def kill_at(boundary: Boundary, nth: int = 1, act: Act | None = None) -> Kill:
    return Kill(at=boundary, nth=nth, act=act or boundary.act)


def _at(act: Act, *boundaries: str) -> list[Kill]:
    """At boundaries that are known already, which this act passes, too."""
    return [kill_at(BY_NAME[name], act=act) for name in boundaries]


LINKS_KILLS = [
    *map(kill_at, BOUNDARIES),
    *(Kill(held=method, act=act) for method, act in HELD_ANSWERS.items()),
]
INBOX_KILLS = [
    *map(kill_at, INBOX),
    *_at("contact returns", "conversations.go_on:before", "conversations.go_on:after"),
    *_at("contact returns", "slack.sender.send:after (text)", "deliveries.record:before (to slack)"),
    *_at("clip", "deliveries.accept:after (to linq)", "deliveries.mark_sending:after (to linq)"),
    *_at("clip", "linq.sender.send:after (voice)", "deliveries.record:after (to linq)"),
    *_at("clip", "slack.board.post:after", "slack.history.read:before", "linq.history.read:after"),
    Kill(held="chat.postMessage", act="first message"),
    Kill(held="chat.update", act="take"),
    Kill(held="views.open", act="move"),
]
HOLDS_KILLS = [
    *map(kill_at, HOLDS),
    *_at("change of hour", "deliveries.reschedule:before", "deliveries.reschedule:after"),
    *_at("held clip", "deliveries.accept:before (to linq)", "deliveries.accept:after (to linq)"),
    *_at("held clip", "notices.begin_refresh:after", "slack.board.post:before", "slack.board.post:after"),
    *_at("held clip", "notices.posted:before", "slack.history.read:after"),
    *_at("approval", "deliveries.mark_sending:after (to linq)", "linq.sender.send:after (voice)"),
    *_at("schedule", "deliveries.accept:before (to linq)", "deliveries.accept:after (to linq)"),
    *_at("hour comes", "deliveries.claim:before (to linq)", "deliveries.claim:after (to linq)"),
    *_at("hour comes", "deliveries.mark_sending:after (to linq)", "linq.sender.send:after (text)"),
    *_at("hour comes", "deliveries.record:before (to linq)"),
    Kill(held="views.open", act="schedule"),
    Kill(held="chat.update", act="approval"),
]
KILLS: dict[Subject, list[Kill]] = {"links": LINKS_KILLS, "inbox": INBOX_KILLS, "holds": HOLDS_KILLS}
ANY_TIME_ACTS: dict[Subject, tuple[Act, ...]] = {
    "links": ("clip", "contact media"),
    "inbox": ("first message", "take", "contact returns"),
    "holds": ("hour comes", "approval"),
}


def kills(chance: random.Random, subject: Subject = "links") -> Iterator[Kill]:
    """Every boundary, every held answer and some random times; again and again, shuffled."""
    while True:
        some = [replace(kill, nth=chance.choice((1, 1, 2))) for kill in KILLS[subject]]
        acts = ANY_TIME_ACTS[subject]
        some += [Kill(delay_s=chance.uniform(0.0, 4.0), act=chance.choice(acts)) for _ in range(len(some) // 8)]
        chance.shuffle(some)
        yield from some
