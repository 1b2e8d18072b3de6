"""Slack's requests to the bot, signed as Slack signs them."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.slack.fake_workspace import ANN, CLIPS, SECRET, TEAM, FakeWorkspace

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass
class Response:
    status: int
    text: str = ""

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body


@dataclass
class SignedRequests:
    """Each gives the bot's answer."""

    url: str
    slack: FakeWorkspace
    session: aiohttp.ClientSession
    sent: int = field(default=0)

    async def post(
        self, body: bytes, content_type: str = JSON, *, age_s: int = 0, at: str | None = None, **headers: str
    ) -> Response:
        signed = signature(body, at if at is not None else str(int(time.time()) - age_s))
        given = {**signed, "Content-Type": content_type, **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self.session.post(self.url, data=body, headers=given) as response:
            return Response(response.status, await response.text())

    async def payload(self, payload: Any) -> Response:
        return await self.post(json.dumps(payload).encode())

    async def event(self, event: dict[str, Any], **envelope: Any) -> Response:
        return await self.payload(enveloped(event) | envelope)

    async def message(self, message: dict[str, Any], channel: str = CLIPS, **changes: Any) -> Response:
        """The event of a message that is posted."""
        return await self.event({**message, "channel": channel, "event_ts": message["ts"], **changes})

    async def deleted(self, message: dict[str, Any], channel: str = CLIPS, **changes: Any) -> Response:
        event = {"type": "message", "subtype": "message_deleted", "channel": channel, "deleted_ts": message["ts"]}
        return await self.event({**event, "ts": self.slack.next_ts(), "previous_message": message, **changes})

    async def edited(self, before: dict[str, Any], channel: str = CLIPS, **changes: Any) -> Response:
        """The message is changed in Slack, too."""
        now = before | {"edited": {"user": before["user"], "ts": self.slack.next_ts()}} | changes
        self.slack.channels[channel].messages[before["ts"]] = now
        event = {"type": "message", "subtype": "message_changed", "channel": channel, "ts": self.slack.next_ts()}
        return await self.event({**event, "message": now, "previous_message": before})

    async def reaction(
        self, ts: str, name: str = "heart", user: str = ANN, *, channel: str = CLIPS, removed: bool = False, **more: str
    ) -> Response:
        event = {"type": "reaction_removed" if removed else "reaction_added", "user": user, "reaction": name}
        item = {"type": "message", "channel": channel, "ts": ts}
        return await self.event({**event, "item": item, "event_ts": self.slack.next_ts(), **more})

    async def command(self, text: str, channel: str = CLIPS, user: str = ANN) -> Response:
        form = {"command": "/voicememo", "text": text, "channel_id": channel, "user_id": user}
        form |= {"trigger_id": self.trigger(), "response_url": f"{self.slack.url}/respond/1"}
        return await self.post(urlencode(form).encode(), FORM)

    async def shortcut(self, callback: str, message: dict[str, Any], channel: str = CLIPS, user: str = ANN) -> Response:
        return await self.interaction("message_action", channel, user, callback_id=callback, message=message)

    async def click(self, action: str, value: str, channel: str = CLIPS, user: str = ANN) -> Response:
        actions = [{"action_id": action, "value": value, "type": "button", "block_id": "b"}]
        return await self.interaction("block_actions", channel, user, actions=actions)

    async def press(
        self, action: str, message: dict[str, Any], channel: str = CLIPS, user: str = ANN, *, option: str = ""
    ) -> Response:
        """A button of a message in the channel, or an ``option`` of its menu, for everybody to see."""
        pressed: dict[str, Any] = {"action_id": action, "block_id": "b"}
        pressed |= {"type": "overflow", "selected_option": {"value": option}} if option else {"value": action}
        container = {"type": "message", "message_ts": message["ts"], "channel_id": channel}
        more = {"actions": [pressed], "container": container, "message": message}
        return await self.interaction("block_actions", channel, user, **more)

    async def in_view(self, kind: str, view: dict[str, Any], user: str = ANN, **more: Any) -> Response:
        """What somebody does in a modal or in the App Home."""
        payload = {"type": kind, "team": {"id": TEAM}, "user": {"id": user}, "view": view, **more}
        payload |= {"trigger_id": self.trigger(), "container": {"type": "view"}}
        return await self.post(urlencode({"payload": json.dumps(payload)}).encode(), FORM)

    async def submit(self, view: dict[str, Any], values: dict[str, Any] | None = None, user: str = ANN) -> Response:
        """``values`` by block and input, as Slack nests them."""
        filled = view | {"id": "V1", "state": {"values": values or {}}}
        payload = {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": user}, "view": filled}
        return await self.post(urlencode({"payload": json.dumps(payload)}).encode(), FORM)

    async def interaction(self, kind: str, channel: str, user: str, **more: Any) -> Response:
        payload = {"type": kind, "team": {"id": TEAM}, "user": {"id": user}, "channel": {"id": channel}}
        payload |= {"trigger_id": self.trigger(), "response_url": f"{self.slack.url}/respond/1", **more}
        return await self.post(urlencode({"payload": json.dumps(payload)}).encode(), FORM)

    def trigger(self) -> str:
        self.sent += 1
        return f"{self.sent}.2.3"


def enveloped(event: dict[str, Any]) -> dict[str, Any]:
    authorizations = [{"team_id": TEAM, "user_id": "U0MEMO", "is_bot": True}]
    return {"type": "event_callback", "team_id": TEAM, "event": event, "authorizations": authorizations}


def signature(body: bytes, at: str) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), b"v0:%b:%b" % (at.encode(), body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
