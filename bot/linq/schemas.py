"""Linq's objects as they come over the wire, in webhooks and in the answers of its API.

Sources: linq-python 0.65.0 (types and docstrings) and Linq's OpenAPI of 2026-03-24. Nothing of the relay may come in
here.
"""

from pydantic import Field

from bot.linq.fields import (
    Content,
    Flag,
    Headers,
    Identifier,
    Integer,
    Integers,
    Many,
    Nested,
    Schema,
    Text,
    Texts,
    Timestamp,
)

GONE = frozenset({"left", "removed"})


class LinqHandle(Schema):
    """A participant: ``handle`` is E.164 or an e-mail address, ``is_me`` says that it is our line."""

    handle: Text = ""
    is_me: Flag = None
    status: Text = ""


class Decoration(Schema):
    """A range ``[start, end)`` of a text in UTF-16 code units, with a style or an animation."""

    range: Integers = ()
    style: Text = ""


class LinqReaction(Schema):
    """A reaction as it stands on a part of a listed message."""

    id: Identifier = ""
    type: Text = ""
    custom_emoji: Text = ""
    handle: Nested[LinqHandle] = LinqHandle()
    is_me: Flag = None


class AppLayout(Schema):
    caption: Content = ""
    subcaption: Content = ""


class LinqPart(Schema):
    """A part of any kind: text and link (``value``), media, an app's card (``layout``, ``url``), an App Clip."""

    type: Text = ""
    value: Content = ""
    text_decorations: Many[Decoration] = ()
    reactions: Many[LinqReaction] = ()
    id: Identifier = ""
    filename: Text = ""
    mime_type: Text = ""
    size_bytes: Integer = None
    url: Text = ""
    fallback_text: Content = ""
    layout: Nested[AppLayout] = AppLayout()
    title: Content = ""


class Health(Schema):
    status: Text = ""
    updated_at: Timestamp = None


class LinqChat(Schema):
    """A chat as GET shows it, and what a message event tells of it (``owner_handle``, ``health_status``)."""

    id: Identifier = ""
    display_name: Text = ""
    handles: Many[LinqHandle] = ()
    owner_handle: Nested[LinqHandle] = LinqHandle()
    health_status: Nested[Health] = Health()
    is_group: Flag = None
    service: Text = ""
    updated_at: Timestamp = None


class ReplyTo(Schema):
    message_id: Identifier = ""


class LinqMessage(Schema):
    """A message: in a webhook of version 2026-02-03, of 2025-01-01 (with ``message`` laid flat into the data), as GET
    lists it, and in the answer to a send. Each of them fills a part of the fields."""

    id: Identifier = ""
    direction: Text = ""
    is_from_me: Flag = None
    sender_handle: Nested[LinqHandle] = LinqHandle()
    from_handle: Nested[LinqHandle] = LinqHandle()
    recipient_handle: Nested[LinqHandle] = LinqHandle()
    chat: Nested[LinqChat] = LinqChat()
    chat_id: Identifier = ""
    is_group: Flag = None
    service: Text = ""
    idempotency_key: Text = ""
    parts: Many[LinqPart] = ()
    reply_to: Nested[ReplyTo] = ReplyTo()
    zero_retention: Flag = None
    delivery_status: Text = ""
    created_at: Timestamp = None
    updated_at: Timestamp = None
    sent_at: Timestamp = None
    delivered_at: Timestamp = None
    read_at: Timestamp = None
    reconciled_at: Timestamp = None

    @property
    def sender(self) -> LinqHandle:
        return self.sender_handle if self.sender_handle.handle else self.from_handle

    @property
    def is_outbound(self) -> bool | None:
        """Whether our side sent it; None where nothing says so."""
        if self.direction in ("inbound", "outbound"):
            return self.direction == "outbound"
        return self.sender.is_me if self.is_from_me is None else self.is_from_me

    @property
    def chat_of(self) -> str:
        return self.chat.id or self.chat_id

    @property
    def is_in_group(self) -> bool:
        return bool(self.chat.is_group or self.is_group)

    @property
    def line(self) -> str:
        """Our number in this chat, as far as the payload names it."""
        owner = self.chat.owner_handle.handle
        return owner or (self.sender.handle if self.is_outbound else self.recipient_handle.handle)


# Answers of the API


class ListPage(Schema):
    """One page of a list; an empty cursor is the end."""

    next_cursor: Text = ""


class ChatPage(ListPage):
    chats: Many[LinqChat] = ()


class MessagePage(ListPage):
    messages: Many[LinqMessage] = ()


class SendAnswer(Schema):
    message: Nested[LinqMessage] = LinqMessage()


class Audio(Schema):
    id: Identifier = ""


class VoiceMemo(Schema):
    """``id`` is the message's, ``voice_memo.id`` the attachment's."""

    id: Identifier = ""
    status: Text = ""
    service: Text = ""
    created_at: Timestamp = None
    voice_memo: Nested[Audio] = Audio()
    chat: Nested[LinqChat] = LinqChat()


class CreatedChat(LinqChat):
    message: Nested[LinqMessage] = LinqMessage()


class ChatCreated(Schema):
    chat: Nested[CreatedChat] = CreatedChat()
    message: Nested[LinqMessage] = LinqMessage()


class VoiceMemoAnswer(Schema):
    voice_memo: Nested[VoiceMemo] = VoiceMemo()


class UploadAnswer(Schema):
    attachment_id: Identifier = ""
    upload_url: Text = ""
    required_headers: Headers = Field(default_factory=dict)


class Attachment(Schema):
    id: Identifier = ""
    download_url: Text = ""


class ApiError(Schema):
    """``code`` is Linq's own; ``retry_after`` is in seconds and comes with 429 only."""

    code: Integer = None
    retry_after: Integer = None


class ErrorAnswer(Schema):
    error: Nested[ApiError] = ApiError()
    trace_id: Text = ""


class LinqLine(Schema):
    phone_number: Text = ""
    line_type: Text = ""
    reputation: Nested[Health] = Health()


class LinesAnswer(Schema):
    phone_numbers: Many[LinqLine] = ()


class Subscription(Schema):
    id: Identifier = ""
    target_url: Text = ""
    subscribed_events: Texts = ()
    phone_numbers: Texts = ()
    is_active: Flag = None
    signing_secret: Text = Field(default="", repr=False)


class SubscriptionsAnswer(Schema):
    subscriptions: Many[Subscription] = ()
