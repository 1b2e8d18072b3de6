"""Afterwards: what became of everything that was said, by what both networks hold, never by the bot's own word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bot.sandbox.linq.state.models import Message as LinqMessage
from tests.crash.conversation import ContactMessage, Conversation, TeamMessage
from tests.crash.traffic import Traffic
from tests.stories.system import SOUND, STATUSES, said_in

LINQ_TRIES, OPTED_OUT = 10, 2024
EDIT_REFUSED = ("within 15 minutes", "asked for no more messages")
GIVEN_UP = ("failed", "unconfirmed", "cancelled")
DELIVERED, READ, FAILED = "white_check_mark", "eyes", "warning"
REACTION_NAMES = {"love": "heart", "laugh": "joy", "question": "question", "like": "+1"}


@dataclass
class Findings:
    """Counts; ``told`` says of each fault where it is.

    A clip counts as one message. ``unconfirmed``: shown so, and Linq never had it; ``found_later``: shown so at first,
    and then it was sent after all. ``unheard``: an older status that was true, where Linq told the newer one ten times
    and no bot ran.
    """

    said: int = 0
    carried: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    misplaced: int = 0
    early: int = 0
    echoed: int = 0
    untrue: int = 0
    notices: int = 0
    notices_doubled: int = 0
    notices_missing: int = 0
    unconfirmed: int = 0
    found_later: int = 0
    failed: int = 0
    cancelled: int = 0
    unheard: int = 0
    stepped_aside: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        return len(self.told)

    def fault(self, what: str, where: object) -> None:
        setattr(self, what, getattr(self, what) + 1)
        self.told.append(f"{what}: {where}")


def audit(traffic: Traffic) -> Findings:
    found = Findings(stepped_aside=len(traffic.stepped_aside))
    for conversation in traffic.conversations:
        for said in conversation.team:
            (_judge_team_text if said.text else _judge_drop)(traffic, conversation, said, found)
        for answer in conversation.contact:
            _judge_contact(conversation, answer, found)
        _judge_order_at_linq(traffic, conversation, found)
        _judge_order_in_slack(traffic, conversation, found)
        _judge_strangers(traffic, conversation, found)
    return found


def is_settled(traffic: Traffic, found: Findings) -> bool:
    """Whether everything has come to an end that lasts: Linq moves nothing any more, and nothing is left to mend."""
    if traffic.has_open_ends:
        return False
    for conversation in traffic.conversations:
        last = "sent" if conversation.is_group else "read"  # of groups Linq says no more than ``sent``
        if any(each.status != last and each.failed_at is None for each in conversation.sent()):
            return False
    return not (found.lost or found.untrue or found.notices_missing or found.misplaced)


# from the team


def _judge_drop(traffic: Traffic, conversation: Conversation, drop: TeamMessage, found: Findings) -> None:
    notices = conversation.view.notices(drop.message)
    shown = {name: status for notice in notices for name, status in statuses_in(notice.text)}
    found.notices += len(notices)
    if len(notices) > 1:
        found.fault("notices_doubled", drop.label)
    if not notices and not drop.is_deleted:
        found.fault("notices_missing", drop.label)
    for name in drop.clips:
        _judge_clip(traffic, conversation, drop, name, shown.get(name, ""), found)


def _judge_clip(
    traffic: Traffic, conversation: Conversation, drop: TeamMessage, name: str, status: str, found: Findings
) -> None:
    memos = conversation.memos(name)
    found.said += 1
    found.carried += bool(memos)
    if len(memos) > 1:
        found.fault("doubled", name)
    if memos:
        found.found_later += was_unconfirmed(conversation, drop, name)
        judge_status(traffic, name, memos[0], status, found)
    elif status in GIVEN_UP:
        setattr(found, status, getattr(found, status) + 1)
    elif not drop.is_deleted:
        found.fault("lost", f"{name} shown as {status or 'nothing'}")


def judge_status(traffic: Traffic, name: str, memo: LinqMessage, status: str, found: Findings) -> None:
    if status in ("", memo.status):
        return
    _judge_news(traffic, memo, f"{name} is {memo.status} and shown as {status}", found)


def _judge_news(traffic: Traffic, message: LinqMessage, what: str, found: Findings) -> None:
    """An older status is shown. Linq may have told the newer one as often as it does while no bot ran."""
    told = traffic.sandbox.wire.named(f"webhook message.{message.status}")
    answers = [entry.status for entry in told if entry.facts.get("message_id") == message.id]
    if message.status == "read" and 200 not in answers and len(answers) == LINQ_TRIES:
        found.unheard += 1
    else:
        found.fault("untrue", f"{what}; the webhook was answered {answers}")


def _judge_team_text(traffic: Traffic, conversation: Conversation, said: TeamMessage, found: Findings) -> None:
    texts, marks = conversation.texts(said.label), conversation.view.marks(said.message)
    found.said += 1
    found.carried += bool(texts)
    if len(texts) > 1:
        found.fault("doubled", said.label)
    if not texts and FAILED in marks:  # as when the refusal of a memo said that the contact wants nothing more
        found.failed += 1
        return
    if not texts:
        found.fault("lost", said.label)
        return
    text = texts[0]
    if text.text != said.text and not _is_refused(conversation, said):
        found.fault("lost", f"the edit of {said.label}: it reads {text.text!r}")
    if said.answers and (text.reply_to is None or text.reply_to.message_id != said.answers.message.id):
        found.fault("misplaced", f"{said.label} is no reply to {said.answers.label}")
    if text.status == "read" and not {DELIVERED, READ} <= marks:
        _judge_news(traffic, text, f"{said.label} is read and marked {sorted(marks)}", found)
    _judge_reactions(text, conversation.view.marks(said.message) - {DELIVERED, READ}, said.label, found)


def _is_refused(conversation: Conversation, said: TeamMessage) -> bool:
    """Linq takes an edit only for so long, and who wants no more messages gets none; the thread says so."""
    replies = conversation.view.replies(said.message)
    return any(reason in reply.text for reply in replies for reason in EDIT_REFUSED)


# from the contact


def _judge_contact(conversation: Conversation, said: ContactMessage, found: Findings) -> None:
    posts = conversation.posts(said.label)
    found.said += 1
    found.carried += bool(posts)
    if len(posts) > 1:
        found.fault("doubled", said.label)
    if not posts:
        found.fault("lost", said.label)
        return
    [post, *_] = posts
    if said_in(post) != said.text:
        found.fault("lost", f"the edit of {said.label}: it reads {said_in(post)!r}")
    if [file.upload.content for file in post.files] != [SOUND] * said.has_file:
        found.fault("lost", f"the file of {said.label}: the post has {len(post.files)}")
    place, allowed = (post.channel, post.thread_ts), conversation.places_of(said)
    if place not in allowed:
        found.fault("misplaced", f"{said.label} stands in {place}, not in {allowed}")
    _judge_reactions(said.message, conversation.view.marks(post), said.label, found)
    _judge_tapback(conversation, said, found)


def _judge_reactions(message: LinqMessage, shown: set[str], label: str, found: Findings) -> None:
    """What contacts hold on a message is shown on its counterpart, and nothing else."""
    held = {REACTION_NAMES[each.type] for each in message.parts[0].reactions if not each.person.is_me}
    if held != shown:
        found.fault("untrue", f"{label} holds {sorted(held)} and shows {sorted(shown)}")


def _has_opted_out(conversation: Conversation) -> bool:
    memos = conversation.view.sandbox.wire.named("voicememo")
    return any(memo.facts.get("code") == OPTED_OUT for memo in memos)


def _judge_tapback(conversation: Conversation, said: ContactMessage, found: Findings) -> None:
    """Who wants no more messages, as the refusal of a memo said, gets no reaction either until they write again."""
    ours = {REACTION_NAMES[each.type] for part in said.message.parts for each in part.reactions if each.person.is_me}
    wanted = {name for label, name in conversation.reacted.items() if label == said.label}
    if ours != wanted and not _has_opted_out(conversation):
        found.fault("untrue", f"the team holds {sorted(wanted)} on {said.label}, and Linq shows {sorted(ours)}")


# all of it


def _judge_order_at_linq(traffic: Traffic, conversation: Conversation, found: Findings) -> None:
    """But for clips that were given up in the open, or late: their chat went on without them."""
    wanted = [name for said in conversation.team for name in (said.clips or (said.label,))]
    doubtful = {name for said in conversation.team for name in said.clips if was_unconfirmed(conversation, said, name)}
    doubtful |= traffic.stepped_aside
    sent = [name for name in map(_name_at_linq, conversation.sent()) if name not in doubtful]
    _judge_order(sent, wanted, found)


def _name_at_linq(message: LinqMessage) -> str:
    return message.media[0].filename if message.is_voice_memo else message.text.partition(" ")[0]


def _judge_order_in_slack(traffic: Traffic, conversation: Conversation, found: Findings) -> None:
    wanted = [said.label for said in conversation.contact if f"{said.label}.m4a" not in traffic.stepped_aside]
    _judge_order([said_in(post).partition(" ")[0] for post in conversation.view.posts()], wanted, found)


def _judge_order(arrived: Sequence[str], wanted: Sequence[str], found: Findings) -> None:
    places = {name: place for place, name in enumerate(wanted)}
    known = list(dict.fromkeys(name for name in arrived if name in places))
    for before, after in pairwise(known):
        if places[before] > places[after]:
            found.fault("disordered", f"{before} came before {after}")


def _judge_strangers(traffic: Traffic, conversation: Conversation, found: Findings) -> None:
    """An echo would come back to the side that said it; something misplaced would be of another conversation."""
    channels = traffic.sandbox.slack.workspace.channels.values()
    posts = [post for channel in channels for post in channel.messages.values() if post.bot_id]
    own = {said.label for said in conversation.team} | {name for said in conversation.team for name in said.clips}
    for post in conversation.view.posts():
        if own & set(said_in(post).split()):
            found.fault("echoed", said_in(post))
    for said in conversation.contact:
        if any(said.label in said_in(post).split() for post in posts if post.channel not in conversation.channels):
            found.fault("misplaced", f"{said.label} is in another channel")
        if conversation.texts(said.label):
            found.fault("echoed", said.label)


def was_unconfirmed(conversation: Conversation, drop: TeamMessage, name: str) -> bool:
    texts = [text for notice in conversation.view.notices(drop.message) for text in (*notice.drafts, notice.text)]
    return any((name, "unconfirmed") in statuses_in(text) for text in texts)


def statuses_in(text: str) -> Iterator[tuple[str, str]]:
    """(file name, status) of each clip in a notice's text; a reason never holds another status."""
    for line in text.splitlines():
        name, extension, rest = line.partition(".m4a")
        yield name + extension, next((word for word in re.findall(r"\w+", rest) if word in STATUSES), "")


def repeated_alerts(traffic: Traffic) -> int:
    """Alerts told twice: after a crash just behind one, twice is better than never."""
    alerts = [
        (post.channel, post.thread_ts, post.text)
        for channel in {conversation.view.channel for conversation in traffic.conversations}
        for post in traffic.sandbox.slack.workspace.channels[channel].messages.values()
        if post.bot_id and post.thread_ts and not post.metadata
    ]
    return len(alerts) - len(set(alerts))
