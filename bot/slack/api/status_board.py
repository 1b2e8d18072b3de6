"""Keeps people in Slack informed: the notice in the thread, the signs on a message, alerts, and words for one person.

Implements the relay's ``StatusBoard``.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from bot.relay.errors import OutcomeUnknown, Refused
from bot.relay.ids import MessageId, NoticeId, PersonId, RoomId
from bot.relay.model import DeliveryWithReceipts, Mark, Notice, ReceiptKind, Rendered
from bot.relay.parts import Reaction
from bot.slack.api.errors import BLOCKS_REFUSED
from bot.slack.api.messages import Messages, is_marked
from bot.slack.api.sender import QUIET, react
from bot.slack.api.steps import WorkflowSteps
from bot.slack.api.web_api import ApiAnswer, SlackApi
from bot.slack.fields import Body, timestamp
from bot.slack.ids import SlackRoom, is_room, parse_message, parse_room, step_of, user_of
from bot.slack.ui.blocks import TEXT_MOST, Block, actions, section
from bot.slack.ui.mrkdwn import quoted
from bot.slack.ui.notice_blocks import mark_aside, mark_of, render_notice, resend_button
from bot.slack.ui.notice_text import alert_text, is_of_command, may_resend

log = logging.getLogger("memobridge.slack")

METADATA, PAYLOAD_KEY = "memobridge_notice", "notice"
TURN_VALID_S = 20.0
REACTIONS_SCOPE = "reactions:write"
EMOJI = {Mark.DELIVERED: "white_check_mark", Mark.READ: "eyes", Mark.FAILED: "warning"}


class SlackStatusBoard:
    """``clock`` gives seconds that only ever grow."""

    def __init__(self, api: SlackApi, messages: Messages, clock: Callable[[], float]) -> None:
        self._api = api
        self._messages = messages
        self._clock = clock
        self._steps = WorkflowSteps(api)
        self._turns: dict[NoticeId, float] = {}  # until when a turn that was waited for may be used
        self._lacks_reactions = False

    def render(self, notice: Notice) -> Rendered:
        """The notice of a workflow step has marks, so that ``mark`` is called with each change: there it is ended."""
        rendered = render_notice(notice)
        return replace(rendered, marks=frozenset()) if step_of(notice.id) else rendered

    async def wait_turn(self, notice: Notice, *, is_final: bool) -> bool:
        """The turn that is taken here is the next update's."""
        self._turns = {held: until for held, until in self._turns.items() if until > self._clock()}
        if notice.id in self._turns:
            return False
        has_waited = await self._api.wait_turn("chat.update", parse_room(notice.room).channel, goes_first=is_final)
        self._turns[notice.id] = self._clock() + TURN_VALID_S
        return has_waited

    async def post(self, notice: Notice, rendered: Rendered) -> MessageId:
        """Raises Refused (``root_gone``) where the message is deleted: the notice would land in the channel."""
        room = parse_room(notice.room)
        if room.root_ts:
            await self._messages.require(room.channel, room.root_ts, trusts_new=True)
        body = {**_shown(room, notice, rendered), **QUIET}
        if room.root_ts:
            body["thread_ts"] = room.root_ts
        answer = await _or_without_blocks(lambda body: self._api.create("chat.postMessage", body), body)
        ts = timestamp(answer.body, "ts")
        if not ts:
            raise OutcomeUnknown("Slack took the notice but did not say where it is.")
        return room.message(ts)

    async def update(self, notice: Notice, rendered: Rendered) -> None:
        assert notice.posted_as is not None, "only a posted notice can be edited"
        ts = parse_message(notice.posted_as).ts
        body = {**_shown(parse_room(notice.room), notice, rendered), "ts": ts, "parse": "none", "link_names": False}
        has_turn = self._turns.pop(notice.id, float("-inf")) > self._clock()
        await _or_without_blocks(lambda body: self._api.modify("chat.update", body, has_turn=has_turn), body)

    async def find(self, notice: Notice) -> Sequence[MessageId]:
        """By its metadata, or by the mark in its first block; only among our own posts."""
        room, mark = parse_room(notice.room), mark_of(notice.id)
        posts = [post async for post in self._messages.own_posts(room, notice.posting_since)]
        found = [timestamp(post, "ts") for post in posts if is_marked(post, METADATA, PAYLOAD_KEY, notice.id, mark)]
        return [room.message(ts) for ts in sorted(found)]

    async def remove(self, notice: Notice, message: MessageId) -> None:
        await self._api.modify(
            "chat.delete", {"channel": parse_room(notice.room).channel, "ts": parse_message(message).ts}
        )

    async def mark(self, notice: Notice, marks: frozenset[Mark]) -> None:
        """Only a failure is ever taken back, so only that sign is taken off, where there was one: Slack allows 20
        removals a minute."""
        if execution := step_of(notice.id):
            for told in notice.deliveries:
                await self._steps.tell(execution, told)
            return
        source = parse_message(notice.id)
        if not source.ts or self._lacks_reactions:
            return
        about = source.room, source.ts
        try:
            for mark in sorted(marks):
                await react(self._api, about, EMOJI[mark], is_held=True)
            if Mark.FAILED not in marks and _has_failed(notice):
                await react(self._api, about, EMOJI[Mark.FAILED], is_held=False)
        except Refused as no:
            if no.code != "missing_scope":
                raise
            self._lacks_reactions = True
            log.warning("slack.scope_missing", extra={"scope": REACTIONS_SCOPE, "reason": "Messages show no signs."})

    async def alert(self, notice: Notice, delivery: DeliveryWithReceipts) -> None:
        """A reply that mentions the sender; for their eyes only where a reply would land in the channel, and for a
        reaction, which is no matter for everybody."""
        said, room = alert_text(delivery, notice.contact), parse_room(notice.room)
        is_reaction = isinstance(delivery.delivery.parts[0], Reaction)
        root_ts = room.root_ts or (parse_message(notice.posted_as).ts if notice.posted_as else "")
        if is_reaction or (root_ts and not await self._messages.exists(room.channel, root_ts)):
            await self._whisper(delivery.delivery.sender, SlackRoom(room.team, room.channel), said)
            return
        blocks: list[Block] = [section(said) | {"block_id": mark_aside(notice.id)}]
        if delivery.delivery.voice is None and not is_of_command(delivery.delivery) and may_resend(delivery):
            blocks.append(actions(resend_button(delivery)))
        body: dict[str, Any] = {"channel": room.channel, "text": said, "blocks": blocks, **QUIET}
        if root_ts:
            body["thread_ts"] = root_ts
        await self._api.create("chat.postMessage", body)

    async def tell(self, person: PersonId, room: RoomId, text: str, *, go_to: str = "") -> None:
        """Words for one person's eyes, where they are; ``go_to``: the room where it goes on. OutcomeUnknown: they may
        have seen it after all."""
        further = f" It goes on in <#{parse_room(go_to).channel}>." if is_room(go_to) else ""
        await self._whisper(person, parse_room(room), quoted(text, TEXT_MOST) + further)

    async def reply(self, person: PersonId, thread: RoomId, text: str) -> None:
        """Words for all who read a thread; for the person's eyes only where a reply would land in the channel.
        OutcomeUnknown: it may be there after all."""
        room = parse_room(thread)
        if not await self._messages.exists(room.channel, room.root_ts):
            await self.tell(person, thread, text)
            return
        said = quoted(text, TEXT_MOST)
        body = {"channel": room.channel, "thread_ts": room.root_ts, "text": said, "blocks": [section(said)], **QUIET}
        await self._api.create("chat.postMessage", body)

    async def say(self, channel: str, sentence: str) -> None:
        """A message of its own, for whoever reads that channel. OutcomeUnknown: it may be there after all."""
        said = quoted(sentence, TEXT_MOST)
        await self._api.create(
            "chat.postMessage", {"channel": channel, "text": said, "blocks": [section(said)], **QUIET}
        )

    async def _whisper(self, person: PersonId, room: SlackRoom, said: str) -> None:
        body = {"channel": room.channel, "user": user_of(person), "text": said, "parse": "none", "link_names": False}
        if room.root_ts and await self._messages.exists(room.channel, room.root_ts):
            body["thread_ts"] = room.root_ts
        await self._api.create("chat.postEphemeral", body)


def _shown(room: SlackRoom, notice: Notice, rendered: Rendered) -> dict[str, Any]:
    metadata = {"event_type": METADATA, "event_payload": {PAYLOAD_KEY: notice.id}}
    return {"channel": room.channel, "text": rendered.text, "blocks": rendered.body, "metadata": metadata}


async def _or_without_blocks(call: Callable[[Body], Awaitable[ApiAnswer]], body: Body) -> ApiAnswer:
    """Blocks that Slack does not like are left out: the text says it all."""
    try:
        return await call(body)
    except Refused as no:
        if no.code not in BLOCKS_REFUSED:
            raise
        log.warning("slack.blocks_refused", extra={"code": no.code})
    return await call({**body, "blocks": []})


def _has_failed(notice: Notice) -> bool:
    """Whether a sign of failure may be there: something was sent again, or failed before it was delivered."""
    deliveries = notice.deliveries
    return bool(notice.alerted) or any(told.delivery.replaces or _had_failure(told) for told in deliveries)


def _had_failure(told: DeliveryWithReceipts) -> bool:
    return any(receipt.kind is ReceiptKind.FAILED for receipt in told.receipts)
