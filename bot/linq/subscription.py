"""That Linq talks to us at all: one webhook subscription at our public address, made or mended at start.

Linq shows a subscription's signing secret once, when it is made. So a subscription at our own address whose secret
nobody kept can never be heard again: it is replaced (deleted, then made anew), which keeps their number at one however
often the bot starts without its secret. Processes that share an address have to share the secret too, or the last one
to start leaves the others deaf. Subscriptions at other addresses are somebody else's: named, never touched.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import linq
from linq.types import WebhookEventType

from bot.linq.exchange import Said, ask
from bot.linq.limits import WEBHOOK_EVENTS, WEBHOOK_VERSION
from bot.linq.shapes import ParseError, Subscription, SubscriptionsAnswer, shaped
from bot.relay.errors import Refused

log = logging.getLogger("memobridge.linq")

PATH = "/linq/webhooks"


@dataclass(frozen=True)
class Hearing:
    """Whether webhooks reach us, in one sentence. ``secret``: a new signing secret, to be trusted now and kept."""

    ok: bool
    sentence: str
    secret: str = field(default="", repr=False)


class Subscriber:
    """``public_url`` is the bot's https origin."""

    def __init__(self, api: linq.AsyncLinqAPIV3, public_url: str) -> None:
        self._api = api.webhook_subscriptions.with_raw_response
        self._address = public_url.rstrip("/") + PATH
        self.target = f"{self._address}?version={WEBHOOK_VERSION}"

    async def check(self, *, has_secret: bool) -> Hearing:
        """Only looks. Raises Refused or RetryLater when Linq cannot be asked."""
        ours, elsewhere = self._sorted(await self._all())
        if not ours:
            return Hearing(False, "No webhook subscription for this bot; `memobridge run` makes one.")
        if trouble := self._trouble(ours[0]):
            return Hearing(False, f"The webhook subscription {trouble}; `memobridge run` mends it.")
        if not has_secret:
            return Hearing(True, "The subscription is there; without LINQ_WEBHOOK_SECRET each start makes it anew.")
        return Hearing(True, f"Webhooks reach this bot{_others(ours, elsewhere)}.")

    async def keep(self, *, has_secret: bool) -> Hearing:
        """Make or mend ours. Doing it again changes nothing. Raises Refused or RetryLater when Linq cannot be asked."""
        ours, elsewhere = self._sorted(await self._all())
        if ours and has_secret:
            await self._mend(ours[0])
            return Hearing(True, f"Webhooks reach this bot{_others(ours, elsewhere)}.")
        for deaf in ours:
            log.warning("subscription replaced", extra={"subscription": deaf.id})
            await self._remove(deaf)
        return await self._make(has_secret=has_secret)

    async def _make(self, *, has_secret: bool) -> Hearing:
        """Two processes that start together both find nothing; the second is refused, as the address is unique."""
        call = self._api.create(target_url=self.target, subscribed_events=_events(WEBHOOK_EVENTS))
        try:
            made = await ask("subscriptions.create", call, _created)
        except Refused:
            if not self._sorted(await self._all())[0]:
                raise
            return Hearing(has_secret, "Another process has just made the webhook subscription.")
        log.info("subscription made", extra={"subscription": made.id})
        return Hearing(True, "A webhook subscription was made; its secret is new.", made.signing_secret)

    async def _remove(self, deaf: Subscription) -> None:
        try:
            await ask("subscriptions.delete", self._api.delete(deaf.id), _nothing)
        except Refused as no:
            if no.code != "2010":  # gone already
                raise

    async def _mend(self, ours: Subscription) -> None:
        if trouble := self._trouble(ours):
            log.warning("subscription mended", extra={"cause": trouble})
            events = _events(sorted({*ours.subscribed_events, *WEBHOOK_EVENTS}))
            target = linq.omit if ours.target_url == self.target else self.target
            call = self._api.update(ours.id, target_url=target, subscribed_events=events, is_active=True)
            await ask("subscriptions.update", call, _nothing)

    async def _all(self) -> Sequence[Subscription]:
        return await ask(
            "subscriptions.list", self._api.list(), lambda said: shaped(SubscriptionsAnswer, said.body).subscriptions
        )

    def _sorted(self, subscriptions: Sequence[Subscription]) -> tuple[list[Subscription], list[Subscription]]:
        """Ours (the one with the exact address first) and those elsewhere. Ours differ in their query only."""
        ours = [each for each in subscriptions if each.target_url.partition("?")[0].rstrip("/") == self._address]
        elsewhere = [each for each in subscriptions if each not in ours]
        return sorted(ours, key=lambda each: each.target_url != self.target), elsewhere

    def _trouble(self, ours: Subscription) -> str:
        if ours.is_active is False:
            return "is switched off"
        if missing := set(WEBHOOK_EVENTS) - set(ours.subscribed_events):
            return f"leaves out {', '.join(sorted(missing))}"
        return "" if ours.target_url == self.target else f"does not ask for payloads of {WEBHOOK_VERSION}"


def _others(ours: Sequence[Subscription], elsewhere: Sequence[Subscription]) -> str:
    """What a person should know beside it."""
    notes = [f"{len(elsewhere)} more elsewhere"] if elsewhere else []
    notes += ["twice, as a second subscription names this address"] if len(ours) > 1 else []
    notes += ["for some of the account's numbers only"] if ours[0].phone_numbers else []
    return f" ({'; '.join(notes)})" if notes else ""


def _created(said: Said) -> Subscription:
    made = shaped(Subscription, said.body)
    if not made.signing_secret:
        raise ParseError("no signing_secret")
    return made


def _events(names: Sequence[str]) -> list[WebhookEventType]:
    return cast(list[WebhookEventType], list(names))


def _nothing(said: Said) -> None:
    """The answer tells nothing we need."""
