"""What contacts say, put into Slack: posts, reactions and edits.

A message with files takes three steps, each of which leaves at most a private file when its answer is lost: the files
were uploaded before, privately; then one post, which carries the delivery's id as metadata; then an edit attaches the
files to it. So the post can be found again, and what is missing from it can be added.
"""

import logging
from dataclasses import replace
from typing import Any

from bot.relay.errors import ROOT_GONE, OutcomeUnknown, Refused, RelayError, RetryLater
from bot.relay.ids import RoomId
from bot.relay.model import Author, Delivery, Sent
from bot.relay.parts import Announcement, Edit, Reaction
from bot.relay.ports.networks import Outgoing, Settlement
from bot.slack import emoji
from bot.slack.api.attachments import Attachments
from bot.slack.api.errors import BLOCKS_REFUSED
from bot.slack.api.identity import Identity
from bot.slack.api.messages import GONE, Messages, is_marked
from bot.slack.api.web_api import ApiAnswer, SlackApi
from bot.slack.fields import Body, child, one_line, text, timestamp
from bot.slack.ids import SlackRoom, parse_message, parse_room, user_of
from bot.slack.ui.blocks import context
from bot.slack.ui.contact_message import EVENT_TYPE, PAYLOAD_KEY, Content, content_of, edited, message_mark
from bot.slack.ui.conversation_blocks import root_blocks

log = logging.getLogger("memobridge.slack")

CUSTOMIZE = "chat:write.customize"
USERNAME_MOST = 80
QUIET = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}
"""No previews, and nothing in a text becomes a mention or a link."""

_ALREADY_SO = frozenset({"already_reacted", "no_reaction"})


class SlackSender:
    """Implements the relay's ``Sender``."""

    def __init__(self, api: SlackApi, identity: Identity, messages: Messages, attachments: Attachments) -> None:
        self._api = api
        self._identity = identity
        self._messages = messages
        self._attachments = attachments
        self._may_customize = True

    def settlement(self, delivery: Delivery) -> Settlement:
        """A reaction or an edit brings a message into a state, which may be done again; a post is looked for first."""
        is_change = isinstance(delivery.parts[0], Reaction | Edit)
        return Settlement.REPEAT if is_change else Settlement.FIND_OR_REPEAT

    async def send(self, outgoing: Outgoing) -> Sent:
        """Raises Refused with the code ``root_gone`` when a thread that is a room of its own lost its first message."""
        match outgoing.delivery.parts[0]:
            case Reaction() as reaction:
                return await self._react(reaction, outgoing)
            case Edit() as edit:
                return await self._edit(edit, outgoing)
        return await self._post(outgoing)

    async def find(self, delivery: Delivery, *, thread: RoomId | None = None) -> Sent | None:
        """The post that an unanswered send left; files that are missing from it are attached now.

        ``thread``: where a reply of this delivery would have gone. Where that is not given, a reply is looked for in
        every thread that got one since.
        """
        target = parse_room(delivery.target)
        rooms = [target, *([parse_room(thread)] if thread and not target.key else [])]
        for room in dict.fromkeys(rooms):
            if sent := await self._find_in(room, delivery):
                return sent
        if target.root_ts:
            await self._remove_stray(target, delivery)
        if delivery.about is None or thread is not None or target.root_ts or target.key:
            return None
        async for room in self._messages.threads_with_replies(target, delivery.sending_since):
            if sent := await self._find_in(room, delivery):
                return sent
        return None

    async def _find_in(self, room: SlackRoom, delivery: Delivery) -> Sent | None:
        async for post in self._messages.own_posts(room, delivery.sending_since):
            if is_marked(post, EVENT_TYPE, PAYLOAD_KEY, delivery.id, message_mark(delivery.id)):
                return await self._complete(delivery, _stands_in(room, post), post)
        return None

    async def _remove_stray(self, thread: SlackRoom, delivery: Delivery) -> None:
        """The thread's root was deleted just before the post, which then stands at the channel's root."""
        if not await self._messages.exists(thread.channel, thread.root_ts):
            channel = SlackRoom(thread.team, thread.channel)
            async for post in self._messages.own_posts(channel, delivery.sending_since):
                if is_marked(post, EVENT_TYPE, PAYLOAD_KEY, delivery.id, message_mark(delivery.id)):
                    await self._delete(channel, timestamp(post, "ts"))

    async def _delete(self, channel: SlackRoom, ts: str) -> None:
        log.warning("slack.stray_removed", extra={"room": channel.id})
        try:
            await self._api.modify("chat.delete", {"channel": channel.channel, "ts": ts})
        except Refused as no:
            if no.code not in GONE:
                raise

    # posts

    async def _post(self, outgoing: Outgoing) -> Sent:
        delivery, room = outgoing.delivery, await self._room_for(outgoing)
        author = None if isinstance(delivery.parts[0], Announcement) else outgoing.author
        answer = await self._post_as(author, outgoing, room)
        ts = timestamp(answer.body, "ts")
        if not ts:
            raise OutcomeUnknown("Slack took the message but did not say where it is.")
        try:
            if parse_room(delivery.target).root_ts:
                await self._require_in_thread(room, child(answer.body, "message"), ts)
            return await self._complete(delivery, room, {**child(answer.body, "message"), "ts": ts})
        except RetryLater as later:  # the post is there, so this is no "surely not sent"
            raise OutcomeUnknown(later.reason, after=later.after, code=later.code) from later

    async def _require_in_thread(self, thread: SlackRoom, post: Body, ts: str) -> None:
        """Slack posts a reply to a deleted thread at the channel's root, without an error. A conversation must not show
        there: what was posted so is taken back, as if it had been refused."""
        if timestamp(post, "thread_ts"):
            return
        message = await self._messages.read(thread.channel, ts)
        if message is None or timestamp(message, "thread_ts"):
            return
        await self._delete(thread, ts)
        self._messages.note(thread.channel, thread.root_ts, exists=False)
        raise Refused("The thread's first message was deleted in Slack.", code=ROOT_GONE)

    async def _room_for(self, outgoing: Outgoing) -> SlackRoom:
        """Where it goes: into the thread of what it is a reply to, as long as that exists. A target that is a thread
        never lets anything out into the channel."""
        room = parse_room(outgoing.delivery.target)
        if room.key:
            return SlackRoom(room.team, room.channel)
        if room.root_ts:
            await self._messages.require(room.channel, room.root_ts)
            return room
        root_ts = _thread_of(outgoing)
        if root_ts and await self._messages.exists(room.channel, root_ts):
            return room.thread(root_ts)
        return room

    async def _post_as(self, author: Author | None, outgoing: Outgoing, room: SlackRoom) -> ApiAnswer:
        """Under the contact's name, where the app may do that; else the name stands in the message."""
        shown_as = _shown_as(author) if author and await self._customizes() else {}
        inside = author.name if author and not shown_as else ""
        content = await self._content(outgoing, inside)
        try:
            return await self._post_content(content, outgoing, room, shown_as)
        except Refused as no:
            if not shown_as or no.code != "missing_scope":
                raise
        self._lack_customize()
        return await self._post_as(author, outgoing, room)

    async def _content(self, outgoing: Outgoing, author: str) -> Content:
        """With what the root of a conversation shows, or whom a reply in it is to be noticed by."""
        content, conversation = content_of(outgoing.delivery, author=author), outgoing.conversation
        if conversation is None:
            return content
        if conversation.root is None:
            url = await self._permalink(conversation.former) if conversation.former else ""
            return replace(content, blocks=(*content.blocks, *root_blocks(conversation, url)))
        if outgoing.delivery.is_broadcast and conversation.taken_by:
            return replace(content, blocks=(*content.blocks, context(f"<@{user_of(conversation.taken_by)}>")))
        return content

    async def _permalink(self, thread: RoomId) -> str:
        """Where the thread is; "" where Slack does not say."""
        room = parse_room(thread)
        try:
            answer = await self._api.read("chat.getPermalink", channel=room.channel, message_ts=room.root_ts)
        except RelayError:
            return ""
        return text(answer.body, "permalink")

    async def _post_content(self, content: Content, outgoing: Outgoing, room: SlackRoom, shown_as: Body) -> ApiAnswer:
        """Blocks that Slack does not like are left out: the text says it all."""
        delivery, just_before = outgoing.delivery, outgoing.require_fresh
        body: dict[str, Any] = {
            "channel": room.channel,
            "text": content.text,
            "blocks": list(content.blocks),
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {PAYLOAD_KEY: delivery.id}},
            "mrkdwn": False,
            **QUIET,
            **shown_as,
        }
        if room.root_ts:
            body |= {"thread_ts": room.root_ts, "reply_broadcast": delivery.is_broadcast}
        try:
            return await self._api.create("chat.postMessage", body, goes_first=True, just_before=just_before)
        except Refused as no:
            if no.code not in BLOCKS_REFUSED:
                raise
            log.warning("slack.blocks_refused", extra={"delivery": delivery.id, "code": no.code})
        body["blocks"] = []
        return await self._api.create("chat.postMessage", body, goes_first=True, just_before=just_before)

    async def _customizes(self) -> bool:
        if self._may_customize and CUSTOMIZE not in (await self._identity.scopes() or {CUSTOMIZE}):
            self._lack_customize()
        return self._may_customize

    def _lack_customize(self) -> None:
        self._may_customize = False
        log.warning("slack.scope_missing", extra={"scope": CUSTOMIZE, "reason": "Messages show the app's own name."})

    async def _complete(self, delivery: Delivery, room: SlackRoom, post: Body) -> Sent:
        """The post with all its files. OutcomeUnknown or RetryLater: some are not attached yet."""
        try:
            await self._attachments.attach(delivery, room, post)
        except Refused as no:  # the post itself is there
            log.warning("slack.files_lost", extra={"delivery": delivery.id, "code": no.code, "reason": no.reason})
        ts = timestamp(post, "ts")
        if parse_room(delivery.target).key:  # the thread begins with this message
            return Sent(room.message(ts), room.thread(ts).id)
        return Sent(room.message(ts), room.id if room.root_ts else None)

    # changes

    async def _react(self, reaction: Reaction, outgoing: Outgoing) -> Sent:
        """One bot is one user: a reaction stays as long as one of the people still holds it. One that Slack has no name
        for is told in words."""
        name = emoji.to_short_name(reaction.emoji)
        if not name:
            return Sent(None)
        about = _about(outgoing)
        held = {emoji.to_short_name(each) for each in outgoing.held}
        await react(self._api, about, name, is_held=name in held, goes_first=True)
        return Sent(None)

    async def _edit(self, edit: Edit, outgoing: Outgoing) -> Sent:
        room, ts = _about(outgoing)
        message = await self._messages.read(room.channel, ts)
        if message is None:
            raise Refused("The message was deleted in Slack.", code="message_not_found")
        content = edited(message, edit)
        if content is not None:
            await update(self._api, room.channel, ts, content, goes_first=True)
        return Sent(None)


async def react(
    api: SlackApi, about: tuple[SlackRoom, str], name: str, *, is_held: bool, goes_first: bool = False
) -> None:
    """Put our reaction on a message, or take it off. Done already is done."""
    room, ts = about
    method = "reactions.add" if is_held else "reactions.remove"
    try:
        await api.modify(method, {"channel": room.channel, "timestamp": ts, "name": name}, goes_first=goes_first)
    except Refused as no:
        if no.code not in _ALREADY_SO:
            raise


async def update(
    api: SlackApi, channel: str, ts: str, content: Content, *, goes_first: bool = False, **more: Any
) -> ApiAnswer:
    """Show something else in a message of ours. Without blocks where Slack does not like them."""
    body = {"channel": channel, "ts": ts, "text": content.text, "parse": "none", "link_names": False, **more}
    try:
        return await api.modify("chat.update", {**body, "blocks": list(content.blocks)}, goes_first=goes_first)
    except Refused as no:
        if no.code not in BLOCKS_REFUSED:
            raise
    return await api.modify("chat.update", {**body, "blocks": []}, goes_first=goes_first)


def _about(outgoing: Outgoing) -> tuple[SlackRoom, str]:
    if outgoing.about is None:
        raise Refused("It is not known which message this belongs to.")
    message = parse_message(outgoing.about)
    return message.room, message.ts


def _thread_of(outgoing: Outgoing) -> str:
    if outgoing.thread is not None:
        return parse_room(outgoing.thread).root_ts
    return parse_message(outgoing.about).ts if outgoing.about is not None else ""


def _stands_in(room: SlackRoom, post: Body) -> SlackRoom:
    """A reply that is shown in the channel, too, is listed there as well."""
    thread_ts = timestamp(post, "thread_ts")
    return room.thread(thread_ts) if thread_ts and thread_ts != timestamp(post, "ts") else room


def _shown_as(author: Author) -> dict[str, str]:
    name = one_line(author.name, USERNAME_MOST)
    icon = {"icon_url": author.photo_url} if author.photo_url.startswith("https://") else {}
    return {"username": name, **icon} if name else {}
