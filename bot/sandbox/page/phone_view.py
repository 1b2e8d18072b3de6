"""The account's chats as a phone draws them. Nothing is changed here."""

from collections.abc import Iterator

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.serializers import stamp
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Chat, Message, Part
from bot.sandbox.page.contacts import name_of

SHOWN_MOST = 80


def phone_sections(linq: LinqServer) -> Iterator[tuple[str, Json]]:
    """Yield ``phone`` with every chat, then ``chat:<id>`` for each with its last messages."""
    account = linq.account
    chats = [(chat, account.messages_in(chat.id)) for chat in account.chats.values()]
    yield "phone", {"chats": [_chat(chat, messages) for chat, messages in chats]}
    for chat, messages in chats:
        yield f"chat:{chat.id}", {"messages": [_message(m, chat) for m in messages[-SHOWN_MOST:]]}


def title(chat: Chat) -> str:
    return chat.display_name or ", ".join(name_of(person.address) for person in chat.members)


def _chat(chat: Chat, messages: list[Message]) -> Json:
    last = messages[-1] if messages else None
    return {
        "id": chat.id,
        "name": title(chat),
        "line": chat.me.address,
        "service": chat.service,
        "is_group": chat.is_group,
        "people": [{"address": p.address, "name": name_of(p.address)} for p in chat.members],
        "condition": chat.condition,
        "health": chat.health,
        "opted_out": chat.is_marked_opted_out,
        "preview": _preview(last),
        "last_at": stamp(last.created_at) if last else None,
        "count": len(messages),
    }


def _preview(message: Message | None) -> str:
    if message is None:
        return ""
    if message.text:
        return message.text
    sounds = any(media.content_type.startswith("audio/") for media in message.media)
    return "Audio message" if sounds else "Attachment"


def _message(message: Message, chat: Chat) -> Json:
    """Render a message; its reactions are by part, and those of part 0 also stand at ``tapbacks``."""
    parts = [_part(part) for part in message.parts]
    return {
        "id": message.id,
        "mine": message.sender.is_me,
        "sender": name_of(message.sender.address),
        "text": message.text,
        "parts": parts,
        "is_voice_memo": message.is_voice_memo,
        "service": message.service,
        "status": message.status,
        "at": stamp(message.created_at),
        "read_at": stamp(message.read_at),
        "edited_at": stamp(message.edited_at),
        "reply_to": message.reply_to.message_id if message.reply_to else None,
        "reason": message.failure.reason if message.failure and message.status == "failed" else "",
        "tapbacks": parts[0]["reactions"] if parts else [],
        "receipts": not chat.is_group and message.service != "SMS",
    }


def _part(part: Part) -> Json:
    """Render a part; ``media`` is None for text, and its bytes are at ``/linq/media/{message}/{part}`` if kept."""
    reactions = [{"kind": r.type, "emoji": r.custom_emoji, "who": name_of(r.person.address)} for r in part.reactions]
    media = None
    if part.media is not None:
        stored = part.media.stored
        size, kept = (stored.size_bytes, stored.body is not None) if stored else (0, False)
        media = {"name": part.media.filename, "type": part.media.content_type, "size": size, "kept": kept}
    return {
        "type": part.type,
        "text": part.value,
        "decorations": part.decorations,
        "media": media,
        "reactions": reactions,
    }
