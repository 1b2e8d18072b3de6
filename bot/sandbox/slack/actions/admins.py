"""What admins do, and what happens to the workspace: channels, people, the app itself, workflow steps."""

import secrets
from typing import Literal

from bot.sandbox.json_types import Json
from bot.sandbox.slack.actions.base import Actions
from bot.sandbox.slack.bot_answers import EventDelivery
from bot.sandbox.slack.events.event_dispatcher import WorkspaceEvent
from bot.sandbox.slack.fixtures import ANN, BEN, BOT, OTHER_BOT, TEAM
from bot.sandbox.slack.state.models import Channel, FunctionExecution, User
from bot.sandbox.slack.state.serializers import function_event
from bot.sandbox.slack.switches import Fault


class AdminActions(Actions):
    def new_channel(
        self, name: str, private: bool = False, members: set[str] | None = None, shared: bool = False
    ) -> str:
        """Make a channel and return its id. Everybody of the fixtures is in it unless told otherwise.

        ``shared``: with another organisation, through Slack Connect.
        """
        channel_id = self.workspace.new_id("C")
        inside = {ANN, BEN, BOT, OTHER_BOT} if members is None else set(members)
        channel = Channel(channel_id, name, is_private=private, is_ext_shared=shared, members=inside)
        self.workspace.channels[channel_id] = channel
        return channel_id

    def new_user(
        self,
        name: str,
        is_admin: bool = False,
        team: str = TEAM,
        guest: Literal["", "single_channel", "multi_channel"] = "",
        tz: str = "Europe/Berlin",
    ) -> str:
        """Make a person, in no channel yet, and return the id. Another ``team`` makes a stranger from Slack Connect."""
        user = User(self.workspace.new_id("U"), name, name.title(), is_admin, team=team, tz=tz)
        user.is_restricted, user.is_ultra_restricted = bool(guest), guest == "single_channel"
        self.workspace.users[user.id] = user
        return user.id

    def new_usergroup(self, users: list[str]) -> str:
        """Make a user group and return its id."""
        group_id = self.workspace.new_id("S")
        self.workspace.usergroups[group_id] = list(users)
        return group_id

    async def invite(self, channel: str, user: str = BOT, inviter: str = ANN) -> None:
        place = self.workspace.channels[channel]
        place.members.add(user)
        event: Json = {"type": "member_joined_channel", "user": user, "inviter": inviter, "team": TEAM}
        self._tell(place, event | {"channel_type": _kind(place)})

    async def kick(self, channel: str, user: str = BOT) -> None:
        """Take somebody out of a channel. The bot is told that it left, and nothing of the channel from then on."""
        place = self.workspace.channels[channel]
        self._tell(place, {"type": "member_left_channel", "user": user, "team": TEAM, "channel_type": _kind(place)})
        place.members.discard(user)
        if user == BOT:
            kind = f"{_family(place)}_left"
            event = {"type": kind, "channel": channel, "actor_id": ANN, "event_ts": self.workspace.new_ts()}
            self.dispatcher.dispatch([WorkspaceEvent(kind, event)])

    async def archive(self, channel: str, user: str = ANN) -> None:
        place = self.workspace.channels[channel]
        place.is_archived = True
        who = {"actor_id": user} if place.is_private else {"user": user, "is_moved": 0}
        self._tell(place, {"type": f"{_family(place)}_archive"} | who)

    async def unarchive(self, channel: str, user: str = ANN) -> None:
        place = self.workspace.channels[channel]
        place.is_archived = False
        who = {"actor_id": user} if place.is_private else {"user": user}
        self._tell(place, {"type": f"{_family(place)}_unarchive"} | who)

    async def delete_channel(self, channel: str) -> None:
        """Delete a channel for good, with everything said in it."""
        place = self.workspace.channels[channel]
        self._tell(place, {"type": "channel_deleted", "actor_id": ANN})
        del self.workspace.channels[channel]

    async def move_channel(self, channel: str) -> str:
        """Give the channel a new id, as a migration to an Enterprise Grid does, and return it."""
        workspace = self.workspace
        place, ts = workspace.channels.pop(channel), workspace.new_ts()
        place.id = workspace.new_id("C")
        workspace.channels[place.id] = place
        for message in place.messages.values():
            message.channel = place.id
            for file in message.files:
                file.move(channel, place.id)
        event = {"type": "channel_id_changed", "old_channel_id": channel, "new_channel_id": place.id}
        self.dispatcher.dispatch([WorkspaceEvent("channel_id_changed", event | {"event_ts": ts})])
        return place.id

    async def uninstall(self) -> None:
        """Remove the app: its token is revoked at once, and it is told so."""
        self.switches.faults["*"] = Fault(error="token_revoked")
        ts = self.workspace.new_ts()
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT]}, "event_ts": ts}
        removed = {"type": "app_uninstalled", "event_ts": ts}
        self.dispatcher.dispatch(
            [WorkspaceEvent("tokens_revoked", revoked), WorkspaceEvent("app_uninstalled", removed)]
        )

    async def open_home(self, user: str = ANN) -> None:
        """Open the app's Home tab; the event carries what it shows, once something was published."""
        ts, home = self.workspace.new_ts(), self._interactions.views.homes.get(user)
        event: Json = {"type": "app_home_opened", "user": user, "channel": "D0HOME00001", "tab": "home"}
        event |= {"view": home} if home else {}
        self.dispatcher.dispatch([WorkspaceEvent("app_home_opened", event | {"event_ts": ts})])

    async def execute_function(self, callback_id: str, inputs: Json) -> FunctionExecution:
        """Run a workflow step of the app; how it ended is in what this returns."""
        execution = FunctionExecution(self.workspace.new_id("Fx"), callback_id, inputs, f"xwfp-{secrets.token_hex(8)}")
        self.workspace.executions[execution.id] = execution
        event = function_event(execution, self.workspace.new_ts())
        self.dispatcher.dispatch([WorkspaceEvent("function_executed", event)])
        return execution

    def release_events(self, order: Literal["as_withheld", "reversed", "shuffled"] = "as_withheld") -> None:
        """Send what ``events_withheld`` kept back."""
        self.dispatcher.release(order)

    def warn_rate_limited(self) -> EventDelivery:
        """Send ``app_rate_limited``, as after too many events in an hour."""
        return self.dispatcher.send_rate_limited()

    def _tell(self, channel: Channel, event: Json) -> None:
        self._log(event["type"], channel.id)
        body = {"channel": channel.id, "event_ts": self.workspace.new_ts()} | event
        self.dispatcher.dispatch([WorkspaceEvent(event["type"], body, channel)])


def _kind(channel: Channel) -> str:
    return "G" if channel.is_private else "C"


def _family(channel: Channel) -> str:
    """With what the names of the events of such a channel begin."""
    return "group" if channel.is_private else "channel"
