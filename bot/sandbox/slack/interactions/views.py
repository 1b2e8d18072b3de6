"""Modals that are open, and everybody's Home tab."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.fixtures import APP, BOT_ID, TEAM
from bot.sandbox.slack.state.workspace import Workspace


class Views:
    """``opened``: modals by view id; ``homes``: Home tabs by user id."""

    def __init__(self, workspace: Workspace) -> None:
        self.opened: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self._workspace = workspace
        self._owners: dict[str, str] = {}

    def open(self, view: Json, user: str) -> Json:
        view_id = self._workspace.new_id("V")
        self.opened[view_id] = view_body(view, view_id, self._workspace.new_ts())
        self._owners[view_id] = user
        return self.opened[view_id]

    def update(self, view_id: str, external_id: str, view: Json, expected_hash: str) -> Json:
        """Replace a modal or a Home tab. Raises ApiError ``not_found`` or ``hash_conflict``."""
        known = [*self.opened.items(), *((home["id"], home) for home in self.homes.values())]
        found = [old for key, old in known if key == view_id or (external_id and old.get("external_id") == external_id)]
        if not found:
            raise ApiError("not_found")
        check_hash(found[0], expected_hash)
        new = view_body(view, found[0]["id"], self._workspace.new_ts())
        if new["id"] in self.opened:
            self.opened[new["id"]] = new
        else:
            user = next(user for user, home in self.homes.items() if home["id"] == new["id"])
            self.homes[user] = new
        return new

    def publish_home(self, view: Json, user: str, expected_hash: str) -> Json:
        """Set a person's Home tab. Raises ApiError ``hash_conflict`` when it has changed since ``expected_hash``."""
        if user in self.homes:
            check_hash(self.homes[user], expected_hash)
        view_id = self.homes[user]["id"] if user in self.homes else self._workspace.new_id("V")
        self.homes[user] = view_body(view, view_id, self._workspace.new_ts())
        return self.homes[user]

    def find(self, view_id: str) -> Json:
        """Return a modal or a Home tab. Raises KeyError."""
        homes = {home["id"]: home for home in self.homes.values()}
        return self.opened[view_id] if view_id in self.opened else homes[view_id]

    def of(self, user: str) -> list[Json]:
        """List the modals this person has open, oldest first."""
        return [view for view_id, view in self.opened.items() if self._owners[view_id] == user]

    def close(self, view_id: str) -> None:
        self.opened.pop(view_id, None)


def check_hash(view: Json, expected: str) -> None:
    if expected and expected != view["hash"]:
        raise ApiError("hash_conflict")


def view_body(view: Json, view_id: str, stamp: str) -> Json:
    """Render a view as Slack keeps it: the app's own fields and the ones Slack adds."""
    added: Json = {"id": view_id, "team_id": TEAM, "app_id": APP, "bot_id": BOT_ID, "hash": stamp}
    kept: Json = {"private_metadata": "", "callback_id": "", "state": {"values": {}}, "root_view_id": view_id}
    return kept | view | added
