"""Modals that are open and everybody's Home tab."""

from bot.sandbox.slack.interactions.payloads import view_body
from bot.sandbox.slack.state.workspace import Body, Workspace


class Views:
    """``opened``: modals by view id; ``homes``: Home tabs by user id."""

    def __init__(self, workspace: Workspace) -> None:
        self.opened: dict[str, Body] = {}
        self.homes: dict[str, Body] = {}
        self._workspace = workspace
        self._seen_by: dict[str, str] = {}

    def add(self, view: Body, user: str) -> Body:
        view_id = self._workspace.new_id("V")
        self.opened[view_id] = view_body(view, view_id, self._workspace.new_ts())
        self._seen_by[view_id] = user
        return self.opened[view_id]

    def set_home(self, view: Body, user: str) -> Body:
        view_id = self.homes[user]["id"] if user in self.homes else self._workspace.new_id("V")
        self.homes[user] = view_body(view, view_id, self._workspace.new_ts())
        return self.homes[user]

    def of(self, user: str) -> list[Body]:
        """The modals this person has open, oldest first."""
        return [view for view_id, view in self.opened.items() if self._seen_by[view_id] == user]

    def close(self, view_id: str) -> None:
        self.opened.pop(view_id, None)
