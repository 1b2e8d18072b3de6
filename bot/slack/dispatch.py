"""The one router: each payload, verified, decoded and parsed once, goes to what it is for.

Events go to our own table: Bolt would answer before their handler is done, lose what a failing handler lost, and take
many times as long to hand a channel's chatter to somebody who drops it. What Bolt does for us is what it is good at:
matching commands, shortcuts and buttons (and later views and workflow functions) to their listeners, and acknowledging
them in the form that each wants, with a reply where it may carry one. Its listeners finish before Slack is answered
(``process_before_response``), so that what could not be stored shows as an error: a 500 over HTTP, no acknowledgement
over Socket Mode.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.relay.errors import RelayError
from bot.relay.inbound_order import InboundOrder
from bot.slack.actions.buttons import Buttons
from bot.slack.actions.commands import Commands
from bot.slack.actions.home import Home
from bot.slack.actions.interactions import (
    MessageShortcut,
    parse_click,
    parse_command,
    parse_shortcut,
    parse_submission,
)
from bot.slack.actions.later import SendLater
from bot.slack.actions.replies import IN_A_MOMENT, UNFINISHED, Reply
from bot.slack.actions.responder import Responder
from bot.slack.actions.shortcuts import RESEND, SEND_AS_IT_IS, SEND_LATER, SEND_VOICE, Shortcuts
from bot.slack.actions.workflow_step import WorkflowStep
from bot.slack.api.identity import Identity
from bot.slack.api.web_api import silent_logger
from bot.slack.fields import Body, child, identifier, prose, text
from bot.slack.ids import SlackRoom
from bot.slack.inbound.envelope import team_of
from bot.slack.inbound.events import EventHandlers
from bot.slack.inbound.parse import ParseError
from bot.slack.ui.conversation_views import result_view
from bot.slack.ui.remedies import COMMAND

log = logging.getLogger("memobridge.slack")

Listener = Callable[..., Awaitable[object]]
_ANY = re.compile(".*")
_ODD_SHAPES = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)


class Dispatcher:
    """``dispatch`` takes what came over HTTP or a socket. ``clock`` gives seconds that only ever grow."""

    def __init__(
        self,
        events: EventHandlers,
        commands: Commands,
        shortcuts: Shortcuts,
        buttons: Buttons,
        later: SendLater,
        home: Home,
        step: WorkflowStep,
        responder: Responder,
        identity: Identity,
        order: InboundOrder,
        clock: Callable[[], float],
    ) -> None:
        self._commands = commands
        self._buttons = buttons
        self._responder = responder
        self._identity = identity
        self._clock = clock
        self._order = order
        self.last_event_at = float("-inf")  # by the clock: proof that Slack's events reach us
        self.events = {**events.table, "app_home_opened": home.opened, "function_executed": step.executed}
        self.home = home
        self.commands: Mapping[str, Listener] = {COMMAND: self._command}
        self.shortcuts: dict[str, Callable[[MessageShortcut], Coroutine[Any, Any, Reply | None]]]
        self.shortcuts = {SEND_VOICE: shortcuts.send_voice, SEND_AS_IT_IS: shortcuts.send_as_it_is}
        self.shortcuts |= {RESEND: shortcuts.resend, SEND_LATER: later.shortcut}
        self._app = self._build()

    async def dispatch(self, payload: dict[str, Any]) -> BoltResponse:
        """200 once all that it causes is stored, and for what nobody listens to; 400 for what is invalid."""
        try:
            match text(payload, "type"):
                case "event_callback":
                    return await self._event(payload)
                case "url_verification":
                    return BoltResponse(status=200, body=prose(text(payload, "challenge")))
                case "app_rate_limited":
                    log.warning("slack.events_held_back", extra={"minute": payload.get("minute_rate_limited")})
                    return BoltResponse(status=200)
            return BoltResponse(status=200) if "ssl_check" in payload else await self._interaction(payload)
        except Exception as error:
            return _failure(error)

    async def _event(self, envelope: Body) -> BoltResponse:
        self.last_event_at = self._clock()
        event = child(envelope, "event")
        handler = self.events.get(text(event, "type"))
        if handler is not None:
            team = team_of(envelope) or (await self._identity.get()).team
            channel = SlackRoom(team, text(event, "channel") or text(child(event, "item"), "channel"))
            async with self._order.of(channel.id, channel.thread(text(event, "thread_ts")).id):
                await handler(event, team)
        return BoltResponse(status=200)

    async def _interaction(self, payload: dict[str, Any]) -> BoltResponse:
        try:
            request = AsyncBoltRequest(body=payload, mode="socket_mode")  # parsed already, whatever way it came
        except _ODD_SHAPES as odd:
            raise ParseError("no interaction") from odd  # Bolt trusts the shapes it digs through
        response = await self._app.async_dispatch(request)
        # What nobody listens to, of any kind. Slack would count Bolt's 404 as a failure, and repeat it.
        return BoltResponse(status=200) if response.status == 404 else response

    def _build(self) -> AsyncApp:
        async def authorize() -> AuthorizeResult:  # no method: Bolt would pass it a second self
            """Bolt's own way answers 200 while auth.test fails; here that is an error."""
            me = await self._identity.get()
            return AuthorizeResult(enterprise_id=None, team_id=me.team, bot_id=me.bot, bot_user_id=me.user)

        async def failed(error: Exception) -> BoltResponse:
            return _failure(error)

        app = AsyncApp(
            name="slack_bolt.app",  # Bolt silences the logger of this name together with its own
            logger=silent_logger,
            client=AsyncWebClient(),  # never calls: everything goes through our own client
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
        )
        app.error(failed)
        for name, listener in self.commands.items():
            app.command(name)(listener)
        for name, act in self.shortcuts.items():
            app.message_shortcut(name)(self._shortcut_listener(act))
        app.action(_ANY)(self._button)
        app.view(_ANY)(self._view)
        app.options(_ANY)(self._options)
        return app

    async def _command(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        parsed = parse_command(command, await self._identity.get())
        reply = await self._responder.within(self._commands.answer(parsed), parsed.by.response_url)
        await ack((reply or IN_A_MOMENT).body())

    async def _button(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        click = parse_click(body, await self._identity.get())
        work = self._buttons.clicked(click)
        await self._act(self.home.clicked(click, work) if click.by.is_in_home else work, body)
        await ack()

    async def _view(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A modal that cannot be done stays open and says why. One that closed before it was done would say that it is,
        and nothing could tell later that it is not: a modal has no response_url."""
        submission = parse_submission(body, await self._identity.get())
        reply = await self._responder.within(self._buttons.submitted(submission), "", unfinished=UNFINISHED)
        if reply is None:
            await ack()
        else:
            await ack(response_action="update", view=result_view(reply.text))

    async def _options(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """What can be chosen in a select while somebody types; nothing where that cannot be told."""
        me, user = await self._identity.get(), identifier(child(body, "user"), "id")
        try:
            found = await self.home.options(text(body, "action_id"), text(body, "value"), me.team, user)
        except RelayError as error:
            log.info("slack.no_options", extra={"reason": error.reason, "code": error.code})
            found = ()
        await ack(options=list(found))

    def _shortcut_listener(self, act: Callable[[MessageShortcut], Coroutine[Any, Any, Reply | None]]) -> Listener:
        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._act(act(parse_shortcut(body, await self._identity.get())), body)
            await ack()

        return listener

    async def _act(self, work: Coroutine[Any, Any, Reply | None], body: Body) -> None:
        """Done before it is acknowledged, if it is quick; what there is to say has its own way to the person."""
        url = text(body, "response_url")
        if reply := await self._responder.within(work, url):
            self._responder.send(reply, url)


def _failure(error: Exception) -> BoltResponse:
    """Only what is invalid is the sender's fault. An exception that nobody foresaw is ours: Slack delivers again."""
    if isinstance(error, ParseError):
        log.warning("slack.payload_refused", extra={"reason": str(error)})
        return BoltResponse(status=400)
    if isinstance(error, RelayError):
        log.warning("slack.payload_not_stored", extra={"reason": error.reason, "code": error.code})
    else:
        log.error("slack.payload_not_stored", exc_info=error)
    return BoltResponse(status=500)
