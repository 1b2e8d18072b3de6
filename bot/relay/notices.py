"""Status → what the thread shows. One notice per Slack message: posted once, then only edited.

A post whose answer was lost is looked for by its mark before anything is posted again, and what a frozen process posted
too late is taken away. Edits are not queued up: each turn shows what is true when it comes.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import NEEDS_ATTENTION, Delivery, Notice, NoticeId
from bot.relay.ports import NoticeStore, Slack
from bot.relay.receipts import status_of

log = logging.getLogger("memobridge.relay")

DEAD_CONNECTIONS = 5  # more than these are seldom open to Slack at once
LISTED_AFTER = timedelta(seconds=2)  # a post that Slack took may take a moment to be listed in its thread


class Notices:
    def __init__(self, store: NoticeStore, slack: Slack, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._slack = slack
        self._now = now

    async def announce(self, notice_id: NoticeId) -> None:
        """Make the notice show the truth as it is now. Raises RetryLater when Slack wants it later."""
        notice = await self._store.take(notice_id, self._now())
        if notice is None or not notice.told:
            return
        for say in (self._show, self._alarm):  # that one cannot be edited any more is no reason to keep quiet
            try:
                await say(notice)
            except Refused as no:
                log.warning("notice refused", extra={"notice": notice_id, "code": no.code})

    async def _show(self, notice: Notice) -> None:
        face = self._face(notice)
        if notice.ts is None:
            ts = await self._stand(notice)
            if await self._store.posted(notice, ts, face) != ts:
                await self._take_back(notice, ts)
            return
        if face != notice.shown:
            await self._slack.update_notice(notice)
            await self._store.posted(notice, notice.ts, face)
        if notice.posting_since is not None:
            await self._leave_one(notice)

    def _face(self, notice: Notice) -> str:
        """All of it that people see or press: what was sent again and failed alike has the same words, not the same
        button."""
        return "\n".join([self._slack.words(notice), *(told.delivery.id for told in notice.told)])

    async def _leave_one(self, notice: Notice) -> None:
        """More than one turn may have posted it; what else they left goes."""
        for ts in await self._slack.find_notices(notice):
            if ts != notice.ts:
                await self._take_back(notice, ts)

    async def _stand(self, notice: Notice) -> str:
        """The ts under which the notice stands in Slack: found, or posted now. That it may be, is stored since the turn
        was taken."""
        if notice.posting_since is not None:
            found = await self._slack.find_notices(notice)
            if found:
                await self._store.posted(notice, found[0], "")
                raise RetryLater("The notice was found again; its words follow.", after=timedelta())
        try:
            return await self._slack.post_notice(notice)
        except OutcomeUnknown as lost:
            raise RetryLater(lost.reason, after=LISTED_AFTER, code=lost.code) from lost
        except (RetryLater, Refused):
            await self._store.not_posted(notice)
            raise

    async def _take_back(self, notice: Notice, ts: str) -> None:
        """A process was frozen and another went on: two stand in the thread. It is tried again at once, since after a
        long sleep the connections that were open are dead."""
        log.warning("second notice", extra={"notice": notice.id})
        for _ in range(DEAD_CONNECTIONS):
            with suppress(RetryLater):
                await self._slack.remove_notice(notice, ts)
                return
        await self._slack.remove_notice(notice, ts)

    async def _alarm(self, notice: Notice) -> None:
        """Say a failure aloud: an edit notifies nobody. Once, but for a crash just after: better twice than never."""
        for delivery in _failures(notice):
            try:
                await self._slack.alarm(notice, delivery)
            except OutcomeUnknown as lost:
                log.warning("alarm perhaps posted", extra={"notice": notice.id, "code": lost.code})
            await self._store.alarmed(delivery.id)


def _failures(notice: Notice) -> list[Delivery]:
    return [
        told.delivery
        for told in notice.told
        if status_of(told).status in NEEDS_ATTENTION and told.delivery.id not in notice.alarmed
    ]
