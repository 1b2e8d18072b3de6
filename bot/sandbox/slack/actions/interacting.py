"""How people use the app: commands, shortcuts, buttons, modals and the Home tab."""

from bot.sandbox.json_types import Json
from bot.sandbox.slack.actions.base import Actions
from bot.sandbox.slack.fixtures import ANN
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.interactions.payloads import (
    click_payload,
    command_payload,
    find_action,
    shortcut_payload,
    submission_payload,
    suggestion_payload,
    view_click_payload,
)


class InteractionActions(Actions):
    async def command(self, channel: str, text: str, user: str = ANN, command: str = "/voicememo") -> InteractionAnswer:
        """Type a slash command and read the answer; what comes later is in ``later`` and in ephemerals()."""
        self._log("command", channel)
        response_url = self._interactions.response_urls.issue(channel, user)
        payload = command_payload(command, text, self.workspace.channels[channel], self.workspace.users[user])
        answer = await self._interactions.send("slash_commands", payload, "command", user, response_url)
        self._interactions.show(answer, response_url)
        return answer

    async def shortcut(self, callback_id: str, channel: str, ts: str, user: str = ANN) -> InteractionAnswer:
        """Use a message shortcut on a message."""
        workspace, message = self.workspace, self.message(channel, ts)
        self._log("shortcut", channel, ts, callback_id=callback_id)
        response_url = self._interactions.response_urls.issue(channel, user)
        place, person = workspace.channels[channel], workspace.users[user]
        payload = shortcut_payload(callback_id, place, message, person, workspace.new_ts())
        return await self._interactions.send("interactive", payload, "shortcut", user, response_url)

    async def press(
        self, channel: str, ts: str, action_id: str, user: str = ANN, value: str | None = None
    ) -> InteractionAnswer:
        """Press a button in a message, or in one that only this person sees. Raises LookupError when there is none.

        ``value`` tells which, where several buttons share an action id or it is an option of a menu.
        """
        place, person = self.workspace.channels[channel], self.workspace.users[user]
        shown = place.messages.get(ts) or self._interactions.seen_by(user, channel, ts)
        if shown is None or (element := find_action(shown.blocks, action_id, value)) is None:
            raise LookupError(f"no {action_id!r} to press in {channel} {ts}")
        self._log("press", channel, ts, action_id=action_id)
        action = element | {"action_ts": self.workspace.new_ts()}
        response_url = self._interactions.response_urls.issue(channel, user, shown)
        payload = click_payload(place, shown, action, person)
        return await self._interactions.send("interactive", payload, "press", user, response_url)

    async def press_in_view(
        self, view_id: str, action_id: str, user: str = ANN, value: str | None = None, values: Json | None = None
    ) -> InteractionAnswer:
        """Press a button in a modal or a Home tab; ``values`` is the state of its inputs."""
        view = self._interactions.views.find(view_id)
        if (element := find_action(view["blocks"], action_id, value)) is None:
            raise LookupError(f"no {action_id!r} to press in view {view_id}")
        self._wire.write("slack", "person", "press", view=view_id, action_id=action_id)
        action = element | {"action_ts": self.workspace.new_ts()}
        payload = view_click_payload(view, action, values or {}, self.workspace.users[user])
        return await self._interactions.send("interactive", payload, "press", user)

    async def submit(self, view_id: str, values: Json, user: str = ANN) -> InteractionAnswer:
        """Submit a modal; an answer without errors closes it."""
        views = self._interactions.views
        self._wire.write("slack", "person", "submit", view=view_id)
        payload = submission_payload(views.opened[view_id], values, self.workspace.users[user])
        answer = await self._interactions.send("interactive", payload, "view_submission", user)
        if answer.body.get("response_action") == "update":
            views.update(view_id, "", answer.body["view"], "")
        elif not answer.error and answer.body.get("response_action") != "errors":
            views.close(view_id)
        return answer

    async def suggest(self, view_id: str, action_id: str, typed: str, user: str = ANN) -> InteractionAnswer:
        """Type into an external select and see its options (in ``body``)."""
        view = self._interactions.views.find(view_id)
        if (action := find_action(view["blocks"], action_id)) is None:
            raise LookupError(f"no {action_id!r} in view {view_id}")
        payload = suggestion_payload(view, action, typed, self.workspace.users[user])
        return await self._interactions.send("interactive", payload, "block_suggestion", user)

    def views(self, user: str = ANN) -> list[Json]:
        """List the modals a person has open, oldest first."""
        return self._interactions.views.of(user)

    def home(self, user: str = ANN) -> Json | None:
        """Return a person's Home tab, None before it was published."""
        return self._interactions.views.homes.get(user)
