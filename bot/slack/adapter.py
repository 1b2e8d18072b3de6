"""The Slack adapter, put together: the relay's ports of the network "slack", and what receives Slack's requests."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from bot.relay.ids import PersonId, RoomId
from bot.relay.inbound_order import InboundOrder
from bot.relay.ports.networks import AudioConverter, FileConverter, Network
from bot.slack import emoji
from bot.slack.actions.buttons import Buttons
from bot.slack.actions.commands import Commands
from bot.slack.actions.conversations import ConversationButtons
from bot.slack.actions.home import Home
from bot.slack.actions.interactions import people_and_groups
from bot.slack.actions.later import SendLater
from bot.slack.actions.openings import OpeningButtons
from bot.slack.actions.responder import WITHIN_S, Responder
from bot.slack.actions.shortcuts import Shortcuts
from bot.slack.actions.workflow_step import WorkflowStep
from bot.slack.api.attachments import Attachments
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.downloads import DownloadLimits, Downloads
from bot.slack.api.identity import Identity
from bot.slack.api.media import SlackMediaSource, SlackMediaStore
from bot.slack.api.messages import Messages
from bot.slack.api.rate_limit import RateLimiter
from bot.slack.api.sender import SlackSender
from bot.slack.api.status_board import SlackStatusBoard
from bot.slack.api.steps import WorkflowSteps
from bot.slack.api.threads import SlackThreads
from bot.slack.api.web_api import SlackApi
from bot.slack.diagnosis import Diagnosis
from bot.slack.dispatch import Dispatcher
from bot.slack.ids import NETWORK, SlackRoom, person_id
from bot.slack.inbound.deletions import SlackDeletionCheck
from bot.slack.inbound.events import EventHandlers
from bot.slack.inbound.history import SlackHistory
from bot.slack.inbound.http_receiver import Dispatch
from bot.slack.inbound.resolve import MessageBuilder, Sniff
from bot.slack.inbound.socket_receiver import SocketReceiver, SocketTiming
from bot.slack.ports import (
    ConversationService,
    DeliveryActions,
    LinkService,
    MessageIntake,
    OpeningService,
    OverviewService,
)

SLACK_API_URL = "https://slack.com/api/"


@dataclass(frozen=True)
class SlackSettings:
    """``token``: the bot's (xoxb-). ``base_url`` ends in ``/api/``. ``allowed_bots``: ids of bots that are
    carried. ``admins``: ids of people who may link beside the workspace's admins."""

    token: str
    base_url: str = SLACK_API_URL
    allowed_bots: Collection[str] = ()
    admins: Collection[str] = ()
    downloads: DownloadLimits = field(default_factory=DownloadLimits)
    answer_within_s: float = WITHIN_S


class SlackAdapter:
    """``clock`` gives seconds that only ever grow, ``now`` the time of day. ``sniff`` names the container that a file's
    first bytes belong to, by the names of ``bot.relay.media.formats``."""

    def __init__(
        self,
        settings: SlackSettings,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        sniff: Sniff,
        limiter: RateLimiter | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._clock = clock
        self._now = now
        self.api = SlackApi(settings.token, session, settings.base_url, limiter or RateLimiter(clock))
        self.identity = Identity(self.api, clock, now)
        self.directory = SlackDirectory(self.api, self.identity, clock, settings.allowed_bots, settings.admins)
        self.messages = Messages(self.api, self.identity, clock, now)
        self.board = SlackStatusBoard(self.api, self.messages, clock)
        self.responder = Responder(session, within_s=settings.answer_within_s)
        downloads = Downloads(settings.token, session, settings.base_url, settings.downloads)
        self.media = SlackMediaSource(self.api, downloads, now)
        self.store = SlackMediaStore(self.api, self.identity, session, settings.base_url)
        self.sender = SlackSender(self.api, self.identity, self.messages, Attachments(self.api, self.messages))
        self._builder = MessageBuilder(self.directory, self.media, sniff)
        self.history = SlackHistory(self.api, self.identity, self._builder, now, settings.allowed_bots)

    def network(self, *, audio: AudioConverter | None, files: FileConverter | None = None) -> Network:
        """The relay's network "slack". ``audio`` and ``files`` make what contacts send fit for it."""
        return Network(
            name=NETWORK,
            names_refused=True,
            shows_reaction=lambda each: bool(emoji.to_short_name(each)),
            source=self.media,
            media=self.store,
            audio=audio,
            files=files,
            sender=self.sender,
            board=self.board,
            directory=self.directory,
            history=self.history,
            deletions=SlackDeletionCheck(self.messages),
            threads=SlackThreads(self.api, self.messages),
        )

    def dispatcher(
        self,
        intake: MessageIntake,
        links: LinkService,
        deliveries: DeliveryActions,
        conversations: ConversationService,
        overviews: OverviewService,
        openings: OpeningService,
        order: InboundOrder,
    ) -> Dispatcher:
        """What HttpReceiver and SocketReceiver hand their payloads to."""
        later = SendLater(
            intake,
            links,
            deliveries,
            self.directory,
            self._builder,
            self.messages,
            self.identity,
            self.api,
            now=self._now,
        )
        commands = Commands(
            intake, links, conversations, overviews, self.directory, self._builder, later=later.command, now=self._now
        )
        shortcuts = Shortcuts(intake, links, deliveries, self.directory, self._builder, now=self._now)
        events = EventHandlers(
            intake, links, self.identity, self.messages, self._builder, self.board, self._settings.allowed_bots
        )
        conversation_buttons = ConversationButtons(conversations, self.directory, self.api)
        home = Home(links, overviews, self.directory, self.api, self._clock)
        steps = WorkflowSteps(self.api)
        step = WorkflowStep(intake, links, self.directory, self._builder, self.identity, steps, now=self._now)
        opening_buttons = OpeningButtons(openings, self.directory, self.api)
        buttons = Buttons(links, deliveries, self.directory, conversation_buttons, later, home, opening_buttons)
        return Dispatcher(
            events, commands, shortcuts, buttons, later, home, step, self.responder, self.identity, order, self._clock
        )

    def socket_receiver(
        self, dispatch: Dispatch, app_token: str, *, timing: SocketTiming | None = None
    ) -> SocketReceiver:
        """Receives over Socket Mode, with the app-level token (xapp-)."""
        return SocketReceiver(dispatch, self.app_api(app_token), clock=self._clock, timing=timing)

    def app_api(self, app_token: str) -> SlackApi:
        """The Web API for the app-level token."""
        return SlackApi(app_token, self._session, self._settings.base_url, RateLimiter(self._clock))

    def diagnosis(self) -> Diagnosis:
        """What ``check`` asks about Slack."""
        return Diagnosis(self.identity, self.directory)

    async def room(self, channel: str) -> RoomId:
        """The room of a channel id, as an operator gives it."""
        return SlackRoom((await self.identity.get()).team, channel).id

    async def person(self, user: str) -> PersonId:
        """The person with a user id, as an operator gives it."""
        return person_id((await self.identity.get()).team, user)

    async def setting_values(self, words: Sequence[str]) -> list[str]:
        """Words of a setting as the relay keeps them: ids of people and user groups become opaque."""
        team = (await self.identity.get()).team
        return [value for word in words for value in people_and_groups(word, team)]

    async def ping(self) -> str:
        """Empty while Slack takes the bot's token, else why not."""
        return await self.identity.ping()

    async def say(self, channel: str, sentence: str) -> None:
        """A message for operators in a channel of theirs."""
        await self.board.say(channel, sentence)

    async def drain(self, timeout_s: float) -> None:
        """Finish what is still to be said to people."""
        await self.responder.drain(timeout_s)
