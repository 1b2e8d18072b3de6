"""response_url: five more posts within thirty minutes, without a token."""

import json
import secrets
from dataclasses import dataclass, field

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.fixtures import BOT, BOT_ID
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.models import Ephemeral, Message
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

USES, TTL_S = 5, 30 * 60


@dataclass
class ResponseUrl:
    """One issued URL; ``original`` is the message it may replace, ``posts`` what came through it."""

    url: str
    channel: str
    user: str
    created_at: float
    original: Message | Ephemeral | None = None
    posts: list[Json] = field(default_factory=list)


class ResponseUrls:
    def __init__(
        self,
        workspace: Workspace,
        messages: MessageService,
        origins: Origins,
        wire: Wire,
        time_scale: TimeScale,
    ) -> None:
        self._workspace, self._messages, self._origins = workspace, messages, origins
        self._wire, self._time_scale = wire, time_scale
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, user: str, original: Message | Ephemeral | None = None) -> ResponseUrl:
        key = secrets.token_urlsafe(18)
        url = f"{self._origins.slack}/respond/{key}"
        self._issued[key] = ResponseUrl(url, channel, user, self._workspace.now(), original)
        return self._issued[key]

    async def serve(self, request: web.Request) -> web.Response:
        issued = self._issued.get(request.match_info["key"])
        error = self._refusal(issued)
        if error or issued is None:
            self._wire.write("slack", "from_bot", "response_url", 404, error=error)
            return web.json_response({"ok": False, "error": error}, status=404)
        try:
            answer = json.loads(await request.read())
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        issued.posts.append(answer)
        self.show(issued, answer)
        self._wire.write("slack", "from_bot", "response_url", 200, channel=issued.channel, use=len(issued.posts))
        return web.Response(text="ok")

    def _refusal(self, issued: ResponseUrl | None) -> str:
        if issued is None:
            return "invalid_url"
        if self._workspace.now() - issued.created_at > TTL_S * self._time_scale.scale:
            return "expired_url"
        return "used_url" if len(issued.posts) >= USES else ""

    def show(self, issued: ResponseUrl, answer: Json) -> None:
        """Show what the app answered: in place of the original, to everybody, or to this person alone."""
        if answer.get("delete_original"):
            self._delete(issued.original)
        elif answer.get("replace_original") and issued.original:
            self._replace(issued.original, answer)
        elif answer.get("response_type") == "in_channel":
            self._post(issued, answer)
        else:
            self._show_to_one(issued, answer)

    def _post(self, issued: ResponseUrl, answer: Json) -> None:
        message = Message(issued.channel, self._workspace.new_ts(), BOT, answer.get("text") or "", bot_id=BOT_ID)
        message.blocks = answer.get("blocks") or []
        message.thread_ts = answer.get("thread_ts")
        self._messages.post(message)

    def _show_to_one(self, issued: ResponseUrl, answer: Json) -> None:
        ts, text = self._workspace.new_ts(), answer.get("text") or ""
        seen = Ephemeral(issued.channel, issued.user, ts, text, answer.get("blocks") or [], answer.get("thread_ts"))
        self._workspace.ephemerals.append(seen)
        issued.original = issued.original or seen

    def _replace(self, original: Message | Ephemeral, answer: Json) -> None:
        text, blocks = answer.get("text") or "", answer.get("blocks") or []
        if isinstance(original, Message):
            self._messages.change(original, text=text, blocks=blocks)
        else:
            original.text, original.blocks = text, blocks

    def _delete(self, original: Message | Ephemeral | None) -> None:
        if isinstance(original, Message):
            self._messages.delete(original)
        elif original in self._workspace.ephemerals:
            self._workspace.ephemerals.remove(original)
