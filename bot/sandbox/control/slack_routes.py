"""The python surface over HTTP and JSON, under ``/slack``: for the page, for other processes, for other languages.

``POST /slack/{act}`` takes the act's arguments as a JSON object. A caller's mistake answers 400 or 404 with its reason.
"""

import base64
import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from bot.sandbox.fitting import fit
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.state.files import Shape, Upload
from bot.sandbox.slack.state.serializers import channel_body, listed_body, user_body
from bot.sandbox.slack.state.workspace import Body, Message

if TYPE_CHECKING:
    from bot.sandbox.slack.server import SlackServer

_ACTS = (
    "say",
    "share",
    "forward",
    "edit",
    "delete",
    "delete_file",
    "finish_transcript",
    "command",
    "shortcut",
    "press",
    "submit",
    "suggest",
    "invite",
    "kick",
    "archive",
    "unarchive",
    "move_channel",
    "open_home",
    "uninstall",
    "new_channel",
    "new_user",
)


class Control:
    def __init__(self, side: "SlackServer") -> None:
        self._side = side

    def routes(self) -> list[web.RouteDef]:
        acts = [web.post(f"/slack/{name}", self._acting(getattr(self._side, name))) for name in _ACTS]
        return [
            *acts,
            web.post("/slack/drop", self._drop),
            web.post("/slack/connect", self._connect),
            web.post("/slack/disconnect", self._acting(self._side.sockets.disconnect)),
            web.post("/slack/cut", self._acting(self._side.sockets.cut)),
            web.get("/slack/switches", self._switches),
            web.post("/slack/switches", self._set_switches),
            web.patch("/slack/switches", self._set_switches),
            web.get("/slack/workspace", self._workspace),
            web.get("/slack/thread", self._thread),
            web.get("/slack/history", self._history),
            web.get("/slack/ephemerals", self._ephemerals),
            web.get("/slack/views", self._views),
            web.get("/slack/files/{file}", self._file),
        ]

    def _acting(self, act: Callable[..., Any]) -> Callable[[web.Request], Any]:
        """A handler that calls ``act`` with the fields of the JSON object in the request."""
        signature = inspect.signature(act)

        async def handle(request: web.Request) -> web.Response:
            given = await _json_object(request)
            signature.bind(**given)
            outcome = act(**given)
            return web.json_response(self._shown(await outcome if inspect.isawaitable(outcome) else outcome))

        return handle

    def _shown(self, outcome: Any) -> Body:
        if isinstance(outcome, Message):
            return {"channel": outcome.channel, **self._message(outcome)}
        if isinstance(outcome, InteractionAnswer):
            return asdict(outcome)
        return {"id": outcome} if isinstance(outcome, str) else {}

    def _message(self, message: Message) -> Body:
        return listed_body(self._side.stage.workspace, message, with_metadata=True)

    async def _drop(self, request: web.Request) -> web.Response:
        """Files as multipart parts beside plain fields, or as JSON with ``files: [{name, base64, ...}]``."""
        if request.content_type.startswith("multipart/"):
            given, uploads = await _read_parts(request)
        else:
            given = await _json_object(request)
            uploads = [_upload(each) for each in given.pop("files", [])]
        if not uploads:
            raise ValueError("there is no file to drop")
        bound = inspect.signature(self._side.drop).bind(given.pop("channel", ""), *uploads, **given)
        return web.json_response(self._shown(await self._side.drop(*bound.args, **bound.kwargs)))

    async def _connect(self, request: web.Request) -> web.Response:
        """``url`` of the bot's events, or none for Socket Mode; tells whether the url echoed a challenge."""
        url = str((await _json_object(request)).get("url", ""))
        self._side.connect(url)
        return web.json_response({"verified": await self._side.verify_url() if url else None})

    async def _switches(self, request: web.Request) -> web.Response:
        return web.json_response(self._side.switches.shown())

    async def _set_switches(self, request: web.Request) -> web.Response:
        self._side.switches.apply(await _json_object(request))
        return web.json_response(self._side.switches.shown())

    async def _workspace(self, request: web.Request) -> web.Response:
        workspace = self._side.stage.workspace
        channels = [channel_body(c, counted=True) for c in workspace.channels.values()]
        return web.json_response({"channels": channels, "users": [user_body(u) for u in workspace.users.values()]})

    async def _thread(self, request: web.Request) -> web.Response:
        found = self._side.thread(request.query["channel"], request.query["ts"])
        return web.json_response({"messages": [self._message(m) for m in found]})

    async def _history(self, request: web.Request) -> web.Response:
        """Every message of a channel that is not a mere reply, oldest first."""
        found = self._side.stage.workspace.channels[request.query["channel"]].messages.values()
        shown = [m for m in found if not m.thread_ts or m.subtype == "thread_broadcast"]
        return web.json_response({"messages": [self._message(m) for m in shown]})

    async def _ephemerals(self, request: web.Request) -> web.Response:
        found = self._side.ephemerals(request.query["channel"], request.query.get("user"))
        return web.json_response({"messages": [asdict(e) for e in found]})

    async def _views(self, request: web.Request) -> web.Response:
        user = request.query["user"]
        return web.json_response({"views": self._side.views(user), "home": self._side.home(user)})

    async def _file(self, request: web.Request) -> web.Response:
        file = self._side.stage.workspace.files[request.match_info["file"]]
        kind = str(file.record.get("mimetype") or "application/octet-stream")
        return web.Response(body=file.upload.content, content_type=kind)


async def _json_object(request: web.Request) -> Body:
    given = await request.json() if request.can_read_body else {}
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    return given


def _upload(given: Body) -> Upload:
    content = base64.b64decode(given["base64"], validate=True)
    copy = base64.b64decode(given["copy_base64"], validate=True) if given.get("copy_base64") else None
    return Upload(str(given["name"]), content, _shape(given), given.get("declared") or {}, copy)


def _shape(given: Body) -> Shape:
    try:
        shape: Shape = fit(given.get("shape", "plain"), Shape)
    except ValueError as wrong:
        raise ValueError(f"shape {wrong}") from None
    return shape


async def _read_parts(request: web.Request) -> tuple[Body, list[Upload]]:
    """The plain fields, and the files with the shape named among the fields before them."""
    given: Body = {}
    uploads = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.filename:
            uploads.append(Upload(part.filename, bytes(await part.read()), _shape(given)))
        else:
            given[str(part.name)] = await part.text()
    given.pop("shape", None)
    if "broadcast" in given:
        given["broadcast"] = given["broadcast"] in ("1", "true")
    return given, uploads
