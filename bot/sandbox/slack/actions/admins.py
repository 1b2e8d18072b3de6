"""What admins do: channels and who is in them, and whether the app may stay."""

from bot.sandbox.slack.actions.base import ActionsBase
from bot.sandbox.slack.events.event_dispatcher import EventDelivery, WorkspaceEvent
from bot.sandbox.slack.state.workspace import ANN, BEN, BOT, OTHER_BOT, TEAM, Body, Channel, User
from bot.sandbox.slack.switches import Fault


class AdminActions(ActionsBase):
    def new_channel(self, name: str, private: bool = False, members: set[str] | None = None) -> str:
        """A channel (with everybody in it unless told otherwise); its id."""
        channel_id = self.stage.workspace.new_id("C")
        inside = {ANN, BEN, BOT, OTHER_BOT} if members is None else set(members)
        self.stage.workspace.channels[channel_id] = Channel(channel_id, name, is_private=private, members=inside)
        return channel_id

    def new_user(self, name: str, is_admin: bool = False, team: str = TEAM) -> str:
        """A person, in no channel yet; the id. Another ``team`` makes a stranger from Slack Connect."""
        user_id = self.stage.workspace.new_id("U")
        self.stage.workspace.users[user_id] = User(user_id, name, name.title(), is_admin, team=team)
        return user_id

    async def invite(self, channel: str, user: str = BOT, inviter: str = ANN) -> None:
        place = self.stage.workspace.channels[channel]
        place.members.add(user)
        kind = "G" if place.is_private else "C"
        event: Body = {"type": "member_joined_channel", "user": user, "channel_type": kind, "inviter": inviter}
        self._tell(place, event | {"team": TEAM})

    async def kick(self, channel: str, user: str = BOT) -> None:
        """Out of the channel: from now on its events are not heard."""
        place = self.stage.workspace.channels[channel]
        event: Body = {"type": "member_left_channel", "user": user, "team": TEAM}
        self._tell(place, event | {"channel_type": "G" if place.is_private else "C"})
        place.members.discard(user)

    async def archive(self, channel: str, user: str = ANN) -> None:
        place = self.stage.workspace.channels[channel]
        place.is_archived = True
        self._tell(place, {"type": "channel_archive", "user": user, "is_moved": 0})

    async def unarchive(self, channel: str, user: str = ANN) -> None:
        place = self.stage.workspace.channels[channel]
        place.is_archived = False
        self._tell(place, {"type": "channel_unarchive", "user": user})

    async def move_channel(self, channel: str) -> str:
        """Give the channel a new id, as a migration to an Enterprise Grid does; the new id."""
        workspace = self.stage.workspace
        place, ts = workspace.channels.pop(channel), workspace.new_ts()
        place.id = workspace.new_id("C")
        workspace.channels[place.id] = place
        for message in place.messages.values():
            message.channel = place.id
            for file in message.files:
                file.move(channel, place.id)
        event = {"type": "channel_id_changed", "old_channel_id": channel, "new_channel_id": place.id}
        self.stage.outbox.emit([WorkspaceEvent("channel_id_changed", event | {"event_ts": ts})])
        return place.id

    async def uninstall(self) -> None:
        """Remove the app: its token is revoked at once, and it hears of that."""
        self.stage.switches.faults["*"] = Fault(error="token_revoked")
        ts = self.stage.workspace.new_ts()
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT]}, "event_ts": ts}
        gone = {"type": "app_uninstalled", "event_ts": ts}
        self.stage.outbox.emit([WorkspaceEvent("tokens_revoked", revoked), WorkspaceEvent("app_uninstalled", gone)])

    async def open_home(self, user: str = ANN) -> None:
        ts = self.stage.workspace.new_ts()
        event = {"type": "app_home_opened", "user": user, "channel": "D0HOME00001", "tab": "home"}
        self.stage.outbox.emit([WorkspaceEvent("app_home_opened", event | {"event_ts": ts})])

    def warn_rate_limited(self) -> EventDelivery:
        """Send ``app_rate_limited``, as after too many events in an hour."""
        return self.stage.outbox.send_rate_limited()

    def _tell(self, channel: Channel, event: Body) -> None:
        self._saw(event["type"], channel.id)
        happening = WorkspaceEvent(event["type"], event | {"channel": channel.id}, channel)
        happening.event.setdefault("event_ts", self.stage.workspace.new_ts())
        self.stage.outbox.emit([happening])
