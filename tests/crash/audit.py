"""Afterwards: what became of every clip, by what stands in Linq and in Slack, never by the bot's own word."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Memo
from tests.crash.scene import GIVEN_UP, LINKED, Drop, Scene, words_of

LINQ_GIVES_UP_AFTER = 10


@dataclass
class Findings:
    """Counts of clips, but ``notices_*`` of notices. ``told`` says of each fault where it is."""

    acked: int = 0
    memos: int = 0
    lost: int = 0
    doubled: int = 0
    inverted: int = 0
    late: int = 0  # given up as unconfirmed, and then it was sent after all: by a process that woke up
    unconfirmed: int = 0  # shown so, and Linq never had it
    failed: int = 0
    cancelled: int = 0
    notices: int = 0
    notices_doubled: int = 0
    notices_missing: int = 0
    notices_orphaned: int = 0  # still ``queued`` when nothing is on its way any more
    untrue: int = 0  # another word than what Linq says of the memo
    unheard: int = 0  # an older word that was true: Linq told the newer one ten times, and the bot was dead each time
    told: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        notices = self.notices_doubled + self.notices_missing + self.notices_orphaned
        return self.lost + self.doubled + self.inverted + notices + self.untrue

    def fault(self, what: str, where: object) -> None:
        setattr(self, what, getattr(self, what) + 1)
        self.told.append(f"{what}: {where}")


def audit(stage: Scene) -> Findings:
    found = Findings()
    for channel, chat in LINKED.items():
        memos = stage.sandbox.linq.memos(chat)
        for drop in stage.drops[channel]:
            _judge_drop(stage, drop, memos, found)
        _judge_order(stage, stage.drops[channel], [memo.filename for memo in memos], found)
    return found


def _judge_drop(stage: Scene, drop: Drop, memos: list[Memo], found: Findings) -> None:
    notices = stage.notices(drop)
    words = {name: word for notice in notices for name, word in words_of(notice.text)}
    found.notices += len(notices)
    if len(notices) > 1:
        found.fault("notices_doubled", drop.names)
    if not notices and drop.is_acked and not drop.is_deleted:
        found.fault("notices_missing", drop.names)
    for name in drop.names:
        own = [memo for memo in memos if memo.filename == name]
        _judge_clip(stage, drop, name, own, words.get(name, ""), found)


def _judge_clip(stage: Scene, drop: Drop, name: str, memos: list[Memo], word: str, found: Findings) -> None:
    found.acked += drop.is_acked
    found.memos += bool(memos)
    if len(memos) > 1:
        found.fault("doubled", name)
    if word == "queued":
        found.fault("notices_orphaned", name)
    elif memos:
        _judge_word(stage, name, memos[0], word, found)
    elif word in GIVEN_UP:
        setattr(found, word, getattr(found, word) + 1)
    elif drop.is_acked and not drop.is_deleted:
        found.fault("lost", f"{name} shown as {word or 'nothing'}")


def _judge_word(stage: Scene, name: str, memo: Memo, word: str, found: Findings) -> None:
    if not word or word == memo.status:
        return
    told = stage.sandbox.wire.named(f"webhook message.{memo.status}")
    answers = [entry.status for entry in told if memo.id in entry.facts.values()]
    if word in ("sent", "delivered") and 200 not in answers and len(answers) == LINQ_GIVES_UP_AFTER:
        found.unheard += 1
    else:
        found.fault("untrue", f"{name} is {memo.status} and shown as {word}; the webhook was answered {answers}")


def _judge_order(stage: Scene, drops: list[Drop], memos: list[str], found: Findings) -> None:
    """Each clip was dropped only when the one before it was answered, so any other order is our doing.

    But for those that were given up in the open: their chat went on without them.
    """
    sent = [(name, drop) for drop in drops for name in drop.names if name in memos]
    doubted = [name for name, drop in sent if _was_in_doubt(stage, drop, name)]
    found.late += len(doubted)
    places = [memos.index(name) for name, _ in sent if name not in doubted]
    for before, after in pairwise(places):
        if before > after:
            found.fault("inverted", (memos[before], memos[after]))


def _was_in_doubt(stage: Scene, drop: Drop, name: str) -> bool:
    texts = [text for notice in stage.notices(drop) for text in (*notice.drafts, notice.text)]
    return any((name, "unconfirmed") in words_of(text) for text in texts)


def is_settled(stage: Scene) -> bool:
    """Whether every clip has come to an end that lasts: a final word, and for a memo the last one Linq will say."""
    if any(drop.message.delivery is None or not drop.message.delivery.answers for drop in stage.all_drops()):
        return False
    if any(_moves_on(memo) for chat in LINKED.values() for memo in stage.sandbox.linq.memos(chat)):
        return False
    found = audit(stage)
    return not (found.lost or found.notices_missing or found.notices_orphaned or found.untrue)


def _moves_on(memo: Memo) -> bool:
    """Whether Linq will have news of it. Of groups and SMS it says no more than ``sent``."""
    if memo.failed_at is not None:
        return False
    last = "sent" if memo.chat_id == Chats.FAMILY or memo.service == "SMS" else "read"
    return memo.status != last


def repeated_alarms(stage: Scene) -> int:
    """Alarms said twice: after a crash just behind one, twice is better than never."""
    said = Counter(
        (message.thread_ts, message.text)
        for channel in LINKED
        for message in stage.sandbox.slack.workspace.channels[channel].messages.values()
        if message.bot_id and not message.metadata and message.thread_ts
    )
    return sum(times - 1 for times in said.values())
