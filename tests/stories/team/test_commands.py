"""Commands, shortcuts and buttons: linking, sending by an explicit act, sending again, and confirming."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import BEN, OTHER_BOT, OTHER_BOT_ID
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories.system import SOUND, System, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = {"SLACK_ALLOWED_BOTS": OTHER_BOT_ID, "SEND_CONFIRM_SECONDS": "2"}
ADDRESS = "https://talks.example.com/monday/hello.m4a"


async def later(linked: System, answer: InteractionAnswer) -> str:
    """What comes through the response_url of an interaction."""
    await linked.until(lambda: bool(answer.later))
    return str(answer.later[-1]["text"])


async def press(linked: System, message: Message, action: str, user: str = BEN) -> InteractionAnswer:
    return await linked.slack.press(linked.channel, linked.notices(message)[0].ts, action, user=user)


async def drop_unconfirmed(linked: System) -> Message:
    """A clip of which nobody knows whether it arrived."""
    linked.sandbox.linq.switches.listed = False
    linked.sandbox.linq.switches.progresses_automatically = False
    linked.sandbox.linq.switches.next("voicememo", "lose_answer")
    message = await linked.drop()
    await linked.until_shown(message, "unconfirmed")
    return message


# linking


async def test_only_admins_link_and_learn_who_is_in_a_chat(linked: System) -> None:
    other = linked.slack.new_channel("bens")
    said = await linked.slack.command(other, f"link {Chats.ANN}", user=BEN)
    assert "Only workspace admins" in said.text
    assert "+1202" not in said.text
    assert "Only workspace admins" in await linked.command("unlink", BEN)
    assert "Linked to" in await linked.command("status")


async def test_a_button_meant_for_an_admin_does_nothing_for_others(linked: System) -> None:
    other = linked.slack.new_channel("annas")
    await linked.slack.command(other, f"link {Chats.ANN}")
    offer = linked.slack.ephemerals(other)[-1]
    offer.user = BEN
    said = await linked.slack.press(other, offer.ts, "link_chat", user=BEN)
    assert "Only workspace admins" in await later(linked, said)
    assert "not linked" in (await linked.slack.command(other, "status")).text


async def test_unlinking_stops_new_clips_and_finishes_accepted_ones(linked: System) -> None:
    linked.sandbox.linq.switches.next("attachments.create", 4004, 4004, 4004)
    message = await linked.drop()
    await linked.until_shown(message, "queued")
    assert "No longer linked" in await linked.command("unlink")
    silent = await linked.drop(Upload("later.m4a", SOUND))
    await linked.until_shown(message, "read")
    assert linked.replies(silent) == []
    assert len(linked.memos()) == 1


async def test_two_channels_may_share_a_chat(linked: System) -> None:
    second = linked.slack.new_channel("second")
    await linked.link(second, linked.chat)
    here = await linked.drop(Upload("here.m4a", SOUND))
    there = await linked.slack.drop(second, Upload("there.m4a", SOUND))
    await linked.until_shown(here, "read")
    await linked.until_shown(there, "read")
    assert sorted(memo.filename for memo in linked.memos()) == ["here.m4a", "there.m4a"]
    linked.phone.send(linked.chat, "Heard both of them")
    await linked.until(lambda: [len(linked.posts(each)) for each in (linked.channel, second)] == [1, 1])


async def test_a_channel_with_a_new_id_keeps_its_link(linked: System) -> None:
    linked.channel = await linked.slack.move_channel(linked.channel)
    await linked.slack.settled()
    message = await linked.drop()
    await linked.until_shown(message, "read")
    linked.phone.send(linked.chat, "Still here?")
    await linked.until_posted("Still here?")


# sending by an explicit act


async def test_a_given_address_is_forwarded_as_it_stands(linked: System) -> None:
    linked.sandbox.linq.fetcher.published[ADDRESS] = (SOUND, "audio/x-m4a")
    assert "on the way" in await linked.command(f"send {ADDRESS}")
    await linked.until(lambda: bool(linked.memos()))
    assert linked.sandbox.linq.fetcher.asked[-1] == ADDRESS
    posts = linked.slack.workspace.channels[linked.channel].messages
    await linked.until(lambda: any(shown(each.text) == ["read"] for each in posts.values()))


@pytest.mark.parametrize(
    "inner", ["https://127.0.0.1/a.m4a", "https://printer.local/a.m4a", "http://example.com/a.m4a"]
)
async def test_an_address_that_is_not_public_is_not_forwarded(linked: System, inner: str) -> None:
    before = len(linked.sandbox.linq.fetcher.asked)
    said = await linked.command(f"send {inner}")
    assert "not on the public internet" in said or "Give the https address" in said
    assert len(linked.sandbox.linq.fetcher.asked) == before


async def test_the_shortcut_sends_a_clip_dropped_before_the_link(linked: System) -> None:
    other = linked.slack.new_channel("late")
    old = await linked.slack.drop(other, Upload("old.m4a", SOUND))
    await linked.slack.settled()
    await linked.link(other, linked.chat)
    said = await linked.slack.shortcut("send_as_voice_memo", other, old.ts)
    assert "on the way" in await later(linked, said)
    await linked.until_shown(old, "read")


async def test_a_deleted_message_is_not_sent(linked: System) -> None:
    linked.sandbox.linq.switches.next("attachments.create", *[4004] * 4)
    message = await linked.drop()
    await linked.until_shown(message, "queued")
    await linked.slack.delete(linked.channel, message.ts)
    await linked.until_shown(message, "cancelled")
    assert linked.memos() == []


async def test_a_file_shared_from_another_organisation_is_looked_up(linked: System) -> None:
    clip = await linked.drop(Upload("shared.m4a", SOUND, shape="connect_stub"))
    picture = await linked.drop(Upload("shared.png", b"\x89PNG" + bytes(99), shape="connect_stub"))
    denied = await linked.drop(Upload("secret.m4a", SOUND, shape="connect_stub", info_error="access_denied"))
    await linked.until_shown(clip, "read")
    await linked.until_shown(denied, "failed")
    assert "may belong to another organisation" in linked.notice(denied)
    assert linked.replies(picture) == []


async def test_a_clip_also_sent_to_the_channel_is_one_memo(linked: System) -> None:
    root = await linked.say("listen to this")
    message = await linked.drop(thread_ts=root.ts, broadcast=True)
    await linked.until_shown(message, "read")
    assert linked.notices(message)[0].thread_ts == root.ts
    assert len(linked.memos()) == 1


async def test_clips_of_bots_are_carried_only_if_allowed(linked: System) -> None:
    allowed = await linked.drop(user=OTHER_BOT)
    await linked.until_shown(allowed, "read")
    stranger = linked.slack.new_user("stranger")
    linked.slack.workspace.users[stranger].bot_id = "B0STRANGER1"
    silent = await linked.drop(Upload("spam.m4a", SOUND), user=stranger)
    await linked.slack.settled()
    assert linked.replies(silent) == []
    assert len(linked.memos()) == 1


# sending again


async def test_resend_by_button_and_by_shortcut_send_what_failed(linked: System) -> None:
    linked.sandbox.linq.switches.next("voicememo", 2026, 2026)
    by_button, by_shortcut = await linked.drop(Upload("one.m4a", SOUND)), await linked.drop(Upload("two.m4a", SOUND))
    await linked.until_shown(by_shortcut, "failed")
    await press(linked, by_button, "resend")
    said = await linked.slack.shortcut("resend_voice_memo", linked.channel, by_shortcut.ts)
    assert "on the way" in await later(linked, said)
    await linked.until_shown(by_button, "read")
    await linked.until_shown(by_shortcut, "read")
    assert [memo.filename for memo in linked.memos()] == ["one.m4a", "two.m4a"]


async def test_resend_of_the_unconfirmed_is_done_once(linked: System) -> None:
    message = await drop_unconfirmed(linked)
    notice = linked.notices(message)[0]
    for user in (BEN, linked.slack.workspace.users[BEN].id):
        await linked.slack.press(linked.channel, notice.ts, "resend", user=user)
    await linked.until(lambda: len(linked.memos()) == 2)
    await linked.slack.settled()
    assert len(linked.memos()) == 2


async def test_it_arrived_settles_what_nobody_could_confirm(linked: System) -> None:
    message = await drop_unconfirmed(linked)
    await press(linked, message, "confirm_delivered")
    await linked.until_shown(message, "sent")
    assert len(linked.memos()) == 1


async def test_what_arrived_is_never_sent_again_by_the_shortcut(linked: System) -> None:
    message = await linked.drop()
    await linked.until_shown(message, "read")
    said = await linked.slack.shortcut("resend_voice_memo", linked.channel, message.ts)
    assert "nothing to send again" in await later(linked, said)
    assert len(linked.memos()) == 1


async def test_resend_after_a_relink_asks_who_is_linked_now(linked: System) -> None:
    """The clip was meant for somebody else: neither the former chat nor the new one gets it by one old button."""
    linked.sandbox.linq.switches.next("voicememo", 2026)
    message = await linked.drop()
    await linked.until_shown(message, "failed")
    await linked.command("unlink")
    assert "not linked to anybody any more" in await later(linked, await press(linked, message, "resend"))
    other = linked.sandbox.linq.add_chat("+12025569997")
    await linked.link(linked.channel, other.id)
    assert "meant for somebody else" in await later(linked, await press(linked, message, "resend"))
    shortcut = await linked.slack.shortcut("resend_voice_memo", linked.channel, message.ts)
    assert "meant for somebody else" in await later(linked, shortcut)
    assert linked.memos() == linked.sandbox.linq.memos(other.id) == []
    await linked.command("unlink")
    await linked.link(linked.channel, linked.chat)
    await press(linked, message, "resend")
    await linked.until_shown(message, "read")
