"""The routes of the local Slack, below ``/slack``."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.sandbox.control.acts import Base64, checked_act, handler_of, read_form, read_object
from bot.sandbox.json_types import Json
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import FunctionExecution, Message, Shape, Upload
from bot.sandbox.slack.state.serializers import channel_body, listed_body, user_body

_ACTS = (
    "say",
    "edit",
    "unfurl",
    "delete",
    "react",
    "unreact",
    "share",
    "forward",
    "delete_file",
    "finish_transcript",
    "command",
    "shortcut",
    "press",
    "press_in_view",
    "submit",
    "suggest",
    "open_home",
    "execute_function",
    "new_channel",
    "new_user",
    "new_usergroup",
    "invite",
    "kick",
    "archive",
    "unarchive",
    "delete_channel",
    "move_channel",
    "uninstall",
    "release_events",
)


class FileInput(BaseModel):
    """A file to drop, as JSON."""

    model_config = ConfigDict(extra="forbid")

    name: str
    base64: Base64
    shape: Shape = "plain"
    declared: Mapping[str, Any] = {}
    copy_base64: Base64 | None = None

    def upload(self) -> Upload:
        return Upload(self.name, self.base64, self.shape, dict(self.declared), self.copy_base64)


class SlackRoutes:
    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack

    def routes(self) -> list[web.RouteDef]:
        acts = [web.post(f"/slack/{name}", handler_of(getattr(self._slack, name), self._shown)) for name in _ACTS]
        return [
            *acts,
            web.post("/slack/drop", self._drop),
            web.post("/slack/connect", self._connect),
            web.post("/slack/disconnect", handler_of(self._slack.sockets.disconnect, self._shown)),
            web.post("/slack/cut", handler_of(self._slack.sockets.cut, self._shown)),
            web.get("/slack/switches", self._switches),
            web.patch("/slack/switches", self._set_switches),
            web.get("/slack/workspace", self._workspace),
            web.get("/slack/thread", self._thread),
            web.get("/slack/history", self._history),
            web.get("/slack/ephemerals", self._ephemerals),
            web.get("/slack/views", self._views),
            web.get("/slack/files/{file}", self._file),
        ]

    def _shown(self, outcome: Any) -> Json:
        match outcome:
            case Message():
                return {"channel": outcome.channel, **self._message(outcome)}
            case InteractionAnswer():
                return asdict(outcome)
            case FunctionExecution():
                return {"id": outcome.id, "outputs": outcome.outputs, "error": outcome.error}
            case str():
                return {"id": outcome}
        return {}

    def _message(self, message: Message) -> Json:
        return listed_body(self._slack.workspace, message, with_metadata=True)

    async def _drop(self, request: web.Request) -> web.Response:
        """Drop the files of a form, or of JSON. In a form, ``shape`` is a field and holds for all of them."""
        if request.content_type.startswith("multipart/"):
            given, files = await read_form(request)
            shape = TypeAdapter(Shape).validate_python(given.pop("shape", "plain"))
            uploads = [Upload(file.name, file.content, shape) for file in files]
        else:
            given = await read_object(request)
            uploads = [FileInput.model_validate(each).upload() for each in given.pop("files", [])]
        if not uploads:
            raise ValueError("there is no file to drop")
        drop = checked_act(self._slack.drop)
        return web.json_response(self._shown(await drop(given.pop("channel", ""), *uploads, **given)))

    async def _connect(self, request: web.Request) -> web.Response:
        """Connect to the ``url`` of the bot's events, or to none; answers whether the URL echoed a challenge."""
        url = str((await read_object(request)).get("url", ""))
        self._slack.connect(url)
        return web.json_response({"verified": await self._slack.verify_url() if url else None})

    async def _switches(self, request: web.Request) -> web.Response:
        return web.json_response(self._slack.switches.shown())

    async def _set_switches(self, request: web.Request) -> web.Response:
        self._slack.switches.apply(await read_object(request))
        return await self._switches(request)

    async def _workspace(self, request: web.Request) -> web.Response:
        workspace = self._slack.workspace
        channels = [channel_body(c, counted=True) for c in workspace.channels.values()]
        return web.json_response({"channels": channels, "users": [user_body(u) for u in workspace.users.values()]})

    async def _thread(self, request: web.Request) -> web.Response:
        found = self._slack.thread(request.query["channel"], request.query["ts"])
        return web.json_response({"messages": [self._message(m) for m in found]})

    async def _history(self, request: web.Request) -> web.Response:
        found = self._slack.workspace.channels[request.query["channel"]].messages.values()
        shown = [m for m in found if not m.thread_ts or m.subtype == "thread_broadcast"]
        return web.json_response({"messages": [self._message(m) for m in shown]})

    async def _ephemerals(self, request: web.Request) -> web.Response:
        found = self._slack.ephemerals(request.query["channel"], request.query.get("user"))
        return web.json_response({"messages": [asdict(e) for e in found]})

    async def _views(self, request: web.Request) -> web.Response:
        user = request.query["user"]
        return web.json_response({"views": self._slack.views(user), "home": self._slack.home(user)})

    async def _file(self, request: web.Request) -> web.Response:
        file = self._slack.workspace.files[request.match_info["file"]]
        kind = str(file.record.get("mimetype") or "application/octet-stream")
        return web.Response(body=file.upload.content, content_type=kind)
