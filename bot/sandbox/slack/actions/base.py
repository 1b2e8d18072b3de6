"""What all actions share: the parts of Slack they work on, and the wire log."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.events.event_dispatcher import EventDispatcher
from bot.sandbox.slack.events.message_service import MessageService
from bot.sandbox.slack.interactions.interactions import Interactions
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.models import Message
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire


@dataclass(frozen=True)
class ActionContext:
    """The parts of the local Slack that actions use."""

    workspace: Workspace
    switches: Switches
    dispatcher: EventDispatcher
    messages: MessageService
    interactions: Interactions
    origins: Origins
    time_scale: TimeScale
    wire: Wire


class Actions:
    """Actions return as soon as Slack would show them done; the bot is told in the background.

    Unknown channels, messages and people raise KeyError.
    """

    def __init__(self, context: ActionContext) -> None:
        self.workspace, self.switches, self.dispatcher = context.workspace, context.switches, context.dispatcher
        self._messages, self._interactions, self._origins = context.messages, context.interactions, context.origins
        self._time_scale, self._wire = context.time_scale, context.wire

    def message(self, channel: str, ts: str) -> Message:
        return self.workspace.channels[channel].messages[ts]

    def _log(self, act: str, channel: str, ts: str = "", **facts: Any) -> None:
        if ts:
            facts["ts"] = ts
        self._wire.write("slack", "person", act, channel=channel, **facts)
