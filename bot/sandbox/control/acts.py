"""Python methods as routes: the JSON object of a request becomes the arguments, checked by pydantic."""

import base64
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from aiohttp import BodyPartReader, web
from pydantic import BeforeValidator, ConfigDict, validate_call

from bot.sandbox.json_types import Json


def _decode(text: Any) -> bytes:
    """Decode base64; anything else raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("must be base64")
    return base64.b64decode(text, validate=True)


Base64 = Annotated[bytes, BeforeValidator(_decode)]
Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True)
class SentFile:
    """One file part of a multipart request."""

    name: str
    content: bytes
    content_type: str


def handler_of(act: Callable[..., Any], show: Callable[[Any], Json]) -> Handler:
    """Make a handler that calls ``act`` with the fields of the JSON object, and answers with its outcome shown.

    Arguments of the wrong name or type raise pydantic's ValidationError.
    """
    checked = checked_act(act)

    async def handle(request: web.Request) -> web.Response:
        outcome = checked(**await read_object(request))
        return web.json_response(show(await outcome if inspect.isawaitable(outcome) else outcome))

    return handle


def checked_act(act: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method so that pydantic checks its arguments; files and the like pass as they are."""
    return validate_call(config=ConfigDict(arbitrary_types_allowed=True))(act)


async def read_object(request: web.Request) -> Json:
    """Read the body as a JSON object; no body is an empty one. Raises ValueError."""
    given = await request.json() if request.can_read_body else {}
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    return given


async def read_form(request: web.Request) -> tuple[Json, list[SentFile]]:
    """Read a multipart request: its plain fields, and its files in order."""
    fields: Json = {}
    files = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.filename:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            files.append(SentFile(part.filename, bytes(await part.read()), kind))
        else:
            fields[str(part.name)] = await part.text()
    return fields, files
