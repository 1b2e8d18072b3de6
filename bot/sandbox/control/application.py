"""The web application of the control port: local callers only, errors as JSON."""

import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from bot.sandbox.control.wire_routes import WireRoutes
from bot.sandbox.switches import describe
from bot.sandbox.wire import Wire

_BODY_BYTES = 256 * 1024 * 1024
_LOCAL_NAMES = ("127.0.0.1", "localhost")


def control_application(wire: Wire, environment: dict[str, str], routes: Iterable[web.RouteDef]) -> web.Application:
    """``environment``: what a bot needs, for ``GET /environment``."""
    wire_routes = WireRoutes(wire)

    async def exports(request: web.Request) -> web.Response:
        return web.json_response(environment)

    application = web.Application(middlewares=[_refuse_strangers, _json_errors], client_max_size=_BODY_BYTES)
    application.on_shutdown.append(wire_routes.close)
    application.add_routes([*wire_routes.routes(), web.get("/environment", exports), *routes])
    return application


@web.middleware
async def _refuse_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse pages of other sites, that come directly or through a name that resolves to this machine."""
    named = [f"//{request.host}", *request.headers.getall("Origin", [])]
    if all(urlsplit(each).hostname in _LOCAL_NAMES for each in named):
        return await handler(request)
    return web.json_response({"error": "only for pages of this machine"}, status=403)


@web.middleware
async def _json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPError as refused:
        refused.text, refused.content_type = json.dumps({"error": refused.reason}), "application/json"
        raise
    except LookupError as missing:
        return web.json_response({"error": f"unknown: {missing}"}, status=404)
    except ValidationError as wrong:
        return web.json_response({"error": describe(wrong)}, status=400)
    except (TypeError, ValueError) as wrong:
        return web.json_response({"error": str(wrong)}, status=400)
