"""The parts of the local Slack that a Web API method may use."""

from dataclasses import dataclass

from bot.sandbox.slack.events.event_dispatcher import EventDispatcher
from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.events.socket_transport import SocketTransport
from bot.sandbox.slack.file_host.uploads import Uploads
from bot.sandbox.slack.interactions.interactions import Interactions
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches


@dataclass(frozen=True, slots=True)
class ApiContext:
    workspace: Workspace
    switches: Switches
    dispatcher: EventDispatcher
    messages: MessageService
    interactions: Interactions
    sockets: SocketTransport
    uploads: Uploads
