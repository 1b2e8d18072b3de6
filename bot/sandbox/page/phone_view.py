"""The account's chats as a phone draws them. Pure reading, nothing is changed here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.sandbox.linq.api.serializers import stamp
from bot.sandbox.linq.state.models import Attachment, Chat, Message
from bot.sandbox.page.contacts import name_of
from bot.sandbox.page.controller import Json

if TYPE_CHECKING:
    from bot.sandbox.linq.server import LinqServer

SHOWN_MOST = 80


def phone_sections(side: "LinqServer") -> Iterator[tuple[str, Json]]:
    """``phone`` with every chat, then ``chat:<id>`` for each with its last messages."""
    account = side.account
    yield "phone", {"chats": [_chat(c, account.said(c.id)) for c in account.chats.values()]}
    for chat in account.chats.values():
        yield f"chat:{chat.id}", {"messages": [_message(m, chat) for m in account.said(chat.id)[-SHOWN_MOST:]]}


def title(chat: Chat) -> str:
    return chat.display_name or ", ".join(name_of(person.address) for person in chat.people)


def _chat(chat: Chat, said: list[Message]) -> Json:
    last = said[-1] if said else None
    return {
        "id": chat.id,
        "name": title(chat),
        "service": chat.service,
        "is_group": chat.is_group,
        "people": [{"address": p.address, "name": name_of(p.address)} for p in chat.people],
        "condition": chat.condition,
        "opted_out": chat.is_marked_opted_out,
        "preview": _preview(last),
        "last_at": stamp(last.created_at) if last else None,
        "count": len(said),
    }


def _preview(message: Message | None) -> str:
    if message is None:
        return ""
    return message.text or "Audio message"


def _message(message: Message, chat: Chat) -> Json:
    return {
        "id": message.id,
        "mine": message.sender.is_me,
        "sender": name_of(message.sender.address),
        "text": message.text,
        "audio": _audio(message.media),
        "service": message.service,
        "status": message.status,
        "at": stamp(message.created_at),
        "read_at": stamp(message.read_at),
        "reason": message.failure.reason if message.failure and message.status == "failed" else "",
        "tapbacks": [{"kind": t.kind, "who": name_of(t.person.address)} for t in message.tapbacks],
        "receipts": not chat.is_group and message.service != "SMS",
    }


def _audio(media: Attachment | None) -> Json | None:
    if media is None:
        return None
    size, kept = (media.stored.size_bytes, media.stored.body is not None) if media.stored else (0, False)
    return {"name": media.filename, "type": media.content_type, "size": size, "kept": kept}
