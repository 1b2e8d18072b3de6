"""Lost answers at every step by which a contact's message gets into Slack: it appears once, and whole."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.slack.state.models import Message
from tests.stories.system import SOUND, System, said_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOST: dict[str, dict[str, Any]] = {
    "cut but done": {"drop": True, "done": True},
    "500 but done": {"status": 500, "done": True},
    "cut": {"drop": True},
    "503": {"status": 503},
}
STEPS = (
    "files.getUploadURLExternal",
    "files.upload",
    "files.completeUploadExternal",
    "chat.postMessage",
    "chat.update",
    "reactions.add",
    "reactions.remove",
)
CHATS = 3
MEMO = PhoneFile(SOUND, "Audio Message.m4a", "audio/x-m4a")


async def link_more(linked: System) -> list[System]:
    """Several linked channels, so that lost answers are waited out side by side."""
    found = [linked]
    for number in range(1, CHATS):
        chat = linked.sandbox.linq.add_chat(f"+1202559{len(linked.sandbox.linq.account.chats):04}")
        channel = linked.slack.new_channel(f"{linked.channel.lower()}-{number}")
        await linked.link(channel, chat.id)
        found.append(replace(linked, channel=channel, chat=chat.id))
    return found


def has_files(post: Message, *contents: bytes) -> bool:
    return [file.upload.content for file in post.files] == list(contents)


def files_in(linked: System) -> list[Message]:
    return [each for each in linked.slack.workspace.channels[linked.channel].messages.values() if each.files]


@pytest.mark.parametrize("how", list(LOST))
async def test_a_message_whose_answers_were_lost_appears_once_and_whole(linked: System, how: str) -> None:
    """A voice memo with a text, its edit, a tapback and its removal: each step loses some of its answers."""
    everybody = await link_more(linked)
    for step in STEPS:
        linked.slack.switches.fault(step, times=2, **LOST[how])
    said = {each.chat: (await each.hear("Listen", files=[MEMO])).id for each in everybody}
    for each in everybody:
        each.phone.send(each.chat, "after it")
    for each in everybody:
        first, _ = await each.until_posted("Listen", "after it")
        await each.until(partial(has_files, first, SOUND))
        each.phone.edit(said[each.chat], "Listen to this", part_index=1)
        each.phone.react(said[each.chat], "love")
    for each in everybody:
        first, _ = await each.until_posted("Listen to this", "after it")
        await each.until_marked(first, "heart")
        each.phone.unreact(said[each.chat])
    for each in everybody:
        first, _ = each.posts()
        await each.until_marked(first)
        assert files_in(each) == [first]


@pytest.mark.parametrize("behaviour", ["ignored", "refused"])
async def test_files_that_slack_does_not_attach_are_shared_beside(linked: System, behaviour: str) -> None:
    """What chat.update does with files is not documented; the share is found by its file, so it is made once."""
    linked.slack.switches.apply({"file_ids_on_update": behaviour})
    linked.slack.switches.fault("files.completeUploadExternal", times=2, drop=True, done=True)
    await linked.hear(files=[MEMO])
    linked.phone.send(linked.chat, "after it")
    await linked.until(lambda: bool(files_in(linked)) and said_in(linked.posts()[-1]) == "after it")
    assert len(files_in(linked)) == 1
    assert len(linked.posts()) == 2


async def test_a_post_is_found_again_even_without_metadata(linked: System) -> None:
    linked.slack.switches.hide_metadata = True
    linked.slack.switches.fault("chat.postMessage", times=1, drop=True, done=True)
    await linked.hear("Only once")
    linked.phone.send(linked.chat, "after it")
    await linked.until_posted("Only once", "after it")


async def test_a_missing_scope_leaves_out_the_name_and_the_sign_and_no_message(linked: System) -> None:
    [handle] = linked.sandbox.linq.account.chats[linked.chat].addresses
    linked.slack.switches.scopes = linked.slack.switches.scopes - {"chat:write.customize", "reactions:write"}
    said = linked.phone.send(linked.chat, "Under which name?")
    [post] = await linked.until_posted("Under which name?")
    assert post.username == ""
    assert handle in str(post.blocks)
    linked.phone.react(said.id, "love")
    linked.phone.send(linked.chat, "after it")
    await linked.until_posted("Under which name?", "after it")
