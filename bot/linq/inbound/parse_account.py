"""Webhooks that belong to no chat → facts: contact cards, our lines, our subscriptions and tokens. Pure."""

from collections.abc import Iterator

from bot.linq.inbound import event_schemas
from bot.linq.inbound.parse_messages import Event
from bot.linq.inbound.ports import ContactCard, Fact, LineStatus, SubscriptionDisabled, TokenExpiry
from bot.linq.text import clean


def parse_contact_card(event: Event) -> Iterator[Fact]:
    card = event.read(event_schemas.ContactCardEvent)
    if card.sender_handle:
        name = " ".join(f"{clean(card.first_name)} {clean(card.last_name)}".split())
        yield ContactCard(event.ids.person(card.sender_handle), card.sender_handle, name, card.media_url)


def parse_line_status(event: Event) -> Iterator[Fact]:
    told = event.read(event_schemas.LineStatusEvent)
    if told.phone_number:
        line = event.ids.line(told.phone_number)
        at = told.changed_at or event.at
        yield LineStatus(line, told.phone_number, told.new_status, told.new_reputation, at)


def parse_subscription_disabled(event: Event) -> Iterator[Fact]:
    change = event.read(event_schemas.AccountEvent)
    target_url = change.webhook_subscription.target_url
    yield SubscriptionDisabled(target_url, change.actor.type or "unknown", change.occurred_at or event.at)


def parse_token_expiry(event: Event) -> Iterator[Fact]:
    change = event.read(event_schemas.AccountEvent)
    token = change.api_token
    yield TokenExpiry(token.token_prefix, token.expires_at, change.occurred_at or event.at)
