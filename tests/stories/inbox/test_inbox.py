"""A whole line in one channel, through the real bot: three contacts, two colleagues, and everything in its thread."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from bot.sandbox.linq.fixtures import LINE, SECOND_LINE, Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.slack.fixtures import ANN, BEN
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories.system import SOUND, System, get, said_in

MAX, EVA, IDA = "+12025550181", "+12025550182", "+12025550183"


@dataclass
class Inbox:
    """A channel that takes the first line, and who writes to it."""

    system: System
    channel: str

    def write(self, sender: str, text: str = "", line: str = LINE, **more: Any) -> str:
        """Gives the chat."""
        return self.system.phone.write_to_line(sender, text or None, line=line, **more).chat_id

    def posts(self) -> list[Message]:
        return self.system.posts(self.channel)

    def roots(self) -> list[Message]:
        return [post for post in self.posts() if not post.thread_ts]

    def thread(self, root: Message) -> list[str]:
        """What the contact said in the thread, below its root."""
        return [said_in(post) for post in self.posts() if post.thread_ts == root.ts]

    def in_channel(self) -> list[str]:
        """All that is listed at the channel's root, whoever wrote it."""
        messages = self.system.slack.workspace.channels[self.channel].messages.values()
        return [said_in(m) for m in messages if not m.thread_ts or m.subtype == "thread_broadcast"]

    async def until_roots(self, number: int) -> list[Message]:
        """The roots, once they are posted and recorded: then their buttons and threads can be used."""
        await self.system.until(lambda: len(self.roots()) == number)
        async with asyncio.timeout(60):
            while self._known_roots() < number:  # noqa: ASYNC110, nothing tells us
                await asyncio.sleep(0.1)
        return self.roots()

    def _known_roots(self) -> int:
        with psycopg.connect(self.system.settings["DATABASE_URL"], autocommit=True) as connection:
            found = connection.execute("SELECT count(*) FROM conversations WHERE root IS NOT NULL").fetchone()
        return int(found[0]) if found else 0

    async def until_thread(self, root: Message, *texts: str) -> None:
        await self.system.until(lambda: self.thread(root) == list(texts))

    async def until_state(self, root: Message, words: str) -> None:
        await self.system.until(lambda: words in state_of(root))

    async def drop(self, root: Message, name: str = "memo.m4a", user: str = ANN) -> Message:
        return await self.system.slack.drop(self.channel, Upload(name, SOUND), thread_ts=root.ts, user=user)

    async def press(self, root: Message, action: str, user: str = ANN, value: str | None = None) -> None:
        answer = await self.system.slack.press(self.channel, root.ts, action, user=user, value=value)
        assert answer.status == 200, answer

    async def until_memos(self, chat: str, *names: str) -> None:
        linq = self.system.sandbox.linq
        await self.system.until(lambda: [memo.filename for memo in linq.memos(chat)] == list(names))


def state_of(root: Message) -> str:
    """The line with the state."""
    shown = [block for block in root.blocks if block.get("block_id") == "memobridge state"]
    return str(shown[0]["elements"][0]["text"]) if shown else ""


@pytest.fixture
async def inbox(system: System) -> Inbox:
    channel = system.slack.new_channel("support")
    said = await system.slack.command(channel, f"inbox {LINE}")
    assert "is the inbox of *+1 202-555-0100* now" in said.text, said.text
    return Inbox(system, channel)


async def test_support_line_takes_three_contacts_and_two_colleagues(inbox: Inbox) -> None:
    """A busy morning: questions, answers by voice, one conversation closed, reopened and moved."""
    system = inbox.system
    chats = [inbox.write(who, f"Hello from {name}.") for who, name in ((MAX, "Max"), (EVA, "Eva"), (IDA, "Ida"))]
    roots = await inbox.until_roots(3)
    roots.sort(key=lambda root: "MEI".index(said_in(root).split()[-1][0]))  # they wrote at once
    assert [said_in(root) for root in roots] == ["Hello from Max.", "Hello from Eva.", "Hello from Ida."]
    assert {state_of(root) for root in roots} == {"new"}
    inbox.write(MAX, "Are you there?")
    await inbox.until_thread(roots[0], "Are you there?")

    await inbox.press(roots[0], "take", ANN)
    await inbox.until_state(roots[0], f"taken by <@{ANN}>")
    await inbox.drop(roots[0], "max.m4a", ANN)
    await inbox.drop(roots[1], "eva.m4a", BEN)
    await inbox.until_memos(chats[0], "max.m4a")
    await inbox.until_memos(chats[1], "eva.m4a")
    assert system.sandbox.linq.memos(chats[2]) == []
    await inbox.until_state(roots[1], "answered")

    await inbox.press(roots[1], "close", BEN)
    await inbox.until_state(roots[1], "closed")
    inbox.write(EVA, "One more thing.")
    await inbox.until_thread(roots[1], "One more thing.")
    await inbox.until_state(roots[1], "waiting")
    assert "One more thing." in inbox.in_channel()

    await move(inbox, roots[2], target := system.slack.new_channel("ida"))
    inbox.write(IDA, "Is this the right place?")
    await system.until(lambda: [said_in(post) for post in system.posts(target)] == ["Is this the right place?"])
    assert len(inbox.roots()) == 3
    assert not any(words.startswith(("Are you", "Is this")) for words in inbox.in_channel())


async def move(inbox: Inbox, root: Message, target: str) -> None:
    slack = inbox.system.slack
    await inbox.press(root, "conversation_more", value="move")
    [view] = slack.views()
    picked = {"channel": {"channel": {"type": "conversations_select", "selected_conversation": target}}}
    answer = await slack.submit(view["id"], picked)
    assert target in str(answer.body), answer


async def test_restart_in_the_middle_keeps_one_root_for_each_contact(inbox: Inbox) -> None:
    inbox.write(MAX, "Before.")
    [root] = await inbox.until_roots(1)
    await inbox.system.bot.kill()
    inbox.write(MAX, "While you slept.")
    inbox.write(EVA, "Me too.")
    await inbox.system.start_again()
    await inbox.until_thread(root, "While you slept.")
    roots = await inbox.until_roots(2)
    assert [said_in(root) for root in roots] == ["Before.", "Me too."]


async def test_clip_at_the_root_goes_nowhere_and_its_sender_is_told(inbox: Inbox) -> None:
    system = inbox.system
    chat = inbox.write(MAX, "Hello.")
    [root] = await inbox.until_roots(1)
    await system.slack.drop(inbox.channel, Upload("lost.m4a", SOUND))
    await system.until(lambda: bool(system.slack.ephemerals(inbox.channel, ANN)))
    assert "thread" in system.slack.ephemerals(inbox.channel, ANN)[-1].text
    await inbox.drop(root, "kept.m4a")
    await inbox.until_memos(chat, "kept.m4a")


async def test_voice_pictures_and_tapbacks_stand_in_the_thread(inbox: Inbox) -> None:
    chat = inbox.write(MAX, "Hello.")
    [root] = await inbox.until_roots(1)
    inbox.system.phone.send(chat, files=[PhoneFile(SOUND, "Audio Message.m4a", "audio/x-m4a")])
    await inbox.system.until(lambda: any(post.files for post in inbox.posts() if post.thread_ts == root.ts))
    clip = await inbox.drop(root)
    await inbox.system.until_shown(clip, "read")
    [memo] = inbox.system.sandbox.linq.sent(chat)
    inbox.system.phone.react(memo.id, "love")
    await inbox.system.until(lambda: inbox.system.slack.bot_user in clip.reactions.get("heart", []))


async def test_deleted_root_is_replaced_and_nothing_lands_in_the_channel(inbox: Inbox) -> None:
    chat = inbox.write(MAX, "First.")
    [root] = await inbox.until_roots(1)
    inbox.write(MAX, "Second.")
    await inbox.until_thread(root, "Second.")
    await inbox.system.slack.delete(inbox.channel, root.ts)
    await inbox.system.until(lambda: "message_deleted" in subtypes(inbox.system))
    inbox.write(MAX, "Third.")
    inbox.write(MAX, "Fourth.")
    await inbox.system.until(lambda: [said_in(each) for each in inbox.roots()] == ["Third."])
    [new] = await inbox.until_roots(1)
    posted = len(inbox.system.sandbox.wire.named("chat.delete"))
    assert posted == 0, "it was known that the root is gone, so nothing had to be taken back"
    await inbox.until_thread(new, "Fourth.")
    await inbox.drop(new, "answer.m4a")
    await inbox.until_memos(chat, "answer.m4a")


def subtypes(system: System) -> list[str]:
    """Of the events of messages that the bot has answered."""
    return [str(entry.facts.get("subtype")) for entry in system.sandbox.wire.named("event message")]


async def test_archived_channel_keeps_what_is_said_until_it_is_back(inbox: Inbox) -> None:
    system = inbox.system
    await system.slack.archive(inbox.channel)
    inbox.write(MAX, "One.")
    inbox.write(MAX, "Two.")
    await system.until(lambda: "is_archived" in refusals(system))
    await until_warned(system, f"2 messages wait for {inbox.channel}. The channel is archived.")
    await system.slack.unarchive(inbox.channel)  # which its event tells: the next try is five minutes away
    [root] = await inbox.until_roots(1)
    assert said_in(root) == "One."
    await inbox.until_thread(root, "Two.")


def refusals(system: System) -> list[str]:
    return [str(entry.facts.get("error")) for entry in system.sandbox.wire.named("chat.postMessage")]


async def until_warned(system: System, reason: str) -> None:
    """Readiness is asked again and again, as an operator's monitor does."""
    async with asyncio.timeout(60):
        while (await warning(system)) != reason:  # noqa: ASYNC110, nothing tells us
            await asyncio.sleep(0.2)


async def warning(system: System) -> str:
    _, said = await get(system, "/readyz")
    return str(json.loads(said).get("rooms", {}).get("warning", ""))


async def test_chat_with_a_link_of_its_own_is_not_in_the_inbox(inbox: Inbox) -> None:
    inbox.system.phone.send(Chats.ANN, "I have a channel.")
    await inbox.system.until_posted("I have a channel.")
    assert inbox.posts() == []


async def test_chat_that_nobody_hears_is_counted_and_shown(inbox: Inbox) -> None:
    inbox.write(MAX, "Nobody listens to this line.", line=SECOND_LINE)
    await inbox.system.until(lambda: bool(inbox.system.sandbox.wire.named("webhook message.received")))
    assert "1 chat wrote to us and nobody listens" in await inbox.system.command("list")
    assert inbox.posts() == []


async def test_two_who_take_at_once_are_told_who_has_it(inbox: Inbox) -> None:
    inbox.write(MAX, "Hello.")
    [root] = await inbox.until_roots(1)
    await inbox.press(root, "take", ANN)
    await inbox.press(root, "take", BEN)
    slack = inbox.system.slack
    await inbox.system.until(lambda: any(ANN in seen.text for seen in slack.ephemerals(inbox.channel, BEN)))
    await inbox.until_state(root, f"taken by <@{ANN}>")


async def test_blocked_contact_is_blocked_at_linq(inbox: Inbox) -> None:
    inbox.write(MAX, "Hello.")
    [root] = await inbox.until_roots(1)
    await inbox.press(root, "conversation_more", value="block")
    [view] = inbox.system.slack.views()
    await inbox.system.slack.submit(view["id"], {})
    await inbox.until_state(root, "blocked")
    assert set(inbox.system.sandbox.linq.account.blocked) == {MAX}
    await inbox.press(root, "conversation_more", value="unblock")
    await inbox.system.until(lambda: "blocked" not in state_of(root))
    assert not inbox.system.sandbox.linq.account.blocked
