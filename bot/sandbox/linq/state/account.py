"""The partner's account: what exists in it, found by id, changed only through these methods."""

from bisect import insort
from collections.abc import Callable, Iterable
from datetime import datetime

from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.state.models import (
    Attachment,
    BlockedHandle,
    Chat,
    Handle,
    Line,
    Memo,
    Message,
    Service,
    Subscription,
    stable_id,
)


class Account:
    """All state of the local Linq. ``now`` gives UTC, ``new_id`` a fresh UUID."""

    partner_id = "partner-1"

    def __init__(self, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self.now = now
        self.new_id = new_id
        self.lines: list[Line] = []
        self.chats: dict[str, Chat] = {}
        self.attachments: dict[str, Attachment] = {}
        self.messages: dict[str, Message] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.opted_out: set[str] = set()
        self.blocked: dict[str, BlockedHandle] = {}
        self._by_chat: dict[str, list[Message]] = {}

    def add_line(self, number: str) -> Line:
        line = Line(stable_id("line", number), number)
        self.lines.append(line)
        return line

    def line(self, number: str) -> Line:
        """Raises KeyError for a number that is not the partner's."""
        for line in self.lines:
            if line.number == number:
                return line
        raise KeyError(number)

    def add_chat(
        self,
        *people: str,
        chat_id: str = "",
        service: Service = "iMessage",
        display_name: str | None = None,
        line: str = "",
    ) -> Chat:
        """Add a chat of the partner's line (the first by default) with these addresses; several make a group."""
        chat_id, now = chat_id or self.new_id(), self.now()
        me = self.new_handle(chat_id, line or self.lines[0].number, service, is_me=True)
        others = [self.new_handle(chat_id, address, service) for address in people]
        chat = Chat(chat_id, me, others, service, len(people) > 1, now, now, display_name=display_name)
        self.chats[chat_id] = chat
        return chat

    def new_handle(self, chat_id: str, address: str, service: Service, *, is_me: bool = False) -> Handle:
        return Handle(stable_id(chat_id, address), address, service, self.now(), is_me)

    def chat(self, chat_id: str) -> Chat:
        if (found := self.chats.get(chat_id)) is None:
            raise ApiError(2001)
        return found

    def find_chat(self, line: str, people: Iterable[str]) -> Chat | None:
        """Find the unnamed chat of that line with exactly these people, the most recently used one first."""
        wanted = set(people)
        found = [
            chat
            for chat in self.chats.values()
            if chat.me.address == line and set(chat.addresses) == wanted and chat.condition == "ready"
        ]
        unnamed = [chat for chat in found if not chat.is_group or chat.display_name is None]
        return max(unnamed, key=lambda chat: chat.updated_at, default=None)

    def message(self, message_id: str) -> Message:
        if (found := self.messages.get(message_id)) is None:
            raise ApiError(2002)
        return found

    def attachment(self, attachment_id: str) -> Attachment:
        if (found := self.attachments.get(attachment_id)) is None:
            raise ApiError(2003)
        return found

    def subscription(self, subscription_id: str) -> Subscription:
        if (found := self.subscriptions.get(subscription_id)) is None:
            raise ApiError(2010)
        return found

    def add_message(self, message: Message) -> None:
        """Put the message into its chat, at the place of its time: one recovered late appears among older ones."""
        self.messages[message.id] = message
        insort(self._by_chat.setdefault(message.chat_id, []), message, key=lambda each: each.created_at)
        chat = self.chats[message.chat_id]
        chat.updated_at = max(chat.updated_at, message.created_at)

    def delete_message(self, message: Message) -> None:
        """Forget the message here; the phones keep it."""
        del self.messages[message.id]
        self._by_chat[message.chat_id].remove(message)

    def messages_in(self, chat_id: str) -> list[Message]:
        """List the messages of a chat, oldest first."""
        return list(self._by_chat.get(chat_id, []))

    def memos(self, chat_id: str) -> list[Memo]:
        return [memo_of(message) for message in self.messages_in(chat_id) if message.is_voice_memo]


def memo_of(message: Message) -> Memo:
    """Describe a voice memo of ours as it is now. Raises ValueError for any other message."""
    media = message.media[0] if message.media else None
    if not message.is_voice_memo or media is None or media.stored is None:
        raise ValueError(f"message {message.id} is not a voice memo")
    return Memo(
        id=message.id,
        chat_id=message.chat_id,
        attachment_id=media.id,
        filename=media.filename,
        content_type=media.content_type,
        size_bytes=media.stored.size_bytes,
        sha256=media.stored.sha256,
        status=message.status,
        service=message.service,
        trace_id=message.trace_id,
        created_at=message.created_at,
        sent_at=message.sent_at,
        delivered_at=message.delivered_at,
        read_at=message.read_at,
        failed_at=message.failed_at,
        override_optout=message.override_optout,
        body=media.stored.body,
    )
