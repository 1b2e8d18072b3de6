"""Reconcile: find out what a send did whose answer was lost. Whoever meets the mark "about to send" comes here first.

How it is settled is a property of the target: repeated under the same key where the target recognises that, else looked
for among what the target lists. Not finding a message that may still be under way is no ground for sending it again:
after the search timeout a person decides.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, Remedy, RetryLater
from bot.relay.model import Delivery, DeliveryState, Sent
from bot.relay.outgoing import OutgoingBuilder
from bot.relay.parts import Edit, Reaction
from bot.relay.ports.networks import Networks, Sender, Settlement
from bot.relay.ports.stores import Claim, DeliveryStore
from bot.relay.retry import RetryPolicy

log = logging.getLogger("memobridge.relay")

NOT_LISTED_YET = "The message is not listed yet."
MAY_STILL_BE_MADE = "Another process was making this change, and may not have ended."
MAYBE_SENT_BEFORE = "The database was restored from a back-up, and this may have been sent since that was made."
NOT_LISTED = "The answer was lost, and the message is not listed on the other side."
PROBABLY_ARRIVED = "The other side fetched the audio but never confirmed the message: it has probably arrived."


class Reconciler:
    def __init__(self, store: DeliveryStore, networks: Networks, outgoing: OutgoingBuilder, retry: RetryPolicy) -> None:
        self._store = store
        self._networks = networks
        self._outgoing = outgoing
        self._retry = retry

    async def reconcile(self, claim: Claim) -> bool:
        """Take one look, or repeat. Gives whether it surely was not sent and is to be sent again. OutcomeUnknown: not
        decided yet."""
        network = self._networks.of(claim.delivery.target)
        assert network.sender is not None, "links lead only to networks that can be sent to"
        with outcome_in_doubt():
            settlement = network.sender.settlement(claim.delivery)
            self._require_over(claim, settlement)
            try:
                sent = await self._ask(claim, network.sender, settlement)
            except (Refused, OutcomeUnknown) as error:
                await self._ask_again_or_close(claim, settlement, error)
                return False
            if sent and await self._store.record(claim.delivery.id, sent, poll=network.status is not None):
                log.info("delivery.found", extra={"delivery": claim.delivery.id, "sent_as": sent.message})
                return False
            return await self._not_found(claim, settlement)

    def _require_over(self, claim: Claim, settlement: Settlement) -> None:
        """A process that was frozen may wake and make its change then: after a later one, if this one were repeated and
        the room went on meanwhile. Whoever has lost an answer has said when to try again."""
        delivery, left = claim.delivery, self._retry.listed_after - claim.searching_for
        is_change = settlement is Settlement.REPEAT and isinstance(delivery.parts[0], Reaction | Edit)
        if is_change and delivery.retry_at is None and left > timedelta():
            raise OutcomeUnknown(MAY_STILL_BE_MADE, after=left)

    async def _ask(self, claim: Claim, sender: Sender, settlement: Settlement) -> Sent | None:
        """The message that the unanswered send left, None if none is listed. Refused, OutcomeUnknown: asking failed."""
        delivery = claim.delivery
        with outcome_in_doubt():
            if settlement is Settlement.REPEAT:
                if delivery.prepared is None:  # of a restored back-up: what was sent then, if it was, is not known here
                    return None
                return await sender.send(await self._outgoing.build(delivery, delivery.prepared, claim.conversation))
            return await sender.find(delivery, thread=await self._outgoing.thread_of(delivery))

    async def _ask_again_or_close(self, claim: Claim, settlement: Settlement, error: Refused | OutcomeUnknown) -> None:
        """Asking that keeps failing must end as well, or the room would be blocked without end and without a reason.
        What can be repeated safely once the target answers again is worth a longer wait. That the target refuses now
        says nothing of what it did then."""
        if isinstance(error, Refused):
            limit = timedelta() if settlement is Settlement.REPEAT else self._retry.search_timeout
        elif settlement is Settlement.FIND_OR_ASK or isinstance(error, FailedOnOurSide):
            limit = self._retry.search_timeout
        else:
            limit = self._retry.give_up_after
        if claim.searching_for < limit:
            after = error.after if isinstance(error, OutcomeUnknown) else None
            raise OutcomeUnknown(error.reason, after=after, code=error.code, trace_id=error.trace_id) from error
        await self._close_unconfirmed(claim.delivery, f"The answer was lost, and asking for it failed: {error.reason}")

    async def _not_found(self, claim: Claim, settlement: Settlement) -> bool:
        """Whether it is to be sent again."""
        is_repeated = settlement is Settlement.FIND_OR_REPEAT
        if claim.searching_for < (self._retry.listed_after if is_repeated else self._retry.search_timeout):
            raise OutcomeUnknown(NOT_LISTED_YET)
        if not is_repeated:
            is_restored = claim.delivery.prepared is None
            await self._close_unconfirmed(claim.delivery, MAYBE_SENT_BEFORE if is_restored else NOT_LISTED)
        return is_repeated

    async def _close_unconfirmed(self, delivery: Delivery, reason: str) -> None:
        """With the evidence that a person needs to decide, and no more than that."""
        reason = PROBABLY_ARRIVED if delivery.fetched_at is not None else reason
        log.info("delivery.closed", extra={"delivery": delivery.id, "state": DeliveryState.UNCONFIRMED, "code": ""})
        await self._store.close(
            delivery.id,
            delivery.fence,
            DeliveryState.UNCONFIRMED,
            reason=reason,
            code="",
            remedy=Remedy.CHECK_THEN_RESEND,
        )


class FailedOnOurSide(OutcomeUnknown):
    """An error that nobody foresaw, at a moment when something may have been sent."""


@contextmanager
def outcome_in_doubt() -> Iterator[None]:
    """After a send that was perhaps done, whatever cannot be done now says nothing of it: least of all "not sent"."""
    with unforeseen_in_doubt():
        try:
            yield
        except RetryLater as later:
            raise OutcomeUnknown(later.reason, after=later.after, code=later.code, trace_id=later.trace_id) from later


@contextmanager
def unforeseen_in_doubt() -> Iterator[None]:
    """Where a send may be under way, an error that is none of the three leaves it open what was done."""
    try:
        yield
    except RelayError:
        raise
    except Exception as error:
        log.exception("delivery.failed_after_send")
        raise FailedOnOurSide("Something went wrong on our side.") from error
