"""Slack's entrance: which events, commands, shortcuts and buttons are listened to, and by what.

Every listener finishes before Slack is answered, so that what could not be stored is delivered again: an error is a 500
over HTTP, and no acknowledgement over Socket Mode.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.relay.errors import RelayError
from bot.slack.answers import Answers
from bot.slack.cards import COMMAND, MOMENT, Card
from bot.slack.commands import Commands
from bot.slack.fields import Body, part, text
from bot.slack.gestures import parse_order, parse_press
from bot.slack.lookups import Lookups
from bot.slack.parse import Drop, ParseError, Withdrawal, parse_message, place
from bot.slack.ports import DeliveryService, Links
from bot.slack.presses import RESEND_SHORTCUT, SEND_SHORTCUT, Presses
from bot.slack.resolving import resolve
from bot.slack.web import quiet

log = logging.getLogger("memobridge.slack")

Listener = Callable[..., Awaitable[object]]
_ANY = re.compile(".*")


class Listeners:
    """``dispatch`` takes what came over HTTP or a socket, verified already."""

    def __init__(
        self,
        *,
        clips: DeliveryService,
        links: Links,
        lookups: Lookups,
        commands: Commands,
        presses: Presses,
        answers: Answers,
        allowed_bots: Collection[str] = (),
    ) -> None:
        self._clips = clips
        self._links = links
        self._lookups = lookups
        self._commands = commands
        self._presses = presses
        self._answers = answers
        self._allowed_bots = frozenset(allowed_bots)
        self.events: Mapping[str, Listener] = {
            "message": self._message,
            "channel_id_changed": self._channel_moved,
            "app_uninstalled": self._token_in_doubt,
            "tokens_revoked": self._token_in_doubt,
        }
        self.commands: Mapping[str, Listener] = {COMMAND: self._command}
        self.shortcuts: Mapping[str, Listener] = {SEND_SHORTCUT: self._send, RESEND_SHORTCUT: self._resend}
        self._app = self._build()

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        if self._is_chatter(request.body):
            return BoltResponse(status=200)
        response = await self._app.async_dispatch(request)
        # What nobody listens to, of any kind. Slack would count Bolt's 404 as a failure, and repeat it.
        return BoltResponse(status=200) if response.status == 404 else response

    def _is_chatter(self, body: Body) -> bool:
        """A message that means nothing here: nearly all that Slack tells, and the echoes of our own notices. Bolt would
        take many times as long to hand it to somebody who drops it."""
        me, event = self._lookups.known, part(body, "event")
        if me is None or text(body, "type") != "event_callback" or text(event, "type") != "message":
            return False
        try:
            return parse_message(event, me, self._allowed_bots) is None
        except ParseError:
            return False  # refused on Bolt's way

    def _build(self) -> AsyncApp:
        async def authorize() -> AuthorizeResult:  # no method: Bolt would pass it a second self
            """Bolt's own way loses events while auth.test fails; here that is an error, and Slack delivers again."""
            me = await self._lookups.identity()
            return AuthorizeResult(enterprise_id=None, team_id=me.team, bot_id=me.bot, bot_user_id=me.user)

        app = AsyncApp(
            name="slack_bolt.app",  # Bolt silences the logger of this name together with its own
            logger=quiet,
            client=AsyncWebClient(),  # never calls: everything goes through our own client
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
        )
        app.error(self._failed)
        app.middleware(self._limited)
        for name, listener in self.events.items():
            app.event(name)(listener)
        for name, listener in self.commands.items():
            app.command(name)(listener)
        for name, listener in self.shortcuts.items():
            app.message_shortcut(name)(listener)
        app.action(_ANY)(self._press)
        return app

    # around every request

    async def _failed(self, error: Exception) -> BoltResponse:
        if isinstance(error, ParseError):
            log.warning("nonsense refused", extra={"why": str(error)})
            return BoltResponse(status=400)
        if isinstance(error, RelayError):
            log.warning("not taken", extra={"why": error.reason, "code": error.code})
        else:
            log.error("not taken", exc_info=error)
        return BoltResponse(status=500)

    async def _limited(self, body: dict[str, Any], next: Listener) -> BoltResponse | None:  # noqa: A002  # Bolt's name
        """Slack says that it holds events back; that is no event, so Bolt has no listener for it."""
        if body.get("type") != "app_rate_limited":
            await next()
            return None
        log.warning("events held back by slack", extra={"minute": body.get("minute_rate_limited")})
        return BoltResponse(status=200)

    # events

    async def _message(self, event: dict[str, Any]) -> None:
        found = parse_message(event, await self._lookups.identity(), self._allowed_bots)
        if isinstance(found, Drop):
            await self._dropped(found)
        elif isinstance(found, Withdrawal):
            await self._clips.withdraw(found.channel, found.message_ts, found.kept_files)

    async def _dropped(self, drop: Drop) -> None:
        if drop.unjudged and await self._links.linked(drop.share.post.channel) is None:
            return
        share = await resolve(drop, self._lookups)
        if share is not None:
            new = await self._clips.accept(share)
            log.info("drop taken", extra={"deliveries": list(new), "channel": share.post.channel})

    async def _channel_moved(self, event: dict[str, Any]) -> None:
        await self._links.moved(place(event, "old_channel_id"), place(event, "new_channel_id"))

    async def _token_in_doubt(self, event: dict[str, Any]) -> None:
        log.error("token in doubt", extra={"event": text(event, "type")})
        self._lookups.doubt()

    # people

    async def _command(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        order = parse_order(command)
        card = await self._answers.within(self._commands.answer(order), order.by.answer_url)
        await ack((card or MOMENT).body())

    async def _press(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await self._act(self._presses.pressed(parse_press(body)), body)
        await ack()

    async def _send(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await self._act(self._presses.send(body), body)
        await ack()

    async def _resend(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await self._act(self._presses.resend(body), body)
        await ack()

    async def _act(self, work: Coroutine[Any, Any, Card | None], body: Body) -> None:
        """Done before it is acknowledged, if it is quick; what there is to say has its own way to the person."""
        url = text(body, "response_url")
        if card := await self._answers.within(work, url):
            self._answers.send(card, url)
