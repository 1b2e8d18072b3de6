"""What the planned faults of the switches do to a request, at the API and at the upload host alike."""

import asyncio

from aiohttp import web

from bot.sandbox.local_server import abort_connection

ACTING = {"ok", "lose_answer", "act_then_500", "act_then_hang", "act_then_empty", "act_then_no_id", "act_then_text"}
HANGING = {"hang", "act_then_hang"}
CUTTING = {"drop", "lose_answer"} | HANGING
"""Faults by what they do: the request takes effect, the answer is held back, the connection is cut."""


def abort(request: web.Request) -> web.Response:
    """Cut the connection; nobody receives the returned answer."""
    abort_connection(request.transport)
    return web.Response(status=499)


def status_on_wire(request: web.Request, answer: web.StreamResponse) -> int | None:
    """Return the status, or None for an answer that reaches nobody."""
    gone = request.transport is None or request.transport.is_closing()
    return None if gone else answer.status


async def hang(seconds: float, stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
