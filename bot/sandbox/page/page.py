"""The page's routes, beside the control port's own.

    GET  /                        the page; its files lie below /static
    GET  /page/world              the state of the sandbox as a stream: every section, then the ones that change
    POST /page/faults/{name}      value, chat: set one of the fault switches
    POST /page/reset              put every fault switch back
    POST /page/sample             sample, channel, user, thread_ts: drop one of the page's own files
    POST /page/phone_sample       sample, chat_id, person, reply_to: send one of them from the phone
    POST /page/bot/{order}        kill, stop, http, socket: kill or stop the bot, or start it again
    POST /page/story              play: a story's name, or none to stop the one that plays
"""  # fmt: skip

from collections.abc import Iterator
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.control.acts import read_object
from bot.sandbox.json_types import Json
from bot.sandbox.page.controller import Controller
from bot.sandbox.page.faults.fault_table import FAULTS, reset_faults, set_fault
from bot.sandbox.page.phone_view import phone_sections
from bot.sandbox.page.samples import PHONE_SAMPLES, SAMPLES
from bot.sandbox.page.slack_view import slack_sections
from bot.sandbox.page.state_stream import StateStream
from bot.sandbox.page.timeline.timelines import Timelines
from bot.sandbox.sandbox import Sandbox

STATIC = Path(__file__).parent / "static"
# Nothing is fetched from anywhere else and nobody may frame the page; recordings are played from blobs.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def open_page(sandbox: Sandbox, port: int = 0, controller: Controller | None = None) -> None:
    """Open the sandbox's control port with the page on it. Raises OSError when the port is taken."""
    application = sandbox.control_application()
    Page(sandbox, controller).mount(application)
    await sandbox.open_control(port, application)


class Page:
    """``controller`` None: the page of a sandbox whose bot is run by somebody else."""

    def __init__(self, sandbox: Sandbox, controller: Controller | None = None) -> None:
        self._sandbox, self._controller = sandbox, controller
        self._timelines = Timelines(sandbox)
        self._stream = StateStream(sandbox.wire, self._sections)

    def mount(self, application: web.Application) -> None:
        application.middlewares.append(_refuse_other_origins)
        application.on_response_prepare.append(_set_headers)
        application.on_shutdown.append(self._stream.close)
        application.add_routes(
            [
                web.static("/static", STATIC),
                web.get("/page/world", self._stream.serve),
                web.post("/page/faults/{name}", self._set_fault),
                web.post("/page/reset", self._reset),
                web.post("/page/sample", self._drop_sample),
                web.post("/page/phone_sample", self._send_sample),
                web.post("/page/bot/{order}", self._control_bot),
                web.post("/page/story", self._control_story),
                web.get("/", _index),
            ]
        )

    def _sections(self) -> Iterator[tuple[str, Json]]:
        yield from slack_sections(self._sandbox.slack)
        yield from phone_sections(self._sandbox.linq)
        yield from self._timelines.sections()
        yield "faults", {"faults": [fault.shown(self._sandbox) for fault in FAULTS]}
        yield from (self._controller.sections() if self._controller else {}).items()

    async def _set_fault(self, request: web.Request) -> web.Response:
        given = await read_object(request)
        set_fault(self._sandbox, request.match_info["name"], str(given.get("value", "")), str(given.get("chat", "")))
        return web.json_response({})

    async def _reset(self, request: web.Request) -> web.Response:
        reset_faults(self._sandbox)
        return web.json_response({})

    async def _drop_sample(self, request: web.Request) -> web.Response:
        given = await read_object(request)
        upload = SAMPLES[str(given.pop("sample", ""))]()
        message = await self._sandbox.slack.drop(str(given.pop("channel", "")), upload, **given)
        return web.json_response({"ts": message.ts})

    async def _send_sample(self, request: web.Request) -> web.Response:
        given = await read_object(request)
        file = PHONE_SAMPLES[str(given.pop("sample", ""))]()
        self._sandbox.linq.phone.send(str(given.pop("chat_id", "")), files=[file], **given)
        return web.json_response({})

    async def _control_bot(self, request: web.Request) -> web.Response:
        match request.match_info["order"]:
            case "kill":
                await self._required_controller().kill()
            case "stop":
                await self._required_controller().stop_bot()
            case "http" | "socket" as mode:
                await self._required_controller().restart(socket_mode=mode == "socket")
            case unknown:
                raise LookupError(unknown)
        return web.json_response({})

    async def _control_story(self, request: web.Request) -> web.Response:
        controller, story = self._required_controller(), str((await read_object(request)).get("play", ""))
        await (controller.play(story) if story else controller.stop_story())
        return web.json_response({})

    def _required_controller(self) -> Controller:
        if self._controller is None:
            raise LookupError("this sandbox does not run the bot")
        return self._controller


async def _index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html")


async def _set_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")


@web.middleware
async def _refuse_other_origins(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a page that another program of this machine serves."""
    origin = request.headers.get("Origin")
    if origin in (None, f"http://{request.host}"):
        return await handler(request)
    return web.json_response({"error": "only for this page"}, status=403)
