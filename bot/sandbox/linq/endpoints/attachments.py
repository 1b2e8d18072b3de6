"""``/v3/attachments``: a place to put a file, what became of it, and its removal."""

import secrets
import time
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from bot.sandbox.linq.api.errors import ApiError
from bot.sandbox.linq.api.middleware import FACTS
from bot.sandbox.linq.api.request_body import json_object, required_uuid
from bot.sandbox.linq.api.serializers import attachment, stamp
from bot.sandbox.linq.catalog import CONTENT_TYPES
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment
from bot.sandbox.time_scale import TimeScale

MAX_UPLOAD_BYTES = 104_857_600
UPLOAD_LINK_S = 15 * 60


class Attachments:
    """``storage`` is the origin files are put to and fetched from; it is known once the doors are open."""

    def __init__(self, account: Account, pace: TimeScale) -> None:
        self._account = account
        self._pace = pace
        self.storage = ""

    def routes(self) -> list[web.RouteDef]:
        one = "/v3/attachments/{attachment_id}"
        return [
            web.post("/v3/attachments", self.create, name="attachments.create"),
            web.get(one, self.retrieve, name="attachments.retrieve"),
            web.delete(one, self.delete, name="attachments.delete"),
        ]

    async def create(self, request: web.Request) -> web.Response:
        wanted = await json_object(request)
        filename, content_type, size_bytes = _checked(wanted)
        made = self.make(filename, content_type, size_bytes)
        request[FACTS].update(attachment_id=made.id, filename=filename, size_bytes=size_bytes)
        return web.json_response(
            {
                "attachment_id": made.id,
                "upload_url": self._upload_url(made),
                "download_url": made.download_url,
                "http_method": "PUT",
                "expires_at": stamp(made.created_at + timedelta(seconds=UPLOAD_LINK_S * self._pace.scale)),
                "required_headers": {"Content-Type": content_type, "Content-Length": str(size_bytes)},
            }
        )

    def make(self, filename: str, content_type: str, size_bytes: int) -> Attachment:
        """A new attachment without bytes."""
        account = self._account
        attachment_id = account.new_id()
        where = f"{self.storage}/attachments/partners/{account.partner_id}/{attachment_id}/{quote(filename, safe='')}"
        made = Attachment(
            id=attachment_id,
            filename=filename,
            content_type=content_type,
            size_bytes=size_bytes,
            created_at=account.now(),
            expires=time.monotonic() + UPLOAD_LINK_S * self._pace.scale,
            signature=secrets.token_hex(32),
            download_url=where,
        )
        account.attachments[attachment_id] = made
        return made

    def _upload_url(self, made: Attachment) -> str:
        signed = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "SANDBOX/auto/s3/aws4_request",
            "X-Amz-Date": made.created_at.strftime("%Y%m%dT%H%M%SZ"),
            "X-Amz-Expires": str(UPLOAD_LINK_S),
            "X-Amz-SignedHeaders": "content-length;content-type;host",
            "X-Amz-Signature": made.signature,
        }
        return f"{self.storage}/uploads/{made.id}?{urlencode(signed)}"

    async def retrieve(self, request: web.Request) -> web.Response:
        return web.json_response(attachment(self._asked_for(request)))

    async def delete(self, request: web.Request) -> web.Response:
        found = self._asked_for(request)
        del self._account.attachments[found.id]
        found.download_url = ""
        return web.Response(status=204)

    def _asked_for(self, request: web.Request) -> Attachment:
        attachment_id = required_uuid(request.match_info["attachment_id"], "attachmentId")
        request[FACTS]["attachment_id"] = attachment_id
        found = self._account.attachments.get(attachment_id)
        if not found:
            raise ApiError(2003)
        return found


def _checked(wanted: dict[str, Any]) -> tuple[str, str, int]:
    for name in ("filename", "content_type", "size_bytes"):
        if wanted.get(name) in (None, ""):
            raise ApiError(1001, f"Missing required field: {name}")
    filename, content_type, size_bytes = wanted["filename"], wanted["content_type"], wanted["size_bytes"]
    if not isinstance(filename, str) or len(filename) > 255:
        raise ApiError(1005, "filename must be 1 to 255 characters")
    if content_type not in CONTENT_TYPES:
        raise ApiError(5004, f"Invalid file type: {content_type}")
    if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or size_bytes < 1:
        raise ApiError(1005, "size_bytes must be a positive integer")
    if size_bytes > MAX_UPLOAD_BYTES:
        raise ApiError(5005, "File too large - maximum size is 100MB")
    return filename, content_type, size_bytes
