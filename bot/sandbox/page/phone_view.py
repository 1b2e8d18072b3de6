"""The account's chats as phones draw them. Nothing is changed here."""

from collections.abc import Iterator

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.serializers import stamp
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Chat, Handle, Message, Part
from bot.sandbox.page.contacts import name_of

SHOWN_MOST = 80


def phone_sections(linq: LinqServer) -> Iterator[tuple[str, Json]]:
    """Yield ``phone`` with every chat, then ``chat:<id>`` for each with its last messages."""
    account = linq.account
    chats = [(chat, account.messages_in(chat.id)) for chat in account.chats.values()]
    yield "phone", {"chats": [_chat(chat, messages) for chat, messages in chats]}
    for chat, messages in chats:
        yield f"chat:{chat.id}", {"messages": [_message(m, chat) for m in messages[-SHOWN_MOST:]]}


def _chat(chat: Chat, messages: list[Message]) -> Json:
    """Render a chat; ``people`` are those whose phones show it, ``line`` is the partner's own number in it."""
    last = messages[-1] if messages else None
    return {
        "id": chat.id,
        "name": chat.display_name or "",
        "line": _person(chat.me),
        "service": chat.service,
        "is_group": chat.is_group,
        "people": [_person(each) for each in chat.members],
        "condition": chat.condition,
        "opted_out": chat.is_marked_opted_out,
        "preview": _preview(last),
        "last_at": stamp(last.created_at) if last else None,
        "count": len(messages),
    }


def _person(handle: Handle) -> Json:
    return {"address": handle.address, "name": name_of(handle.address)}


def _preview(message: Message | None) -> str:
    if message is None:
        return ""
    if message.text:
        return message.text
    sounds = any(media.content_type.startswith("audio/") for media in message.media)
    return "Audio message" if sounds else "Attachment"


def _message(message: Message, chat: Chat) -> Json:
    """Render a message; ``ours`` are the bot's, ``receipts`` tells whether the chat reports delivered and read."""
    return {
        "id": message.id,
        "ours": message.sender.is_me,
        "from": _person(message.sender),
        "parts": [_part(part) for part in message.parts],
        "is_voice_memo": message.is_voice_memo,
        "service": message.service,
        "status": message.status,
        "at": stamp(message.created_at),
        "edited_at": stamp(message.edited_at),
        "reply_to": message.reply_to.message_id if message.reply_to else None,
        "receipts": not chat.is_group and message.service != "SMS",
    }


def _part(part: Part) -> Json:
    """Render a part; ``media`` is None for text, and its bytes are at ``/linq/media/{message}/{part}`` if kept."""
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
        "tapbacks": [{"kind": r.type, "emoji": r.custom_emoji, "from": _person(r.person)} for r in part.reactions],
    }
