"""``GET /v3/phone_numbers``: the partner's lines and their reputation."""

from aiohttp import web

from bot.sandbox.linq.api.serializers import line
from bot.sandbox.linq.state.account import Account


class PhoneNumbers:
    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v3/phone_numbers", self.list_all, name="phone_numbers.list")]

    async def list_all(self, request: web.Request) -> web.Response:
        return web.json_response({"phone_numbers": [line(each) for each in self._account.lines]})
