"""Attaching uploaded files to a message that is posted already.

``chat.update`` takes ``file_ids`` (documented since 2026, its behaviour for every kind of file is not). Where Slack
refuses or ignores that, the files are shared beside the message instead; that is a post of its own, so it is looked for
by its file ids before it is made.
"""

import logging
from collections.abc import Sequence
from typing import Any

from bot.relay.errors import Refused
from bot.relay.model import Delivery
from bot.slack.api.messages import Messages
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import Body, child, children, identifier, text, timestamp
from bot.slack.ids import SlackRoom, file_of
from bot.slack.ui.blocks import BLOCKS_MOST, CONTEXT_MOST, context
from bot.slack.ui.contact_message import refusal_line

log = logging.getLogger("memobridge.slack")


class Attachments:
    def __init__(self, api: SlackApi, messages: Messages) -> None:
        self._api = api
        self._messages = messages

    async def attach(self, delivery: Delivery, room: SlackRoom, post: Body) -> None:
        """All files of the delivery, with the post or beside it. What Slack takes in neither way is named in its text.

        ``post`` is the message as Slack has it. Doing this again does no harm. RetryLater or OutcomeUnknown: do it
        again.
        """
        files = files_of(delivery)
        if not files or _holds(post, files) or await self._by_update(delivery, room, post, files):
            return
        log.info("slack.files_not_attached", extra={"delivery": delivery.id})
        if await self._is_shared(delivery, room, files):
            return
        try:
            await self._share(room, files)
        except Refused as no:
            await self._name_in_text(delivery, room, post, no)

    async def _by_update(self, delivery: Delivery, room: SlackRoom, post: Body, files: Sequence[str]) -> bool:
        """Whether the message holds them afterwards, as far as Slack's answer or the message itself says so."""
        ts = timestamp(post, "ts")
        try:
            answer = await self._api.modify("chat.update", _as_it_is(room, post) | {"file_ids": list(files)})
        except Refused as no:
            log.info("slack.file_ids_refused", extra={"delivery": delivery.id, "code": no.code})
            return False
        if _holds(child(answer.body, "message"), files):
            return True
        message = await self._messages.read(room.channel, ts)
        return message is not None and _holds(message, files)

    async def _is_shared(self, delivery: Delivery, room: SlackRoom, files: Sequence[str]) -> bool:
        async for post in self._messages.own_posts(room, delivery.sending_since):
            if _holds(post, files):
                return True
        return False

    async def _share(self, room: SlackRoom, files: Sequence[str]) -> None:
        body: dict[str, Any] = {"files": [{"id": file_id} for file_id in files], "channel_id": room.channel}
        await self._api.create("files.completeUploadExternal", body | {"thread_ts": room.root_ts})

    async def _name_in_text(self, delivery: Delivery, room: SlackRoom, post: Body, why: Refused) -> None:
        log.warning("slack.files_refused", extra={"delivery": delivery.id, "code": why.code})
        carriers = zip(delivery.parts, delivery.prepared or (), strict=False)
        lines = [refusal_line(part, why.reason) for part, prepared in carriers if prepared.media][:CONTEXT_MOST]
        body = _as_it_is(room, post)
        blocks = body.get("blocks", [])[: BLOCKS_MOST - 1]
        await self._api.modify("chat.update", body | {"blocks": [*blocks, context(*lines)]})


def files_of(delivery: Delivery) -> list[str]:
    return [file_of(media) for prepared in delivery.prepared or () for media in prepared.media]


def _holds(message: Body, files: Sequence[str]) -> bool:
    return set(files) <= {identifier(file, "id") for file in children(message, "files")}


def _as_it_is(room: SlackRoom, post: Body) -> dict[str, Any]:
    """An edit that changes nothing of what is written."""
    body: dict[str, Any] = {"channel": room.channel, "ts": timestamp(post, "ts"), "text": text(post, "text")}
    if blocks := children(post, "blocks"):
        body["blocks"] = [dict(block) for block in blocks]
    return body | {"parse": "none", "link_names": False}
