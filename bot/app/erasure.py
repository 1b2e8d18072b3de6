"""Forgets a person, and deletes old uploads at Linq."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.linq.api.erasure import LinqErasure
from bot.linq.ids import NETWORK as LINQ
from bot.relay.errors import RetryLater
from bot.relay.ids import MediaRef, RoomId
from bot.store.tables.erasure import ErasureTable

log = logging.getLogger("memobridge.app")

PAUSE_S = 1.0  # Linq tolerates a call a second
BATCH = 100
TRIES = 5


@dataclass(frozen=True)
class Forgotten:
    """``files``: deleted at Linq. ``links``: the rooms of the team whose links ended. ``being_sent``: deliveries that
    had to stay until their send is settled."""

    deliveries: int
    files: int
    links: Sequence[RoomId]
    being_sent: int


class Erasure:
    """``pause`` lies between two calls to Linq."""

    def __init__(
        self,
        linq: LinqErasure,
        table: ErasureTable,
        *,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._linq = linq
        self._table = table
        self._pause = pause

    async def forget(self, handle: str) -> Forgotten:
        """Delete their files at Linq first, then the rows that name them: what breaks off can be done again.

        InvalidInput for what is neither a number nor an address.
        """
        person, names = self._linq.person(handle)
        chats = await self._linq.rooms_of(handle)
        direct = [chat.id for chat in chats if not chat.is_group]
        media = set(await self._table.media_of(person, direct))
        for chat in chats:
            media |= {each async for each in self._linq.media_in(chat.id, by=person if chat.is_group else None)}
        files = [await self._delete(each) for each in sorted(media) if each.startswith(f"{LINQ}:")]
        erased = await self._table.forget(person, direct, names)
        log.info("person.forgotten", extra={"deliveries": erased.deliveries, "files": sum(files)})
        return Forgotten(erased.deliveries, sum(files), erased.links, erased.being_sent)

    async def delete_uploads_older_than(self, age: timedelta) -> int:
        """Delete our uploads at Linq that no delivery needs any more; gives how many went."""
        deleted = 0
        while due := await self._table.due_uploads(LINQ, age, BATCH):
            for media in due:
                deleted += await self._delete(media)
                await self._table.upload_deleted(media)
                await self._pause(PAUSE_S)
        return deleted

    async def _delete(self, media: MediaRef) -> bool:
        for _ in range(TRIES - 1):
            try:
                return await self._linq.delete(media)
            except RetryLater as later:
                await self._pause((later.after or timedelta(seconds=PAUSE_S)).total_seconds())
        return await self._linq.delete(media)
