"""The local Slack put together, listening on 127.0.0.1."""

import random
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.local_server import LocalServer
from bot.sandbox.slack.actions.admins import AdminActions
from bot.sandbox.slack.actions.base import ActionContext
from bot.sandbox.slack.actions.interacting import InteractionActions
from bot.sandbox.slack.actions.people import PeopleActions
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.bot_answers import BotAnswer
from bot.sandbox.slack.credentials import Credentials
from bot.sandbox.slack.events.envelopes import Envelope
from bot.sandbox.slack.events.event_dispatcher import EventDispatcher
from bot.sandbox.slack.events.http_transport import HttpTransport
from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.events.socket_transport import SocketTransport
from bot.sandbox.slack.file_host.downloads import Downloads
from bot.sandbox.slack.file_host.uploads import Uploads
from bot.sandbox.slack.fixtures import BOT, BOT_ID, TEAM
from bot.sandbox.slack.interactions.interactions import Interactions
from bot.sandbox.slack.interactions.response_urls import ResponseUrls
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

_WIRE_NAMES = {
    "files-pri": "download",
    "files-tmb": "download",
    "upload": "files.upload",
    "respond": "response_url",
    "link": "socket refused",
}
_BODY_BYTES = 128 * 1024 * 1024
_DOWN_PAGE = "<!DOCTYPE html><html><head><title>Slack is down</title></head><body></body></html>"


class ConnectedTransport:
    """Sends over HTTP once an events URL is known, else over the open sockets."""

    def __init__(self, http: HttpTransport, sockets: SocketTransport) -> None:
        self._http, self._sockets = http, sockets

    async def send(self, envelope: Envelope) -> BotAnswer:
        return await (self._http if self._http.url else self._sockets).send(envelope)


class SlackServer(PeopleActions, InteractionActions, AdminActions):
    """A Slack with one workspace. What people do are its methods (``drop``, ``command``, ...)."""

    team, bot_user, bot_id = TEAM, BOT, BOT_ID

    def __init__(
        self,
        wire: Wire,
        time_scale: TimeScale,
        credentials: Credentials | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.credentials, chance = credentials or Credentials(), chance or random.Random()
        switches, origins = Switches(), Origins()
        workspace = Workspace(lambda: time.time() + switches.clock_skew_s)
        self._http = HttpTransport(self.credentials.signing_secret, lambda: workspace.now())
        self.sockets = SocketTransport(workspace, origins, wire, chance)
        transport, token = ConnectedTransport(self._http, self.sockets), self.credentials.verification_token
        dispatcher = EventDispatcher(workspace, switches, transport, wire, time_scale, token, chance)
        messages = MessageService(workspace, dispatcher, switches)
        self._response_urls = ResponseUrls(workspace, messages, origins, wire, time_scale)
        interactions = Interactions(workspace, switches, transport, wire, self._response_urls, token)
        super().__init__(
            ActionContext(workspace, switches, dispatcher, messages, interactions, origins, time_scale, wire)
        )
        self._uploads = Uploads(workspace, switches, messages, origins, wire, dispatcher.background)
        self._downloads = Downloads(workspace, switches, self.credentials, origins, wire)
        context = ApiContext(workspace, switches, dispatcher, messages, interactions, self.sockets, self._uploads)
        self._api = LocalServer(self._application(WebApi(context, self.credentials, wire)))
        self._foreign = LocalServer(self._foreign_application())
        switches.watch("down", self._apply_down)

    def _application(self, api: WebApi) -> web.Application:
        application = web.Application(middlewares=[self._refuse_when_down], client_max_size=_BODY_BYTES)
        application.add_routes(
            [
                web.route("*", "/api/{method}", api.serve),
                web.get("/files-pri/{team}-{file}/{name:.+}", self._downloads.serve, allow_head=False),
                web.get("/files-tmb/{team}-{file}-{hash}/{name:.+}", self._downloads.serve, allow_head=False),
                web.post("/upload/v1/{token}", self._uploads.serve),
                web.post("/respond/{key}", self._response_urls.serve),
                web.get("/link/", self.sockets.serve),
            ]
        )
        return application

    def _foreign_application(self) -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/{anything:.*}", self._downloads.serve_foreign)
        return application

    @web.middleware
    async def _refuse_when_down(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.switches.down in ("no", "refused"):
            return await handler(request)
        status = int(self.switches.down)
        what = request.match_info.get("method") or request.path.split("/")[1]
        self._wire.write("slack", "from_bot", _WIRE_NAMES.get(what, what), status, down=True)
        return web.Response(status=status, text=_DOWN_PAGE, content_type="text/html")

    def _apply_down(self) -> None:
        if self.switches.down == "refused":
            self._api.close()
        else:
            self._api.open()

    @property
    def origin(self) -> str:
        return self._origins.slack

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api/"

    @property
    def foreign_origin(self) -> str:
        """A host that is not Slack's, where redirects may lead."""
        return self._origins.foreign

    @property
    def bot_token(self) -> str:
        return self.credentials.bot_token

    @property
    def app_token(self) -> str:
        return self.credentials.app_token

    @property
    def signing_secret(self) -> str:
        return self.credentials.signing_secret

    async def start(self, port: int = 0) -> None:
        """Listen; ``port`` 0 takes any free one. Raises OSError when it is taken."""
        await self._http.start()
        await self._foreign.start()
        await self._api.start(port)
        self._origins.slack, self._origins.foreign = self._api.origin, self._foreign.origin

    async def stop(self) -> None:
        await self.dispatcher.background.cancel()
        await self.sockets.close()
        await self._api.stop()
        await self._foreign.stop()
        await self._http.stop()

    def connect(self, events_url: str) -> None:
        """Send events, commands and interactions there from now on; empty: over Socket Mode."""
        self._http.url = events_url
        self.dispatcher.enable()

    async def verify_url(self) -> bool:
        """Ask the events URL to echo a challenge, as Slack does when it is entered; return whether it did."""
        challenge = self.workspace.new_id("challenge")
        payload = {"type": "url_verification", "token": self.credentials.verification_token, "challenge": challenge}
        answer = await self._http.send(Envelope("events_api", payload))
        self._wire.write("slack", "to_bot", "url_verification", answer.status)
        return answer.accepted and challenge in answer.body.decode("utf-8", "replace")

    async def settled(self, timeout: float = 30.0) -> None:
        """Wait until every event is answered or given up. Raises TimeoutError."""
        await self.dispatcher.background.wait_idle(timeout)
