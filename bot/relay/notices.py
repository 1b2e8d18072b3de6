"""Status → what the notice shows. One notice per source message: posted once, then only edited.

A post whose answer was lost is looked for by its mark before anything is posted again, and what a frozen process posted
too late is removed. Edits are not queued up: each refresh shows what is true when its turn comes.
"""

import logging
from contextlib import suppress
from datetime import timedelta

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.ids import MessageId, NoticeId
from bot.relay.model import NEEDS_ATTENTION, DeliveryWithReceipts, Notice, Rendered, Status
from bot.relay.parts import Edit, Reaction
from bot.relay.ports.networks import Networks, StatusBoard
from bot.relay.ports.stores import NoticeStore
from bot.relay.receipts import StatusReport, status_of

log = logging.getLogger("memobridge.relay")

DEAD_CONNECTIONS = 5  # after a long sleep the open connections are dead; more than these are seldom open to one network
RETRY_AFTER = timedelta(seconds=10)
LISTED_AFTER = timedelta(seconds=2)  # a post that was taken may need a moment until it is listed in its thread


class NoticeService:
    def __init__(self, store: NoticeStore, networks: Networks) -> None:
        self._store = store
        self._networks = networks

    async def refresh(self, notice_id: NoticeId) -> None:
        """Make the notice show the truth as it is now, or later, when the network wants it later."""
        try:
            await self._refresh(notice_id)
        except RetryLater as later:
            log.info("notice.postponed", extra={"notice": notice_id, "code": later.code, "reason": later.reason})
            wait = RETRY_AFTER if later.after is None else later.after
            await self._store.postpone_refresh(notice_id, wait)

    async def _refresh(self, notice_id: NoticeId) -> None:
        notice = await self._store.begin_refresh(notice_id)
        if notice is None or not notice.deliveries:
            return
        board = self._networks.of(notice.room).board
        if board is None:
            return
        if all(isinstance(part, Reaction | Edit) for told in notice.deliveries for part in told.delivery.parts):
            await self._alert(notice, board, is_shown=True)  # a change is seen where it is made; only a failure is told
            return
        reports = [status_of(told) for told in notice.deliveries]
        if notice.posted_as is None and (notice.is_source_gone or all(r.status is Status.CANCELLED for r in reports)):
            with suppress(Refused):  # the thread is gone with its message
                await self._look_for_posted(notice, board)
            return  # a reply to a deleted message would land somewhere else
        rendered = board.render(notice)
        if _is_edit(notice, rendered) and await board.wait_turn(notice, is_final=_is_final(reports)):
            notice = await self._store.begin_refresh(notice_id) or notice
            rendered = board.render(notice)
        await self._show_and_alert(notice, board, rendered)

    async def _show_and_alert(self, notice: Notice, board: StatusBoard, rendered: Rendered) -> None:
        """That one cannot be edited any more is no reason not to say what failed."""
        shown = True
        try:
            await self._show(notice, board, rendered)
        except Refused as no:
            shown = False
            log.warning("notice.refused", extra={"notice": notice.id, "code": no.code, "reason": no.reason})
        await self._alert(notice, board, is_shown=shown)

    async def _show(self, notice: Notice, board: StatusBoard, rendered: Rendered) -> None:
        is_changed = rendered.fingerprint != notice.shown
        if is_changed:
            await self._mark(notice, board, rendered)
        if notice.posted_as is None and rendered.text:
            message = await self._ensure_posted(notice, board, rendered)
            if await self._store.posted(notice, message, rendered.fingerprint) != message:
                await self._delete_duplicate(notice, board, message)
            return
        if is_changed and rendered.text:
            await board.update(notice, rendered)
        if is_changed or not rendered.text:
            await self._store.posted(notice, notice.posted_as, rendered.fingerprint)
        if notice.posted_as is not None and notice.posting_since is not None:  # more than one may have posted it
            for message in await board.find(notice):
                if message != notice.posted_as:
                    await self._delete_duplicate(notice, board, message)

    async def _mark(self, notice: Notice, board: StatusBoard, rendered: Rendered) -> None:
        """Marks are set before the text is shown: to set them twice does no harm, and a text is known to be shown only
        once all is. That they cannot be set is no reason not to show it."""
        if rendered.marks is None and rendered.text:
            return
        try:
            await board.mark(notice, rendered.marks or frozenset())
        except OutcomeUnknown as lost:
            raise RetryLater(lost.reason, after=LISTED_AFTER, code=lost.code) from lost
        except Refused as no:
            log.warning("notice.mark_refused", extra={"notice": notice.id, "code": no.code, "reason": no.reason})

    async def _ensure_posted(self, notice: Notice, board: StatusBoard, rendered: Rendered) -> MessageId:
        """The message that is the notice: found, or posted now. That it may be, is stored since the refresh began."""
        await self._look_for_posted(notice, board)
        try:
            return await board.post(notice, rendered)
        except OutcomeUnknown as lost:
            log.warning("notice.outcome_unknown", extra={"notice": notice.id, "code": lost.code, "reason": lost.reason})
            raise RetryLater(lost.reason, after=LISTED_AFTER, code=lost.code) from lost
        except (RetryLater, Refused):
            await self._store.not_posted(notice)
            raise

    async def _look_for_posted(self, notice: Notice, board: StatusBoard) -> None:
        """RetryLater when an earlier refresh posted it, and that was not stored."""
        if notice.posting_since is None:
            return
        if found := await board.find(notice):
            await self._store.posted(notice, found[0], "")
            raise RetryLater("The notice was found again; its text follows.", after=timedelta())

    async def _delete_duplicate(self, notice: Notice, board: StatusBoard, message: MessageId) -> None:
        """A process was frozen and another went on: two are posted."""
        log.warning("notice.duplicate_deleted", extra={"notice": notice.id})
        for _ in range(DEAD_CONNECTIONS):
            with suppress(RetryLater):
                await board.remove(notice, message)
                return
        await board.remove(notice, message)

    async def _alert(self, notice: Notice, board: StatusBoard, *, is_shown: bool) -> None:
        """Notify the sender of a failure. Once, but for a crash just after: better twice than never."""
        for told in notice.deliveries:
            status = status_of(told).status
            if not _needs_alert(told, notice.alerted.get(told.delivery.id, ""), is_shown=is_shown):
                continue
            try:
                await board.alert(notice, told)
            except OutcomeUnknown as lost:
                log.warning(
                    "notice.alert_outcome_unknown",
                    extra={"notice": notice.id, "code": lost.code, "reason": lost.reason},
                )
            except Refused as no:
                log.warning("notice.alert_refused", extra={"notice": notice.id, "code": no.code, "reason": no.reason})
                continue
            await self._store.alerted(told.delivery.id, status)


def _needs_alert(told: DeliveryWithReceipts, alerted: str, *, is_shown: bool) -> bool:
    """What failed; and, where the notice cannot be edited any more, how it ended. ``alerted``: the status told last."""
    report = status_of(told)
    if report.status in NEEDS_ATTENTION:
        return alerted != report.status
    has_ended = report.is_final or report.status is Status.DELIVERED
    return not is_shown and has_ended and alerted not in (report.status, Status.DELIVERED)


def _is_edit(notice: Notice, rendered: Rendered) -> bool:
    return notice.posted_as is not None and bool(rendered.text) and rendered.fingerprint != notice.shown


def _is_final(reports: list[StatusReport]) -> bool:
    return all(report.is_final or report.status in NEEDS_ATTENTION for report in reports)
