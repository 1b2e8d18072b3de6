"""The person at the other end: reads, answers, taps back, asks to be left alone, loses iMessage."""

import re
import secrets

from bot.sandbox.linq.endpoints.attachments import Attachments
from bot.sandbox.linq.media.hashing_buffer import HashingBuffer
from bot.sandbox.linq.sending.delivery_progress import DeliveryProgress, confirms_delivery
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment, Chat, Handle, Message, Service, Tapback
from bot.sandbox.linq.webhooks.events import message_event, reaction_event
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender
from bot.sandbox.wire import Wire

_STOP_WORDS = {"STOP", "UNSUBSCRIBE", "OPTOUT", "CANCEL", "END", "QUIT"}
_OPT_OUT = re.compile(r"opt[ -]?out", re.IGNORECASE)


class Phone:
    """Every act happens at once and is told to the subscribers. Unknown ids raise KeyError, nonsense ValueError."""

    def __init__(
        self, account: Account, attachments: Attachments, postman: WebhookSender, progress: DeliveryProgress, wire: Wire
    ) -> None:
        self._account = account
        self._attachments = attachments
        self._postman = postman
        self._progress = progress
        self._wire = wire

    def read(self, memo_id: str) -> None:
        """Listen to a memo. Groups and SMS send no read receipts, and nobody reads what has not left the line."""
        memo = self._account.messages[memo_id]
        if not confirms_delivery(memo, self._account.chats[memo.chat_id]):
            raise ValueError("this chat sends no read receipts")
        if memo.status not in ("sent", "delivered"):
            raise ValueError(f"a memo that is {memo.status} cannot be read")
        self._note("phone.read", memo)
        self._progress.advance(memo, *(("delivered", "read") if memo.status == "sent" else ("read",)))

    def reply(
        self,
        chat_id: str,
        text: str | None = None,
        *,
        audio: bytes | None = None,
        filename: str = "Audio Message.caf",
        content_type: str = "audio/x-caf",
        to: str | None = None,
        person: str = "",
    ) -> str:
        """Say something, in words or as a voice note, perhaps in answer to message ``to``; returns the message id."""
        chat = self._account.chats[chat_id]
        if text is None and audio is None:
            raise ValueError("a reply needs text or audio")
        media = None if audio is None else self._recorded(audio, filename, content_type)
        said = self._message(chat, _who(chat, person), text, media, to)
        self._heed(chat, said)
        self._account.say(said)
        self._note("phone.reply", said)
        self._postman.post(message_event(self._account.new_id(), "received", said, chat))
        return said.id

    def tapback(self, message_id: str, kind: str = "love", *, person: str = "") -> None:
        """React to a message: love, like, dislike, laugh, emphasize or question."""
        message = self._account.messages[message_id]
        chat = self._account.chats[message.chat_id]
        tapback = Tapback(_who(chat, person), kind)
        message.tapbacks.append(tapback)
        self._note("phone.tapback", message, kind=kind)
        account = self._account
        event = reaction_event(account.new_id(), secrets.token_hex(16), tapback, message, chat, account.now())
        self._postman.post(event)

    def opt_out(self, chat_id: str) -> str:
        return self.reply(chat_id, "STOP")

    def opt_in(self, chat_id: str) -> str:
        return self.reply(chat_id, "START")

    def switch_service(self, chat_id: str, service: Service) -> None:
        """The chat falls back to SMS, or returns to iMessage; what was sent before keeps its service."""
        chat = self._account.chats[chat_id]
        chat.service = service
        for handle in chat.handles:
            handle.service = service
        self._wire.write("linq", "person", "phone.service", chat_id=chat_id, service=service)

    def _message(
        self, chat: Chat, sender: Handle, text: str | None, media: Attachment | None, to: str | None
    ) -> Message:
        now, account = self._account.now(), self._account
        return Message(
            id=account.new_id(),
            chat_id=chat.id,
            sender=sender,
            service=chat.service,
            created_at=now,
            sent_at=now,
            trace_id=secrets.token_hex(16),
            status="received",
            text=text,
            media=media,
            reply_to=to,
        )

    def _recorded(self, audio: bytes, filename: str, content_type: str) -> Attachment:
        made = self._attachments.make(filename, content_type, len(audio))
        intake = HashingBuffer(keep=True)
        intake.take(audio)
        made.stored = intake.stored()
        return made

    def _heed(self, chat: Chat, said: Message) -> None:
        """A stop word blocks the whole account's sends to this person; anything else said lifts the block."""
        chat.has_texted = True
        if chat.is_group:
            return
        stops = is_stop_word(said.text or "")
        chat.is_marked_opted_out = stops
        if stops:
            self._account.opted_out.add(said.sender.address)
        else:
            self._account.opted_out.discard(said.sender.address)

    def _note(self, what: str, about: Message, **facts: str) -> None:
        named = {"chat_id": about.chat_id, "message_id": about.id}
        self._wire.write("linq", "person", what, None, **named, **facts)


def is_stop_word(text: str) -> bool:
    """The whole message must be the word; all but the spellings of "opt out" must be in capitals."""
    said = text.strip()
    return said in _STOP_WORDS or _OPT_OUT.fullmatch(said) is not None


def _who(chat: Chat, person: str) -> Handle:
    """The participant with this address, or the first one."""
    for handle in chat.people:
        if person in ("", handle.address):
            return handle
    raise KeyError(person)
