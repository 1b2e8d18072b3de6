"""Sends checked messages: rules, mentions and files decide, then the message exists and its progress begins."""

import time

from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.media.content_types import CONTENT_TYPES
from bot.sandbox.linq.media.file_formats import (
    contradicts,
    family_of_bytes,
    family_of_type,
    is_refused,
    type_of_family,
)
from bot.sandbox.linq.media.url_fetcher import Fetched, UrlFetcher
from bot.sandbox.linq.sending.delivery_progress import DeliveryProgress
from bot.sandbox.linq.sending.message_content import Draft, DraftPart, utf16_length
from bot.sandbox.linq.sending.send_rules import SendRules
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment, Chat, Message, Part
from bot.sandbox.linq.switches import Switches


class MessageSender:
    """``send`` is for texts, links and media, ``send_memo`` for voice memos. Both raise ApiError before any effect."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        store: AttachmentStore,
        fetcher: UrlFetcher,
        rules: SendRules,
        progress: DeliveryProgress,
    ) -> None:
        self._account, self._switches, self._store = account, switches, store
        self._fetcher, self._rules, self._progress = fetcher, rules, progress

    def check(self, chat: Chat, *, override_optout: bool) -> None:
        """Check whether anything may be sent into the chat now."""
        self._rules.check(chat, override_optout=override_optout)

    async def send(self, chat: Chat, draft: Draft, trace_id: str, *, override_optout: bool) -> Message:
        self.check(chat, override_optout=override_optout)
        self._check_reply(chat, draft)
        parts = [await self._part(chat, part) for part in draft.parts]
        message = self._message(chat, parts, trace_id, override_optout=override_optout)
        message.service = draft.preferred_service or chat.service
        message.preferred_service, message.idempotency_key = draft.preferred_service, draft.idempotency_key
        message.reply_to, message.effect = draft.reply_to, draft.effect
        await self._accept(chat, message)
        return message

    async def send_memo(self, chat: Chat, media: Attachment, trace_id: str, *, override_optout: bool) -> Message:
        message = self._message(chat, [self._media_part(media)], trace_id, override_optout=override_optout)
        message.is_voice_memo = True
        await self._accept(chat, message)
        return message

    def memo_upload(self, attachment_id: str) -> Attachment:
        """Return an uploaded file that may be a voice memo, or raise what Linq answers to one that may not."""
        found = self._uploaded(attachment_id)
        assert found.stored is not None
        family = family_of_bytes(found.stored.head)
        if family is None or family_of_type(found.content_type) is None:
            raise ApiError(5004)
        if family != family_of_type(found.content_type):
            raise ApiError(5006)
        return found

    async def memo_from_url(self, url: str) -> Attachment:
        """Download a voice memo into a fresh attachment, or raise what Linq answers to a URL it cannot use."""
        fetched = await self._fetcher.fetch(url)
        family = family_of_bytes(fetched.stored.head)
        if family is None:
            raise ApiError(5004)
        served_as = family_of_type(fetched.content_type)
        if served_as not in (None, family):
            raise ApiError(5006)
        return self._adopt(fetched, fetched.content_type if served_as else type_of_family(family))

    def _message(self, chat: Chat, parts: list[Part], trace_id: str, *, override_optout: bool) -> Message:
        return Message(
            id=self._account.new_id(),
            chat_id=chat.id,
            sender=chat.me,
            service=chat.service,
            created_at=self._account.now(),
            trace_id=trace_id,
            status="queued",
            parts=parts,
            override_optout=override_optout,
            accepted=time.monotonic(),
        )

    async def _accept(self, chat: Chat, message: Message) -> None:
        self._account.add_message(message)
        self._rules.count(chat)
        await self._progress.begin(message)

    def _check_reply(self, chat: Chat, draft: Draft) -> None:
        if draft.reply_to is None:
            return
        target = self._account.message(draft.reply_to.message_id)
        if target.chat_id != chat.id:
            raise ApiError(2002)
        if not 0 <= draft.reply_to.part_index < len(target.parts):
            raise ApiError(1005, "reply_to.part_index is out of range")

    async def _part(self, chat: Chat, part: DraftPart) -> Part:
        if part.type == "text":
            mentions = [] if part.mention is None else [self._mention(chat, part)]
            return Part("text", part.value, part.decorations, mentions)
        if part.type == "link":
            return Part("link", part.value)
        if part.url is not None:
            fetched = await self._fetcher.fetch(part.url)
            self._check_file(fetched.content_type, fetched.stored.head)
            return self._media_part(self._adopt(fetched, fetched.content_type))
        found = self._uploaded(part.attachment_id or "")
        assert found.stored is not None
        self._check_file(found.content_type, found.stored.head)
        return self._media_part(found)

    def _mention(self, chat: Chat, part: DraftPart) -> dict[str, object]:
        if not chat.is_group:
            raise ApiError(2023)
        if part.mention not in chat.addresses:
            raise ApiError(2015, "The mentioned participant is not in this chat")
        start, end = part.mention_range or (0, utf16_length(part.value))
        return {"handle": part.mention, "is_me": False, "range": [start, end]}

    def _media_part(self, media: Attachment) -> Part:
        return Part("media", media=media, part_id=self._account.new_id() if self._switches.part_id_differs else "")

    def _uploaded(self, attachment_id: str) -> Attachment:
        """Return the attachment once its bytes are there: 2007 while they may still come, 2003 when they cannot."""
        found, now = self._account.attachment(attachment_id), time.monotonic()
        if found.stored is None and now > found.expires:
            raise ApiError(2003)
        if found.stored is None or now < found.stored.at + self._switches.ready_after_s:
            raise ApiError(2007)
        return found

    def _check_file(self, content_type: str, head: bytes) -> None:
        if is_refused(head) or content_type not in CONTENT_TYPES:
            raise ApiError(5004)
        if contradicts(content_type, head):
            raise ApiError(5006)

    def _adopt(self, fetched: Fetched, content_type: str) -> Attachment:
        made = self._store.create(fetched.filename, content_type, fetched.stored.size_bytes)
        made.stored = fetched.stored
        return made
