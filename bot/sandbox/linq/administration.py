"""What neither the API nor a person does: Linq's own changes, and webhooks that come out of nowhere."""

import secrets
from datetime import timedelta
from typing import Literal

from bot.sandbox.json_types import Json
from bot.sandbox.linq.media.attachment_store import AttachmentStore
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat, ChatCondition, Health, LineStatus, Message, Part
from bot.sandbox.linq.webhooks.envelope import Event
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender


class Administration:
    """Each call acts at once. Unknown ids and numbers raise KeyError."""

    def __init__(self, account: Account, store: AttachmentStore, events: EventFactory, webhooks: WebhookSender) -> None:
        self._account, self._store, self._events, self._webhooks = account, store, events, webhooks

    def emit(self, event_type: str, data: Json, *, trace_id: str = "") -> str:
        """Send any event, of a known type or not, to every active subscriber whatever it asked for; its id."""
        line = self._account.lines[0].number
        event = Event(self._account.new_id(), event_type, trace_id or secrets.token_hex(16), line, data, for_all=True)
        self._webhooks.send_soon(event)
        return event.id

    def stray(
        self, chat_id: str, kind: Literal["sent", "delivered", "read"] = "sent", *, text: str | None = None
    ) -> str:
        """Tell of a message that this API never accepted, as if sent from the line's own phone; the event's id.

        A voice memo unless ``text`` is given.
        """
        now, chat = self._account.now(), self._account.chats[chat_id]
        media = None if text is not None else self._store.create("from-the-phone.m4a", "audio/x-m4a", 1024)
        part = Part("text", text) if text is not None else Part("media", media=media)
        message = Message(
            id=self._account.new_id(),
            chat_id=chat_id,
            sender=chat.me,
            service=chat.service,
            created_at=now,
            sent_at=now,
            delivered_at=None if kind == "sent" else now,
            read_at=now if kind == "read" else None,
            trace_id=secrets.token_hex(16),
            status=kind,
            parts=[part],
        )
        if text is not None:
            self._account.add_message(message)
        event = self._events.message(kind, message, chat)
        self._webhooks.send_soon(event)
        return event.id

    def release_webhooks(self, order: Literal["as_withheld", "reversed", "shuffled"] = "as_withheld") -> None:
        """Send what ``webhooks_withheld`` kept back and is not too old."""
        self._webhooks.release(order)

    def disable_subscriptions(self, *, tell: bool = False) -> None:
        """Switch every subscription off, as Linq may; ``tell``: with the event that says so, for each of them."""
        now = self._account.now()
        for subscription in self._account.subscriptions.values():
            if tell:
                self._webhooks.send_soon(self._events.subscription_disabled(subscription, now))
        for subscription in self._account.subscriptions.values():
            subscription.is_active, subscription.updated_at = False, now

    def schedule_token_expiry(self, in_days: float = 7.0) -> None:
        """Tell that the API token will expire; it goes on working here."""
        now = self._account.now()
        self._webhooks.send_soon(self._events.token_expires(now, now + timedelta(days=in_days)))

    def set_line(self, number: str, *, status: LineStatus | None = None, reputation: Health | None = None) -> None:
        """Change a line's service status or reputation, and tell so."""
        line = self._account.line(number)
        old_status, old_reputation = line.status, line.reputation
        line.status, line.reputation = status or line.status, reputation or line.reputation
        now = self._account.now()
        self._webhooks.send_soon(self._events.line_status(line, old_status, old_reputation, now))

    def set_chat_health(self, chat_id: str, health: Health) -> None:
        """Change a chat's health. No event tells so; it shows on the chat and on every message event."""
        chat = self._account.chats[chat_id]
        chat.health, chat.health_updated_at = health, self._account.now()

    def add_line(self, number: str) -> None:
        """Let the partner have one number more."""
        self._account.add_line(number)

    def set_condition(self, chat_id: str, condition: ChatCondition) -> None:
        self._account.chats[chat_id].condition = condition

    def move_chat(self, chat_id: str, *, line: str = "") -> Chat:
        """Let a conversation go on in a new chat with the same people, on another line if one is named.

        The former chat takes nothing any more; it can still be looked up. ``chat.created`` tells of the new one.
        """
        old = self._account.chats[chat_id]
        number = self._account.line(line or old.me.address).number
        old.condition = "left"
        new = self._account.add_chat(*old.addresses, service=old.service, display_name=old.display_name, line=number)
        new.has_texted = old.has_texted
        self._webhooks.send_soon(self._events.chat_created(new))
        return new
