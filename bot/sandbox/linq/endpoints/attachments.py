"""``/v3/attachments``: a place for a file, its state and fresh address, and its removal."""

from datetime import timedelta

from aiohttp import web

from bot.sandbox.json_types import Json
from bot.sandbox.linq.api.middleware import FACTS
from bot.sandbox.linq.api.request_body import read_object, required, required_uuid
from bot.sandbox.linq.api.serializers import attachment, stamp
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.media.attachment_store import UPLOAD_LINK_S, AttachmentStore
from bot.sandbox.linq.media.content_types import CONTENT_TYPES
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment
from bot.sandbox.time_scale import TimeScale

MAX_UPLOAD_BYTES = 104_857_600


class Attachments:
    """Inbound media are attachments, too: they are retrieved and deleted in the same way."""

    def __init__(self, account: Account, store: AttachmentStore, time_scale: TimeScale) -> None:
        self._account, self._store, self._time_scale = account, store, time_scale

    def routes(self) -> list[web.RouteDef]:
        one = "/v3/attachments/{attachment_id}"
        return [
            web.post("/v3/attachments", self.create, name="attachments.create"),
            web.get(one, self.retrieve, name="attachments.retrieve"),
            web.delete(one, self.delete, name="attachments.delete"),
        ]

    async def create(self, request: web.Request) -> web.Response:
        filename, content_type, size_bytes = _checked(await read_object(request))
        made = self._store.create(filename, content_type, size_bytes)
        request[FACTS].update(attachment_id=made.id, filename=filename, size_bytes=size_bytes)
        lives = timedelta(seconds=UPLOAD_LINK_S * self._time_scale.scale)
        return web.json_response(
            {
                "attachment_id": made.id,
                "upload_url": self._store.upload_url(made),
                "download_url": self._store.fresh_address(made),
                "http_method": "PUT",
                "expires_at": stamp(made.created_at + lives),
                "required_headers": {"Content-Type": content_type, "Content-Length": str(size_bytes)},
            }
        )

    async def retrieve(self, request: web.Request) -> web.Response:
        found = self._named_in(request)
        return web.json_response(attachment(found, self._store.fresh_address(found)))

    async def delete(self, request: web.Request) -> web.Response:
        self._store.delete(self._named_in(request))
        return web.Response(status=204)

    def _named_in(self, request: web.Request) -> Attachment:
        attachment_id = required_uuid(request.match_info["attachment_id"], "attachmentId")
        request[FACTS]["attachment_id"] = attachment_id
        return self._account.attachment(attachment_id)


def _checked(wanted: Json) -> tuple[str, str, int]:
    filename, content_type, size_bytes = (required(wanted, n) for n in ("filename", "content_type", "size_bytes"))
    if not isinstance(filename, str) or len(filename) > 255:
        raise ApiError(1005, "filename must be 1 to 255 characters")
    if content_type not in CONTENT_TYPES:
        raise ApiError(5004, f"Invalid file type: {content_type}")
    if type(size_bytes) is not int or size_bytes < 1:
        raise ApiError(1005, "size_bytes must be a positive integer")
    if size_bytes > MAX_UPLOAD_BYTES:
        raise ApiError(5005, "File too large - maximum size is 100MB")
    return filename, content_type, size_bytes
