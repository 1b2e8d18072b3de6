"""Ids of the network "linq": made and read here, and nowhere else.

========  ============================================================================================================
room      ``linq:<account>/<chat uuid>``; a line, as a room that holds all its chats: ``linq:<account>/line/<digest>``,
          and all lines: ``linq:<account>/line/all``
message   ``linq:<account>#<message uuid>``; what has no id at Linq (an edit, a reaction, an announcement) is named for
          what it says, so that the same fact told twice is the same message: ``linq:<account>#<uuid>/edit/0/<digest>``
media     ``linq:<account>!<attachment uuid>``
person    ``linq:<account>@<digest>``
========  ============================================================================================================

A digest is the first 16 hexadecimal digits of SHA-256 over the handle (a phone number or an e-mail address). Handles
themselves stand in no id, as ids are logged and kept.
"""

import hashlib
import re

import phonenumbers

from bot.relay.errors import Refused, Remedy
from bot.relay.ids import WEB, MediaRef, MessageId, PersonId, RoomId

NETWORK = "linq"
ALL, ALL_LABEL = "all", "all numbers"
DEFAULT_ACCOUNT = "default"
DIGEST_LENGTH = 16

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)

_ACCOUNT = re.compile(r"[a-z0-9-]{1,32}")
_ROOM = re.compile(rf"{NETWORK}:[a-z0-9-]+/(\w[\w.:-]*)", re.ASCII)
_LINE = re.compile(rf"{NETWORK}:[a-z0-9-]+/line/\w+", re.ASCII)
_MESSAGE = re.compile(rf"{NETWORK}:[a-z0-9-]+#(\w[\w.:-]*)", re.ASCII)
_MEDIA = re.compile(rf"{NETWORK}:[a-z0-9-]+!(\w[\w.:-]*)", re.ASCII)


class LinqIds:
    """Makes the ids of one Linq account. Raises ValueError for a name that cannot stand in an id."""

    def __init__(self, account: str = DEFAULT_ACCOUNT) -> None:
        if not _ACCOUNT.fullmatch(account):
            raise ValueError(f"{account!r} is no name for a Linq account: only a-z, 0-9 and - may stand in it.")
        self._prefix = f"{NETWORK}:{account}"

    def room(self, chat: str) -> RoomId:
        return RoomId(f"{self._prefix}/{lower_uuid(chat)}")

    def line(self, handle: str) -> RoomId:
        """One of our own numbers, as the room that holds all its chats."""
        return RoomId(f"{self._prefix}/line/{digest(normalize_handle(handle))}")

    def all_lines(self) -> RoomId:
        """All of our numbers together, as the room that holds all chats."""
        return RoomId(f"{self._prefix}/line/{ALL}")

    def message(self, message: str) -> MessageId:
        return MessageId(f"{self._prefix}#{lower_uuid(message)}")

    def event(self, event: str) -> MessageId:
        """What only its event names."""
        return MessageId(f"{self._prefix}#event/{lower_uuid(event)}")

    def media(self, attachment: str) -> MediaRef:
        return MediaRef(f"{self._prefix}!{lower_uuid(attachment)}")

    def media_at(self, url: str) -> MediaRef:
        """Media that Linq gives no id to: only its address opens it."""
        return MediaRef(f"{self._prefix}!url/{digest(url)}")

    def person(self, handle: str) -> PersonId:
        return PersonId(f"{self._prefix}@{digest(normalize_handle(handle))}")

    def room_key(self, line: str, contact: str) -> str:
        """What stays the same when a direct chat goes on under a new chat id: who talks to whom. "" where that is not
        known."""
        if not line or not contact:
            return ""
        return f"{self._prefix}/pair/{digest(f'{normalize_handle(line)} {normalize_handle(contact)}')}"


def fact_id(about: MessageId, *fact: str) -> MessageId:
    """A fact about a message that has no id of its own."""
    return MessageId("/".join((about, *fact)))


def is_line(room: RoomId) -> bool:
    return _LINE.fullmatch(room) is not None


def chat_of(room: RoomId) -> str:
    """The chat's id at Linq. Refused for a room that is no chat."""
    if match := _ROOM.fullmatch(room):
        return match[1]
    raise Refused("That is no chat at Linq.", remedy=Remedy.LINK_AGAIN)


def message_of(message: MessageId | None) -> str:
    """The message's id at Linq; "" for what is none there."""
    match = _MESSAGE.fullmatch(message or "")
    return match[1] if match else ""


def attachment_of(media: MediaRef) -> str:
    """The attachment's id at Linq; "" for what has none there."""
    match = _MEDIA.fullmatch(media)
    return match[1] if match else ""


def public_url_of(media: MediaRef) -> str:
    """The address that a person named; "" for anything else."""
    network, _, url = media.partition(":")
    return url if network == WEB else ""


def normalize_handle(handle: str) -> str:
    """A person's handle as Linq writes it: E.164, or an e-mail address in lower case. Senders with a name, as some
    companies have over SMS, keep it in lower case."""
    number = re.sub(r"[^\d+]", "", handle)
    return handle.strip().casefold() if "@" in handle or not number else number


def shown_handle(handle: str) -> str:
    """A person's handle as people read it: a phone number in groups of digits, as its country writes it."""
    try:
        number = phonenumbers.parse(normalize_handle(handle))
    except phonenumbers.NumberParseException:
        return handle
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def lower_uuid(identifier: str) -> str:
    """UUIDs are the same in either case; of ids in any other form we know nothing."""
    return identifier.lower() if UUID.fullmatch(identifier) else identifier


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
