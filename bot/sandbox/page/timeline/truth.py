"""What both sides show of a message now, and whether they agree.

Verdicts: ``true``: they agree; ``twice``: one side has it more often than people asked for; ``silent``: nothing of it
has left Slack; ``behind``: Slack does not show yet how it stands; ``asks``: nobody can know, and Slack says so;
``waiting``: the contact said it, and Slack does not have it so far.
"""

import re
from xml.sax.saxutils import escape

from bot.sandbox.json_types import Json
from bot.sandbox.page.timeline.timeline import Incoming, Outgoing
from bot.sandbox.page.timeline.words import begins_alike
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.state.models import Message

WORDS = ("queued", "held", "sent", "delivered", "read", "failed", "unconfirmed", "cancelled")
DEAD_ENDS = ("failed", "unconfirmed", "cancelled")
MARKS = {"warning": "failed", "eyes": "read", "white_check_mark": "delivered"}
"""The bot's reactions to a message that has no notice, the one that outweighs the others first."""
_LINE = re.compile(rf"(.*): ({'|'.join(WORDS)})\b")  # the last such word: a name may hold one, too


def outgoing_truth(timeline: Outgoing, sandbox: Sandbox) -> Json:
    """Return ``slack``, ``phone`` and ``verdict`` of what the team sent."""
    phone, word = statuses(timeline, sandbox), slack_word(timeline, sandbox)
    bubbles = f"{_count(phone, 'bubble')}, {', '.join(phone)}" if phone else "no bubble"
    return {"slack": word or "nothing yet", "phone": bubbles, "verdict": verdict(word, phone, timeline.wishes)}


def statuses(timeline: Outgoing, sandbox: Sandbox) -> list[str]:
    """Return how each message at Linq that it became stands on the phone."""
    return [sandbox.linq.account.messages[sent].status for sent in timeline.sent]


def slack_word(timeline: Outgoing, sandbox: Sandbox) -> str:
    """Return the one word that Slack shows of it now: in the notice, or as a reaction to the message; or nothing.

    What goes without a notice is sent until a reaction says more.
    """
    notice = message_at(sandbox, timeline.channel, timeline.notices[0]) if timeline.notices else None
    if notice and notice.user == BOT and (word := word_in(notice.text, timeline.name)):
        return word
    message = message_at(sandbox, timeline.channel, timeline.ts)
    reactions = message.reactions if message else {}
    marked = next((word for mark, word in MARKS.items() if BOT in reactions.get(mark, [])), "")
    is_memo = any(sandbox.linq.account.messages[sent].is_voice_memo for sent in timeline.sent)
    return marked or ("sent" if timeline.sent and not is_memo else "")


def word_in(text: str, name: str) -> str:
    """Return the word of the line that begins with the clip's name, escaped as Slack wants it, and perhaps its length.

    The last such line counts; where there is none, the first line does: a name may have been cut.
    """
    head = re.compile(re.escape(escape(name)) + r"(?: \([\d:]+\))?")
    lines = [found for line in text.split("\n") if (found := _LINE.match(line))]
    own = [found for found in lines if head.fullmatch(found[1])] or lines[:1]
    return own[-1][2] if own else ""


def verdict(word: str, phone: list[str], wishes: int) -> str:
    """Compare Slack's word with the statuses on the phone."""
    arrived = [status for status in phone if status != "failed"]
    if len(arrived) > wishes:
        return "twice"
    if not word:
        return "silent" if not phone else "behind"
    if word == "unconfirmed":
        return "asks"
    if word in ("queued", "held", "failed", "cancelled"):
        return "behind" if arrived and word != "failed" else "true"
    return "true" if word in phone else "behind"


def incoming_truth(timeline: Incoming, sandbox: Sandbox) -> Json:
    """Return ``slack``, ``phone`` and ``verdict`` of what a contact said."""
    said = sandbox.linq.account.messages[timeline.message]
    posts = [post for ts in timeline.posts if (post := message_at(sandbox, timeline.channel, ts))]
    edited = ", edited" if said.edited_at else ""
    shown = _count(posts, "message") + (", edited" if any(post.drafts for post in posts) else "")
    return {
        "slack": shown if posts else "nothing yet",
        "phone": f"1 bubble{edited}",
        "verdict": _verdict_of_posts(said.text, posts),
    }


def _verdict_of_posts(said: str, posts: list[Message]) -> str:
    if len(posts) != 1:
        return "twice" if posts else "waiting"
    return "true" if begins_alike(said, posts[0].text) else "behind"


def message_at(sandbox: Sandbox, channel: str, ts: str) -> Message | None:
    """Return a Slack message unless it was deleted."""
    found = sandbox.slack.workspace.channels.get(channel)
    return found.messages.get(ts) if found else None


def _count(things: list[str] | list[Message], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
