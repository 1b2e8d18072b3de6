"""Deletes files from Linq's storage, and finds those of a person: their addresses are public, and lasting otherwise.

Linq deletes one attachment at a time and cannot bring it back. Messages that carried it stay, on the phones with their
file, in Linq's own lists without it. (Docstrings of linq-python 0.65.0, ``resources/attachments.py``.)
"""

from collections.abc import AsyncIterator, Sequence

import linq

from bot.linq import schemas
from bot.linq.api.calls import call_api
from bot.linq.api.error_codes import CODES, meaning_of
from bot.linq.api.limits import PAGE
from bot.linq.api.receipts import media_of
from bot.linq.api.rooms import LinqRooms, parse_handle
from bot.linq.fields import read
from bot.linq.ids import LinqIds, attachment_of, chat_of, shown_handle
from bot.relay.errors import Refused
from bot.relay.ids import MediaRef, PersonId, RoomId
from bot.relay.rooms import RoomInfo

_IS_GONE = frozenset({CODES[2003].reason, meaning_of(404).reason})


class LinqErasure:
    def __init__(self, api: linq.AsyncLinqAPIV3, ids: LinqIds, rooms: LinqRooms) -> None:
        self._attachments = api.attachments.with_raw_response
        self._messages = api.chats.messages.with_raw_response
        self._ids = ids
        self._rooms = rooms

    async def delete(self, media: MediaRef) -> bool:
        """Delete an upload of ours, or what a contact sent us. False: it was gone already, or had only an address."""
        attachment = attachment_of(media)
        if not attachment:
            return False
        try:
            await call_api("attachments.delete", self._attachments.delete(attachment), lambda _: None)
        except Refused as no:
            if no.reason in _IS_GONE:
                return False
            raise
        return True

    def person(self, query: str) -> tuple[PersonId, Sequence[str]]:
        """Who is meant by a phone number or an e-mail address, and how it is written. InvalidInput for all else."""
        handle = parse_handle(query)
        return self._ids.person(handle), (handle, shown_handle(handle))

    async def rooms_of(self, query: str) -> Sequence[RoomInfo]:
        """The chats that this person is in; none is fine."""
        return await self._rooms.rooms_with(parse_handle(query))

    async def media_in(self, room: RoomId, *, by: PersonId | None = None) -> AsyncIterator[MediaRef]:
        """The files in all of a chat's messages, or in those of one person."""
        cursor: str | linq.Omit = linq.omit
        while True:
            call = self._messages.list(chat_of(room), limit=PAGE, cursor=cursor)
            page = await call_api("messages.list", call, lambda answer: read(schemas.MessagePage, answer.body))
            for message in page.messages:
                if by is None or self._ids.person(message.sender.handle) == by:
                    for media in media_of(message.parts, self._ids):
                        yield media
            if not page.next_cursor or page.next_cursor == cursor:
                return
            cursor = page.next_cursor
