"""Puts messages into chats: voice memos, texts with media, tapbacks and edits; and finds out what became of them."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote, urlsplit

import linq

from bot.linq import schemas
from bot.linq.api.calls import Answer, call_api, pages
from bot.linq.api.limits import PAGE, TEXT_UNITS
from bot.linq.api.message_content import NOTHING_LEFT, TOO_LONG, message_content
from bot.linq.api.receipts import is_last_status, kind_of, status_receipt
from bot.linq.api.search import MemoSearch
from bot.linq.fields import PayloadError, read
from bot.linq.ids import LinqIds, attachment_of, chat_of, message_of, public_url_of
from bot.linq.tapbacks import tapback_of
from bot.linq.text import clean, utf16_length
from bot.relay.errors import Refused, Remedy
from bot.relay.ids import MessageId, RoomId
from bot.relay.model import Delivery, Receipt, ReceiptKind, ReceiptSource, Sent
from bot.relay.parts import Edit, Reaction, Voice
from bot.relay.ports.networks import Outgoing, Settlement

UNKNOWN_MESSAGE = "2002"
UNKNOWN = frozenset({"2001", UNKNOWN_MESSAGE})

TOO_LATE_TO_EDIT = "Linq takes an edit only within 15 minutes of sending, and five of them."
_EDIT_REFUSALS = frozenset({"1003", "1004", "1005", "2015", ""})
"""Which code a late edit is answered with is documented nowhere; none of these can be said of an edit otherwise."""


class LinqSender:
    """The relay's ``Sender`` and ``StatusPoll``."""

    def __init__(self, api: linq.AsyncLinqAPIV3, ids: LinqIds, *, now: Callable[[], datetime]) -> None:
        self._chats = api.chats.with_raw_response
        self._chat_messages = api.chats.messages.with_raw_response
        self._messages = api.messages.with_raw_response
        self._ids = ids
        self._now = now

    def settlement(self, delivery: Delivery) -> Settlement:
        """A voice memo takes no idempotency key. All else does, or does no harm when it is done twice."""
        return Settlement.FIND_OR_ASK if _is_memo(delivery) else Settlement.REPEAT

    async def send(self, outgoing: Outgoing) -> Sent:
        match outgoing.delivery.parts:
            case (Reaction() as reaction,):
                return await self._react(outgoing, reaction)
            case (Edit() as edit,):
                return await self._edit(outgoing, edit)
            case (Voice() as voice,):
                return await self._send_memo(outgoing, voice)
        return await self._send_message(outgoing)

    async def find(self, delivery: Delivery, *, thread: RoomId | None = None) -> Sent | None:
        if not _is_memo(delivery) or delivery.sending_since is None:
            return None
        search = MemoSearch(delivery.sending_since, _uploaded(delivery), _filename(delivery))
        chat = chat_of(delivery.target)
        found: list[schemas.LinqMessage] = []
        async for page in pages(
            "messages.list",
            lambda cursor: self._chat_messages.list(chat, limit=PAGE, cursor=cursor),
            schemas.MessagePage,
        ):
            found += search.matches(page.messages)
            if (found and search.attachment) or search.is_past(page.messages):  # a name may show up again further on
                break
        memo = search.nearest(found)
        return self._sent(memo, ReceiptSource.POLL) if memo else None

    async def poll(self, message: MessageId) -> Receipt | None:
        call = self._messages.retrieve(_known(message_of(message)))

        def parse(answer: Answer) -> Receipt | None:
            shown = read(schemas.LinqMessage, answer.body)
            return status_receipt(shown, ids=self._ids, now=self._now(), source=ReceiptSource.POLL)

        try:
            return await call_api("messages.retrieve", call, parse)
        except Refused as no:
            if no.code in UNKNOWN:
                return None
            raise

    async def _send_memo(self, outgoing: Outgoing, voice: Voice) -> Sent:
        delivery = outgoing.delivery
        attachment, url = _uploaded(delivery), outgoing.url or public_url_of(voice.media)
        if not attachment and not url:
            raise Refused(next((part.refused for part in delivery.prepared or () if part.refused), NOTHING_LEFT))
        outgoing.require_fresh()
        call = self._chats.send_voicememo(
            chat_of(delivery.target),
            attachment_id=attachment or linq.omit,
            voice_memo_url=linq.omit if attachment else url,  # Linq takes exactly one of them
        )
        return await call_api("voicememo", call, lambda answer: self._sent_memo(answer, attachment), repeatable=False)

    async def _send_message(self, outgoing: Outgoing) -> Sent:
        """A message that Linq does not know (any more, or as it keeps none on this line) cannot be replied to; what is
        said goes without that."""
        try:
            return await self._post_message(outgoing, as_reply=True)
        except Refused as no:
            if no.code == UNKNOWN_MESSAGE and message_of(outgoing.about):
                return await self._post_message(outgoing, as_reply=False)
            raise

    async def _post_message(self, outgoing: Outgoing, *, as_reply: bool) -> Sent:
        """After a lost answer the same key gets the original answer, so this may be repeated; but nothing else may be
        concluded from it, least of all "not sent"."""
        call = self._chat_messages.send(
            chat_of(outgoing.delivery.target), message=message_content(outgoing, as_reply=as_reply)
        )

        def parse(answer: Answer) -> Sent:
            message = read(schemas.SendAnswer, answer.body).message
            if not message.id:
                raise PayloadError("no message.id")
            return self._sent(message, ReceiptSource.SEND, answer.trace_id)

        return await call_api("messages.send", call, parse, repeatable=False)

    async def _react(self, outgoing: Outgoing, reaction: Reaction) -> Sent:
        """Our side holds one tapback on a message: that of whoever reacted last. It goes when nobody holds one."""
        wanted = tapback_of(reaction.emoji)
        if wanted is None and not reaction.is_removed:
            raise Refused("Phones have no tapback for this emoji.")
        current = next(filter(None, map(tapback_of, outgoing.held)), None)
        tapback = current or wanted
        if tapback is None:
            return Sent(None)  # it was never put there
        call = self._messages.add_reaction(
            _known(message_of(outgoing.about)),
            operation="add" if current else "remove",
            type=tapback.kind,
            custom_emoji=tapback.custom_emoji or linq.omit,
            part_index=int(reaction.part) if reaction.part.isdecimal() else linq.omit,
        )
        return await call_api("messages.add_reaction", call, _changed)

    async def _edit(self, outgoing: Outgoing, edit: Edit) -> Sent:
        text = clean(edit.text)
        if not text.strip():
            raise Refused("A text cannot be emptied at Linq.")
        if utf16_length(text) > TEXT_UNITS:
            raise Refused(TOO_LONG)
        part_index = int(edit.key) if edit.key.isdecimal() else 0  # what a team writes goes before its files
        call = self._messages.update(_known(message_of(outgoing.about)), text=text, part_index=part_index)
        try:
            return await call_api("messages.update", call, _changed)
        except Refused as no:
            if no.code in _EDIT_REFUSALS:
                raise Refused(TOO_LATE_TO_EDIT, code=no.code, trace_id=no.trace_id) from None
            raise

    def _sent_memo(self, answer: Answer, attachment: str) -> Sent:
        """Without a message id nobody knows what became of it: PayloadError."""
        memo = read(schemas.VoiceMemoAnswer, answer.body).voice_memo
        if not memo.id:
            raise PayloadError("no voice_memo.id")
        kind = kind_of(memo.status) or ReceiptKind.QUEUED
        attachments = dict.fromkeys(each for each in (attachment, memo.voice_memo.id) if each)
        receipt = Receipt(
            id=f"status:{memo.id}:{kind}",
            kind=kind,
            at=memo.created_at or self._now(),
            source=ReceiptSource.SEND,
            message=self._ids.message(memo.id),
            attachments=tuple(map(self._ids.media, attachments)),
            trace_id=answer.trace_id,
            is_final=is_last_status(kind, is_group=bool(memo.chat.is_group), service=memo.service or memo.chat.service),
        )
        return Sent(self._ids.message(memo.id), trace_id=answer.trace_id, receipt=receipt)

    def _sent(self, message: schemas.LinqMessage, source: ReceiptSource, trace_id: str = "") -> Sent:
        receipt = status_receipt(message, ids=self._ids, now=self._now(), source=source, trace_id=trace_id)
        return Sent(self._ids.message(message.id), trace_id=trace_id, receipt=receipt)


def _is_memo(delivery: Delivery) -> bool:
    """A recording alone becomes a voice memo; one among other parts is a file in a message."""
    return len(delivery.parts) == 1 and isinstance(delivery.parts[0], Voice)


def _uploaded(delivery: Delivery) -> str:
    """The attachment that was uploaded for this very delivery, so that it tells the memo from all others."""
    return next((attachment_of(media) for part in delivery.prepared or () for media in part.media), "")


def _filename(delivery: Delivery) -> str:
    """The name under which Linq shows what it fetched from an address."""
    url = public_url_of(delivery.voice.media) if delivery.voice else ""
    return unquote(urlsplit(url).path.rpartition("/")[2]) if url else delivery.temporary_name


def _known(message: str) -> str:
    if not message:
        raise Refused("Linq does not know this message.", code=UNKNOWN_MESSAGE, remedy=Remedy.NONE)
    return message


def _changed(answer: Answer) -> Sent:
    return Sent(None, trace_id=answer.trace_id)
