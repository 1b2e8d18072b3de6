"""``/v3/blocked_handles``: who is not heard and cannot be written to."""

from aiohttp import web

from bot.sandbox.linq.api.request_body import read_object, required
from bot.sandbox.linq.api.serializers import blocked_handle
from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import BlockedHandle


class BlockedHandles:
    """Blocking is idempotent; a blocked handle's messages are dropped without a webhook."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        many = "/v3/blocked_handles"
        return [
            web.get(many, self.list_all, name="blocked_handles.list"),
            web.post(many, self.block, name="blocked_handles.block"),
            web.delete(many, self.unblock, name="blocked_handles.unblock"),
        ]

    async def list_all(self, request: web.Request) -> web.Response:
        newest_first = sorted(self._account.blocked.values(), key=lambda each: each.blocked_at, reverse=True)
        return web.json_response({"blocked_handles": [blocked_handle(each) for each in newest_first]})

    async def block(self, request: web.Request) -> web.Response:
        wanted = await read_object(request)
        handle = _normalized(required(wanted, "handle"))
        entry = BlockedHandle(handle, wanted.get("reason"), self._account.now())
        kept = self._account.blocked.setdefault(handle, entry)
        return web.json_response({"blocked_handle": blocked_handle(kept)})

    async def unblock(self, request: web.Request) -> web.Response:
        handle = _normalized(required(await read_object(request), "handle"))
        self._account.blocked.pop(handle, None)
        return web.Response(status=204)


def _normalized(handle: object) -> str:
    if not isinstance(handle, str):
        raise ApiError(1005, "handle must be a string")
    return handle.strip().lower() if "@" in handle else handle.strip()
