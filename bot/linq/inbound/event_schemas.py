"""The data of Linq's webhooks, in both payload versions.

Sources: linq-python 0.65.0 (types and docstrings) and Linq's OpenAPI of 2026-03-24. Nothing of the relay may come in
here.
"""

from pydantic import Field

from bot.linq.fields import Content, Flag, Identifier, Integer, Nested, Object, Schema, Text, Timestamp
from bot.linq.schemas import LinqHandle, LinqMessage


class Envelope(Schema):
    event_type: Text = ""
    event_id: Identifier = ""
    created_at: Timestamp = None
    trace_id: Text = ""
    data: Object = Field(default_factory=dict)


class FailedEvent(Schema):
    """Flat in both versions; any of the ids may be missing."""

    message_id: Identifier = ""
    code: Integer = None
    reason: Text = ""
    failed_at: Timestamp = None


class EditedPart(Schema):
    index: Integer = None
    text: Content = ""


class EditedEvent(LinqMessage):
    part: Nested[EditedPart] = EditedPart()
    edited_at: Timestamp = None


class ReactionEvent(Schema):
    """All but ``is_from_me`` and ``reaction_type`` may be missing, also the message and the chat."""

    chat_id: Identifier = ""
    message_id: Identifier = ""
    part_index: Integer = None
    reaction_type: Text = ""
    custom_emoji: Text = ""
    reaction_id: Identifier = ""
    is_from_me: Flag = None
    from_handle: Nested[LinqHandle] = LinqHandle()
    sender: Text = Field(default="", alias="from")  # older than ``from_handle``
    reacted_at: Timestamp = None


class ParticipantEvent(Schema):
    chat_id: Identifier = ""
    participant: Nested[LinqHandle] = LinqHandle()
    handle: Text = ""  # older than ``participant``
    added_at: Timestamp = None
    removed_at: Timestamp = None


class GroupNameEvent(Schema):
    chat_id: Identifier = ""
    new_value: Text = ""
    changed_by_handle: Nested[LinqHandle] = LinqHandle()
    updated_at: Timestamp = None


class ContactCardEvent(Schema):
    first_name: Text = ""
    last_name: Text = ""
    sender_handle: Text = ""
    media_url: Text = ""


class LineStatusEvent(Schema):
    phone_number: Text = ""
    new_status: Text = ""
    new_reputation: Text = ""
    changed_at: Timestamp = None


class ChangedSubscription(Schema):
    target_url: Text = ""  # without its query


class ChangedToken(Schema):
    token_prefix: Text = ""
    expires_at: Timestamp = None


class Actor(Schema):
    type: Text = ""


class AccountEvent(Schema):
    """A change that is also shown on the account's activity page."""

    occurred_at: Timestamp = None
    actor: Nested[Actor] = Actor()
    webhook_subscription: Nested[ChangedSubscription] = ChangedSubscription()
    api_token: Nested[ChangedToken] = ChangedToken()
