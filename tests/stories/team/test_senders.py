"""Who may send: guests and people of other organisations may not, unless the link says so, and are told why."""

import pytest

from bot.sandbox.slack.fixtures import PARTNER_TEAM
from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, System

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_A_MEMBER = "Only members of this workspace may send from here"


def add_outsider(linked: System, kind: str) -> str:
    """Somebody in the channel who is no member of the workspace."""
    if kind == "external":
        user = linked.slack.new_user("eve", team=PARTNER_TEAM)
    else:
        user = linked.slack.new_user("gus", guest="multi_channel" if kind == "guest" else "single_channel")
    channel = linked.slack.workspace.channels[linked.channel]
    channel.members.add(user)
    channel.is_ext_shared = kind == "external"
    return user


def is_told(linked: System, outsider: str) -> bool:
    return any(NOT_A_MEMBER in each.text for each in linked.slack.ephemerals(linked.channel, outsider))


@pytest.mark.parametrize("kind", ["external", "guest", "single channel guest"])
async def test_an_outsiders_drop_is_passed_over_and_an_act_is_told_why(linked: System, kind: str) -> None:
    outsider = add_outsider(linked, kind)
    drop = await linked.drop(user=outsider)
    shortcut = await linked.slack.shortcut("send_as_voice_memo", linked.channel, drop.ts, user=outsider)
    mention = await linked.mention("Let me in", user=outsider)
    say = await linked.command("say Let me in", outsider)
    await linked.until(lambda: bool(shortcut.later))
    assert NOT_A_MEMBER in shortcut.later[-1]["text"]
    assert NOT_A_MEMBER in say
    await linked.until(lambda: is_told(linked, outsider))
    await linked.until_marked(mention)
    member = await linked.drop(Upload("mine.m4a", SOUND))
    await linked.until_shown(member, "read")
    assert linked.replies(drop) == []
    assert [memo.filename for memo in linked.memos()] == ["mine.m4a"]
    assert linked.sent() == []


async def test_an_outsider_can_neither_resend_nor_see_numbers(linked: System) -> None:
    outsider = add_outsider(linked, "external")
    linked.sandbox.linq.switches.next("voicememo", 2026)
    failed = await linked.drop()
    await linked.until_shown(failed, "failed")
    pressed = await linked.slack.press(linked.channel, linked.notices(failed)[0].ts, "resend", user=outsider)
    await linked.until(lambda: bool(pressed.later))
    assert NOT_A_MEMBER in pressed.later[-1]["text"]
    for command in ("status", "list"):
        assert "+1202" not in await linked.command(command, outsider)
        assert "+1202" in await linked.command(command)
    assert linked.memos() == []


async def test_a_link_open_to_everyone_carries_an_outsiders_clip(linked: System) -> None:
    outsider = add_outsider(linked, "external")
    await linked.configure("senders", "everyone")
    message = await linked.drop(user=outsider)
    await linked.until_shown(message, "read")


async def test_a_list_of_people_and_groups_decides_alone(linked: System) -> None:
    chosen, grouped = linked.slack.new_user("carl"), linked.slack.new_user("dora")
    members = linked.slack.new_usergroup([grouped])
    await linked.configure("senders", f"<@{chosen}> <!subteam^{members}>")
    passed_over = await linked.drop(Upload("admin.m4a", SOUND))
    for user in (chosen, grouped):
        await linked.until_shown(await linked.drop(Upload(f"{user}.m4a", SOUND), user=user), "read")
    assert linked.replies(passed_over) == []
    assert [memo.filename for memo in linked.memos()] == [f"{chosen}.m4a", f"{grouped}.m4a"]
