"""Media at Slack: handing out the files of messages, and taking files before the message that carries them.

An upload takes three calls: an address for it, the bytes, and its completion without a channel, which leaves a private
file. Nobody sees that until it is attached to a message, so each step may be lost and done again: all that is left then
is a private file that nobody can find.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp

from bot.relay.errors import Refused, Remedy, RetryLater
from bot.relay.media.exact_body import ExactBody
from bot.relay.parts import Media, Voice
from bot.relay.ports.networks import Upload
from bot.slack.api.downloads import NOT_READY, Downloads, LoginPage, NotTheFile, SlackDownload, StaleAddress, slack_url
from bot.slack.api.errors import DELETED, HIDDEN
from bot.slack.api.identity import Identity
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import Body, child, identifier, integer, text
from bot.slack.files import addresses, addresses_in
from bot.slack.ids import file_of, media_ref

NEW_FOR = timedelta(minutes=1)
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=600.0, sock_connect=10.0, sock_read=60.0)


class SlackMediaSource:
    """Implements the relay's ``MediaSource``. ``now`` gives the time of day."""

    def __init__(self, api: SlackApi, downloads: Downloads, now: Callable[[], datetime]) -> None:
        self._api = api
        self._downloads = downloads
        self._now = now

    @asynccontextmanager
    async def open(self, part: Voice | Media) -> AsyncIterator[SlackDownload]:
        """Open the part's bytes. Every address that came with it is tried, then those that Slack gives now."""
        async with AsyncExitStack() as stack:
            known = list(addresses_in(part.media_hint))
            download = await self._try(known, stack) if known else None
            yield download or await self._open_fresh(file_of(part.media), stack)

    async def file(self, file_id: str) -> Body:
        """The file object as it is now. Raises Refused or RetryLater."""
        return child((await self._api.read("files.info", file=file_id)).body, "file")

    async def read_head(self, file: Body) -> bytes:
        """The first bytes of a file. Raises Refused or RetryLater."""
        async with AsyncExitStack() as stack:
            return (await self._open_any(file, stack)).head

    async def _try(self, urls: Sequence[str], stack: AsyncExitStack) -> SlackDownload | None:
        """None when none of these addresses leads to the file."""
        for url in urls:
            try:
                return await stack.enter_async_context(self._downloads.open(url))
            except (StaleAddress, NotTheFile):
                continue
        return None

    async def _open_fresh(self, file_id: str, stack: AsyncExitStack) -> SlackDownload:
        return await self._open_any(await self.file(file_id), stack)

    async def _open_any(self, file: Body, stack: AsyncExitStack) -> SlackDownload:
        """Raises what the last of its addresses came to."""
        urls = _addresses(file)
        if len(urls) > 1 and (download := await self._try(urls[:-1], stack)):
            return download
        try:
            return await stack.enter_async_context(self._downloads.open(urls[-1]))
        except LoginPage:
            # The token is good, or Slack would not have told of the file.
            if abs(self._now().timestamp() - integer(file, "created")) < NEW_FOR.total_seconds():
                raise RetryLater(NOT_READY) from None
            raise


@dataclass(frozen=True)
class SlackUpload(Upload):
    """``url`` takes the bytes; ``name`` is shown with the file."""

    url: str = ""
    name: str = ""


class SlackMediaStore:
    """Implements the relay's ``MediaStore``. ``base_url``: the Web API's, whose origin counts as Slack too."""

    def __init__(self, api: SlackApi, identity: Identity, session: aiohttp.ClientSession, base_url: str) -> None:
        self._api = api
        self._identity = identity
        self._session = session
        self._base_url = base_url

    async def create_upload(self, name: str, content_type: str, size_bytes: int) -> Upload:
        me = await self._identity.get()
        answer = await self._api.modify("files.getUploadURLExternal", {"filename": name, "length": size_bytes})
        url, file_id = text(answer.body, "upload_url"), identifier(answer.body, "file_id")
        if not (url and file_id):
            raise RetryLater("Slack gave no address for the upload.")
        return SlackUpload(media_ref(me.team, file_id), content_type, size_bytes, url, name)

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        assert isinstance(upload, SlackUpload), "made by create_upload"
        await self._post(upload, chunks)
        file = {"id": file_of(upload.media), "title": upload.name}
        await self._api.modify("files.completeUploadExternal", {"files": [file]})

    async def _post(self, upload: SlackUpload, chunks: AsyncIterator[bytes]) -> None:
        """The address itself lets the bytes in: our token stays here."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(upload.size_bytes)}
        body = ExactBody(chunks, upload.size_bytes)
        try:
            async with self._session.post(
                slack_url(upload.url, self._base_url),
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=UPLOAD_TIMEOUT,
            ) as response:
                status = response.status
        except (aiohttp.ClientError, OSError) as lost:
            raise body.failure or RetryLater("The upload to Slack broke off.") from lost
        if body.failure:  # answered before it was whole
            raise body.failure
        if status == 413:
            raise Refused("The file is larger than Slack allows.", code="413")
        if status != 200:
            raise RetryLater(f"Slack's upload server answered {status}.")


def _addresses(file: Body) -> tuple[str, ...]:
    """Never none."""
    if found := addresses(file):
        return found
    if text(file, "mode") == "hidden_by_limit":
        raise Refused(HIDDEN, remedy=Remedy.SEND_FILE_AGAIN)
    if text(file, "mode") == "tombstone":
        raise Refused(DELETED, remedy=Remedy.SEND_FILE_AGAIN)
    raise RetryLater(NOT_READY)
