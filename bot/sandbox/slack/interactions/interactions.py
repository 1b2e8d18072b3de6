"""What a person asks the app to do, sent once: no retry, an answer within 3 s, a trigger and a response_url with it."""

import json
from dataclasses import dataclass, field

from bot.sandbox.json_types import Json
from bot.sandbox.slack.bot_answers import BotAnswer
from bot.sandbox.slack.events.envelopes import Envelope, Kind, Transport
from bot.sandbox.slack.interactions.response_urls import ResponseUrl, ResponseUrls
from bot.sandbox.slack.interactions.triggers import Trigger, Triggers
from bot.sandbox.slack.interactions.views import Views
from bot.sandbox.slack.state.models import Ephemeral
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches
from bot.sandbox.wire import Wire


@dataclass
class InteractionAnswer:
    """How the app answered a person.

    ``error``: ``operation_timeout`` or ``dispatch_failed``, as Slack shows it. ``body``: the answer's JSON, or empty.
    ``later``: what came through the response_url, and goes on growing.
    """

    status: int | None
    error: str = ""
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    body: Json = field(default_factory=dict)
    later: list[Json] = field(default_factory=list)


class Interactions:
    """``token`` is the verification token old apps compare."""

    def __init__(
        self,
        workspace: Workspace,
        switches: Switches,
        transport: Transport,
        wire: Wire,
        response_urls: ResponseUrls,
        token: str,
    ) -> None:
        self.triggers = Triggers(workspace)
        self.views = Views(workspace)
        self.response_urls = response_urls
        self._workspace, self._switches, self._transport = workspace, switches, transport
        self._wire, self._token = wire, token

    def use_trigger(self, trigger_id: str) -> Trigger:
        """Use the trigger up. Raises ApiError when it is too old or was used before."""
        return self.triggers.use(trigger_id)

    async def send(
        self, kind: Kind, payload: Json, what: str, user: str, response_url: ResponseUrl | None = None
    ) -> InteractionAnswer:
        """Send one interaction and return the answer to it."""
        payload = payload | {"token": self._token, "trigger_id": self.triggers.new(user)}
        if response_url:
            payload["response_url"] = response_url.url
        if self._switches.deaf:
            answer = BotAnswer(None, "http_timeout")
        else:
            answer = await self._transport.send(Envelope(kind, payload))
        facts = {"seconds": round(answer.seconds, 4), "user": user} | (
            {"reason": answer.reason} if answer.reason else {}
        )
        self._wire.write("slack", "to_bot", what, answer.status, **facts)
        return _read_answer(answer, response_url)

    def show(self, answer: InteractionAnswer, response_url: ResponseUrl) -> None:
        """Put the answer to a command where the person sees it."""
        if answer.text or answer.blocks:
            self.response_urls.show(response_url, answer.body or {"text": answer.text})

    def seen_by(self, user: str, channel: str, ts: str) -> Ephemeral | None:
        seen = (e for e in self._workspace.ephemerals if (e.channel, e.user, e.ts) == (channel, user, ts))
        return next(seen, None)


def _read_answer(answer: BotAnswer, response_url: ResponseUrl | None) -> InteractionAnswer:
    later = response_url.posts if response_url else []
    if answer.status is None:
        error = "operation_timeout" if answer.reason == "http_timeout" else "dispatch_failed"
        return InteractionAnswer(None, error, later=later)
    if not answer.accepted:
        return InteractionAnswer(answer.status, "dispatch_failed", later=later)
    text = answer.body.decode("utf-8", "replace")
    body = _json_object(text)
    if body is None:
        return InteractionAnswer(answer.status, text=text, later=later)
    return InteractionAnswer(answer.status, "", str(body.get("text") or ""), body.get("blocks") or [], body, later)


def _json_object(text: str) -> Json | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
