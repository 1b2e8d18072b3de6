"""The root of a conversation: whose it is, how it stands, and what can be done with it. Pure."""

from datetime import datetime

from bot.relay.rooms import Conversation, ConversationState
from bot.slack.fields import Body, text
from bot.slack.ids import user_of
from bot.slack.ui.blocks import Block, actions, button, context, plain
from bot.slack.ui.mrkdwn import quoted

TAKE, RELEASE, CLOSE, REOPEN, MORE = "take", "release", "close", "reopen", "conversation_more"
MOVE, BLOCK, UNBLOCK = "move", "block", "unblock"
STATE_ID, BUTTONS_ID = "memobridge state", "memobridge buttons"
LINE_MOST, MEMBERS_MOST = 60, 600


def root_blocks(conversation: Conversation, former_url: str = "") -> list[Block]:
    """What stands below the contact's first words, when the root is posted."""
    about = [f"to {quoted(conversation.line, LINE_MOST)}"] if conversation.line else []
    if conversation.members:
        about.append(quoted(", ".join(conversation.members), MEMBERS_MOST))
    if former_url:
        about.append(f"<{former_url}|earlier conversation>")
    return [context("  ·  ".join(about))] * bool(about) + state_blocks(conversation)


def state_blocks(conversation: Conversation) -> list[Block]:
    """The last lines, which change."""
    state = {**context(state_line(conversation)), "block_id": STATE_ID}
    if conversation.ended_at is not None:
        return [state]
    return [state, {**actions(*_buttons(conversation)), "block_id": BUTTONS_ID}]


def with_state(blocks: list[Body], conversation: Conversation) -> list[Block]:
    """A root's blocks, with how it stands now in the place of how it stood."""
    kept = [dict(block) for block in blocks if text(block, "block_id") not in (STATE_ID, BUTTONS_ID)]
    return [*kept, *state_blocks(conversation)]


def state_line(conversation: Conversation) -> str:
    """In the words that stand in the documentation; the time is the reader's own."""
    words = {
        ConversationState.NEW: "new",
        ConversationState.WAITING: f"waiting since {_clock(conversation.waiting_since)}",
        ConversationState.ANSWERED: "answered",
        ConversationState.CLOSED: "closed",
    }[conversation.state]
    taken = f"taken by <@{user_of(conversation.taken_by)}>" if conversation.taken_by else ""
    return "  ·  ".join(part for part in (words, taken, "blocked" if conversation.blocked_at else "") if part)


def _buttons(conversation: Conversation) -> list[Block]:
    is_taken, is_closed = conversation.taken_by is not None, conversation.closed_at is not None
    return [
        button("Release", RELEASE, RELEASE) if is_taken else button("Take", TAKE, TAKE),
        button("Reopen", REOPEN, REOPEN) if is_closed else button("Close", CLOSE, CLOSE),
        _more(conversation),
    ]


def _more(conversation: Conversation) -> Block:
    options = [("Move to a channel …", MOVE)]
    if not conversation.is_group:
        options.append(("Unblock", UNBLOCK) if conversation.blocked_at else ("Block …", BLOCK))
    return {
        "type": "overflow",
        "action_id": MORE,
        "options": [{"text": plain(label), "value": value} for label, value in options],
    }


def _clock(at: datetime | None) -> str:
    if at is None:
        return "now"
    return f"<!date^{int(at.timestamp())}^{{time}}|{at:%H:%M} UTC>"
