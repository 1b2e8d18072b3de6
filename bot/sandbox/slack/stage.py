"""The parts of the toy Slack that a Web API call may touch, gathered under one name."""

from dataclasses import dataclass

from bot.sandbox.slack.interactions import Interactions
from bot.sandbox.slack.outbox import Outbox
from bot.sandbox.slack.over_socket import Sockets
from bot.sandbox.slack.switches import Switches
from bot.sandbox.slack.talk import Talk
from bot.sandbox.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Stage:
    workspace: Workspace
    switches: Switches
    outbox: Outbox
    talk: Talk
    interactions: Interactions
    sockets: Sockets
