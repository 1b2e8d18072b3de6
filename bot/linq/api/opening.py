"""Opens a chat with somebody who has none yet, by its first text."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

import linq

from bot.linq import schemas
from bot.linq.api.calls import Answer, call_api
from bot.linq.api.limits import TEXT_UNITS
from bot.linq.api.message_content import TOO_LONG
from bot.linq.api.receipts import status_receipt
from bot.linq.api.rooms import chat_info, parse_handle
from bot.linq.fields import PayloadError, read
from bot.linq.ids import LinqIds, shown_handle
from bot.linq.text import clean, utf16_length
from bot.relay.errors import Refused
from bot.relay.ids import DeliveryId, RoomId
from bot.relay.model import ReceiptSource, Sent
from bot.relay.rooms import LineInfo, RoomInfo

NO_LINKS = "The first message of a chat may hold no link. Write it without one."
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)


class LinqOpening:
    """The relay's ``RoomOpener``."""

    def __init__(self, api: linq.AsyncLinqAPIV3, ids: LinqIds, *, now: Callable[[], datetime]) -> None:
        self._chats = api.chats.with_raw_response
        self._lines = api.phone_numbers.with_raw_response
        self._ids = ids
        self._now = now

    async def lines(self) -> Sequence[LineInfo]:
        return [LineInfo(self._ids.line(number), shown_handle(number)) for number in await self._numbers()]

    async def open_room(self, line: RoomId, handle: str, text: str, *, key: DeliveryId) -> tuple[RoomInfo, Sent]:
        """Linq takes no link in a first message (1005), and gives a repeat under the same key the first answer, so
        that a lost answer is no reason for a second message. The same two people get the chat that they have."""
        text = clean(text).strip()
        if _ADDRESS.search(text):
            raise Refused(NO_LINKS)
        if utf16_length(text) > TEXT_UNITS:
            raise Refused(TOO_LONG)
        number = next((each for each in await self._numbers() if self._ids.line(each) == line), None)
        if number is None:
            raise Refused("That is none of our numbers any more.")
        call = self._chats.create(
            from_=number,
            to=[parse_handle(handle)],
            message={"parts": [{"type": "text", "value": text}], "idempotency_key": key},
        )
        try:
            return await call_api("chats.create", call, self._opened)
        except Refused as no:
            raise Refused(NO_LINKS, code=no.code, trace_id=no.trace_id) from None if no.code == "1005" else no

    async def _numbers(self) -> Sequence[str]:
        call = self._lines.list()
        listed = await call_api("phone_numbers.list", call, lambda answer: read(schemas.LinesAnswer, answer.body))
        return [line.phone_number for line in listed.phone_numbers if line.phone_number]

    def _opened(self, answer: Answer) -> tuple[RoomInfo, Sent]:
        """The message stands in the chat; one user of the live API has seen it beside it (sim#5301)."""
        created = read(schemas.ChatCreated, answer.body)
        message = created.chat.message if created.chat.message.id else created.message
        if not (created.chat.id and message.id):
            raise PayloadError("no chat.id, or no message.id")
        receipt = status_receipt(
            message, ids=self._ids, now=self._now(), source=ReceiptSource.SEND, trace_id=answer.trace_id
        )
        sent = Sent(self._ids.message(message.id), trace_id=answer.trace_id, receipt=receipt)
        return chat_info(created.chat, self._ids), sent
