"""What the acts of people and of admins have in common."""

from typing import Any

from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.origins import Origins
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire


class ActionsBase:
    """Acts return as soon as Slack would show them done; the bot hears of them in the background."""

    def __init__(self, stage: ApiContext, address: Origins, wire: Wire, pace: TimeScale) -> None:
        self.stage = stage
        self._address, self._wire, self._pace = address, wire, pace

    def _saw(self, act: str, channel: str, ts: str = "", **facts: Any) -> None:
        if ts:
            facts["ts"] = ts
        self._wire.write("slack", "person", act, channel=channel, **facts)
