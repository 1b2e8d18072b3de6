"""What the acts of people and of admins have in common."""

from typing import Any

from bot.sandbox.pace import Pace
from bot.sandbox.slack.address import Address
from bot.sandbox.slack.stage import Stage
from bot.sandbox.wire import Wire


class Surface:
    """Acts return as soon as Slack would show them done; the bot hears of them in the background."""

    def __init__(self, stage: Stage, address: Address, wire: Wire, pace: Pace) -> None:
        self.stage = stage
        self._address, self._wire, self._pace = address, wire, pace

    def _saw(self, act: str, channel: str, ts: str = "", **facts: Any) -> None:
        if ts:
            facts["ts"] = ts
        self._wire.write("slack", "person", act, channel=channel, **facts)
