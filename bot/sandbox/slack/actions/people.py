"""What people do in the toy Slack, and what they see: the surface that tests, the demo and the page use."""

import uuid
from dataclasses import replace

from bot.sandbox.slack.actions.base import ActionsBase
from bot.sandbox.slack.events.event_dispatcher import WorkspaceEvent
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.interactions.payloads import (
    command_body,
    find_action,
    press_body,
    shortcut_body,
    submission_body,
    suggestion_body,
)
from bot.sandbox.slack.state.files import StoredFile, Upload, keep
from bot.sandbox.slack.state.workspace import ANN, Body, Ephemeral, Message

_ECHO_AFTER_S = 21


class PeopleActions(ActionsBase):
    async def drop(
        self,
        channel: str,
        *uploads: Upload,
        user: str = ANN,
        thread_ts: str | None = None,
        broadcast: bool = False,
        text: str = "",
        subtype: str = "file_share",
    ) -> Message:
        """Share files as one message. Its ``delivery`` tells how the bot answered the event, if it heard one."""
        files = [self._uploaded(upload, user) for upload in uploads]
        subtype = "thread_broadcast" if broadcast and thread_ts else subtype
        return self._post(self._message(channel, user, text, thread_ts, subtype, files), "drop")

    async def share(self, file_id: str, channel: str, user: str = ANN, thread_ts: str | None = None) -> Message:
        """Share a file that is already here once more, in this or another channel."""
        file = self.stage.workspace.files[file_id]
        return self._post(self._message(channel, user, "", thread_ts, "file_share", [file]), "share")

    async def forward(self, channel: str, ts: str, to: str, user: str = ANN) -> Message:
        """Forward a message to another channel: it becomes an attachment there, with its files inside."""
        original = self.message(channel, ts)
        message = self._message(to, user, "", None, "", [])
        shown: Body = {"is_share": True, "is_msg_unfurl": True, "channel_id": channel, "ts": ts, "text": original.text}
        message.attachments = [shown | {"files": [f.in_message() for f in original.files]}]
        return self._post(message, "forward")

    async def say(self, channel: str, text: str, user: str = ANN, thread_ts: str | None = None) -> Message:
        return self._post(self._message(channel, user, text, thread_ts, "", []), "say")

    def _uploaded(self, upload: Upload, user: str) -> StoredFile:
        workspace = self.stage.workspace
        address, now = self._address, int(workspace.now())
        file = keep(upload, workspace.new_id("F"), user, now, address.origin, address.foreign)
        workspace.files[file.id] = file
        return file

    def _message(
        self, channel: str, user: str, text: str, thread_ts: str | None, subtype: str, files: list[StoredFile]
    ) -> Message:
        message = Message(channel, self.stage.workspace.new_ts(), user, text, thread_ts=thread_ts, subtype=subtype)
        message.files = files
        author = self.stage.workspace.users[user]
        message.bot_id, message.team = author.bot_id, author.team
        message.client_msg_id = "" if message.bot_id else str(uuid.uuid4())
        return message

    def _post(self, message: Message, act: str) -> Message:
        self._saw(act, message.channel, message.ts, files=len(message.files))
        if self.stage.switches.double_gesture:
            self.stage.outbox.background.start(self._echo(message))
        return self.stage.talk.post(message)

    async def _echo(self, first: Message) -> None:
        await self._pace.pause(_ECHO_AFTER_S)
        self.stage.talk.post(replace(first, ts=self.stage.workspace.new_ts(), delivery=None))

    async def edit(self, channel: str, ts: str, text: str) -> None:
        self._saw("edit", channel, ts)
        self.stage.talk.change(self.message(channel, ts), text=text)

    async def delete(self, channel: str, ts: str) -> None:
        self._saw("delete", channel, ts)
        self.stage.talk.delete(self.message(channel, ts))

    async def delete_file(self, file_id: str) -> None:
        self._wire.write("slack", "person", "delete file", file=file_id)
        self.stage.talk.delete_file(self.stage.workspace.files[file_id])

    async def finish_transcript(self, file_id: str, said: str = "Hello there") -> None:
        """The transcript is done: the file changes, and so does every message that shows it."""
        file = self.stage.workspace.files[file_id]
        preview = {"content": said, "has_more": False}
        file.record = file.record | {"transcription": {"status": "complete", "locale": "en-US", "preview": preview}}
        ids = {"file_id": file.id, "file": {"id": file.id}, "event_ts": self.stage.workspace.new_ts()}
        self.stage.outbox.emit([WorkspaceEvent("file_change", {"type": "file_change", **ids})])
        for share in file.shares:
            self.stage.talk.change(self.message(share.channel, share.ts), edited=False)

    async def command(self, channel: str, text: str, user: str = ANN, command: str = "/voicememo") -> InteractionAnswer:
        """Type a slash command and read the answer; what comes later is in ``later`` and in ephemerals()."""
        workspace, interactions = self.stage.workspace, self.stage.interactions
        self._saw("command", channel)
        replies = interactions.response_urls.issue(channel, user)
        body = command_body(command, text, workspace.channels[channel], workspace.users[user])
        said = await interactions.send("slash_commands", body, "command", user, replies)
        interactions.show(said, replies)
        return said

    async def shortcut(self, callback_id: str, channel: str, ts: str, user: str = ANN) -> InteractionAnswer:
        """Use a message shortcut on a message."""
        workspace, message = self.stage.workspace, self.message(channel, ts)
        self._saw("shortcut", channel, ts, callback_id=callback_id)
        replies = self.stage.interactions.response_urls.issue(channel, user)
        place, person = workspace.channels[channel], workspace.users[user]
        body = shortcut_body(callback_id, place, message, person, workspace.new_ts())
        return await self.stage.interactions.send("interactive", body, "shortcut", user, replies)

    async def press(
        self, channel: str, ts: str, action_id: str, user: str = ANN, value: str | None = None
    ) -> InteractionAnswer:
        """Press a button in a message, or in one that only this person sees. Raises LookupError when there is none.

        ``value`` tells which, where several buttons share an action id; without it the first is meant.
        """
        workspace, interactions = self.stage.workspace, self.stage.interactions
        shown = workspace.channels[channel].messages.get(ts) or interactions.seen_by(user, channel, ts)
        if shown is None or (element := find_action(shown.blocks, action_id, value)) is None:
            raise LookupError(f"no {action_id!r} to press in {channel} {ts}")
        self._saw("press", channel, ts, action_id=action_id)
        action = element | {"action_ts": workspace.new_ts()}
        replies = interactions.response_urls.issue(channel, user, shown)
        body = press_body(workspace.channels[channel], shown, action, workspace.users[user])
        return await interactions.send("interactive", body, "press", user, replies)

    async def submit(self, view_id: str, values: Body, user: str = ANN) -> InteractionAnswer:
        """Submit a modal; an answer without errors closes it."""
        views = self.stage.interactions.views
        self._wire.write("slack", "person", "submit", view=view_id)
        body = submission_body(views.opened[view_id], values, self.stage.workspace.users[user])
        said = await self.stage.interactions.send("interactive", body, "view_submission", user)
        if not said.error and said.body.get("response_action") != "errors":
            views.close(view_id)
        return said

    async def suggest(self, view_id: str, action_id: str, typed: str, user: str = ANN) -> InteractionAnswer:
        """Type into an external select and see its options (in ``body``)."""
        view = self.stage.interactions.views.opened[view_id]
        if (action := find_action(view["blocks"], action_id)) is None:
            raise LookupError(f"no {action_id!r} in view {view_id}")
        body = suggestion_body(view, action, typed, self.stage.workspace.users[user])
        return await self.stage.interactions.send("interactive", body, "block_suggestion", user)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The root (unless deleted) and its replies, oldest first."""
        return self.stage.workspace.thread(channel, ts)

    def message(self, channel: str, ts: str) -> Message:
        """Raises KeyError when there is none."""
        return self.stage.workspace.channels[channel].messages[ts]

    def ephemerals(self, channel: str, user: str | None = None) -> list[Ephemeral]:
        """What only single persons see in a channel, oldest first."""
        seen = self.stage.workspace.ephemerals
        return [e for e in seen if e.channel == channel and user in (None, e.user)]

    def views(self, user: str = ANN) -> list[Body]:
        return self.stage.interactions.views.of(user)

    def home(self, user: str = ANN) -> Body | None:
        return self.stage.interactions.views.homes.get(user)
