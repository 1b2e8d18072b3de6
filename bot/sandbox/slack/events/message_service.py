"""Posting, editing, deleting and reacting, by people and by apps alike: changes the workspace and makes the events."""

from dataclasses import replace
from typing import Any

from bot.sandbox.json_types import Json
from bot.sandbox.slack.events.event_dispatcher import EventDispatcher, WorkspaceEvent
from bot.sandbox.slack.fixtures import BOT
from bot.sandbox.slack.state.models import Channel, Message, Share, StoredFile
from bot.sandbox.slack.state.serializers import (
    changed_event,
    deleted_event,
    in_channel,
    message_body,
    reaction_event,
)
from bot.sandbox.slack.state.workspace import Workspace
from bot.sandbox.slack.switches import Switches


class MessageService:
    """The bot is told of its own acts too, unless ``own_events`` is off."""

    def __init__(self, workspace: Workspace, dispatcher: EventDispatcher, switches: Switches) -> None:
        self._workspace, self._dispatcher, self._switches = workspace, dispatcher, switches

    def post(self, message: Message) -> Message:
        """Put a message into its channel; its files are shared there. The events follow by themselves."""
        channel = self._workspace.channels[message.channel]
        self._workspace.store(message)
        for file in message.files:
            file.shares.append(Share(channel.id, message.ts, message.thread_ts, message.user))
        events = [*self._file_events(message, channel), *self._message_events(message, channel)]
        deliveries = self._dispatcher.dispatch(events)
        of_message = [d for e, d in zip(events, deliveries, strict=True) if e.subscription.startswith("message")]
        message.delivery = of_message[0] if of_message else None
        return message

    def _file_events(self, message: Message, channel: Channel) -> list[WorkspaceEvent]:
        """Make the events an app may be told of beside the message, per file, in the order they have been seen in."""
        found = []
        for file in message.files:
            ids: Json = {"file_id": file.id, "user_id": message.user, "file": {"id": file.id}, "event_ts": message.ts}
            if len(file.shares) == 1:
                found.append(WorkspaceEvent("file_created", {"type": "file_created", **ids}, channel))
                if not channel.is_private:
                    found.append(WorkspaceEvent("file_public", {"type": "file_public", **ids}, channel))
            shared = {"type": "file_shared", **ids, "channel_id": channel.id}
            found.append(WorkspaceEvent("file_shared", shared, channel))
        return found

    def _message_events(self, message: Message, channel: Channel) -> list[WorkspaceEvent]:
        if message.user == BOT and not self._switches.own_events:
            return []
        event = in_channel(channel, message_body(message), message.ts)
        if message.thread_ts and (root := channel.messages.get(message.thread_ts)):
            event["parent_user_id"] = root.user
            if message.subtype == "thread_broadcast":
                event["root"] = message_body(root)
        found = [_message_event(channel, event)]
        if f"<@{BOT}>" in message.text:
            mention = {name: value for name, value in event.items() if name not in ("subtype", "channel_type")}
            found.append(WorkspaceEvent("app_mention", mention | {"type": "app_mention"}, channel))
        return found

    def change(self, message: Message, *, edited: bool = True, **fields: Any) -> None:
        """Set fields of a message in place. ``edited``: whether it shows as edited, with a new ``edited.ts``."""
        channel, before = self._workspace.channels[message.channel], message_body(message)
        if fields.get("text", message.text) != message.text:
            message.drafts.append(message.text)
        for name, value in fields.items():
            setattr(message, name, value)
        ts = self._workspace.new_ts()
        message.edited_ts = ts if edited else message.edited_ts
        self._tell_change(message, channel, before, ts)

    def attach(self, message: Message, files: list[StoredFile]) -> None:
        """Let a message show exactly these files; what it showed before is unshared."""
        for file in message.files:
            if file not in files:
                file.unshare(message.channel, message.ts)
        for file in files:
            if file not in message.files:
                file.shares.append(Share(message.channel, message.ts, message.thread_ts, message.user))
        message.files = files

    def delete(self, message: Message) -> None:
        """Take a message away, and files shown nowhere else with it; a root with replies leaves a tombstone.

        Deleting a root replays its replies as message_changed, with the old text and no new ``edited``.
        """
        channel, before = self._workspace.channels[message.channel], message_body(message)
        for file in message.files:
            file.unshare(channel.id, message.ts)
        replies = [channel.messages[ts] for ts in channel.threads.get(message.ts, [])]
        bodies = [message_body(reply) for reply in replies]
        if replies:
            tombstone = replace(message, user="USLACKBOT", text="This message was deleted.", subtype="tombstone")
            cleared = replace(tombstone, files=[], blocks=[], metadata=None, bot_id="", username="", reactions={})
            channel.messages[message.ts] = cleared
        else:
            self._workspace.remove(message)
        self._tell(message, channel, deleted_event(channel, before, self._workspace.new_ts()))
        for reply, body in zip(replies, bodies, strict=True):
            self._tell_change(reply, channel, body, self._workspace.new_ts())

    def delete_file(self, file: StoredFile) -> None:
        """Delete a file; every message that showed it shows a tombstone."""
        channels = {share.channel: self._workspace.channels[share.channel] for share in file.shares}
        shown = [m for s in file.shares if (m := channels[s.channel].messages.get(s.ts))]
        before = [message_body(m) for m in shown]
        file.is_deleted = True
        for message, body in zip(shown, before, strict=True):
            self._tell_change(message, channels[message.channel], body, self._workspace.new_ts())
        event = {"type": "file_deleted", "file_id": file.id, "event_ts": self._workspace.new_ts()}
        self._dispatcher.dispatch(WorkspaceEvent("file_deleted", event, c) for c in channels.values())

    def react(self, message: Message, user: str, name: str) -> bool:
        """Add a reaction; False when this user has it there already."""
        users = message.reactions.setdefault(name, [])
        if user in users:
            return False
        users.append(user)
        self._tell_reaction("reaction_added", message, user, name)
        return True

    def unreact(self, message: Message, user: str, name: str) -> bool:
        """Remove a reaction; False when this user has none of that name there."""
        users = message.reactions.get(name, [])
        if user not in users:
            return False
        users.remove(user)
        if not users:
            del message.reactions[name]
        self._tell_reaction("reaction_removed", message, user, name)
        return True

    def _tell_reaction(self, kind: str, message: Message, user: str, name: str) -> None:
        if user == BOT and not self._switches.own_events:
            return
        event = reaction_event(kind, message, user, name, self._workspace.new_ts())
        self._dispatcher.dispatch([WorkspaceEvent(kind, event, self._workspace.channels[message.channel])])

    def _tell_change(self, message: Message, channel: Channel, before: Json, ts: str) -> None:
        self._tell(message, channel, changed_event(channel, message_body(message), before, ts))

    def _tell(self, message: Message, channel: Channel, event: Json) -> None:
        if message.user != BOT or self._switches.own_events:
            self._dispatcher.dispatch([_message_event(channel, event)])


def _message_event(channel: Channel, event: Json) -> WorkspaceEvent:
    return WorkspaceEvent("message.groups" if channel.is_private else "message.channels", event, channel)
