"""Trigger ids: the right to open one modal, for 3 s, once."""

import secrets
from dataclasses import dataclass

from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.state.workspace import Workspace

TTL_S = 3.0


@dataclass(slots=True)
class Trigger:
    user: str
    created_at: float
    used: bool = False


class Triggers:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, Trigger] = {}

    def new(self, user: str) -> str:
        trigger_id = f"{self._workspace.new_id('')}.{secrets.token_hex(8)}"
        self._known[trigger_id] = Trigger(user, self._workspace.now())
        return trigger_id

    def use(self, trigger_id: str) -> Trigger:
        """Raises ApiError ``invalid_trigger_id``, ``exchanged_trigger_id`` or ``expired_trigger_id``."""
        trigger = self._known.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self._workspace.now() - trigger.created_at > TTL_S:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger
