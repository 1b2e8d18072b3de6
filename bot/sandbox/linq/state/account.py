"""The partner's account: what exists, found by id, changed only through these methods."""

from collections.abc import Callable
from datetime import datetime

from bot.sandbox.linq.api.errors import ApiError
from bot.sandbox.linq.state.models import (
    Attachment,
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
        self.blocked: set[str] = set()
        self._said: dict[str, list[Message]] = {}

    def add_line(self, number: str) -> Line:
        line = Line(stable_id("line", number), number)
        self.lines.append(line)
        return line

    def add_chat(
        self,
        *people: str,
        chat_id: str = "",
        service: Service = "iMessage",
        display_name: str | None = None,
        line: str = "",
    ) -> Chat:
        """A chat of the partner's line (the first by default) with these addresses; several make a group."""
        chat_id = chat_id or self.new_id()
        now = self.now()

        def handle(address: str, *, is_me: bool = False) -> Handle:
            return Handle(stable_id(chat_id, address), address, service, now, is_me)

        me = handle(line or self.lines[0].number, is_me=True)
        others = [handle(address) for address in people]
        chat = Chat(chat_id, me, others, service, len(people) > 1, now, now, display_name=display_name)
        self.chats[chat_id] = chat
        return chat

    def chat(self, chat_id: str) -> Chat:
        found = self.chats.get(chat_id)
        if not found:
            raise ApiError(2001)
        return found

    def message(self, message_id: str) -> Message:
        found = self.messages.get(message_id)
        if not found:
            raise ApiError(2002)
        return found

    def subscription(self, subscription_id: str) -> Subscription:
        found = self.subscriptions.get(subscription_id)
        if not found:
            raise ApiError(2010)
        return found

    def say(self, message: Message) -> None:
        """The message exists from now on."""
        self.messages[message.id] = message
        self._said.setdefault(message.chat_id, []).append(message)
        self.chats[message.chat_id].updated_at = message.created_at

    def said(self, chat_id: str) -> list[Message]:
        """Messages of a chat, oldest first."""
        return self._said.get(chat_id, [])

    def memos(self, chat_id: str) -> list[Memo]:
        return [memo_of(message) for message in self.said(chat_id) if message.sender.is_me]


def memo_of(message: Message) -> Memo:
    """How a voice memo of ours stands now."""
    media = message.media
    if media is None or media.stored is None:
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
