"""A bot that does one request to the sandbox at a time."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Message as PhoneMessage
from bot.sandbox.page.timeline.timeline import Incoming, Outgoing
from bot.sandbox.page.timeline.timelines import Timelines
from bot.sandbox.page.timeline.truth import incoming_truth, outgoing_truth
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.state.models import Message, Upload
from tests.sandbox.linq.clients import M4A, Caller


class ScriptedBot:
    """What the bot does, step by step: each method is one request to the sandbox."""

    def __init__(self, sandbox: Sandbox, slack: AsyncWebClient, linq: Caller) -> None:
        self.sandbox, self.slack, self.linq = sandbox, slack, linq
        self.timelines = Timelines(sandbox)

    async def drop(self, name: str = "memo.m4a", channel: str = CLIPS) -> Message:
        return await self.sandbox.slack.drop(channel, Upload(name, M4A))

    async def fetch(self, message: Message) -> None:
        url = message.files[0].record["url_private"]
        headers = {"Authorization": f"Bearer {self.sandbox.slack.bot_token}"}
        async with self.linq.http.get(url, headers=headers) as answer:
            await answer.read()

    async def announce(self, message: Message, text: str) -> str:
        said = await self.slack.chat_postMessage(channel=message.channel, thread_ts=message.ts, text=text)
        return str(said["ts"])

    async def carry(self, message: Message, chat: str = Chats.ANN) -> str:
        """Fetch, upload, send; the memo's id."""
        await self.fetch(message)
        attachment = await self.linq.upload(filename=message.files[0].upload.name)
        return (await self.linq.api.chats.send_voicememo(chat, attachment_id=attachment)).voice_memo.id

    async def send_text(self, text: str, chat: str = Chats.ANN) -> str:
        """Send a text as the bot; the id of the message."""
        parts: list[Any] = [{"type": "text", "value": text}]
        sent = await self.linq.api.chats.messages.send(chat, message={"parts": parts})
        return str(sent.message.id)

    def timeline(self, message: Message) -> Outgoing:
        dict(self.timelines.sections())
        return next(each for each in self.timelines.outgoing.all if each.ts == message.ts)

    def titles(self, message: Message) -> list[str]:
        return [row.title for row in self.timeline(message).rows]

    def verdict(self, message: Message) -> str:
        return str(outgoing_truth(self.timeline(message), self.sandbox)["verdict"])

    # the other way

    async def post(self, text: str, channel: str = CLIPS, name: str = "Ann", **more: Any) -> str:
        said = await self.slack.chat_postMessage(channel=channel, text=text, username=name, **more)
        return str(said["ts"])

    async def upload(self, ts: str, content: bytes, name: str = "memo.m4a", channel: str = CLIPS) -> None:
        """Attach a file to a message in three steps."""
        begun = await self.slack.files_getUploadURLExternal(filename=name, length=len(content))
        async with self.linq.http.post(begun["upload_url"], data=content) as answer:
            assert answer.status == 200
        await self.slack.files_completeUploadExternal(files=[{"id": begun["file_id"], "title": name}])
        await self.slack.chat_update(channel=channel, ts=ts, text="Voice memo", file_ids=[begun["file_id"]])

    def answer(self, said: PhoneMessage) -> Incoming:
        dict(self.timelines.sections())
        return next(each for each in self.timelines.incoming.all if each.message == said.id)

    def answer_verdict(self, said: PhoneMessage) -> str:
        return str(incoming_truth(self.answer(said), self.sandbox)["verdict"])
