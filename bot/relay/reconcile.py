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
from bot.relay.model import Delivery, DeliveryState
from bot.relay.outgoing import OutgoingBuilder
from bot.relay.ports import Network, Networks, Sender, Settlement
from bot.relay.retry import RetryPolicy
from bot.relay.stores import Claim, DeliveryStore

log = logging.getLogger("memobridge.relay")

NOT_LISTED_YET = "The message is not listed yet."
NOT_LISTED = "The answer was lost, and the message is not listed on the other side."
PROBABLY_ARRIVED = "The other side fetched the audio but never confirmed the message: it has probably arrived."


class Reconciler:
    def __init__(self, store: DeliveryStore, networks: Networks, outgoing: OutgoingBuilder, retry: RetryPolicy) -> None:
        self._store = store
        self._networks = networks
        self._outgoing = outgoing
        self._retry = retry

    async def reconcile(self, claim: Claim) -> None:
        """Take one look, or repeat. OutcomeUnknown: not decided yet. RetryLater: it surely was not sent."""
        network = self._networks.of(claim.delivery.target)
        assert network.sender is not None, "links lead only to networks that can be sent to"
        settlement = network.sender.settlement(claim.delivery)
        if settlement is Settlement.REPEAT:
            await self._repeat(claim, network, network.sender)
        elif not await self._find(claim, network, network.sender, settlement):
            await self._not_found(claim, settlement)

    async def _repeat(self, claim: Claim, network: Network, sender: Sender) -> None:
        try:
            with outcome_in_doubt():
                outgoing = await self._outgoing.build(claim.delivery, claim.delivery.prepared or ())
                sent = await sender.send(outgoing)
                await self._store.record(claim.delivery.id, sent, poll=network.status is not None)
        except OutcomeUnknown as lost:
            if claim.searching_for < self._retry.give_up_after:
                raise
            await self._close_unconfirmed(claim.delivery, f"It was sent again and again without an answer: {lost.reason}")

    async def _find(self, claim: Claim, network: Network, sender: Sender, settlement: Settlement) -> bool:
        """Whether it was found and is recorded. OutcomeUnknown: the search itself failed, and may work later."""
        delivery = claim.delivery
        with outcome_in_doubt():
            try:
                sent = await sender.find(delivery)
            except RelayError as error:
                if self._may_search_on(claim, error, settlement):
                    raise OutcomeUnknown(error.reason, code=error.code, trace_id=error.trace_id) from error
                await self._close_unconfirmed(
                    delivery, f"The answer was lost, and the search for it failed: {error.reason}"
                )
                return True
            if sent is None or not await self._store.record(delivery.id, sent, poll=network.status is not None):
                return False
        log.info("delivery.found", extra={"delivery": delivery.id, "message": sent.message})
        return True

    def _may_search_on(self, claim: Claim, error: RelayError, settlement: Settlement) -> bool:
        """A search that fails must end as well, or the room would be blocked without end and without a reason. What
        could be repeated safely once the target answers again is worth a longer wait."""
        if settlement is Settlement.FIND_OR_REPEAT and not isinstance(error, Refused):
            return claim.searching_for < self._retry.give_up_after
        return claim.searching_for < self._retry.search_timeout

    async def _not_found(self, claim: Claim, settlement: Settlement) -> None:
        if settlement is Settlement.FIND_OR_REPEAT:
            if claim.searching_for < self._retry.listed_after:
                raise OutcomeUnknown(NOT_LISTED_YET)
            raise RetryLater("It did not get through; it is sent again.", after=timedelta())
        if claim.searching_for < self._retry.search_timeout:
            raise OutcomeUnknown(NOT_LISTED_YET)
        await self._close_unconfirmed(claim.delivery, NOT_LISTED)

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


@contextmanager
def outcome_in_doubt() -> Iterator[None]:
    """After a send that was perhaps done, whatever cannot be done now says nothing of it: least of all "not sent"."""
    try:
        yield
    except RetryLater as later:
        raise OutcomeUnknown(later.reason, code=later.code, trace_id=later.trace_id) from later
    except RelayError:
        raise
    except Exception as error:
        log.exception("delivery.failed_after_send")
        raise OutcomeUnknown("Something went wrong on our side.") from error
