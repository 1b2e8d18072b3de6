"""Reads what was said on a line for what no webhook told: its list of chats, and then those that have changed.

Linq has no list of messages across chats. That a message changes its chat's ``updated_at`` is nowhere promised, so
chats whose conversation is open are also read by themselves; here the new ones are found, and those that came back.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import linq

from bot.linq import schemas
from bot.linq.api.calls import Answer, call_api
from bot.linq.api.limits import PAGE
from bot.linq.fields import read
from bot.linq.ids import LinqIds, is_line
from bot.linq.inbound.history import LinqHistory
from bot.relay.errors import Refused, Remedy
from bot.relay.ids import RoomId
from bot.relay.ports.networks import HistoryPage


@dataclass(frozen=True)
class ChangedChat:
    """``line`` is the id of our number in it, which tells the number to nobody."""

    id: str
    line: str
    is_group: bool


@dataclass(frozen=True)
class LineProgress:
    """How far reading has come; the relay keeps it as an opaque cursor, so no number may stand in it.

    ``listed``: Linq's cursor to more chats, None at the end. ``chats`` are read first; ``messages``: Linq's cursor
    within the first of them.
    """

    listed: str | None = ""
    chats: tuple[ChangedChat, ...] = ()
    messages: str = ""

    def cursor(self) -> str:
        return json.dumps(asdict(self)) if self.chats or self.listed is not None else ""

    @staticmethod
    def parse(cursor: str) -> "LineProgress":
        fields = json.loads(cursor)
        return LineProgress(**{**fields, "chats": tuple(ChangedChat(**each) for each in fields["chats"])})


class LineHistory:
    """The relay's ``History``, of a chat or of a whole line. One call a time: our numbers, a page of chats, or a page
    of a chat's messages."""

    def __init__(self, api: linq.AsyncLinqAPIV3, ids: LinqIds, chats: LinqHistory) -> None:
        self._lines = api.phone_numbers.with_raw_response
        self._list = api.chats.with_raw_response
        self._ids = ids
        self._chats = chats
        self._numbers: dict[str, str] = {}  # by the ids of lines

    async def read(self, room: RoomId, since: datetime, cursor: str = "") -> HistoryPage:
        if not is_line(room):
            return await self._chats.read(room, since, cursor)
        if not cursor or not self._numbers:
            await self._learn_numbers(room)
            return HistoryPage((), cursor or LineProgress().cursor())
        progress = LineProgress.parse(cursor)
        if progress.chats:
            return await self._read_chat(since, progress)
        return await self._read_list(room, since, progress)

    async def _learn_numbers(self, room: RoomId) -> None:
        """The id of a line tells its number to nobody."""
        listed = await call_api("phone_numbers.list", self._lines.list(), _lines)
        self._numbers = {self._ids.line(number): number for number in listed}
        if room not in (*self._numbers, self._ids.all_lines()):
            raise Refused("This number is none of the account's any more.", remedy=Remedy.LINK_AGAIN)

    async def _read_list(self, room: RoomId, since: datetime, progress: LineProgress) -> HistoryPage:
        line = self._numbers.get(room, "")
        call = self._list.list_chats(from_=line or linq.omit, limit=PAGE, cursor=progress.listed or linq.omit)
        page = await call_api("chats.list", call, lambda answer: read(schemas.ChatPage, answer.body))
        listed = page.next_cursor if page.next_cursor not in ("", progress.listed) else None
        chats = tuple(self._changed(page.chats, since, room))
        return HistoryPage((), replace(progress, listed=listed, chats=chats, messages="").cursor())

    async def _read_chat(self, since: datetime, progress: LineProgress) -> HistoryPage:
        first, *others = progress.chats
        try:
            page = await self._chats.read_chat(self._as_told(first), since, progress.messages)
        except Refused:  # it was left or deleted meanwhile
            page = HistoryPage(())
        chats = progress.chats if page.cursor else tuple(others)
        return replace(page, cursor=replace(progress, chats=chats, messages=page.cursor).cursor())

    def _as_told(self, chat: ChangedChat) -> schemas.LinqChat:
        """As a webhook would name it."""
        owner = schemas.LinqHandle(handle=self._numbers.get(chat.line, ""), is_me=True)
        return schemas.LinqChat(id=chat.id, is_group=chat.is_group, owner_handle=owner)

    def _changed(self, chats: Iterable[schemas.LinqChat], since: datetime, room: RoomId) -> Iterable[ChangedChat]:
        """A little too many: Linq's clock is not ours, and what is told twice does no harm."""
        for chat in chats:
            if chat.id and (chat.updated_at is None or chat.updated_at >= since - timedelta(minutes=5)):
                own = next((handle.handle for handle in chat.handles if handle.is_me), "")
                yield ChangedChat(chat.id, self._ids.line(own) if own else room, bool(chat.is_group))


def _lines(answer: Answer) -> list[str]:
    return [line.phone_number for line in read(schemas.LinesAnswer, answer.body).phone_numbers if line.phone_number]
