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
from bot.relay.ports import HistoryPage


@dataclass(frozen=True)
class ChangedChat:
    id: str
    line: str
    is_group: bool

    def schema(self) -> schemas.LinqChat:
        """As a webhook would name it."""
        owner = schemas.LinqHandle(handle=self.line, is_me=True)
        return schemas.LinqChat(id=self.id, is_group=self.is_group, owner_handle=owner)


@dataclass(frozen=True)
class Progress:
    """How far reading has come; the relay keeps it as an opaque cursor.

    ``line``: the number whose chats are listed, "" for all. ``listed``: Linq's cursor to more chats, None at the end.
    ``chats`` are read first; ``messages``: Linq's cursor within the first of them.
    """

    line: str
    listed: str | None = ""
    chats: tuple[ChangedChat, ...] = ()
    messages: str = ""

    def cursor(self) -> str:
        return json.dumps(asdict(self)) if self.chats or self.listed is not None else ""

    @staticmethod
    def parse(cursor: str) -> "Progress":
        fields = json.loads(cursor)
        return Progress(**{**fields, "chats": tuple(ChangedChat(**each) for each in fields["chats"])})


class LineHistory:
    """The relay's ``History``, of a chat or of a whole line. One call a time: our numbers, a page of chats, or a page
    of a chat's messages."""

    def __init__(self, api: linq.AsyncLinqAPIV3, ids: LinqIds, chats: LinqHistory) -> None:
        self._lines = api.phone_numbers.with_raw_response
        self._list = api.chats.with_raw_response
        self._ids = ids
        self._chats = chats

    async def read(self, room: RoomId, since: datetime, cursor: str = "") -> HistoryPage:
        if not is_line(room):
            return await self._chats.read(room, since, cursor)
        if not cursor:
            line = "" if room == self._ids.all_lines() else await self._number(room)
            return HistoryPage((), Progress(line).cursor())
        progress = Progress.parse(cursor)
        if progress.chats:
            return await self._read_chat(since, progress)
        return await self._read_list(since, progress)

    async def _number(self, room: RoomId) -> str:
        """The id of a line tells its number to nobody."""
        listed = await call_api("phone_numbers.list", self._lines.list(), _lines)
        number = next((each for each in listed if self._ids.line(each) == room), "")
        if not number:
            raise Refused("This number is none of the account's any more.", remedy=Remedy.LINK_AGAIN)
        return number

    async def _read_list(self, since: datetime, progress: Progress) -> HistoryPage:
        call = self._list.list_chats(from_=progress.line or linq.omit, limit=PAGE, cursor=progress.listed or linq.omit)
        page = await call_api("chats.list", call, lambda answer: read(schemas.ChatPage, answer.body))
        listed = page.next_cursor if page.next_cursor not in ("", progress.listed) else None
        chats = tuple(_changed(page.chats, since, progress.line))
        return HistoryPage((), replace(progress, listed=listed, chats=chats, messages="").cursor())

    async def _read_chat(self, since: datetime, progress: Progress) -> HistoryPage:
        first, *others = progress.chats
        try:
            page = await self._chats.read_chat(first.schema(), since, progress.messages)
        except Refused:  # it was left or deleted meanwhile
            page = HistoryPage(())
        chats = progress.chats if page.cursor else tuple(others)
        return replace(page, cursor=replace(progress, chats=chats, messages=page.cursor).cursor())


def _changed(chats: Iterable[schemas.LinqChat], since: datetime, line: str) -> Iterable[ChangedChat]:
    """A little too many: Linq's clock is not ours, and what is told twice does no harm."""
    for chat in chats:
        if chat.id and (chat.updated_at is None or chat.updated_at >= since - timedelta(minutes=5)):
            own = next((handle.handle for handle in chat.handles if handle.is_me), "")
            yield ChangedChat(chat.id, own or line, bool(chat.is_group))


def _lines(answer: Answer) -> list[str]:
    return [line.phone_number for line in read(schemas.LinesAnswer, answer.body).phone_numbers if line.phone_number]
