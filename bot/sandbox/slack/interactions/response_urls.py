"""response_url: five more words within thirty minutes, without a token."""

import json
import secrets
from dataclasses import dataclass, field

from aiohttp import web

from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.workspace import BOT, BOT_ID, Body, Ephemeral, Message, Workspace
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

USES, LIVES_S = 5, 30 * 60


@dataclass
class ResponseUrl:
    """One issued url; ``original`` is the message it may replace, ``posts`` what came through it."""

    url: str
    channel: str
    user: str
    made_at: float
    original: Message | Ephemeral | None = None
    posts: list[Body] = field(default_factory=list)


class ResponseUrls:
    def __init__(
        self, workspace: Workspace, talk: MessageService, address: Origins, wire: Wire, pace: TimeScale
    ) -> None:
        self._workspace, self._talk, self._address = workspace, talk, address
        self._wire, self._pace = wire, pace
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, user: str, original: Message | Ephemeral | None = None) -> ResponseUrl:
        key = secrets.token_urlsafe(18)
        url = f"{self._address.origin}/respond/{key}"
        self._issued[key] = ResponseUrl(url, channel, user, self._workspace.now(), original)
        return self._issued[key]

    async def serve(self, request: web.Request) -> web.Response:
        issued = self._issued.get(request.match_info["key"])
        error = self._refusal(issued)
        if error or issued is None:
            self._wire.write("slack", "from_bot", "response_url", 404, error=error)
            return web.json_response({"ok": False, "error": error}, status=404)
        try:
            said = json.loads(await request.read())
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        issued.posts.append(said)
        self.speak(issued, said)
        self._wire.write("slack", "from_bot", "response_url", 200, channel=issued.channel, use=len(issued.posts))
        return web.Response(text="ok")

    def _refusal(self, issued: ResponseUrl | None) -> str:
        if issued is None:
            return "invalid_url"
        if self._workspace.now() - issued.made_at > LIVES_S * self._pace.scale:
            return "expired_url"
        return "used_url" if len(issued.posts) >= USES else ""

    def speak(self, issued: ResponseUrl, said: Body) -> None:
        """Show what the app said: in place of the original, to everybody, or to this person alone."""
        if said.get("delete_original"):
            self._delete(issued.original)
        elif said.get("replace_original") and issued.original:
            self._replace(issued.original, said)
        elif said.get("response_type") == "in_channel":
            self._speak_aloud(issued, said)
        else:
            self._whisper(issued, said)

    def _speak_aloud(self, issued: ResponseUrl, said: Body) -> None:
        message = Message(issued.channel, self._workspace.new_ts(), BOT, said.get("text") or "", bot_id=BOT_ID)
        message.blocks = said.get("blocks") or []
        message.thread_ts = said.get("thread_ts")
        self._talk.post(message)

    def _whisper(self, issued: ResponseUrl, said: Body) -> None:
        ts, text = self._workspace.new_ts(), said.get("text") or ""
        seen = Ephemeral(issued.channel, issued.user, ts, text, said.get("blocks") or [], said.get("thread_ts"))
        self._workspace.ephemerals.append(seen)
        issued.original = issued.original or seen

    def _replace(self, original: Message | Ephemeral, said: Body) -> None:
        text, blocks = said.get("text") or "", said.get("blocks") or []
        if isinstance(original, Message):
            self._talk.change(original, text=text, blocks=blocks)
        else:
            original.text, original.blocks = text, blocks

    def _delete(self, original: Message | Ephemeral | None) -> None:
        if isinstance(original, Message):
            self._talk.delete(original)
        elif original in self._workspace.ephemerals:
            self._workspace.ephemerals.remove(original)
