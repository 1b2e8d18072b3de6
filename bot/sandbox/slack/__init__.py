"""A local Slack: Web API, file host, signed events and Socket Mode, with everything it is known to do wrong."""

from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.files import Upload
from bot.sandbox.slack.state.workspace import (
    ANN,
    ARCHIVED,
    BEN,
    BOT,
    BOT_ID,
    CLIPS,
    CREW,
    ELSEWHERE,
    HIDDEN,
    OTHER_BOT,
    PRIVATE,
    Ephemeral,
    Message,
)
from bot.sandbox.slack.switches import Download, Fault, Switches

__all__ = [
    "ANN",
    "ARCHIVED",
    "BEN",
    "BOT",
    "BOT_ID",
    "CLIPS",
    "CREW",
    "ELSEWHERE",
    "HIDDEN",
    "OTHER_BOT",
    "PRIVATE",
    "Download",
    "Ephemeral",
    "Fault",
    "InteractionAnswer",
    "Message",
    "SlackServer",
    "Switches",
    "Upload",
]
