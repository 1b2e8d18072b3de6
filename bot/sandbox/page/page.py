"""The page's routes, beside the control port's own: static files, the stream of the world, fault switches, samples."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.page.controller import Director, Json
from bot.sandbox.page.faults.fault_table import FAULTS, calm, flip
from bot.sandbox.page.phone_view import phone_sections
from bot.sandbox.page.samples import SAMPLES
from bot.sandbox.page.slack_view import slack_sections
from bot.sandbox.page.state_stream import Stream
from bot.sandbox.page.timeline.timelines import Tracks

if TYPE_CHECKING:
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


class Page:
    """``director`` None: the page of a toy world whose bot is run by somebody else."""

    def __init__(self, sandbox: "Sandbox", director: Director | None = None) -> None:
        self._sandbox, self._director = sandbox, director
        self._tracks = Tracks(sandbox)
        self._stream = Stream(sandbox.wire, self._sections)

    def mount(self, application: web.Application) -> None:
        """Put the page at ``/`` of the control port."""
        application.middlewares.append(_only_from_itself)
        application.on_response_prepare.append(_guard)
        application.on_shutdown.append(self._stream.close)
        application.add_routes(
            [
                web.static("/static", STATIC),
                web.get("/page/world", self._stream.serve),
                web.post("/page/faults/{name}", self._set_fault),
                web.post("/page/calm", self._calm),
                web.post("/page/sample", self._drop_sample),
                web.post("/page/bot/{order}", self._order_bot),
                web.post("/page/story", self._order_story),
                web.get("/", _index),
            ]
        )

    def _sections(self) -> Iterator[tuple[str, Json]]:
        yield from slack_sections(self._sandbox.slack)
        yield from phone_sections(self._sandbox.linq)
        yield from self._tracks.sections()
        yield "faults", {"faults": [fault.shown(self._sandbox) for fault in FAULTS]}
        yield from (self._director.sections() if self._director else {}).items()

    async def _set_fault(self, request: web.Request) -> web.Response:
        asked = await _asked(request)
        flip(self._sandbox, request.match_info["name"], str(asked.get("value", "")), str(asked.get("chat", "")))
        return web.json_response({})

    async def _calm(self, request: web.Request) -> web.Response:
        calm(self._sandbox)
        return web.json_response({})

    async def _drop_sample(self, request: web.Request) -> web.Response:
        asked = await _asked(request)
        upload = SAMPLES[str(asked.pop("sample", ""))]()
        await self._sandbox.slack.drop(str(asked.pop("channel", "")), upload, **asked)
        return web.json_response({})

    async def _order_bot(self, request: web.Request) -> web.Response:
        match request.match_info["order"]:
            case "kill":
                await self._behind().kill()
            case "http" | "socket" as way:
                await self._behind().restart(socket_mode=way == "socket")
            case unknown:
                raise LookupError(unknown)
        return web.json_response({})

    async def _order_story(self, request: web.Request) -> web.Response:
        """``play`` names a story; without it the one that plays is stopped."""
        story = str((await _asked(request)).get("play", ""))
        await (self._behind().play(story) if story else self._behind().stop_story())
        return web.json_response({})

    def _behind(self) -> Director:
        if self._director is None:
            raise LookupError("this toy world does not run the bot")
        return self._director


async def _index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html")


async def _asked(request: web.Request) -> Json:
    asked = await request.json() if request.can_read_body else {}
    if not isinstance(asked, dict):
        raise ValueError("a JSON object is expected")
    return asked


async def _guard(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")


@web.middleware
async def _only_from_itself(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page that another program of this machine serves must not steer this one either."""
    origin = request.headers.get("Origin")
    if origin in (None, f"http://{request.host}"):
        return await handler(request)
    return web.json_response({"error": "only for this page"}, status=403)
