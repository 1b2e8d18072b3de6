"""Accept, prepare, send, record: the whole promise. The one place that orders effects.

Never twice: "about to send" is stored before the one act that must not be repeated, and whoever meets that mark
reconciles before anything else. Never lost: an accepted delivery is worked on until it is recorded, refused with a
reason, cancelled by its owner, or shown as unconfirmed when nobody can know.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.relay import holds, policy
from bot.relay.errors import OutcomeUnknown, Refused, RelayError, Remedy, RetryLater
from bot.relay.ids import DeliveryId, MessageId, PersonId, RoomId
from bot.relay.inbound_order import InboundOrder
from bot.relay.media.prefetch import Prefetcher
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.model import Delivery, DeliveryState, HeldFor, Message, PreparedPart
from bot.relay.outgoing import NotPrepared, NotYetSent, OutgoingBuilder
from bot.relay.parts import Edit, Reaction
from bot.relay.ports.networks import Networks
from bot.relay.ports.stores import Claim, DeliveryStore, PeopleStore, Told
from bot.relay.reconcile import Reconciler, outcome_in_doubt, unforeseen_in_doubt
from bot.relay.retry import RetryPolicy
from bot.relay.rooms import Link
from bot.relay.routing.conversations import Conversations
from bot.relay.routing.routes import RoomUnusable, Route, Routes

log = logging.getLogger("memobridge.relay")

GAVE_UP = "Gave up after trying again and again."
NOT_SENT = "It did not get through; it is sent again."
OUR_FAULT = "Something went wrong on our side; it is tried again."


class DeliveryService:
    """``accepted`` is told of the deliveries that were just stored: they may be prepared before their turn comes.
    ``carry_up_to``: what is found in a history and is older than that is not sent unasked. ``clock`` gives seconds that
    only ever grow."""

    def __init__(
        self,
        store: DeliveryStore,
        people: PeopleStore,
        routes: Routes,
        conversations: Conversations,
        networks: Networks,
        prefetcher: Prefetcher,
        inbound_order: InboundOrder,
        *,
        retry: RetryPolicy,
        temporary_urls: TemporaryUrls | None = None,
        accepted: Callable[[Sequence[Delivery]], None] = lambda _: None,
        carry_up_to: timedelta = timedelta(hours=1),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._people = people
        self._routes = routes
        self._conversations = conversations
        self._networks = networks
        self._prefetcher = prefetcher
        self._inbound_order = inbound_order
        self._retry = retry
        self._accepted = accepted
        self._carry_up_to = carry_up_to
        self._now = now
        self._clock = clock
        self._outgoing = OutgoingBuilder(store, people, temporary_urls)
        self._reconciler = Reconciler(store, networks, self._outgoing, retry)

    async def accept(self, message: Message) -> Sequence[DeliveryId]:
        """Stored when this returns. Gives the new ones: a repeat, or a message in a room without a link, gives none.

        Refused when an explicit act is not allowed, or a recording goes to nobody; what merely stands in a linked room
        is passed over.
        """
        route = await self._routes.of(message) if message.parts else Route(())
        if route.has_moved:
            await self.accept(policy.tell_of_move(message))
        deliveries = [delivery for link in route.links for delivery in self._plan(message, link)]
        new = await self._store_new(message, route.links, deliveries)
        self._accepted([each for each in deliveries if each.id in new and each.held_for is HeldFor.NOTHING])
        return new

    async def accept_found(self, message: Message) -> Sequence[DeliveryId]:
        """The same for a message that was found in a room's history. Nothing from before the link is carried, and what
        has stood there too long leaves the team only when a person approves it."""
        links = (await self._routes.of(message, is_found=True)).links if message.parts else ()
        now = self._now()
        deliveries: list[Delivery] = []
        for link in links:
            missed = holds.missed(message, link, now=now, carry_up_to=self._carry_up_to)
            deliveries += self._plan(message, link, missed)
        return await self._store_new(message, links, deliveries, is_found=True)

    def _plan(self, message: Message, link: Link, missed: str = "") -> Sequence[Delivery]:
        _, target = policy.ends(message, link)
        decision = holds.decide(message, link, now=self._now(), missed=missed)
        planned = policy.deliveries_of(message, link, voice_alone=self._networks.of(target).voice_alone)
        return [holds.apply(decision, each) for each in planned]

    async def _store_new(
        self, message: Message, links: Sequence[Link], deliveries: Sequence[Delivery], *, is_found: bool = False
    ) -> Sequence[DeliveryId]:
        if not deliveries:
            return ()
        if message.sender_handle:
            await self._people.save_handle(message.sender, message.sender_handle)
        from_team = policy.leaves_team(message, links[0])
        match message.parts[0]:
            case Reaction() as reaction:
                told = Told.IF_THEIRS if from_team else Told.IF_CARRIED if is_found else Told.ALWAYS
                is_single = self._networks.of(message.room).single_reaction
                new = await self._store.accept_reaction(deliveries, replaces_former=is_single, told=told)
                await self._store.accept([*self._in_words(reaction, links, deliveries)])
                return new
            case Edit():
                return await self._store.accept_edit(deliveries, if_carried=from_team or is_found)
        return await self._store.accept(deliveries)

    def _in_words(
        self, reaction: Reaction, links: Sequence[Link], deliveries: Sequence[Delivery]
    ) -> Iterator[Delivery]:
        for link, delivery in zip(links, deliveries, strict=True):
            is_shown = self._networks.of(delivery.target).shows_reaction(reaction.emoji)
            if line := policy.reaction_in_words(delivery, link, is_shown=is_shown):
                yield line

    async def withdraw(
        self, message: MessageId, rooms: Sequence[RoomId], kept: Sequence[str] = ()
    ) -> Sequence[PersonId]:
        """The message is gone, or only the parts ``kept`` are left: what has not been sent will not be. Gives whose
        parts have been sent already and cannot be taken back, the first time that this is told."""
        return await self._store.withdraw(message, rooms, kept)

    async def withdraw_missing(self, message: MessageId, room: RoomId, surviving: Sequence[str]) -> None:
        """The same for what was found deleted: a room's history is no event, so only what is missing is withdrawn."""
        told = await self._store.of_message(message)
        keys = {part.key for each in told for part in each.delivery.parts}
        if keys - set(surviving):
            await self._store.withdraw(message, [room], surviving)

    async def retry_rooms(self, rooms: Sequence[RoomId]) -> None:
        """Somebody brought these rooms back: what waits for them need not wait for the next try."""
        await self._store.retry_rooms(rooms)

    async def send_next(self, target: RoomId) -> None:
        """Advance the room's deliveries in their order until none is left, or the next one has to wait. Of threads that
        are still to be made it may be another one's turn: its own job then makes this one."""
        settled = None
        while (claim := await self._store.claim(target)) is not None:
            if claim.delivery.id != settled and await self._inbound_order.settled(claim.delivery.origin):
                settled = claim.delivery.id  # what was said before it may be stored by now, and goes first
            elif not await self._advance_safely(claim) or claim.delivery.target != target:
                break
        await self._conversations.refresh(target)

    async def _advance_safely(self, claim: Claim) -> bool:
        """Whether the room may go on at once. However it ends, the row says what comes next and when."""
        began = self._now()
        try:
            await self._advance(claim)
        except Refused as no:
            if await self._conversations.starts_over(claim, no):
                return True
            if wait := await self._routes.wait_for_room(claim.delivery, no):
                return await self._postpone(claim, wait)
            await self._routes.learn_refusal(claim.delivery.target, no, at=began)
            await self._close(claim.delivery, DeliveryState.FAILED, no)
        except RetryLater as later:
            return await self._postpone(claim, later)
        except OutcomeUnknown as lost:
            await self._search_later(claim, lost)
            return False
        except Exception:  # a part that breaks us must not hold up its room without end
            log.exception("delivery.failed_unexpectedly", extra={"delivery": claim.delivery.id})
            return await self._postpone(claim, RetryLater(OUR_FAULT))
        return True

    async def _advance(self, claim: Claim) -> None:
        """Prepare, send, record. OutcomeUnknown: perhaps sent, so the next try reconciles first."""
        delivery = claim.delivery
        if delivery.state is DeliveryState.SENDING:
            if await self._reconciler.reconcile(claim):
                raise RetryLater(NOT_SENT, after=timedelta())
            return
        prepared = await self._prepare(claim)
        was_prepared_now = delivery.prepared is None
        if was_prepared_now and claim.has_late and await self._store.retry_late_first(delivery, prepared):
            return
        conversation = await self._conversations.for_sending(claim.conversation)
        outgoing = await self._outgoing.build(delivery, prepared, conversation)
        began = self._clock()
        if await self._store.mark_sending(delivery.id, delivery.fence, prepared):
            require_fresh = partial(self._require_fresh, began)
            require_fresh()
            target = self._networks.of(delivery.target)
            assert target.sender is not None, "links lead only to networks that can be sent to"
            with unforeseen_in_doubt():
                sent = await target.sender.send(replace(outgoing, require_fresh=require_fresh))
            with outcome_in_doubt():
                await self._store.record(delivery.id, sent, poll=target.status is not None)
            after_s = (self._now() - delivery.ordered_at).total_seconds()
            log.debug("delivery.sent", extra={"delivery": delivery.id, "network": target.name, "after_s": after_s})

    async def _prepare(self, claim: Claim) -> Sequence[PreparedPart]:
        """Repeatable. What an earlier try prepared is used again; what takes long goes on without us."""
        delivery = claim.delivery
        if delivery.prepared is not None and self._outgoing.is_usable(delivery, delivery.prepared):
            return delivery.prepared
        try:
            prepared = await self._prefetcher.get(delivery, within_s=self._retry.hold_slot_for.total_seconds())
        except RetryLater as later:
            raise NotPrepared(later.reason, after=later.after, code=later.code, remedy=later.remedy) from later
        except RelayError:
            raise
        except Exception as error:  # a file that breaks us must not hold up its room
            log.exception("delivery.prepare_failed", extra={"delivery": delivery.id})
            raise NotPrepared(OUR_FAULT) from error
        if prepared is None:
            left = self._retry.prepare_within - claim.preparing_for
            raise NotPrepared("The file is still being fetched.", after=max(left, timedelta(seconds=5)))
        return prepared

    def _require_fresh(self, began: float) -> None:
        """A machine that was asleep goes on where it was. Surely not sent: the intent is taken back, unless somebody
        else has taken the delivery over."""
        if self._clock() - began > self._retry.intent_ttl.total_seconds():
            raise RetryLater("The bot was held up just before it sent.", after=timedelta())

    async def _postpone(self, claim: Claim, later: RetryLater) -> bool:
        """Surely not sent: try again when the network or the policy says, or give up in the open. Whether the room goes
        on: what cannot be prepared in time steps aside, everything else keeps its place."""
        delivery, wait = claim.delivery, self._retry.wait(later, claim.delivery)
        is_patient = isinstance(later, RoomUnusable)
        if wait is None or (claim.age + wait > self._retry.give_up_after and not is_patient):
            gave_up = Refused(f"{later.reason} {GAVE_UP}", code=later.code, remedy=later.remedy or Remedy.RESEND)
            await self._close(delivery, DeliveryState.FAILED, gave_up)
            return True
        left = self._retry.prepare_within - claim.preparing_for
        is_unprepared = isinstance(later, NotPrepared)
        # What a change belongs to may never come, so nobody waits behind it.
        is_late = isinstance(later, NotYetSent) or (is_unprepared and left < timedelta(seconds=1))
        if is_unprepared and not is_late:
            wait = min(wait, left)
        await self._store.postpone(
            delivery.id,
            delivery.fence,
            wait=wait,
            reason=later.reason,
            code=later.code,
            remedy=later.remedy,
            counts=later.after is None,
            is_late=is_late,
        )
        return is_late

    async def _search_later(self, claim: Claim, lost: OutcomeUnknown) -> None:
        log.warning(
            "delivery.outcome_unknown",
            extra={"delivery": claim.delivery.id, "code": lost.code, "trace": lost.trace_id, "reason": lost.reason},
        )
        wait = max(self._retry.next_search(claim.searching_for), lost.after or timedelta())
        await self._store.search_later(
            claim.delivery.id, claim.delivery.fence, wait=wait, reason=lost.reason, code=lost.code
        )

    async def _close(self, delivery: Delivery, state: DeliveryState, why: Refused) -> None:
        log.info("delivery.closed", extra={"delivery": delivery.id, "state": state, "code": why.code})
        await self._store.close(delivery.id, delivery.fence, state, reason=why.reason, code=why.code, remedy=why.remedy)
