"""The App Home: links, who waits, what needs a decision, what went last. Pure; Slack takes 100 blocks in it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from bot.relay.model import DeliveryWithReceipts
from bot.relay.overview import SHOWN, Overview
from bot.relay.receipts import status_of
from bot.relay.rooms import Conversation, Link
from bot.slack.fields import one_line
from bot.slack.ids import is_room, parse_room
from bot.slack.ui.blocks import Block, actions, button, context, plain, section
from bot.slack.ui.conversation_blocks import state_line
from bot.slack.ui.link_text import health_words, settings_words
from bot.slack.ui.mrkdwn import bold, quoted
from bot.slack.ui.notice_blocks import GLYPHS, decision_buttons
from bot.slack.ui.notice_text import DAY_AND_TIME, NAME_MOST, clock, name_of, reason_of
from bot.slack.ui.remedies import COMMAND

NEW_LINK, EDIT_LINK, NEW_CONVERSATION = "new_link", "edit_link", "new_conversation"
LINKS_MOST = 20  # each takes two blocks, with its health three
BLOCKS_MOST = 100


def render_home(overview: Overview, *, is_admin: bool, shows_peers: bool) -> dict[str, Any]:
    """The view to publish. ``shows_peers``: numbers are for members of the workspace only. What it shows is in
    ``private_metadata`` as a fingerprint, so that nothing is published twice."""
    blocks = [
        *_links(overview.links, is_admin=is_admin, shows_peers=shows_peers),
        *_waiting(overview, shows_peers=shows_peers),
        *_attention(overview.attention),
        *_recent(overview.recent),
    ][:BLOCKS_MOST]
    shown = json.dumps(blocks, sort_keys=True).encode("utf-8", "replace")
    return {"type": "home", "private_metadata": hashlib.sha256(shown).hexdigest()[:20], "blocks": blocks}


def _links(links: Sequence[Link], *, is_admin: bool, shows_peers: bool) -> Iterator[Block]:
    yield _header("Links")
    if not links:
        way = "Make one here." if is_admin else f"An admin can link one with `{COMMAND} link`."
        yield section(f"No channel that you are in is linked to a chat. {way}")
    for link in links[:LINKS_MOST]:
        yield _link(link, is_admin=is_admin, shows_peers=shows_peers)
        yield context(*filter(None, (settings_words(link), health_words(link))))
    if len(links) > LINKS_MOST:
        yield context(f"… and {len(links) - LINKS_MOST} more; `{COMMAND} list` names them all")
    if is_admin:
        yield actions(button("New link", NEW_LINK, NEW_LINK))


def _link(link: Link, *, is_admin: bool, shows_peers: bool) -> Block:
    peer = bold(link.label or link.peer, 200) if shows_peers else "an iMessage chat"
    what = f"the inbox of {peer}" if link.is_inbox else peer
    shown = section(f"{_place(link.room)} → {what}")
    return shown | {"accessory": button("Edit", EDIT_LINK, link.room)} if is_admin else shown


def _waiting(overview: Overview, *, shows_peers: bool) -> Iterator[Block]:
    inboxes = [link for link in overview.links if link.is_inbox]
    if not inboxes:
        return
    yield _header("Open conversations")
    if not overview.waiting:
        yield section("Nobody is waiting for an answer.")
    for conversation in overview.waiting[:SHOWN]:
        yield section(_conversation(conversation, shows_peers=shows_peers))
    if len(overview.waiting) > SHOWN:
        yield context("… and more in the inbox")
    yield actions(*(button(_new_conversation(link, inboxes), NEW_CONVERSATION, link.room) for link in inboxes[:5]))


def _new_conversation(inbox: Link, inboxes: Sequence[Link]) -> str:
    return "New conversation" if len(inboxes) == 1 else one_line(f"New from {inbox.label or 'an inbox'}", 75)


def _conversation(conversation: Conversation, *, shows_peers: bool) -> str:
    contact = quoted(conversation.contact, NAME_MOST) if shows_peers else ""
    who = f"*{contact or ('A group' if conversation.is_group else 'A contact')}*"
    return f"{who} in {_place(conversation.inbox)}  ·  {state_line(conversation)}"


def _attention(attention: Sequence[DeliveryWithReceipts]) -> Iterator[Block]:
    yield _header("Needs a decision")
    if not attention:
        yield section("Nothing is held, has failed or is in doubt.")
    for told in attention[:SHOWN]:
        report = status_of(told)
        lines = [f"{bold(name_of(told.delivery), NAME_MOST)} in {_place(told.delivery.origin)}"]
        lines.append(f"{GLYPHS[report.status]} *{report.status}*  {reason_of(told)}".strip())
        yield section("\n".join(lines))
        if buttons := decision_buttons(told, report):
            yield actions(*buttons)
    if len(attention) > SHOWN:
        yield context("… and more in their channels")


def _recent(recent: Sequence[DeliveryWithReceipts]) -> Iterator[Block]:
    yield _header("Last deliveries")
    yield section("\n".join(map(_went, recent)) if recent else "Nothing was sent or received lately.")


def _went(told: DeliveryWithReceipts) -> str:
    """One line: where to, what, how it stands."""
    delivery, report = told.delivery, status_of(told)
    from_team = is_room(delivery.origin)
    arrow, room = ("→", delivery.origin) if from_team else ("←", delivery.target)
    at = report.at or delivery.accepted_at
    when = f"  ·  {clock(at, DAY_AND_TIME)}" if at else ""
    what = quoted(name_of(delivery), 60) if from_team else "From the contact"
    return f"{arrow} {_place(room)}  {what}: {report.status}{when}"


def _place(room: str) -> str:
    if not is_room(room):
        return "a channel"
    place = parse_room(room)
    return f"<#{place.channel}>" + (" (a thread)" if place.root_ts or place.key else "")


def _header(words: str) -> Block:
    return {"type": "header", "text": plain(words)}
