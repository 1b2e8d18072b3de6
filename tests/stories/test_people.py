"""What people do beside dropping: linking, commands, shortcuts, buttons, deleting; foreign files and other bots."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import BEN, OTHER_BOT, OTHER_BOT_ID
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories.conftest import SOUND, Town, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = {"SLACK_ALLOWED_BOTS": OTHER_BOT_ID, "FIND_SECONDS": "2"}
ADDRESS = "https://talks.example.com/monday/hello.m4a"


async def told(place: Town, text: str, user: str = "") -> str:
    """What a command answers."""
    return (await place.sandbox.slack.command(place.channel, text, **({"user": user} if user else {}))).text


async def later(place: Town, said: list[dict[str, str]]) -> str:
    """What comes through a response_url."""
    await place.until(lambda: bool(said))
    return str(said[-1]["text"])


async def in_doubt(place: Town) -> Message:
    """A clip of which nobody knows whether it arrived."""
    place.sandbox.linq.switches.listed = False
    place.sandbox.linq.switches.progresses_automatically = False
    place.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await place.drop()
    await place.until_shown(message, "unconfirmed")
    return message


async def test_only_who_may_link_links_and_learns_who_is_in_a_chat(place: Town) -> None:
    other = place.sandbox.slack.new_channel("bens")
    said = await place.sandbox.slack.command(other, f"link {Chats.ANN}", user=BEN)
    assert "Only workspace admins" in said.text
    assert "+1202" not in said.text
    assert "Only workspace admins" in await told(place, "unlink", BEN)
    assert "Linked to" in await told(place, "status")


async def test_a_person_who_may_not_link_cannot_press_the_button_of_one_who_may(place: Town) -> None:
    other = place.sandbox.slack.new_channel("annas")
    await place.sandbox.slack.command(other, f"link {Chats.ANN}")
    offer = place.sandbox.slack.ephemerals(other)[-1]
    offer.user = BEN
    said = await place.sandbox.slack.press(other, offer.ts, "link_chat", user=BEN)
    assert "Only workspace admins" in await later(place, said.later)
    assert "not linked" in (await place.sandbox.slack.command(other, "status")).text


async def test_an_unlinked_channel_is_silent_and_what_was_accepted_still_arrives(place: Town) -> None:
    place.sandbox.linq.switches.next("attachments.create", 4004, 4004, 4004)
    message = await place.drop()
    await place.until_shown(message, "queued")
    assert "No longer linked" in await told(place, "unlink")
    silent = await place.drop(Upload("later.m4a", SOUND))
    await place.until_shown(message, "read")
    assert place.replies(silent) == []
    assert len(place.memos()) == 1


async def test_two_channels_may_share_a_chat(place: Town) -> None:
    second = place.sandbox.slack.new_channel("second")
    await place.link(second, place.chat)
    here = await place.drop(Upload("here.m4a", SOUND))
    there = await place.sandbox.slack.drop(second, Upload("there.m4a", SOUND))
    await place.until_shown(here, "read")
    await place.until_shown(there, "read")
    assert sorted(memo.filename for memo in place.memos()) == ["here.m4a", "there.m4a"]


async def test_a_moved_channel_keeps_its_link(place: Town) -> None:
    place.channel = await place.sandbox.slack.move_channel(place.channel)
    await place.sandbox.slack.settled()
    message = await place.drop()
    await place.until_shown(message, "read")


async def test_a_given_address_is_forwarded_as_it_stands(place: Town) -> None:
    place.sandbox.linq.fetcher.published[ADDRESS] = (SOUND, "audio/x-m4a")
    assert "on the way" in await told(place, f"send {ADDRESS}")
    await place.until(lambda: bool(place.memos()))
    assert place.sandbox.linq.fetcher.asked[-1] == ADDRESS
    posts = place.sandbox.slack.workspace.channels[place.channel].messages
    await place.until(lambda: any(shown(each.text) == ["read"] for each in posts.values()))


@pytest.mark.parametrize(
    "inner", ["https://127.0.0.1/a.m4a", "https://printer.local/a.m4a", "http://example.com/a.m4a"]
)
async def test_an_address_inside_somebodys_network_is_not_forwarded(place: Town, inner: str) -> None:
    before = len(place.sandbox.linq.fetcher.asked)
    said = await told(place, f"send {inner}")
    assert "not on the public internet" in said or "Give the https address" in said
    assert len(place.sandbox.linq.fetcher.asked) == before


async def test_a_shortcut_sends_the_sound_of_a_message_dropped_before_the_link(place: Town) -> None:
    other = place.sandbox.slack.new_channel("late")
    old = await place.sandbox.slack.drop(other, Upload("old.m4a", SOUND))
    await place.sandbox.slack.settled()
    await place.link(other, place.chat)
    said = await place.sandbox.slack.shortcut("send_as_voice_memo", other, old.ts)
    assert "on the way" in await later(place, said.later)
    await place.until_shown(old, "read")


async def test_a_failed_clip_is_sent_again_by_its_button(place: Town) -> None:
    place.sandbox.linq.switches.next("voicememo", 2026)
    message = await place.drop()
    await place.until_shown(message, "failed")
    await place.sandbox.slack.press(place.channel, place.replies(message)[0].ts, "resend")
    await place.until_shown(message, "read")
    assert len(place.memos()) == 1


async def test_resend_of_what_is_in_doubt_is_a_persons_choice_and_is_done_once(place: Town) -> None:
    message = await in_doubt(place)
    notice = place.replies(message)[0]
    await place.sandbox.slack.press(place.channel, notice.ts, "resend")
    await place.sandbox.slack.press(place.channel, notice.ts, "resend", user=BEN)
    await place.until(lambda: len(place.memos()) == 2)
    await place.sandbox.slack.settled()
    assert len(place.memos()) == 2


async def test_it_arrived_settles_what_nobody_could_confirm(place: Town) -> None:
    message = await in_doubt(place)
    await place.sandbox.slack.press(place.channel, place.replies(message)[0].ts, "arrived", user=BEN)
    await place.until_shown(message, "sent")
    assert len(place.memos()) == 1


async def test_the_resend_shortcut_does_what_the_button_does(place: Town) -> None:
    place.sandbox.linq.switches.next("voicememo", 2026)
    message = await place.drop()
    await place.until_shown(message, "failed")
    said = await place.sandbox.slack.shortcut("resend_voice_memo", place.channel, message.ts)
    assert "on the way" in await later(place, said.later)
    await place.until_shown(message, "read")


async def test_what_arrived_is_never_sent_again_by_a_shortcut(place: Town) -> None:
    message = await place.drop()
    await place.until_shown(message, "read")
    said = await place.sandbox.slack.shortcut("resend_voice_memo", place.channel, message.ts)
    assert "nothing to send again" in await later(place, said.later)
    assert len(place.memos()) == 1


async def test_a_deleted_message_is_not_sent_any_more(place: Town) -> None:
    place.sandbox.linq.switches.next("attachments.create", *[4004] * 4)
    message = await place.drop()
    await place.until_shown(message, "queued")
    await place.sandbox.slack.delete(place.channel, message.ts)
    await place.until_shown(message, "cancelled")
    assert place.memos() == []


async def test_a_stub_from_another_organisation_is_asked_about(place: Town) -> None:
    clip = await place.drop(Upload("shared.m4a", SOUND, shape="connect_stub"))
    picture = await place.drop(Upload("shared.png", b"\x89PNG" + bytes(99), shape="connect_stub"))
    denied = await place.drop(Upload("secret.m4a", SOUND, shape="connect_stub", info_error="access_denied"))
    await place.until_shown(clip, "read")
    await place.until_shown(denied, "failed")
    assert "upload a copy of it here" in place.notice(denied)
    assert place.replies(picture) == []


async def test_a_clip_that_is_also_sent_to_the_channel_is_one_memo(place: Town) -> None:
    root = await place.sandbox.slack.say(place.channel, "listen to this")
    message = await place.drop(thread_ts=root.ts, broadcast=True)
    await place.until_shown(message, "read")
    assert place.replies(message)[0].thread_ts == root.ts
    assert len(place.memos()) == 1


async def test_bots_are_heard_only_when_they_are_allowed(place: Town) -> None:
    allowed = await place.drop(user=OTHER_BOT)
    await place.until(lambda: shown(place.replies(allowed)[-1].text) == ["read"])
    stranger = place.sandbox.slack.new_user("stranger")
    place.sandbox.slack.workspace.users[stranger].bot_id = "B0STRANGER1"
    silent = await place.drop(Upload("spam.m4a", SOUND), user=stranger)
    await place.sandbox.slack.settled()
    assert place.replies(silent) == [silent]
    assert len(place.memos()) == 1
