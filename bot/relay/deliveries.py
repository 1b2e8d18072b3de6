"""Clip → memo: the whole promise. Accept, prepare, send, record; the one place that orders effects.

Never twice: "about to send" is stored before the one act that must not be repeated, and whoever meets that row looks
for the memo before anything else. Never lost: an accepted delivery is worked on until it is recorded, refused with a
reason, cancelled by its owner, or shown as unconfirmed when nobody can know.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, RetryLater
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.media.transfer import MediaTransfer, Prepared
from bot.relay.model import ChannelId, ChatId, Delivery, DeliveryId, DeliveryState, Share, delivery_id
from bot.relay.ports import DeliveryStore, Linq
from bot.relay.receipts import find
from bot.relay.retry import RetryPolicy

log = logging.getLogger("memobridge.relay")


class DeliveryService:
    def __init__(
        self,
        store: DeliveryStore,
        linq: Linq,
        carrier: MediaTransfer,
        *,
        now: Callable[[], datetime],
        patience: RetryPolicy,
        lending: TemporaryUrls | None = None,
    ) -> None:
        self._store = store
        self._linq = linq
        self._carrier = carrier
        self._now = now
        self._patience = patience
        self._lending = lending

    async def accept(self, share: Share) -> Sequence[DeliveryId]:
        """Stored when this returns. Gives the new ones: a repeat, or a drop in an unlinked channel, gives none."""
        deliveries = [_delivery(share, n) for n in range(len(share.clips))]
        storing = self._store.accept(deliveries)
        return await self._carrier.head_starts.beside(storing, deliveries)  # what is new may be prepared meanwhile

    async def withdraw(self, channel: ChannelId, message_ts: str, kept_files: Sequence[str] = ()) -> None:
        """The message is gone, or some of its files: what has not been sent will not be."""
        await self._store.cancel(channel, message_ts, kept_files)

    async def work(self, chat: ChatId) -> None:
        """Take the chat's oldest open delivery one try further. Raises RetryLater when another try is due, and when."""
        delivery = await self._store.claim(chat)
        if delivery is None:
            return
        self._respect_due(delivery)
        try:
            await self._advance(delivery)
        except Refused as no:
            await self._close(delivery, DeliveryState.FAILED, no.reason, no.code)
        except RetryLater as later:
            await self._postpone(delivery, later)
        except OutcomeUnknown as lost:
            log.warning("answer lost", extra={"delivery": delivery.id, "code": lost.code, "trace": lost.trace_id})
            raise RetryLater(lost.reason, after=self._patience.next_look(self._sought_for(delivery))) from lost
        except Exception:  # a clip that breaks us must not hold up its chat for ever
            log.exception("work broke", extra={"delivery": delivery.id})
            await self._postpone(delivery, RetryLater("Something went wrong on our side."))

    async def _advance(self, delivery: Delivery) -> None:
        """Prepare, send, record. OutcomeUnknown: perhaps sent, so the next try looks first."""
        if delivery.step is DeliveryState.SENDING:
            with _in_doubt():
                await self._seek(delivery)
            return
        prepared = await self._prepare(delivery)
        url = await self._url(delivery, prepared)
        if await self._intend(delivery, prepared):
            memo = await self._linq.send(delivery.chat, attachment=prepared.attachment, url=url)
            with _in_doubt():
                await self._store.record(delivery.id, memo)

    async def _prepare(self, delivery: Delivery) -> Prepared:
        """Repeatable. What an earlier try prepared is used again; a given url needs nothing."""
        is_ready = delivery.step is DeliveryState.PREPARED and (delivery.attachment or self._lending)
        if is_ready or delivery.clip.given_url:
            return Prepared(delivery.attachment, delivery.sound)
        return await self._carrier.prepare(delivery)

    async def _intend(self, delivery: Delivery, prepared: Prepared) -> bool:
        """Store "about to send". False: it was cancelled, or another worker has taken it over."""
        at = self._now()
        if not await self._store.intend(
            delivery.id, delivery.fence, attachment=prepared.attachment, sound=prepared.sound, at=at
        ):
            return False
        if self._now() - at > self._patience.stale:
            # Surely not sent. The intent is taken back, unless somebody else has taken the delivery over.
            raise RetryLater("The bot was held up just before it sent.", after=timedelta())
        return True

    async def _seek(self, delivery: Delivery) -> None:
        """Perhaps sent: look for it, wait, look again. Not finding it is never a ground for sending."""
        try:
            memo = await find(self._linq, delivery)
        except Refused:
            memo = None
        if memo is not None and await self._store.record(delivery.id, memo):
            log.info("memo found", extra={"delivery": delivery.id, "memo": memo.id})
        elif self._sought_for(delivery) < self._patience.find_for:
            raise OutcomeUnknown("The memo is not listed yet.")
        else:
            await self._close(delivery, DeliveryState.UNCONFIRMED, _doubt(delivery), "")

    def _sought_for(self, delivery: Delivery) -> timedelta:
        return self._now() - delivery.sending_since if delivery.sending_since else timedelta()

    async def _postpone(self, delivery: Delivery, later: RetryLater) -> None:
        """Surely not sent: try again when the neighbour or the schedule says, or give up in the open."""
        wait = self._patience.wait(later, delivery)
        age = self._now() - (delivery.accepted_at or self._now())
        if wait is None or age + wait > self._patience.give_up_after:
            reason = f"{later.reason} Gave up after trying again and again. Press Resend to try once more."
            await self._close(delivery, DeliveryState.FAILED, reason, later.code)
            return
        due, counts = self._now() + wait, later.after is None
        if await self._store.postpone(
            delivery.id, delivery.fence, due_at=due, reason=later.reason, code=later.code, counts=counts
        ):
            raise RetryLater(later.reason, after=wait, code=later.code)

    async def _close(self, delivery: Delivery, step: DeliveryState, reason: str, code: str) -> None:
        log.info("delivery closed", extra={"delivery": delivery.id, "step": step, "code": code})
        await self._store.close(delivery.id, delivery.fence, step, reason=reason, code=code)

    async def _url(self, delivery: Delivery, prepared: Prepared) -> str:
        if prepared.attachment is not None:
            return ""
        if delivery.clip.given_url:
            return delivery.clip.given_url
        assert self._lending is not None, "only a lending relay prepares without an attachment"
        return await self._lending.lend(delivery)

    def _respect_due(self, delivery: Delivery) -> None:
        if delivery.due_at is not None and delivery.due_at > self._now():
            raise RetryLater(delivery.reason, after=delivery.due_at - self._now())


@contextmanager
def _in_doubt() -> Iterator[None]:
    """After a send that was perhaps done, whatever cannot be done now says nothing of it: least of all "not sent"."""
    try:
        yield
    except RetryLater as later:
        raise OutcomeUnknown(later.reason, code=later.code) from later
    except RelayError:
        raise
    except Exception as error:
        log.exception("work broke after the send")
        raise OutcomeUnknown("Something went wrong on our side.") from error


def _delivery(share: Share, number: int) -> Delivery:
    """The id is the cause: a drop is its message and file, a command or shortcut its trigger."""
    post, clip = share.post, share.clips[number]
    cause = (share.trigger,) if share.trigger else (post.team, post.channel, post.message_ts)
    return Delivery(
        id=delivery_id(*cause, clip.file_id or clip.given_url),
        post=post,
        clip=clip,
        asked_at=share.asked_at,
        position=number,
        twin=share.twin,
    )


def _doubt(delivery: Delivery) -> str:
    """What a person needs to decide: the evidence there is, and no more than that."""
    if delivery.fetched_at is not None:
        return "Linq fetched the audio but never confirmed the memo: it has probably arrived. Look at the phone."
    return "Linq's answer was lost and the memo is not listed in the chat. Look at the phone before sending it again."
