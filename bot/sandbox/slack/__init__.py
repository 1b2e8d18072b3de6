"""A local Slack: Web API, file host, signed events and Socket Mode, with everything it is known to do wrong."""

from bot.sandbox.slack.files import Upload
from bot.sandbox.slack.interactions import Said
from bot.sandbox.slack.side import SlackSide
from bot.sandbox.slack.switches import Download, Fault, Switches
from bot.sandbox.slack.workspace import (
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
    "Message",
    "Said",
    "SlackSide",
    "Switches",
    "Upload",
]
