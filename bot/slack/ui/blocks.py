"""Block Kit, as far as the bot uses it. Pure. Slack takes 50 blocks in a message and 3000 characters in a text."""

from typing import Any

Block = dict[str, Any]

TEXT_MOST = 3000
BLOCKS_MOST = 50
CONTEXT_MOST = 10
ID_MOST = 255


def section(text: str) -> Block:
    """``text``: at most ``TEXT_MOST`` characters of markup."""
    return {"type": "section", "text": mrkdwn(text)}


def context(*texts: str) -> Block:
    """Quiet lines of markup, at most ``CONTEXT_MOST``."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def mrkdwn(text: str) -> Block:
    """``verbatim``: Slack makes no links of names that look like addresses."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def modal(callback: str, about: str, title: str, submit: str, *blocks: Block) -> Block:
    """A view that asks. ``about`` comes back with its submission."""
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": about,
        "title": plain(title),
        "submit": plain(submit),
        "close": plain("Cancel"),
        "blocks": list(blocks),
    }


def button(label: str, action: str, value: str) -> Block:
    return {"type": "button", "text": plain(label), "action_id": action, "value": value}
