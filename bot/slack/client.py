"""Our side of the Slack door: what the relay asks of Slack, in Slack's own calls."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import ChannelId, Clip, Delivery, Notice, UserId
from bot.slack.blocks import SECTION_MOST, blocks, mark, mark_aside, section
from bot.slack.downloads import Arriving, Downloads, LoginPage, Misled, Stale
from bot.slack.errors import DELETED
from bot.slack.escaping import quoted
from bot.slack.fields import Body, part, parts, text, timestamp, whole
from bot.slack.files import clip_of
from bot.slack.lookups import Lookups
from bot.slack.web import Answer, Web
from bot.slack.words import alarm, words

METADATA = "memobridge_notice"

_CLOCKS_DIFFER_BY = timedelta(minutes=1)
_NEW_FOR = timedelta(minutes=1)
_NOT_DONE = "Slack is not done with the file yet."
_PAGES = 5
_BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
_CALM = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}


class Client:
    """Fits the relay's ``Slack``."""

    def __init__(self, web: Web, lookups: Lookups, downloads: Downloads, now: Callable[[], datetime]) -> None:
        self._web = web
        self._lookups = lookups
        self._downloads = downloads
        self._now = now

    def words(self, notice: Notice) -> str:
        return words(notice)

    async def is_admin(self, user: UserId) -> bool:
        return await self._lookups.is_admin(user)

    async def post_notice(self, notice: Notice) -> str:
        """Post it in its thread, or in the channel itself."""
        body = _shown(notice) | _CALM
        if notice.root_ts:
            body["thread_ts"] = notice.root_ts
        answer = await _plainer(lambda body: self._web.post("chat.postMessage", body, who=notice.id), body)
        return _ts(answer.body)

    async def update_notice(self, notice: Notice) -> None:
        body = _shown(notice) | {"ts": notice.ts, "parse": "none", "link_names": False}
        await _plainer(lambda body: self._web.put("chat.update", body, who=notice.id), body)

    async def remove_notice(self, notice: Notice, ts: str) -> None:
        await self._web.put("chat.delete", {"channel": notice.channel, "ts": ts}, who=notice.id)

    async def find_notices(self, notice: Notice) -> Sequence[str]:
        """By its metadata, or by the mark in its first block; only among the bot's own posts."""
        me = await self._lookups.identity()
        posts = [post async for post in self._posts_since(notice)]
        return sorted(timestamp(post, "ts") for post in posts if text(post, "bot_id") == me.bot and _is(post, notice))

    async def alarm(self, notice: Notice, delivery: Delivery) -> None:
        said = alarm(notice, delivery)
        shown = section(said) | {"block_id": mark_aside(notice.id)}
        body = {"channel": notice.channel, "text": said, "blocks": [shown], **_CALM}
        if root := notice.root_ts or notice.ts:
            body["thread_ts"] = root
        await self._web.post("chat.postMessage", body, who=f"alarm {delivery.id}")

    async def say(self, channel: ChannelId, sentence: str) -> None:
        """A message of its own, for whoever reads that channel. OutcomeUnknown: it may stand there after all."""
        said = quoted(sentence, SECTION_MOST)
        body = {"channel": channel, "text": said, "blocks": [section(said)], **_CALM}
        await self._web.post("chat.postMessage", body, who="operators")

    @asynccontextmanager
    async def download(self, clip: Clip) -> AsyncIterator[Arriving]:
        """Open the clip's bytes. An address that leads nowhere is renewed once through files.info."""
        async with AsyncExitStack() as stack:
            yield await self._open(clip, stack)

    async def _open(self, clip: Clip, stack: AsyncExitStack) -> Arriving:
        url = clip.url or _url(await self._lookups.file(clip.file_id))
        try:
            return await stack.enter_async_context(self._downloads.open(url))
        except (Stale, Misled):
            file = await self._lookups.file(clip.file_id)
        try:
            return await stack.enter_async_context(self._downloads.open(_url(file)))
        except LoginPage:
            # The token is good, or Slack would not have told of the file.
            if abs(self._now().timestamp() - whole(file, "created")) < _NEW_FOR.total_seconds():
                raise RetryLater(_NOT_DONE) from None
            raise

    async def _posts_since(self, notice: Notice) -> AsyncIterator[Body]:
        """What was posted in the notice's thread (or channel) since its first post was tried."""
        where: dict[str, Any] = {"channel": notice.channel, "include_all_metadata": True, "limit": 200}
        if notice.posting_since:
            where["oldest"] = f"{(notice.posting_since - _CLOCKS_DIFFER_BY).timestamp():.6f}"
        if notice.root_ts:
            where["ts"] = notice.root_ts
        method = "conversations.replies" if notice.root_ts else "conversations.history"
        for _ in range(_PAGES):
            answer = await self._web.ask(method, **where)
            for message in parts(answer.body, "messages"):
                yield message
            where["cursor"] = text(part(answer.body, "response_metadata"), "next_cursor")
            if not where["cursor"]:
                return


def _shown(notice: Notice) -> dict[str, Any]:
    metadata = {"event_type": METADATA, "event_payload": {"notice": notice.id}}
    return {"channel": notice.channel, "text": words(notice), "blocks": blocks(notice), "metadata": metadata}


async def _plainer(call: Callable[[Body], Awaitable[Answer]], body: Body) -> Answer:
    """Blocks that Slack does not like are left out: the text says it all."""
    try:
        return await call(body)
    except Refused as no:
        if no.code not in _BAD_BLOCKS:
            raise
        return await call({**body, "blocks": []})


def _url(file: Body) -> str:
    if url := clip_of(file).url:
        return url
    if text(file, "mode") == "hidden_by_limit":
        raise Refused("Slack hides this file behind the history limit of the workspace's plan: upload it again.")
    if text(file, "mode") == "tombstone":
        raise Refused(DELETED)
    raise RetryLater(_NOT_DONE)


def _ts(body: Body) -> str:
    ts = timestamp(body, "ts")
    if not ts:
        raise OutcomeUnknown("Slack took the notice but did not say where it stands.")
    return ts


def _is(message: Body, notice: Notice) -> bool:
    metadata = part(message, "metadata")
    by_metadata = text(metadata, "event_type") == METADATA
    if by_metadata and text(part(metadata, "event_payload"), "notice") == notice.id:
        return True
    return any(text(block, "block_id") == mark(notice.id) for block in parts(message, "blocks"))
