"""The parts of the toy Slack that a Web API call may touch, gathered under one name."""

from dataclasses import dataclass

from bot.sandbox.slack.events.event_dispatcher import EventDispatcher
from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.events.socket_transport import SocketTransport
from bot.sandbox.slack.interactions.interactions import Interactions
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches


@dataclass(frozen=True, slots=True)
class ApiContext:
    workspace: Workspace
    switches: Switches
    outbox: EventDispatcher
    talk: MessageService
    interactions: Interactions
    sockets: SocketTransport
