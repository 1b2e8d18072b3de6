"""Posting, editing and deleting, by people and by apps alike: changes the workspace and says so in events."""

from dataclasses import replace
from typing import Any

from bot.sandbox.slack.events.event_dispatcher import EventDelivery, EventDispatcher, WorkspaceEvent
from bot.sandbox.slack.state.files import Share, StoredFile
from bot.sandbox.slack.state.serializers import changed_event, deleted_event, in_channel, message_body
from bot.sandbox.slack.state.workspace import BOT, Body, Channel, Message, Workspace
from bot.sandbox.slack.switches import Switches


class MessageService:
    def __init__(self, workspace: Workspace, outbox: EventDispatcher, switches: Switches) -> None:
        self._workspace, self._outbox, self._switches = workspace, outbox, switches

    def post(self, message: Message) -> Message:
        """Put a message into its channel; its files are shared there. The events follow by themselves."""
        channel = self._workspace.channels[message.channel]
        self._workspace.store(message)
        for file in message.files:
            file.shares.append(Share(channel.id, message.ts, message.thread_ts, message.user))
        happenings = [*self._of_files(message, channel), *self._of_message(message, channel)]
        deliveries = self._outbox.emit(happenings)
        heard = [d for h, d in zip(happenings, deliveries, strict=True) if h.subscription.startswith("message")]
        message.delivery = heard[0] if heard else None
        return message

    def _of_files(self, message: Message, channel: Channel) -> list[WorkspaceEvent]:
        """Per file the events an app may hear beside the message, in the order they have been seen in."""
        found = []
        for file in message.files:
            ids: Body = {"file_id": file.id, "user_id": message.user, "file": {"id": file.id}, "event_ts": message.ts}
            if len(file.shares) == 1:
                found.append(WorkspaceEvent("file_created", {"type": "file_created", **ids}, channel))
                if not channel.is_private:
                    found.append(WorkspaceEvent("file_public", {"type": "file_public", **ids}, channel))
            shared = {"type": "file_shared", **ids, "channel_id": channel.id}
            found.append(WorkspaceEvent("file_shared", shared, channel))
        return found

    def _of_message(self, message: Message, channel: Channel) -> list[WorkspaceEvent]:
        if message.user == BOT and not self._switches.own_events:
            return []
        event = in_channel(channel, message_body(message), message.ts)
        if message.thread_ts and (root := channel.messages.get(message.thread_ts)):
            event["parent_user_id"] = root.user
            if message.subtype == "thread_broadcast":
                event["root"] = message_body(root)
        found = [_heard(channel, event)]
        if f"<@{BOT}>" in message.text:
            mention = {name: value for name, value in event.items() if name not in ("subtype", "channel_type")}
            found.append(WorkspaceEvent("app_mention", mention | {"type": "app_mention"}, channel))
        return found

    def change(self, message: Message, edited: bool = True, **fields: Any) -> None:
        """Set fields of a message in place. ``edited``: whether it shows as edited."""
        channel, before = self._workspace.channels[message.channel], message_body(message)
        if fields.get("text", message.text) != message.text:
            message.drafts.append(message.text)
        for name, value in fields.items():
            setattr(message, name, value)
        ts = self._workspace.new_ts()
        message.edited_ts = ts if edited else message.edited_ts
        self._tell(message, channel, changed_event(channel, message_body(message), before, ts))

    def delete(self, message: Message) -> None:
        """Take a message away, and files shown nowhere else with it; a root with replies leaves a tombstone."""
        channel, before = self._workspace.channels[message.channel], message_body(message)
        for file in message.files:
            file.unshare(channel.id, message.ts)
        if channel.threads.get(message.ts):
            gone = replace(message, user="USLACKBOT", text="This message was deleted.", subtype="tombstone")
            channel.messages[message.ts] = replace(gone, files=[], blocks=[], metadata=None)
        else:
            self._workspace.forget(message)
        self._tell(message, channel, deleted_event(channel, before, self._workspace.new_ts()))

    def delete_file(self, file: StoredFile) -> None:
        """The file ends; every message that showed it shows a tombstone."""
        channels = {share.channel: self._workspace.channels[share.channel] for share in file.shares}
        shown = [m for s in file.shares if (m := channels[s.channel].messages.get(s.ts))]
        before = [message_body(m) for m in shown]
        file.gone = True
        for message, body in zip(shown, before, strict=True):
            channel, ts = channels[message.channel], self._workspace.new_ts()
            self._tell(message, channel, changed_event(channel, message_body(message), body, ts))
        event = {"type": "file_deleted", "file_id": file.id, "event_ts": self._workspace.new_ts()}
        self._outbox.emit(WorkspaceEvent("file_deleted", event, c) for c in channels.values())

    def _tell(self, message: Message, channel: Channel, event: Body) -> EventDelivery | None:
        if message.user == BOT and not self._switches.own_events:
            return None
        return self._outbox.emit([_heard(channel, event)])[0]


def _heard(channel: Channel, event: Body) -> WorkspaceEvent:
    return WorkspaceEvent("message.groups" if channel.is_private else "message.channels", event, channel)
