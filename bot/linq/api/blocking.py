"""Keeps contacts away: Linq then drops what they write, on every line, and tells nobody."""

import linq

from bot.linq import schemas
from bot.linq.api.calls import call_api
from bot.linq.fields import read
from bot.linq.ids import chat_of
from bot.relay.errors import Refused
from bot.relay.ids import RoomId


class LinqBlocking:
    """The relay's ``Blocking``."""

    def __init__(self, api: linq.AsyncLinqAPIV3) -> None:
        self._chats = api.chats.with_raw_response
        self._blocked = api.blocked_handles.with_raw_response

    async def block(self, room: RoomId) -> None:
        handle = await self._contact(room)
        await call_api("blocked_handles.block", self._blocked.block(handle=handle), lambda _: None)

    async def unblock(self, room: RoomId) -> None:
        handle = await self._contact(room)
        await call_api("blocked_handles.unblock", self._blocked.unblock(handle=handle), lambda _: None)

    async def _contact(self, room: RoomId) -> str:
        """The one other person in the chat. Refused for a group."""
        call = self._chats.retrieve(chat_of(room))
        chat = await call_api("chats.retrieve", call, lambda answer: read(schemas.LinqChat, answer.body))
        others = [handle.handle for handle in chat.handles if handle.handle and not handle.is_me]
        if chat.is_group or len(others) != 1:
            raise Refused("Only a chat with one person can be blocked.")
        return others[0]
