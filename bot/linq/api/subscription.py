"""Ensures exactly one webhook subscription for our public URL: created or mended when the bot starts.

Linq shows a subscription's signing secret once, when it is created. So a subscription at our own URL whose secret
nobody kept is useless: it is replaced (deleted, then created again), which keeps their number at one however often the
bot starts without its secret. Processes that share a URL have to share the secret too, or the last one to start makes
the others refuse every webhook. Subscriptions at other URLs are somebody else's: named, never touched.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import linq
from linq.types import WebhookEventType

from bot.linq.api.calls import Answer, call_api
from bot.linq.api.limits import WEBHOOK_EVENTS, WEBHOOK_VERSION
from bot.linq.fields import PayloadError, read
from bot.linq.schemas import Subscription, SubscriptionsAnswer
from bot.relay.errors import Refused

log = logging.getLogger("memobridge.linq")

PATH = "/linq/webhooks"


@dataclass(frozen=True)
class SubscriptionStatus:
    """Whether webhooks reach us, in one sentence. ``secret``: a new signing secret, to be trusted now and kept."""

    is_ok: bool
    sentence: str
    missing_events: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)


class Subscriber:
    """``public_url`` is the bot's https origin."""

    def __init__(self, api: linq.AsyncLinqAPIV3, public_url: str) -> None:
        self._api = api.webhook_subscriptions.with_raw_response
        self._address = public_url.rstrip("/") + PATH
        self.target = f"{self._address}?version={WEBHOOK_VERSION}"

    async def check(self, *, has_secret: bool) -> SubscriptionStatus:
        """Changes nothing. Raises Refused or RetryLater when Linq cannot be asked."""
        ours, elsewhere = self._sorted(await self._list())
        if not ours:
            return SubscriptionStatus(False, "No webhook subscription for this bot; `memobridge run` creates one.")
        if trouble := self._trouble(ours[0]):
            sentence = f"The webhook subscription {trouble}; `memobridge run` mends it."
            return SubscriptionStatus(False, sentence, _missing(ours[0]))
        if not has_secret:
            sentence = "The subscription exists; without LINQ_WEBHOOK_SECRET each start creates it again."
            return SubscriptionStatus(True, sentence)
        return SubscriptionStatus(True, f"Webhooks reach this bot{_notes(ours, elsewhere)}.")

    async def ensure(self, *, has_secret: bool) -> SubscriptionStatus:
        """Create or mend ours. Doing it again changes nothing. Raises Refused or RetryLater when Linq cannot be
        asked."""
        ours, elsewhere = self._sorted(await self._list())
        if ours and has_secret:
            await self._mend(ours[0])
            return SubscriptionStatus(True, f"Webhooks reach this bot{_notes(ours, elsewhere)}.")
        for useless in ours:
            log.warning("linq.subscription_replaced", extra={"subscription": useless.id})
            await self._delete(useless)
        return await self._create(has_secret=has_secret)

    async def _create(self, *, has_secret: bool) -> SubscriptionStatus:
        """Two processes that start together both find nothing; the second is refused, as the URL is unique."""
        call = self._api.create(target_url=self.target, subscribed_events=_events(WEBHOOK_EVENTS))
        try:
            created = await call_api("subscriptions.create", call, _created)
        except Refused:
            if not self._sorted(await self._list())[0]:
                raise
            return SubscriptionStatus(has_secret, "Another process has just created the webhook subscription.")
        log.info("linq.subscription_created", extra={"subscription": created.id})
        sentence = "A webhook subscription was created; its secret is new."
        return SubscriptionStatus(True, sentence, secret=created.signing_secret)

    async def _delete(self, useless: Subscription) -> None:
        try:
            await call_api("subscriptions.delete", self._api.delete(useless.id), _nothing)
        except Refused as no:
            if no.code != "2010":  # deleted already
                raise

    async def _mend(self, ours: Subscription) -> None:
        if trouble := self._trouble(ours):
            log.warning("linq.subscription_mended", extra={"reason": trouble})
            events = _events(sorted({*ours.subscribed_events, *WEBHOOK_EVENTS}))
            target = linq.omit if ours.target_url == self.target else self.target
            call = self._api.update(ours.id, target_url=target, subscribed_events=events, is_active=True)
            await call_api("subscriptions.update", call, _nothing)

    async def _list(self) -> Sequence[Subscription]:
        return await call_api(
            "subscriptions.list",
            self._api.list(),
            lambda answer: read(SubscriptionsAnswer, answer.body).subscriptions,
        )

    def _sorted(self, subscriptions: Sequence[Subscription]) -> tuple[list[Subscription], list[Subscription]]:
        """Ours (the one with the exact URL first) and those elsewhere. Ours differ in their query only."""
        ours = [each for each in subscriptions if each.target_url.partition("?")[0].rstrip("/") == self._address]
        elsewhere = [each for each in subscriptions if each not in ours]
        return sorted(ours, key=lambda each: each.target_url != self.target), elsewhere

    def _trouble(self, ours: Subscription) -> str:
        if ours.is_active is False:
            return "is switched off"
        if missing := _missing(ours):
            return f"leaves out {', '.join(missing)}"
        return "" if ours.target_url == self.target else f"does not ask for payloads of {WEBHOOK_VERSION}"


def _missing(ours: Subscription) -> tuple[str, ...]:
    return tuple(event for event in WEBHOOK_EVENTS if event not in ours.subscribed_events)


def _notes(ours: Sequence[Subscription], elsewhere: Sequence[Subscription]) -> str:
    """What a person should know beside it."""
    notes = [f"{len(elsewhere)} more elsewhere"] if elsewhere else []
    notes += ["twice, as a second subscription names this URL"] if len(ours) > 1 else []
    notes += ["for some of the account's numbers only"] if ours[0].phone_numbers else []
    return f" ({'; '.join(notes)})" if notes else ""


def _created(answer: Answer) -> Subscription:
    created = read(Subscription, answer.body)
    if not created.signing_secret:
        raise PayloadError("no signing_secret")
    return created


def _events(names: Sequence[str]) -> list[WebhookEventType]:
    return cast(list[WebhookEventType], list(names))


def _nothing(answer: Answer) -> None:
    """The answer tells nothing we need."""
