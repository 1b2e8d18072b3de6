"""Our words into Linq's API, through Linq's own SDK. Failures become Refused, RetryLater or OutcomeUnknown.

Nothing of Slack, the store or the settings may come in; the key, the address and the shared session are arguments.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import cast

import aiohttp
import httpx
import linq
from httpx_aiohttp import AiohttpTransport
from linq.types import SupportedContentType

from bot.linq import limits, parse, shapes
from bot.linq.exchange import ask, pages
from bot.linq.search import Wanted, address, chats_of
from bot.linq.upload import put
from bot.linq.verdicts import CODES
from bot.relay.errors import Refused
from bot.relay.model import AttachmentId, Chat, ChatId, Memo, MemoId, Receipt
from bot.relay.ports import Upload

CONNECT_S = 5.0
ANSWER_S = 30.0


class Plain(httpx.AsyncClient):
    """Sends and reads, and nothing else: no cookies, redirects, hooks or auth flows, which no call here has a use for.
    They took a seventh of a call's CPU."""

    def __init__(self, transport: httpx.AsyncBaseTransport, timeout: httpx.Timeout) -> None:
        super().__init__(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False)
        self._way = transport

    async def send(self, request: httpx.Request, *, stream: bool = False, **_: object) -> httpx.Response:
        response = await self._way.handle_async_request(request)
        response.request = request
        try:
            if not stream:
                await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response


def open_api(
    api_key: str, base_url: str, session: aiohttp.ClientSession, *, answer_s: float = ANSWER_S
) -> linq.AsyncLinqAPIV3:
    """Linq's SDK over the shared session: no retries, no redirects, no proxies from the environment.

    It has nothing to close: the session belongs to who made it. aiohttp under httpx takes about a quarter less CPU a
    call than httpx alone (1.1 against 1.5 ms, measured on two shared cores).
    """
    timeout = httpx.Timeout(answer_s, connect=CONNECT_S, pool=CONNECT_S)
    transport = AiohttpTransport(client=session, trust_env=False)
    return linq.AsyncLinqAPIV3(
        api_key=api_key,
        base_url=base_url,
        webhook_secret="",
        max_retries=0,
        timeout=timeout,
        http_client=Plain(transport, timeout),
    )


class LinqClient:
    """The relay's ``Linq``, and what the command line wants to know beside it."""

    def __init__(
        self, api: linq.AsyncLinqAPIV3, session: aiohttp.ClientSession, *, now: Callable[[], datetime]
    ) -> None:
        self._api = api
        self._session = session
        self._now = now

    async def create_attachment(self, filename: str, content_type: str, size_bytes: int) -> Upload:
        if not 0 < size_bytes <= limits.ATTACHMENT_BYTES:
            raise Refused(CODES[5005].reason if size_bytes else "The audio is empty. Send it again.")
        call = self._api.attachments.with_raw_response.create(
            filename=limits.fitting_name(filename),
            content_type=cast(SupportedContentType, content_type),
            size_bytes=size_bytes,
        )
        return await ask(
            "attachments.create",
            call,
            lambda said: parse.upload(said.body, content_type=content_type, size_bytes=size_bytes),
        )

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        await put(self._session, upload, chunks)

    async def send(self, chat: ChatId, *, attachment: AttachmentId | None = None, url: str = "") -> Memo:
        assert bool(attachment) != bool(url), "a memo has exactly one source"
        call = self._api.chats.with_raw_response.send_voicememo(
            _segment(chat), attachment_id=attachment or linq.omit, voice_memo_url=url or linq.omit
        )
        return await ask(
            "voicememo",
            call,
            lambda said: parse.sent_memo(said.body, trace_id=said.trace_id, attachment=attachment, now=self._now()),
            repeatable=False,
        )

    async def find_memo(
        self, chat: ChatId, since: datetime, *, attachment: AttachmentId | None, filename: str
    ) -> Memo | None:
        wanted = Wanted(since, attachment, filename)
        listing = self._api.chats.messages.with_raw_response
        chat_id = _segment(chat)
        found: list[shapes.Message] = []
        async for page in pages(
            "messages.list",
            lambda cursor: listing.list(chat_id, limit=limits.PAGE, cursor=cursor),
            shapes.MessagePage,
        ):
            found += wanted.matches(page.messages)
            if (found and attachment) or wanted.is_out_of_reach(page.messages):  # a name may show up again further on
                break
        memo = wanted.nearest(found)
        return parse.listed_memo(memo, now=self._now()) if memo else None

    async def look(self, memo: MemoId) -> Receipt | None:
        call = self._api.messages.with_raw_response.retrieve(_segment(memo))
        try:
            return await ask("messages.retrieve", call, lambda said: parse.looked_at(said.body, now=self._now()))
        except Refused as no:
            if no.code in ("2001", "2002"):
                return None
            raise

    async def chat(self, chat: ChatId) -> Chat:
        call = self._api.chats.with_raw_response.retrieve(_segment(chat))
        return await ask("chats.retrieve", call, lambda said: parse.chat(said.body))

    async def chats_with(self, handle: str) -> Sequence[Chat]:
        """``handle``: E.164 or email. Chats of two come first, then the one used last."""
        person = address(handle)
        listing = self._api.chats.with_raw_response
        found: list[shapes.Chat] = []
        async for page in pages(
            "chats.list",
            lambda cursor: listing.list_chats(to=person, limit=limits.PAGE, cursor=cursor),
            shapes.ChatPage,
        ):
            found += page.chats
        return chats_of(person, found)

    async def lines(self) -> Sequence[str]:
        """The account's own numbers, E.164. Also the cheapest call that shows whether Linq takes our key."""
        call = self._api.phone_numbers.with_raw_response.list()
        return await ask("phone_numbers.list", call, lambda said: parse.lines(said.body))

    async def ping(self) -> None:
        """Readiness: the error says why not."""
        await self.lines()


def _segment(name: str) -> str:
    """An id as one piece of a path. People type chat ids, and the SDK raises ValueError for what it cannot place."""
    if name.isascii() and name.isprintable() and name.strip(". "):
        return name
    raise Refused("That is no id of a chat or a message at Linq. Check it, then try again.")
