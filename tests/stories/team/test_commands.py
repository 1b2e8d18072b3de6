"""What people do beside dropping: linking, commands, shortcuts, buttons, deleting; foreign files and other bots."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import BEN, OTHER_BOT, OTHER_BOT_ID
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories.system import SOUND, System, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = {"SLACK_ALLOWED_BOTS": OTHER_BOT_ID, "SEND_CONFIRM_SECONDS": "2"}
ADDRESS = "https://talks.example.com/monday/hello.m4a"


async def told(linked: System, text: str, user: str = "") -> str:
    """What a command answers."""
    return (await linked.sandbox.slack.command(linked.channel, text, **({"user": user} if user else {}))).text


async def later(linked: System, said: list[dict[str, str]]) -> str:
    """What comes through a response_url."""
    await linked.until(lambda: bool(said))
    return str(said[-1]["text"])


async def in_doubt(linked: System) -> Message:
    """A clip of which nobody knows whether it arrived."""
    linked.sandbox.linq.switches.listed = False
    linked.sandbox.linq.switches.progresses_automatically = False
    linked.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await linked.drop()
    await linked.until_shown(message, "unconfirmed")
    return message


async def test_only_who_may_link_links_and_learns_who_is_in_a_chat(linked: System) -> None:
    other = linked.sandbox.slack.new_channel("bens")
    said = await linked.sandbox.slack.command(other, f"link {Chats.ANN}", user=BEN)
    assert "Only workspace admins" in said.text
    assert "+1202" not in said.text
    assert "Only workspace admins" in await told(linked, "unlink", BEN)
    assert "Linked to" in await told(linked, "status")


async def test_a_person_who_may_not_link_cannot_press_the_button_of_one_who_may(linked: System) -> None:
    other = linked.sandbox.slack.new_channel("annas")
    await linked.sandbox.slack.command(other, f"link {Chats.ANN}")
    offer = linked.sandbox.slack.ephemerals(other)[-1]
    offer.user = BEN
    said = await linked.sandbox.slack.press(other, offer.ts, "link_chat", user=BEN)
    assert "Only workspace admins" in await later(linked, said.later)
    assert "not linked" in (await linked.sandbox.slack.command(other, "status")).text


async def test_an_unlinked_channel_is_silent_and_what_was_accepted_still_arrives(linked: System) -> None:
    linked.sandbox.linq.switches.next("attachments.create", 4004, 4004, 4004)
    message = await linked.drop()
    await linked.until_shown(message, "queued")
    assert "No longer linked" in await told(linked, "unlink")
    silent = await linked.drop(Upload("later.m4a", SOUND))
    await linked.until_shown(message, "read")
    assert linked.replies(silent) == []
    assert len(linked.memos()) == 1


async def test_two_channels_may_share_a_chat(linked: System) -> None:
    second = linked.sandbox.slack.new_channel("second")
    await linked.link(second, linked.chat)
    here = await linked.drop(Upload("here.m4a", SOUND))
    there = await linked.sandbox.slack.drop(second, Upload("there.m4a", SOUND))
    await linked.until_shown(here, "read")
    await linked.until_shown(there, "read")
    assert sorted(memo.filename for memo in linked.memos()) == ["here.m4a", "there.m4a"]


async def test_a_moved_channel_keeps_its_link(linked: System) -> None:
    linked.channel = await linked.sandbox.slack.move_channel(linked.channel)
    await linked.sandbox.slack.settled()
    message = await linked.drop()
    await linked.until_shown(message, "read")


async def test_a_given_address_is_forwarded_as_it_stands(linked: System) -> None:
    linked.sandbox.linq.fetcher.published[ADDRESS] = (SOUND, "audio/x-m4a")
    assert "on the way" in await told(linked, f"send {ADDRESS}")
    await linked.until(lambda: bool(linked.memos()))
    assert linked.sandbox.linq.fetcher.asked[-1] == ADDRESS
    posts = linked.sandbox.slack.workspace.channels[linked.channel].messages
    await linked.until(lambda: any(shown(each.text) == ["read"] for each in posts.values()))


@pytest.mark.parametrize(
    "inner", ["https://127.0.0.1/a.m4a", "https://printer.local/a.m4a", "http://example.com/a.m4a"]
)
async def test_an_address_inside_somebodys_network_is_not_forwarded(linked: System, inner: str) -> None:
    before = len(linked.sandbox.linq.fetcher.asked)
    said = await told(linked, f"send {inner}")
    assert "not on the public internet" in said or "Give the https address" in said
    assert len(linked.sandbox.linq.fetcher.asked) == before


async def test_a_shortcut_sends_the_sound_of_a_message_dropped_before_the_link(linked: System) -> None:
    other = linked.sandbox.slack.new_channel("late")
    old = await linked.sandbox.slack.drop(other, Upload("old.m4a", SOUND))
    await linked.sandbox.slack.settled()
    await linked.link(other, linked.chat)
    said = await linked.sandbox.slack.shortcut("send_as_voice_memo", other, old.ts)
    assert "on the way" in await later(linked, said.later)
    await linked.until_shown(old, "read")


async def test_a_failed_clip_is_sent_again_by_its_button(linked: System) -> None:
    linked.sandbox.linq.switches.next("voicememo", 2026)
    message = await linked.drop()
    await linked.until_shown(message, "failed")
    await linked.sandbox.slack.press(linked.channel, linked.replies(message)[0].ts, "resend")
    await linked.until_shown(message, "read")
    assert len(linked.memos()) == 1


async def test_resend_of_what_is_in_doubt_is_a_persons_choice_and_is_done_once(linked: System) -> None:
    message = await in_doubt(linked)
    notice = linked.replies(message)[0]
    await linked.sandbox.slack.press(linked.channel, notice.ts, "resend")
    await linked.sandbox.slack.press(linked.channel, notice.ts, "resend", user=BEN)
    await linked.until(lambda: len(linked.memos()) == 2)
    await linked.sandbox.slack.settled()
    assert len(linked.memos()) == 2


async def test_it_arrived_settles_what_nobody_could_confirm(linked: System) -> None:
    message = await in_doubt(linked)
    await linked.sandbox.slack.press(linked.channel, linked.replies(message)[0].ts, "arrived", user=BEN)
    await linked.until_shown(message, "sent")
    assert len(linked.memos()) == 1


async def test_the_resend_shortcut_does_what_the_button_does(linked: System) -> None:
    linked.sandbox.linq.switches.next("voicememo", 2026)
    message = await linked.drop()
    await linked.until_shown(message, "failed")
    said = await linked.sandbox.slack.shortcut("resend_voice_memo", linked.channel, message.ts)
    assert "on the way" in await later(linked, said.later)
    await linked.until_shown(message, "read")


async def test_what_arrived_is_never_sent_again_by_a_shortcut(linked: System) -> None:
    message = await linked.drop()
    await linked.until_shown(message, "read")
    said = await linked.sandbox.slack.shortcut("resend_voice_memo", linked.channel, message.ts)
    assert "nothing to send again" in await later(linked, said.later)
    assert len(linked.memos()) == 1


async def test_a_deleted_message_is_not_sent_any_more(linked: System) -> None:
    linked.sandbox.linq.switches.next("attachments.create", *[4004] * 4)
    message = await linked.drop()
    await linked.until_shown(message, "queued")
    await linked.sandbox.slack.delete(linked.channel, message.ts)
    await linked.until_shown(message, "cancelled")
    assert linked.memos() == []


async def test_a_stub_from_another_organisation_is_asked_about(linked: System) -> None:
    clip = await linked.drop(Upload("shared.m4a", SOUND, shape="connect_stub"))
    picture = await linked.drop(Upload("shared.png", b"\x89PNG" + bytes(99), shape="connect_stub"))
    denied = await linked.drop(Upload("secret.m4a", SOUND, shape="connect_stub", info_error="access_denied"))
    await linked.until_shown(clip, "read")
    await linked.until_shown(denied, "failed")
    assert "upload a copy of it here" in linked.notice(denied)
    assert linked.replies(picture) == []


async def test_a_clip_that_is_also_sent_to_the_channel_is_one_memo(linked: System) -> None:
    root = await linked.sandbox.slack.say(linked.channel, "listen to this")
    message = await linked.drop(thread_ts=root.ts, broadcast=True)
    await linked.until_shown(message, "read")
    assert linked.replies(message)[0].thread_ts == root.ts
    assert len(linked.memos()) == 1


async def test_bots_are_heard_only_when_they_are_allowed(linked: System) -> None:
    allowed = await linked.drop(user=OTHER_BOT)
    await linked.until(lambda: shown(linked.replies(allowed)[-1].text) == ["read"])
    stranger = linked.sandbox.slack.new_user("stranger")
    linked.sandbox.slack.workspace.users[stranger].bot_id = "B0STRANGER1"
    silent = await linked.drop(Upload("spam.m4a", SOUND), user=stranger)
    await linked.sandbox.slack.settled()
    assert linked.replies(silent) == [silent]
    assert len(linked.memos()) == 1
