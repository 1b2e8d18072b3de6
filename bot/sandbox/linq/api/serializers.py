"""The objects of the API as JSON, field for field as linq-python 0.65 types them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.sandbox.json_types import Json
from bot.sandbox.linq.media.file_formats import delivered_as
from bot.sandbox.linq.state.models import (
    Attachment,
    BlockedHandle,
    Chat,
    Handle,
    Line,
    Message,
    Part,
    Reaction,
    ReplyTo,
    Subscription,
)

_GUIDES = "https://docs.linqapp.com/channel/imessage/guides"

AddressOf = Callable[[Attachment], str]
"""Gives the address at which an attachment can be downloaded now."""


def stamp(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None


def handle(person: Handle) -> Json:
    return {
        "id": person.id,
        "handle": person.address,
        "service": person.service,
        "status": person.status,
        "joined_at": stamp(person.joined_at),
        "left_at": stamp(person.left_at),
        "is_me": person.is_me,
    }


def health(of: Chat) -> Json:
    status = "OPTED_OUT" if of.is_marked_opted_out else of.health
    anchor = status.lower().replace("_", "-")
    return {
        "status": status,
        "doc_url": f"{_GUIDES}/chats/chat-health#{anchor}",
        "updated_at": stamp(of.health_updated_at or of.created_at),
    }


def chat(of: Chat) -> Json:
    return {
        "id": of.id,
        "display_name": of.display_name or ", ".join(of.addresses),
        "service": of.service,
        "handles": [handle(person) for person in of.handles],
        "health_status": health(of),
        "is_archived": False,
        "is_group": of.is_group,
        "group_chat_icon": None,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
    }


def attachment(of: Attachment, address: str) -> Json:
    return {
        "id": of.id,
        "filename": of.filename,
        "content_type": of.content_type,
        "size_bytes": of.size_bytes,
        "status": "complete" if of.stored else "pending",
        "download_url": address,
        "created_at": stamp(of.created_at),
    }


def part(of: Part, address_of: AddressOf, *, inbound: bool) -> Json:
    """Render one part. Voice memos cannot be told from other audio files.

    A deleted attachment leaves its part without its reference.
    """
    if of.type == "raw":
        return of.raw
    if of.type == "link":
        return {"type": "link", "value": of.value}
    if of.type == "text":
        return {
            "type": "text",
            "value": of.value,
            "text_decorations": of.decorations or None,
            "mentions": of.mentions or None,
        }
    assert of.media is not None
    deleted = of.media.is_deleted
    rendered: Json = {
        "type": "media",
        "id": "" if deleted else of.part_id or of.media.id,
        "url": "" if deleted else address_of(of.media),
        "filename": of.media.filename,
        "mime_type": of.media.content_type if inbound else delivered_as(of.media.content_type),
        "size_bytes": of.media.size_bytes,
    }
    if of.mime_type is not None:
        rendered["mime_type"] = of.mime_type
    return rendered if of.mime_type != "" else {k: v for k, v in rendered.items() if k != "mime_type"}


def parts(of: Message, address_of: AddressOf) -> list[Json]:
    return [part(each, address_of, inbound=not of.sender.is_me) for each in of.parts]


def reply_to(of: ReplyTo | None) -> Json | None:
    return {"message_id": of.message_id, "part_index": of.part_index} if of else None


def reaction(of: Reaction) -> Json:
    return {
        "id": of.id,
        "is_me": of.person.is_me,
        "handle": handle(of.person),
        "type": of.type,
        "custom_emoji": of.custom_emoji,
    }


def message(of: Message, address_of: AddressOf) -> Json:
    shown = parts(of, address_of)
    for rendered, each in zip(shown, of.parts, strict=True):
        rendered["reactions"] = [reaction(one) for one in each.reactions] or None
    moved = [of.edited_at, of.failed_at, of.read_at, of.delivered_at, of.sent_at, of.created_at]
    rendered_message = {
        **sent_message(of, address_of),
        "chat_id": of.chat_id,
        "from": of.sender.address,
        "parts": shown,
        "is_from_me": of.sender.is_me,
        "is_delivered": of.status in ("delivered", "read"),
        "updated_at": stamp(max(moment for moment in moved if moment)),
        "read_at": stamp(of.read_at),
    }
    return rendered_message | ({"reconciled_at": stamp(of.reconciled_at)} if of.reconciled_at else {})


def sent_message(of: Message, address_of: AddressOf) -> Json:
    """Render a message as the answer to a send shows it."""
    return {
        "id": of.id,
        "service": of.service,
        "preferred_service": of.preferred_service,
        "from_handle": handle(of.sender),
        "parts": parts(of, address_of),
        "reply_to": reply_to(of.reply_to),
        "effect": of.effect,
        "delivery_status": of.status,
        "is_read": of.status == "read",
        "created_at": stamp(of.created_at),
        "sent_at": stamp(of.sent_at),
        "delivered_at": stamp(of.delivered_at),
    }


def accepted_memo(of: Message, where: Chat, address_of: AddressOf) -> Json:
    """Render the 202 of a voice memo: the outer id is the message, the inner one the attachment."""
    inner = {key: value for key, value in parts(of, address_of)[0].items() if key != "type"}
    return {
        "voice_memo": {
            "id": of.id,
            "from": where.me.address,
            "to": where.addresses,
            "status": "queued",
            "service": of.service,
            "created_at": stamp(of.created_at),
            "voice_memo": {**inner, "id": of.media[0].id, "duration_ms": None},
            "chat": {
                "id": where.id,
                "handles": [handle(person) for person in where.handles],
                "is_group": where.is_group,
                "service": where.service,
                "is_active": True,
            },
        }
    }


def line(of: Line) -> Json:
    anchor = of.reputation.lower().replace("_", "-")
    return {
        "id": of.id,
        "phone_number": of.number,
        "line_type": "iMessage",
        "forwarding_number": None,
        "reputation": {
            "status": of.reputation,
            "doc_url": f"{_GUIDES}/phone-numbers/phone-reputation#{anchor}",
        },
    }


def blocked_handle(of: BlockedHandle) -> Json:
    return {"handle": of.handle, "reason": of.reason, "blocked_at": stamp(of.blocked_at)}


def subscription(of: Subscription) -> dict[str, Any]:
    return {
        "id": of.id,
        "target_url": of.target_url,
        "subscribed_events": of.events,
        "phone_numbers": of.phone_numbers,
        "is_active": of.is_active,
        "routing_key_header": of.routing_key_header,
        "routing_id_header": of.routing_id_header,
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.updated_at),
    }
