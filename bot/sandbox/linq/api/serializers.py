"""The objects of the API as JSON, field for field as linq-python 0.65 types them."""

from datetime import datetime
from typing import Any

from bot.sandbox.linq.media.file_formats import delivered_as
from bot.sandbox.linq.state.models import Attachment, Chat, Handle, Line, Message, Subscription

_GUIDES = "https://docs.linqapp.com/channel/imessage/guides"

Json = dict[str, Any]


def stamp(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None


def handle(person: Handle) -> Json:
    return {
        "id": person.id,
        "handle": person.address,
        "service": person.service,
        "status": "active",
        "joined_at": stamp(person.joined_at),
        "left_at": None,
        "is_me": person.is_me,
    }


def health(chat: Chat) -> Json:
    status = "OPTED_OUT" if chat.is_marked_opted_out else "HEALTHY"
    anchor = status.lower().replace("_", "-")
    return {
        "status": status,
        "doc_url": f"{_GUIDES}/chats/chat-health#{anchor}",
        "updated_at": stamp(chat.created_at),
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


def attachment(of: Attachment) -> Json:
    return {
        "id": of.id,
        "filename": of.filename,
        "content_type": of.content_type,
        "size_bytes": of.size_bytes,
        "status": "complete" if of.stored else "pending",
        "download_url": of.download_url,
        "created_at": stamp(of.created_at),
    }


def media_part(of: Message) -> Json:
    """The file inside a message. Retrieval and webhooks do not tell a voice memo from any other audio file.

    A deleted attachment leaves the part behind without its reference.
    """
    assert of.media is not None
    return {
        "type": "media",
        "id": (of.part_id or of.media.id) if of.media.download_url else "",
        "url": of.media.download_url,
        "filename": of.media.filename,
        "mime_type": delivered_as(of.media.content_type),
        "size_bytes": of.media.size_bytes,
    }


def parts(of: Message) -> list[Json]:
    texts = [{"type": "text", "value": of.text}] if of.text is not None else []
    return texts + ([media_part(of)] if of.media else [])


def reply_to(of: Message) -> Json | None:
    return {"message_id": of.reply_to, "part_index": 0} if of.reply_to else None


def message(of: Message) -> Json:
    tapbacks = [
        {"is_me": tapback.person.is_me, "handle": handle(tapback.person), "type": tapback.kind, "custom_emoji": None}
        for tapback in of.tapbacks
    ]
    return {
        "id": of.id,
        "chat_id": of.chat_id,
        "service": of.service,
        "preferred_service": None,
        "from": of.sender.address,
        "from_handle": handle(of.sender),
        "parts": [{**part, "reactions": tapbacks or None} for part in parts(of)],
        "reply_to": reply_to(of),
        "effect": None,
        "is_from_me": of.sender.is_me,
        "delivery_status": of.status,
        "is_delivered": of.status in ("delivered", "read"),
        "is_read": of.status == "read",
        "created_at": stamp(of.created_at),
        "updated_at": stamp(of.failed_at or of.read_at or of.delivered_at or of.sent_at or of.created_at),
        "sent_at": stamp(of.sent_at),
        "delivered_at": stamp(of.delivered_at),
        "read_at": stamp(of.read_at),
    }


def accepted_memo(of: Message, where: Chat) -> Json:
    """The 202 of a voice memo: the outer id is the message, the inner one the attachment."""
    assert of.media is not None
    inner = {key: value for key, value in media_part(of).items() if key != "type"}
    return {
        "voice_memo": {
            "id": of.id,
            "from": where.me.address,
            "to": where.addresses,
            "status": "queued",
            "service": of.service,
            "created_at": stamp(of.created_at),
            "voice_memo": {**inner, "id": of.media.id, "duration_ms": None},
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
    return {
        "id": of.id,
        "phone_number": of.number,
        "line_type": "iMessage",
        "forwarding_number": None,
        "reputation": {
            "status": "HEALTHY",
            "doc_url": f"{_GUIDES}/phone-numbers/phone-reputation#healthy",
        },
    }


def subscription(of: Subscription) -> Json:
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
