"""Webhooks nobody sends in good weather: strangers' memos, unknown kinds, a subscription Linq switches off."""

import secrets
import uuid
from typing import Any, Literal

from bot.sandbox.linq.endpoints.attachments import Attachments
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Message
from bot.sandbox.linq.webhooks.events import Event, message_event
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender


class WebhookFaults:
    """Each call sends at once and returns the event id."""

    def __init__(self, account: Account, attachments: Attachments, postman: WebhookSender) -> None:
        self._account = account
        self._attachments = attachments
        self._postman = postman

    def emit(self, event_type: str, data: dict[str, Any], *, trace_id: str = "") -> str:
        """Any event at all, of a known type or not, to every active subscriber whatever it asked for."""
        event_id = self._account.new_id()
        line = self._account.lines[0].number
        event = Event(event_id, event_type, trace_id or secrets.token_hex(16), line, data, for_all=True)
        self._postman.post(event)
        return event_id

    def stray(self, chat_id: str, kind: Literal["sent", "delivered", "read"] = "sent") -> str:
        """An event about a memo this API never accepted, as if sent from the line's own phone."""
        account, now = self._account, self._account.now()
        media = self._attachments.make("from-the-phone.m4a", "audio/x-m4a", 1024)
        chat = account.chats[chat_id]
        memo = Message(
            id=str(uuid.uuid4()),
            chat_id=chat_id,
            sender=chat.me,
            service=chat.service,
            created_at=now,
            sent_at=now,
            delivered_at=None if kind == "sent" else now,
            read_at=now if kind == "read" else None,
            trace_id=secrets.token_hex(16),
            status=kind,
            media=media,
        )
        event = message_event(account.new_id(), kind, memo, chat)
        self._postman.post(event)
        return event.id

    def release_webhooks(self) -> None:
        """Send what ``webhooks_withheld`` kept back."""
        self._postman.release()

    def disable_subscriptions(self) -> None:
        """Linq switches every subscription off, as it may."""
        for subscription in self._account.subscriptions.values():
            subscription.is_active = False
            subscription.updated_at = self._account.now()
