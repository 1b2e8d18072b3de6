"""The whole toy Slack: its parts put together, listening on 127.0.0.1."""

import random

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.control.slack_routes import Control
from bot.sandbox.local_server import LocalServer
from bot.sandbox.slack.actions.admins import AdminActions
from bot.sandbox.slack.actions.people import PeopleActions
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api.web_api import WebApi
from bot.sandbox.slack.credentials import Credentials
from bot.sandbox.slack.events.envelopes import BotAnswer, Envelope
from bot.sandbox.slack.events.event_dispatcher import EventDispatcher
from bot.sandbox.slack.events.http_transport import HttpTransport
from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.events.socket_transport import SocketTransport
from bot.sandbox.slack.file_host.downloads import FileHost
from bot.sandbox.slack.interactions.interactions import Interactions
from bot.sandbox.slack.interactions.response_urls import ResponseUrls
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.workspace import BOT, BOT_ID, TEAM, Workspace
from bot.sandbox.slack.switches import Switches
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

_NAMES = {"files-pri": "download", "files-tmb": "download", "respond": "response_url", "link": "socket refused"}
_BODY_BYTES = 4 * 1024 * 1024
_DOWN_PAGE = "<!DOCTYPE html><html><head><title>Slack is down</title></head><body></body></html>"


class ConnectedTransport:
    """Carries over HTTP once an events url is known, else over the open sockets."""

    def __init__(self, http: HttpTransport, sockets: SocketTransport) -> None:
        self._http, self._sockets = http, sockets

    async def carry(self, parcel: Envelope) -> BotAnswer:
        return await (self._http if self._http.url else self._sockets).carry(parcel)


class SlackServer(PeopleActions, AdminActions):
    """A Slack with one workspace. People's acts are methods (``drop``, ``command``, ...); ``switches`` break things."""

    def __init__(
        self,
        wire: Wire,
        pace: TimeScale,
        credentials: Credentials | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.switches, address, workspace = Switches(), Origins(), Workspace()
        chance = chance or random.Random()
        self._http = HttpTransport(self.credentials.signing_secret)
        self.sockets = SocketTransport(workspace, address, wire, chance)
        carrier, token = ConnectedTransport(self._http, self.sockets), self.credentials.verification_token
        self.outbox = EventDispatcher(workspace, self.switches, carrier, wire, pace, token, chance)
        talk = MessageService(workspace, self.outbox, self.switches)
        self._response_urls = ResponseUrls(workspace, talk, address, wire, pace)
        interactions = Interactions(workspace, self.switches, carrier, wire, self._response_urls, token)
        stage = ApiContext(workspace, self.switches, self.outbox, talk, interactions, self.sockets)
        super().__init__(stage, address, wire, pace)
        self._files = FileHost(stage, self.credentials, address, wire)
        self._api = LocalServer(self._application())
        self._foreign = LocalServer(self._foreign_application())
        self.switches.watch("down", self._obey_down)

    def _application(self) -> web.Application:
        api = WebApi(self.stage, self.credentials, self._wire)
        application = web.Application(middlewares=[self._turn_away], client_max_size=_BODY_BYTES)
        application.add_routes(
            [
                web.route("*", "/api/{method}", api.serve),
                web.get("/files-pri/{team}-{file}/{name:.+}", self._files.serve, allow_head=False),
                web.get("/files-tmb/{team}-{file}-{hash}/{name:.+}", self._files.serve, allow_head=False),
                web.post("/respond/{key}", self._response_urls.serve),
                web.get("/link/", self.sockets.serve),
            ]
        )
        return application

    def _foreign_application(self) -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/{anything:.*}", self._files.serve_foreign)
        return application

    @web.middleware
    async def _turn_away(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.switches.down in ("no", "refused"):
            return await handler(request)
        status = int(self.switches.down)
        what = request.match_info.get("method") or request.path.split("/")[1]
        self._wire.write("slack", "from_bot", _NAMES.get(what, what), status, down=True)
        return web.Response(status=status, text=_DOWN_PAGE, content_type="text/html")

    def _obey_down(self) -> None:
        if self.switches.down == "refused":
            self._api.shut()
        else:
            self._api.open()

    @property
    def origin(self) -> str:
        return self._address.origin

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api/"

    @property
    def foreign_origin(self) -> str:
        """A host that is not Slack's, where redirects may lead."""
        return self._address.foreign

    @property
    def bot_token(self) -> str:
        return self.credentials.bot_token

    @property
    def app_token(self) -> str:
        return self.credentials.app_token

    @property
    def signing_secret(self) -> str:
        return self.credentials.signing_secret

    @property
    def bot_user(self) -> str:
        return BOT

    @property
    def bot_id(self) -> str:
        return BOT_ID

    @property
    def team(self) -> str:
        return TEAM

    async def start(self, port: int = 0) -> None:
        await self._http.start()
        await self._foreign.start()
        await self._api.start(port)
        self._address.origin, self._address.foreign = self._api.origin, self._foreign.origin

    async def stop(self) -> None:
        await self.outbox.background.stop()
        await self.sockets.close()
        await self._api.stop()
        await self._foreign.stop()
        await self._http.stop()

    def connect(self, events_url: str) -> None:
        """Send events, commands and interactions there from now on; empty: over Socket Mode."""
        self._http.url = events_url
        self.outbox.enable()

    async def verify_url(self) -> bool:
        """Ask the events url to echo a challenge, as Slack does when it is entered; whether it did."""
        challenge = self.stage.workspace.new_id("challenge")
        payload = {"type": "url_verification", "token": self.credentials.verification_token, "challenge": challenge}
        answer = await self._http.carry(Envelope("events_api", payload))
        self._wire.write("slack", "to_bot", "url_verification", answer.status)
        return answer.accepted and challenge in answer.body.decode("utf-8", "replace")

    def control_routes(self) -> list[web.RouteDef]:
        """This surface over HTTP, under ``/slack``."""
        return Control(self).routes()

    async def settled(self, timeout: float = 30.0) -> None:
        """Wait until every event is answered or given up. Raises TimeoutError."""
        await self.outbox.background.idle(timeout)
