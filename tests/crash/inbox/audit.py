"""Afterwards, of conversations: each has one root, everything stands in its thread, and its root tells the truth."""

from collections.abc import Iterator

from bot.sandbox.slack.fixtures import ANN, BEN
from bot.sandbox.slack.state.models import Message
from tests.crash import audit as messages
from tests.crash.audit import Findings
from tests.crash.inbox.conversation import InboxConversation
from tests.crash.inbox.traffic import InboxTraffic
from tests.crash.presses import Press
from tests.stories.system import NOTICE, carries, said_in

UNANSWERED = {"new", "waiting"}
ANYTHING = {"new", "waiting", "answered", "closed"}


def audit(traffic: InboxTraffic) -> Findings:
    found = messages.audit(traffic)
    for conversation in traffic.begun:
        _judge_root(conversation, found)
        _judge_notices(conversation, found)
        _judge_state(conversation, found)
        _judge_holder(conversation, found)
    for channel in traffic.inboxes.values():
        _judge_channel(traffic, channel, found)
    _judge_chats(traffic, found)
    return found


def _judge_root(conversation: InboxConversation, found: Findings) -> None:
    roots = conversation.view.roots()
    if len(roots) > 1:
        found.fault("doubled", f"{len(roots)} roots of {conversation.name}")


def _judge_notices(conversation: InboxConversation, found: Findings) -> None:
    for said in conversation.team:
        for notice in conversation.view.notices(said.message):
            if notice.thread_ts != said.message.root_ts:
                found.fault("misplaced", f"the notice of {said.label} stands in {notice.thread_ts}")


def _judge_channel(traffic: InboxTraffic, channel: str, found: Findings) -> None:
    """At the root of an inbox stand the roots of conversations, and in each thread the words of its own contact."""
    roots = {conversation.view.root.ts: conversation for conversation in traffic.begun if conversation.view.root}
    for post in traffic.sandbox.slack.workspace.channels[channel].messages.values():
        if not post.bot_id:
            continue
        words = said_in(post).split()
        owner = roots.get(post.root_ts)
        if owner is None:
            found.fault("misplaced", f"{_named(post)} at the root of an inbox, or in a thread that is none")
        elif words and words[0].startswith("C-") and not words[0].startswith(f"C-{owner.name}-"):
            found.fault("misplaced", f"{words[0]} in the thread of {owner.name}")


def _named(post: Message) -> str:
    return f"the notice {carries(post, NOTICE)}" if carries(post, NOTICE) else repr(post.text)


def _judge_chats(traffic: InboxTraffic, found: Findings) -> None:
    """Nothing that was said in one thread has reached another contact."""
    owners = {name: each for each in traffic.begun for said in each.team for name in (said.label, *said.clips)}
    for conversation in traffic.begun:
        for message in conversation.sent():
            name = message.media[0].filename if message.is_voice_memo else message.text.partition(" ")[0]
            if owners.get(name) is not conversation:
                found.fault("misplaced", f"{name} went to the contact of {conversation.name}")


# what the root says


def _judge_state(conversation: InboxConversation, found: Findings) -> None:
    state, allowed = conversation.view.state, states_of(conversation)
    if conversation.view.root is not None and not any(state.startswith(word) for word in allowed):
        found.fault("untrue", f"the root of {conversation.name} says {state!r}, not {sorted(allowed)}")


def states_of(conversation: InboxConversation) -> set[str]:
    """The words one of which the root must show; several where things happened at the same time."""
    if conversation.view.moved_to:
        return {"closed"}
    closing = _last_closing(conversation)
    if closing is None or closing.name == "reopen":
        return _since(conversation, 0.0) if closing is None else ANYTHING - {"closed"}
    if not closing.was_at_rest or _was_said_during(conversation, closing):
        return ANYTHING
    is_open = any(at > closing.ended_at for at in _said_at(conversation))
    return _since(conversation, closing.ended_at) if is_open else {"closed"}


def _last_closing(conversation: InboxConversation) -> Press | None:
    pressed = [each for each in conversation.presses if each.name in ("close", "reopen") and each.counts]
    return pressed[-1] if pressed else None


def _since(conversation: InboxConversation, start: float) -> set[str]:
    """By what was said since then: whose turn it is."""
    answers = [float(each.message.ts) for each in conversation.team if conversation.has_arrived(each)]
    answer = max((at for at in answers if at > start), default=0.0)
    questions = [each for each in conversation.contact if each.message.created_at.timestamp() > start]
    if not questions:
        return {"answered"} if answer else UNANSWERED
    said_at = questions[-1].message.created_at.timestamp()
    seen_at = max((float(post.ts) for post in conversation.posts(questions[-1].label)), default=said_at)
    if answer > seen_at:
        return {"answered"}
    return UNANSWERED if answer < said_at else UNANSWERED | {"answered"}


def _was_said_during(conversation: InboxConversation, press: Press) -> bool:
    """Whether something was on its way while the button was pressed, or before that and not yet seen."""
    for said in conversation.contact:
        seen_at = max((float(post.ts) for post in conversation.posts(said.label)), default=float("inf"))
        if said.message.created_at.timestamp() < press.ended_at and seen_at > press.began_at:
            return True
    return any(press.began_at < float(said.message.ts) < press.ended_at for said in conversation.team)


def _said_at(conversation: InboxConversation) -> Iterator[float]:
    yield from (said.message.created_at.timestamp() for said in conversation.contact)
    yield from (float(said.message.ts) for said in conversation.team if conversation.has_arrived(said))


def _judge_holder(conversation: InboxConversation, found: Findings) -> None:
    """Who has taken it: of those who took it at once, one of them; until it is released or closed."""
    holders: set[str] = set()
    taken_at = 0.0
    for press in (each for each in conversation.presses if each.counts):
        if press.name in ("release", "close"):
            holders = set()
        elif press.name == "take" and (not holders or press.began_at < taken_at):
            taken_at = taken_at if holders else press.ended_at
            holders = holders | {press.user}
    shown = {user for user in (ANN, BEN) if f"<@{user}>" in conversation.view.state}
    if len(shown) != min(1, len(holders)) or not shown <= holders:
        found.fault("untrue", f"{conversation.name} is taken by {sorted(holders)} and shows {sorted(shown)}")
