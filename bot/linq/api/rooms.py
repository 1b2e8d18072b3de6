"""The chats that a person may mean, by chat id, phone number or e-mail address."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import linq

from bot.linq import schemas
from bot.linq.api.calls import call_api, pages
from bot.linq.api.limits import PAGE
from bot.linq.api.search import chats_of, people_of
from bot.linq.fields import PayloadError, read
from bot.linq.ids import ALL, ALL_LABEL, UUID, LinqIds, chat_of, normalize_handle, shown_handle
from bot.relay.errors import NO_ROOM, InvalidInput, Refused
from bot.relay.ids import PersonId, RoomId
from bot.relay.rooms import LineInfo, RoomInfo

LISTED_FOR = timedelta(minutes=1)

_PHONE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>|]+@[^@\s<>|]+\.[^@\s<>|]+")
_BETWEEN_DIGITS = re.compile(r"[\s().-]")


class LinqRooms:
    """The relay's ``RoomFinder``."""

    def __init__(self, api: linq.AsyncLinqAPIV3, ids: LinqIds, *, now: Callable[[], datetime]) -> None:
        self._api = api.chats.with_raw_response
        self._lines = api.phone_numbers.with_raw_response
        self._ids = ids
        self._now = now
        self._listed: tuple[datetime, Sequence[RoomInfo]] = (datetime.min.replace(tzinfo=UTC), ())

    def person(self, handle: str) -> PersonId:
        return self._ids.person(handle)

    async def room(self, room: RoomId) -> RoomInfo:
        call = self._api.retrieve(chat_of(room))
        return await call_api("chats.retrieve", call, lambda answer: self._info(read(schemas.LinqChat, answer.body)))

    async def find_rooms(self, query: str) -> Sequence[RoomInfo]:
        query = clean_query(query)
        if UUID.fullmatch(query):
            return [await self.room(self._ids.room(query))]
        handle = parse_handle(query, or_else="a chat id, ")
        found = await self.rooms_with(handle)
        if not found:
            raise Refused(
                f"There is no chat with {handle} yet. A voice memo cannot open a chat: "
                "exchange a first message with them, then link again.",
                code=NO_ROOM,
            )
        return found

    async def rooms_with(self, handle: str) -> Sequence[RoomInfo]:
        """The chats that this person is in; none is fine."""
        return [self._info(chat) for chat in await self._chats_with(handle)]

    async def search_rooms(self, typed: str) -> Sequence[RoomInfo]:
        """Linq has no search, so its chats are listed, at most two thousand of them, and remembered for a minute."""
        wanted = clean_query(typed).casefold()
        digits = re.sub(r"\D", "", wanted)
        return [room for room in await self._all_rooms() if _matches(room, wanted, digits)]

    async def _all_rooms(self) -> Sequence[RoomInfo]:
        listed_at, rooms = self._listed
        if self._now() - listed_at > LISTED_FOR:
            chats = [
                chat
                async for page in pages(
                    "chats.list", lambda cursor: self._api.list_chats(limit=PAGE, cursor=cursor), schemas.ChatPage
                )
                for chat in page.chats
            ]
            rooms = [self._info(chat) for chat in chats if chat.id]
            self._listed = (self._now(), rooms)
        return rooms

    async def find_line(self, query: str) -> LineInfo:
        query = clean_query(query)
        if query.casefold() == ALL:
            return LineInfo(self._ids.all_lines(), ALL_LABEL, await self._count_chats(""))
        number, ours = _BETWEEN_DIGITS.sub("", query), await self._own_numbers()
        if number not in ours:
            shown = ", ".join(map(shown_handle, ours)) or "none"
            no = Refused if _PHONE.fullmatch(number) else InvalidInput
            raise no(f"That is none of our numbers. Write all, or one of them: {shown}.")
        return LineInfo(self._ids.line(number), shown_handle(number), await self._count_chats(number))

    async def _own_numbers(self) -> Sequence[str]:
        call = self._lines.list()
        listed = await call_api("phone_numbers.list", call, lambda answer: read(schemas.LinesAnswer, answer.body))
        return [line.phone_number for line in listed.phone_numbers if line.phone_number]

    async def _count_chats(self, line: str) -> int:
        """Two thousand at most."""
        return sum(
            [
                len(page.chats)
                async for page in pages(
                    "chats.list",
                    lambda cursor: self._api.list_chats(from_=line or linq.omit, limit=PAGE, cursor=cursor),
                    schemas.ChatPage,
                )
            ]
        )

    async def _chats_with(self, handle: str) -> Sequence[schemas.LinqChat]:
        found: list[schemas.LinqChat] = []
        async for page in pages(
            "chats.list",
            lambda cursor: self._api.list_chats(to=handle, limit=PAGE, cursor=cursor),
            schemas.ChatPage,
        ):
            found += page.chats
        return chats_of(handle, found)

    def _info(self, chat: schemas.LinqChat) -> RoomInfo:
        return chat_info(chat, self._ids)


def chat_info(chat: schemas.LinqChat, ids: LinqIds) -> RoomInfo:
    """A chat as a person choosing it needs to see it."""
    if not chat.id:
        raise PayloadError("no chat id")
    ours = next((each.handle for each in chat.handles if each.is_me), "")
    line = ids.line(ours) if ours else None
    return RoomInfo(ids.room(chat.id), people_of(chat), bool(chat.is_group), chat.service, _name_of(chat), line)


def _name_of(chat: schemas.LinqChat) -> str:
    """A chat without a name has "a comma-separated list of recipient handles" in its place (Linq's OpenAPI); in the
    example there, our own number is among them."""
    return "" if all(map(_is_handle, chat.display_name.split(","))) else chat.display_name


def _is_handle(word: str) -> bool:
    word = word.strip()
    return bool(_PHONE.fullmatch(_BETWEEN_DIGITS.sub("", word)) or _EMAIL.fullmatch(word))


def _matches(room: RoomInfo, wanted: str, digits: str) -> bool:
    """By a part of the name, of an address or a number, or by the id."""
    if any(wanted in each.casefold() for each in (room.name, room.id, *room.people)):
        return True
    return len(digits) > 2 and any(digits in re.sub(r"\D", "", person) for person in room.people)


def parse_handle(query: str, *, or_else: str = "") -> str:
    """What was typed or pasted, as Linq writes a handle. InvalidInput for what is none; ``or_else``: what else is
    taken."""
    query = clean_query(query)
    number = _BETWEEN_DIGITS.sub("", query)
    handle = number if _PHONE.fullmatch(number) else query
    if not (_PHONE.fullmatch(handle) or _EMAIL.fullmatch(handle)):
        raise InvalidInput(
            f"That is neither {or_else}a phone number nor an e-mail address. "
            "Write a number with its country code, like +12025550123."
        )
    return normalize_handle(handle)


def clean_query(query: str) -> str:
    """What people typed or pasted, with its look-alikes in ASCII: dashes and spaces of every kind, full-width letters
    and signs, digits of other scripts; what cannot be seen is left out."""
    return "".join(_plain(char) for char in unicodedata.normalize("NFKC", query)).strip()


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs"):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return {"Pd": "-", "Zs": " ", "Zl": " ", "Zp": " "}.get(category, char)
