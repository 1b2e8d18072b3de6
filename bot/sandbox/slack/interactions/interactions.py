"""What a person asks the app to do, sent once: no retry, an answer within 3 s, a trigger and a response_url with it."""

import json
from dataclasses import dataclass, field

from bot.sandbox.slack.events.envelopes import BotAnswer, Envelope, Kind, Transport
from bot.sandbox.slack.interactions.response_urls import ResponseUrl, ResponseUrls
from bot.sandbox.slack.interactions.triggers import Trigger, Triggers
from bot.sandbox.slack.interactions.views import Views
from bot.sandbox.slack.state.workspace import Body, Ephemeral, Workspace
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
    blocks: list[Body] = field(default_factory=list)
    body: Body = field(default_factory=dict)
    later: list[Body] = field(default_factory=list)


class Interactions:
    """``token`` is the verification token old apps compare."""

    def __init__(
        self,
        workspace: Workspace,
        switches: Switches,
        carrier: Transport,
        wire: Wire,
        response_urls: ResponseUrls,
        token: str,
    ) -> None:
        self.triggers = Triggers(workspace)
        self.views = Views(workspace)
        self.response_urls = response_urls
        self._workspace, self._switches, self._carrier = workspace, switches, carrier
        self._wire, self._token = wire, token

    def use_trigger(self, trigger_id: str) -> Trigger:
        """The trigger, used up by this. Raises ApiError when it is too old or was used before."""
        return self.triggers.use(trigger_id)

    async def send(
        self, kind: Kind, payload: Body, what: str, user: str, replies: ResponseUrl | None = None
    ) -> InteractionAnswer:
        """Hand one interaction over and hear the answer; ``replies`` is where its response_url leads."""
        payload = payload | {"token": self._token, "trigger_id": self.triggers.new(user)}
        if replies:
            payload["response_url"] = replies.url
        deaf = self._switches.deaf
        answer = BotAnswer(None, "http_timeout") if deaf else await self._carrier.carry(Envelope(kind, payload))
        facts = {"seconds": round(answer.seconds, 4), "user": user} | _reason(answer)
        self._wire.write("slack", "to_bot", what, answer.status, **facts)
        return _said(answer, replies)

    def show(self, said: InteractionAnswer, replies: ResponseUrl) -> None:
        """Put the answer to a command where the person sees it."""
        if said.text or said.blocks:
            self.response_urls.speak(replies, said.body or {"text": said.text})

    def seen_by(self, user: str, channel: str, ts: str) -> Ephemeral | None:
        seen = (e for e in self._workspace.ephemerals if (e.channel, e.user, e.ts) == (channel, user, ts))
        return next(seen, None)


def _reason(answer: BotAnswer) -> Body:
    return {"reason": answer.reason} if answer.reason else {}


def _said(answer: BotAnswer, replies: ResponseUrl | None) -> InteractionAnswer:
    later = replies.posts if replies else []
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


def _json_object(text: str) -> Body | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
