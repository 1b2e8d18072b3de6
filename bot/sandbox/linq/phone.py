"""The people at the other phones: they write, speak, react, edit, answer, join, leave, and ask to be left alone."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.sandbox.json_types import Json
from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.sending.delivery_progress import DeliveryProgress, has_receipts
from bot.sandbox.linq.sending.groups import Groups, member
from bot.sandbox.linq.sending.tapbacks import Tapbacks
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment, Chat, Message, Part, ReplyTo, Service, Tapback
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender
from bot.sandbox.wire import Wire

_STOP_WORDS = {"STOP", "UNSUBSCRIBE", "OPTOUT", "CANCEL", "END", "QUIT"}
_OPT_OUT = re.compile(r"opt[ -]?out", re.IGNORECASE)


@dataclass(frozen=True)
class PhoneFile:
    """A file somebody sends; a voice memo recorded in Messages by default.

    ``mime_type`` is what the part declares instead of ``content_type``; "" stands for a part without any type.
    """

    content: bytes
    name: str = "Audio Message.caf"
    content_type: str = "audio/x-caf"
    mime_type: str | None = None


class Phone:
    """Every act happens at once and is told to the subscribers. Unknown ids raise KeyError, nonsense ValueError.

    ``person`` is an address; "" stands for the first member of the chat.
    """

    def __init__(
        self,
        account: Account,
        store: AttachmentStore,
        events: EventFactory,
        webhooks: WebhookSender,
        progress: DeliveryProgress,
        tapbacks: Tapbacks,
        groups: Groups,
        wire: Wire,
    ) -> None:
        self._account, self._store, self._events, self._webhooks = account, store, events, webhooks
        self._progress, self._tapbacks, self._groups, self._wire = progress, tapbacks, groups, wire

    # messages

    def send(
        self,
        chat_id: str,
        text: str | None = None,
        *,
        files: Sequence[PhoneFile] = (),
        person: str = "",
        reply_to: str = "",
        part_index: int = 0,
        service: Service | None = None,
        recovered_after_s: float = 0.0,
    ) -> Message:
        """Send a text, files, or both as one message; ``reply_to`` names the message it answers.

        ``recovered_after_s``: it was sent that long ago, and Linq finds it only now.
        """
        if text is None and not files:
            raise ValueError("a message needs a text or files")
        parts = [Part("media", media=self._stored(file), mime_type=file.mime_type) for file in files]
        parts += [Part("text", text)] if text is not None else []
        message = self._message(self._account.chats[chat_id], person, parts)
        message.service = service or message.service
        message.reply_to = ReplyTo(reply_to, part_index) if reply_to else None
        if recovered_after_s:
            message.reconciled_at = message.created_at
            message.created_at = message.sent_at = message.created_at - timedelta(seconds=recovered_after_s)
        return self._receive(message)

    def send_link(self, chat_id: str, url: str, *, person: str = "") -> Message:
        """Send a link with its preview."""
        return self._receive(self._message(self._account.chats[chat_id], person, [Part("link", url)]))

    def send_parts(self, chat_id: str, parts: list[Json], *, person: str = "") -> Message:
        """Send parts as they are, known or not: what Linq would tell of an app card, or of what comes next year."""
        raw = [Part("raw", raw=part) for part in parts]
        return self._receive(self._message(self._account.chats[chat_id], person, raw))

    def write_to_line(
        self,
        sender: str,
        text: str | None = None,
        *,
        files: Sequence[PhoneFile] = (),
        line: str = "",
        others: Sequence[str] = (),
        service: Service = "iMessage",
    ) -> Message:
        """Write to one of the partner's numbers; the chat with exactly these people exists from then on."""
        number = self._account.line(line).number if line else self._account.lines[0].number
        chat = self._account.find_chat(number, (sender, *others))
        if chat is None and sender not in self._account.blocked:
            chat = self._account.add_chat(sender, *others, line=number, service=service)
        if chat is None:
            raise ValueError(f"{sender} is blocked and has no chat")
        return self.send(chat.id, text, files=files, person=sender)

    def edit(self, message_id: str, text: str, *, part_index: int = 0) -> None:
        """Edit a text of one's own; whatever Linq's clock says, phones decide by themselves."""
        message = self._account.messages[message_id]
        if message.sender.is_me:
            raise ValueError("nobody edits another person's message")
        if message.parts[part_index].type != "text":
            raise ValueError("only texts can be edited")
        message.parts[part_index].value, message.edited_at = text, self._account.now()
        message.edits += 1
        self._log("phone.edit", message)
        chat = self._account.chats[message.chat_id]
        self._webhooks.send_soon(self._events.edited(message, part_index, chat))

    def opt_out(self, chat_id: str) -> Message:
        return self.send(chat_id, "STOP")

    def opt_in(self, chat_id: str) -> Message:
        return self.send(chat_id, "START")

    # what people do with messages

    def read(self, message_id: str) -> None:
        """Read a message of ours. Groups and SMS send no read receipts; what has not left the line cannot be read."""
        message = self._account.messages[message_id]
        if not has_receipts(message, self._account.chats[message.chat_id]):
            raise ValueError("this chat sends no read receipts")
        if message.status not in ("sent", "delivered"):
            raise ValueError(f"a message that is {message.status} cannot be read")
        self._log("phone.read", message)
        self._progress.advance(message, *(("delivered", "read") if message.status == "sent" else ("read",)))

    def react(
        self,
        message_id: str,
        kind: Tapback = "love",
        *,
        emoji: str | None = None,
        person: str = "",
        part_index: int = 0,
    ) -> None:
        """Tap back, or change one's tapback; ``custom`` needs an ``emoji``."""
        if (kind == "custom") == (emoji is None):
            raise ValueError("an emoji goes with the kind custom, and only with that")
        message = self._account.messages[message_id]
        self._log("phone.tapback", message, kind=kind)
        who = member(self._account.chats[message.chat_id], person)
        self._tapbacks.add(message, part_index, who, kind, emoji)

    def unreact(self, message_id: str, *, person: str = "", part_index: int = 0) -> None:
        """Take one's tapback away."""
        message = self._account.messages[message_id]
        self._log("phone.tapback", message, kind="none")
        self._tapbacks.remove(message, part_index, member(self._account.chats[message.chat_id], person))

    # groups and people

    def join(self, chat_id: str, address: str) -> None:
        self._groups.join(self._group(chat_id), address)
        self._wire.write("linq", "person", "phone.join", chat_id=chat_id)

    def leave(self, chat_id: str, person: str = "") -> None:
        """Leave the group; with the partner's own number, our line leaves it."""
        chat = self._group(chat_id)
        self._groups.leave(chat, person or member(chat, person).address)
        self._wire.write("linq", "person", "phone.leave", chat_id=chat_id)

    def rename(self, chat_id: str, name: str, *, person: str = "") -> None:
        chat = self._group(chat_id)
        self._groups.rename(chat, name, member(chat, person))
        self._wire.write("linq", "person", "phone.rename", chat_id=chat_id)

    def share_contact(
        self, person: str, first_name: str, last_name: str = "", *, line: str = "", picture: bytes | None = None
    ) -> None:
        """Share name and photo with one of the partner's lines."""
        owner = line or self._account.lines[0].number
        media = None if picture is None else self._store.add(picture, "photo.jpg", "image/jpeg")
        url = self._store.address(media) if media else None
        self._wire.write("linq", "person", "phone.contact")
        self._webhooks.send_soon(self._events.contact_card(person, owner, first_name, last_name, url))

    def switch_service(self, chat_id: str, service: Service) -> None:
        """Let the chat fall back to SMS, or return to iMessage; what was sent before keeps its service."""
        chat = self._account.chats[chat_id]
        chat.service = service
        for handle in chat.handles:
            handle.service = service
        self._wire.write("linq", "person", "phone.service", chat_id=chat_id, service=service)

    # how a message reaches the account

    def _message(self, chat: Chat, person: str, parts: list[Part]) -> Message:
        now = self._account.now()
        return Message(
            id=self._account.new_id(),
            chat_id=chat.id,
            sender=member(chat, person),
            service=chat.service,
            created_at=now,
            sent_at=now,
            trace_id=secrets.token_hex(16),
            status="received",
            parts=parts,
        )

    def _stored(self, file: PhoneFile) -> Attachment:
        return self._store.add(file.content, file.name, file.content_type)

    def _receive(self, message: Message) -> Message:
        """Linq drops what a blocked handle sends, and hears nothing in a chat that our line has left."""
        chat = self._account.chats[message.chat_id]
        if message.sender.address in self._account.blocked or chat.condition == "left":
            self._log("phone.send", message, dropped=True)
            return message
        self._apply_opt_out(chat, message)
        self._account.add_message(message)
        self._log("phone.send", message)
        self._webhooks.send_soon(self._events.message("received", message, chat))
        return message

    def _apply_opt_out(self, chat: Chat, message: Message) -> None:
        """A stop word blocks the whole account's sends to this person and marks the chat; anything else that they say,
        in any chat, lifts both. Stop words in groups do nothing."""
        chat.has_texted = True
        person, stops = message.sender.address, is_stop_word(message.text)
        if stops and not chat.is_group:
            self._account.opted_out.add(person)
            self._mark(chat, opted_out=True)
        elif not stops:
            self._account.opted_out.discard(person)
            for each in self._account.chats.values():
                if each.is_marked_opted_out and person in each.addresses:
                    self._mark(each, opted_out=False)

    def _mark(self, chat: Chat, *, opted_out: bool) -> None:
        chat.is_marked_opted_out, chat.health_updated_at = opted_out, self._account.now()

    def _group(self, chat_id: str) -> Chat:
        chat = self._account.chats[chat_id]
        if not chat.is_group:
            raise ValueError("this chat is no group")
        return chat

    def _log(self, what: str, about: Message, **facts: object) -> None:
        named = {"chat_id": about.chat_id, "message_id": about.id}
        self._wire.write("linq", "person", what, None, **named, **facts)


def is_stop_word(text: str) -> bool:
    """Return whether the whole message is a stop word; all but the spellings of "opt out" must be in capitals."""
    said = text.strip()
    return said in _STOP_WORDS or _OPT_OUT.fullmatch(said) is not None
