"""Lost answers at every step by which a contact's message gets into Slack: it appears once, and whole."""

from typing import Any

import pytest

from bot.sandbox.linq.phone import PhoneFile
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


@pytest.mark.parametrize("how", list(LOST))
async def test_a_message_whose_answers_were_lost_appears_once_and_whole(linked: System, how: str) -> None:
    """Each step of a voice memo with a text, of an edit and of a tapback loses its first answer."""
    for step in STEPS:
        linked.slack.switches.fault(step, times=1, **LOST[how])
    said = linked.phone.send(linked.chat, "Listen", files=[PhoneFile(SOUND, "Audio Message.m4a", "audio/x-m4a")])
    linked.phone.send(linked.chat, "after it")
    await linked.until(lambda: [said_in(post) for post in linked.posts()] == ["Listen", "after it"])
    first, _ = linked.posts()
    await linked.until(lambda: [file.upload.content for file in first.files] == [SOUND])
    linked.slack.switches.fault("chat.update", times=1, **LOST[how])
    linked.phone.edit(said.id, "Listen to this", part_index=1)
    linked.phone.react(said.id, "love")
    await linked.until(lambda: said_in(first) == "Listen to this")
    await linked.until_marked(first, "heart")
    linked.phone.unreact(said.id)
    await linked.until_marked(first)
    assert len(linked.posts()) == 2
    shared = [
        file for file in linked.slack.workspace.files.values() if file.user == linked.slack.bot_user and file.shares
    ]
    assert len([file for file in shared if file.shares[0].channel == linked.channel]) == 1


@pytest.mark.parametrize("behaviour", ["ignored", "refused"])
async def test_files_that_slack_does_not_attach_are_shared_beside(linked: System, behaviour: str) -> None:
    """What chat.update does with files is not documented; the share is found by its file, so it is made once."""
    linked.slack.switches.apply({"file_ids_on_update": behaviour})
    linked.slack.switches.fault("files.completeUploadExternal", times=2, drop=True, done=True)
    linked.phone.send(linked.chat, files=[PhoneFile(SOUND, "Audio Message.m4a", "audio/x-m4a")])
    linked.phone.send(linked.chat, "after it")
    channel = linked.slack.workspace.channels[linked.channel]
    with_file = lambda: [each for each in channel.messages.values() if each.files]  # noqa: E731
    await linked.until(lambda: bool(with_file()) and said_in(linked.posts()[-1]) == "after it")
    assert len(with_file()) == 1
    assert len(linked.posts()) == 2


async def test_a_post_is_found_again_even_without_metadata(linked: System) -> None:
    linked.slack.switches.hide_metadata = True
    linked.slack.switches.fault("chat.postMessage", times=1, drop=True, done=True)
    linked.phone.send(linked.chat, "Only once")
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
