"""What people write, drop and react with, and what they see."""

import uuid
from dataclasses import replace

from bot.sandbox.json_types import Json
from bot.sandbox.slack.actions.base import Actions
from bot.sandbox.slack.events.event_dispatcher import WorkspaceEvent
from bot.sandbox.slack.fixtures import ANN
from bot.sandbox.slack.state.file_objects import new_file
from bot.sandbox.slack.state.models import Ephemeral, Message, StoredFile, Upload
from bot.sandbox.slack.state.rich_text import compose

_SECOND_COPY_AFTER_S = 21


class PeopleActions(Actions):
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
        """Share files as one message. Its ``delivery`` is how the bot answered the event, None if it was not told."""
        files = [self._uploaded(upload, user) for upload in uploads]
        subtype = "thread_broadcast" if broadcast and thread_ts else subtype
        return self._post(self._message(channel, user, text, thread_ts, subtype, files), "drop")

    async def share(self, file_id: str, channel: str, user: str = ANN, thread_ts: str | None = None) -> Message:
        """Share a file that is already here once more, in this or another channel."""
        file = self.workspace.files[file_id]
        return self._post(self._message(channel, user, "", thread_ts, "file_share", [file]), "share")

    async def forward(self, channel: str, ts: str, to: str, user: str = ANN) -> Message:
        """Forward a message to another channel: it becomes an attachment there, with its files inside."""
        original = self.message(channel, ts)
        message = self._message(to, user, "", None, "", [])
        shown: Json = {"is_share": True, "is_msg_unfurl": True, "channel_id": channel, "ts": ts, "text": original.text}
        message.attachments = [shown | {"files": [f.in_message() for f in original.files]}]
        return self._post(message, "forward")

    async def say(
        self,
        channel: str,
        text: str = "",
        user: str = ANN,
        thread_ts: str | None = None,
        broadcast: bool = False,
        blocks: list[Json] | None = None,
    ) -> Message:
        """Write a message. ``blocks`` None: those that Slack's clients make of the text; an empty list: none at all."""
        subtype = "thread_broadcast" if broadcast and thread_ts else ""
        message = self._message(channel, user, text, thread_ts, subtype, [])
        if blocks is not None:
            message.blocks = blocks
        return self._post(message, "say")

    def _uploaded(self, upload: Upload, user: str) -> StoredFile:
        file = new_file(upload, self.workspace.new_id("F"), user, int(self.workspace.now()), self._origins)
        self.workspace.files[file.id] = file
        return file

    def _message(
        self, channel: str, user: str, text: str, thread_ts: str | None, subtype: str, files: list[StoredFile]
    ) -> Message:
        message = Message(channel, self.workspace.new_ts(), user, text, thread_ts=thread_ts, subtype=subtype)
        author = self.workspace.users[user]
        message.files, message.bot_id, message.team = files, author.bot_id, author.team
        if not message.bot_id:
            message.client_msg_id, message.blocks = str(uuid.uuid4()), compose(text)
        return message

    def _post(self, message: Message, act: str) -> Message:
        self._log(act, message.channel, message.ts, files=len(message.files))
        if self.switches.double_gesture:
            self.dispatcher.background.start(self._post_second_copy(message))
        return self._messages.post(message)

    async def _post_second_copy(self, first: Message) -> None:
        await self._time_scale.sleep(_SECOND_COPY_AFTER_S)
        self._messages.post(replace(first, ts=self.workspace.new_ts(), delivery=None))

    async def edit(self, channel: str, ts: str, text: str, blocks: list[Json] | None = None) -> None:
        """Edit a message; ``blocks`` as for ``say``."""
        self._log("edit", channel, ts)
        made = compose(text) if blocks is None else blocks
        self._messages.change(self.message(channel, ts), text=text, blocks=made)

    async def unfurl(self, channel: str, ts: str) -> None:
        """Let Slack change a message that nobody edited, as it does for link previews: message_changed, same text."""
        self._messages.change(self.message(channel, ts), edited=False)

    async def delete(self, channel: str, ts: str) -> None:
        self._log("delete", channel, ts)
        self._messages.delete(self.message(channel, ts))

    async def delete_file(self, file_id: str) -> None:
        self._wire.write("slack", "person", "delete file", file=file_id)
        self._messages.delete_file(self.workspace.files[file_id])

    async def react(self, channel: str, ts: str, name: str, user: str = ANN) -> None:
        """Add a reaction, by its name without colons."""
        self._log("react", channel, ts, name=name)
        self._messages.react(self.message(channel, ts), user, name)

    async def unreact(self, channel: str, ts: str, name: str, user: str = ANN) -> None:
        self._log("unreact", channel, ts, name=name)
        self._messages.unreact(self.message(channel, ts), user, name)

    async def finish_transcript(self, file_id: str, said: str = "Hello there") -> None:
        """Finish a transcript: the file changes, and so does every message that shows it."""
        file = self.workspace.files[file_id]
        preview = {"content": said, "has_more": False}
        file.record = file.record | {"transcription": {"status": "complete", "locale": "en-US", "preview": preview}}
        ids = {"file_id": file.id, "file": {"id": file.id}, "event_ts": self.workspace.new_ts()}
        self.dispatcher.dispatch([WorkspaceEvent("file_change", {"type": "file_change", **ids})])
        for share in file.shares:
            self._messages.change(self.message(share.channel, share.ts), edited=False)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """List the root (unless deleted) and its replies, oldest first."""
        return self.workspace.thread(channel, ts)

    def ephemerals(self, channel: str, user: str | None = None) -> list[Ephemeral]:
        """List what only single persons see in a channel, oldest first."""
        seen = self.workspace.ephemerals
        return [e for e in seen if e.channel == channel and user in (None, e.user)]
