"""``/v3/webhook-subscriptions`` and ``/v3/webhook-events``: who is told what."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.middleware import FACTS
from bot.sandbox.linq.api.request_body import read_object, refuse_unknown
from bot.sandbox.linq.api.serializers import subscription
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Subscription
from bot.sandbox.linq.webhooks.event_types import EVENT_TYPES
from bot.sandbox.linq.webhooks.signing import new_secret

_FIELDS = ("target_url", "subscribed_events", "phone_numbers", "routing_key_header", "routing_id_header")
_EVENTS_PAGE = "https://docs.linqapp.com/channel/imessage/guides/webhooks/events"


class Subscriptions:
    """Delivery affinity (the routing headers) is stored and shown, but not simulated."""

    def __init__(self, account: Account, secret: Callable[[], str] = new_secret) -> None:
        self._account = account
        self._secret = secret

    def routes(self) -> list[web.RouteDef]:
        many = "/v3/webhook-subscriptions"
        one = many + "/{subscription_id}"
        return [
            web.post(many, self.create, name="subscriptions.create"),
            web.get(many, self.list_all, name="subscriptions.list"),
            web.get(one, self.retrieve, name="subscriptions.retrieve"),
            web.put(one, self.update, name="subscriptions.update"),
            web.delete(one, self.delete, name="subscriptions.delete"),
            web.get("/v3/webhook-events", self.list_events, name="webhook-events.list"),
        ]

    def add(self, target_url: str, events: list[str], secret: str = "") -> Subscription:
        now = self._account.now()
        made = Subscription(self._account.new_id(), target_url, events, secret or self._secret(), now, now)
        self._account.subscriptions[made.id] = made
        return made

    async def create(self, request: web.Request) -> web.Response:
        wanted = await read_object(request)
        refuse_unknown(wanted, _FIELDS)
        for name in _FIELDS[:2]:
            if not wanted.get(name):
                raise ApiError(1001, f"Missing required field: {name}")
        self._check(wanted)
        made = self.add(wanted["target_url"], wanted["subscribed_events"])
        self._change(made, wanted)
        request[FACTS].update(subscription_id=made.id, events=len(made.events))
        return web.json_response({**subscription(made), "signing_secret": made.secret}, status=201)

    async def list_all(self, request: web.Request) -> web.Response:
        known = self._account.subscriptions.values()
        return web.json_response({"subscriptions": [subscription(each) for each in known]})

    async def retrieve(self, request: web.Request) -> web.Response:
        return web.json_response(subscription(self._named_in(request)))

    async def update(self, request: web.Request) -> web.Response:
        """Fields that are left out stay as they are; the secret cannot be changed."""
        found, wanted = self._named_in(request), await read_object(request)
        refuse_unknown(wanted, (*_FIELDS, "is_active"))
        self._check(wanted, but=found)
        self._change(found, wanted)
        found.updated_at = self._account.now()
        return web.json_response(subscription(found))

    async def delete(self, request: web.Request) -> web.Response:
        deleted = self._account.subscriptions.pop(self._named_in(request).id)
        deleted.is_active = False
        return web.Response(status=204)

    async def list_events(self, request: web.Request) -> web.Response:
        return web.json_response({"events": EVENT_TYPES, "doc_url": _EVENTS_PAGE})

    def _named_in(self, request: web.Request) -> Subscription:
        subscription_id = request.match_info["subscription_id"]
        request[FACTS]["subscription_id"] = subscription_id
        return self._account.subscription(subscription_id)

    def _check(self, wanted: Json, but: Subscription | None = None) -> None:
        if "target_url" in wanted:
            self._check_target(wanted["target_url"], but)
        if "subscribed_events" in wanted:
            _check_events(wanted["subscribed_events"])

    def _check_target(self, target_url: Any, but: Subscription | None) -> None:
        parts = urlsplit(target_url) if isinstance(target_url, str) else urlsplit("")
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ApiError(1005, "target_url must be an HTTPS URL")
        others = [each for each in self._account.subscriptions.values() if each is not but]
        if target_url in [each.target_url for each in others]:
            raise ApiError(2015, "A webhook subscription with this target_url already exists")

    def _change(self, known: Subscription, wanted: Json) -> None:
        known.target_url = wanted.get("target_url", known.target_url)
        known.events = wanted.get("subscribed_events", known.events)
        known.is_active = wanted.get("is_active", known.is_active)
        for name in _FIELDS[2:]:
            if name in wanted:
                setattr(known, name, wanted[name] or None)


def _check_events(events: Any) -> None:
    if not isinstance(events, list) or not events:
        raise ApiError(1001, "subscribed_events must name at least one event")
    unknown = [event for event in events if event not in EVENT_TYPES]
    if unknown:
        raise ApiError(1005, f"Unknown event type: {unknown[0]}")
