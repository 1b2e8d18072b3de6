"""How a planned fault answers on the level of HTTP, at the Web API and at the file host alike."""

from aiohttp import web

from bot.sandbox.local_server import abort_connection
from bot.sandbox.slack.switches import Fault

_HTML = "<!DOCTYPE html>\n<html><head><title>Slack</title></head><body><p>Server Error</p></body></html>"


def failed_response(request: web.Request, fault: Fault) -> web.Response | None:
    """Answer as a fault wants it on the level of HTTP; None for an ``ok:false`` answer."""
    if fault.drop:
        abort_connection(request.transport)
        return web.Response(status=500)
    if fault.status == 429:
        return rate_limited_response(fault.retry_after)
    if fault.status != 200:
        return web.Response(status=fault.status, text=_HTML, content_type="text/html")
    return None


def rate_limited_response(retry_after: int) -> web.Response:
    headers = {"Retry-After": str(retry_after)}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
