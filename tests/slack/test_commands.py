"""/voicememo as people type it in the toy Slack: an ephemeral answer within three seconds, whatever happens."""

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.model import ChannelId, Link
from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS, CREW, ELSEWHERE, HIDDEN
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.wire import Wire
from tests.slack.fake_relay import CHAT, GROUP, FakeRelay

pytestmark = pytest.mark.usefixtures("events_url")

NUMBER = "link <tel:+12025550123|+12025550123>"


async def press_last(slack: SlackServer, channel: str, action_id: str, user: str = ANN) -> InteractionAnswer:
    """Press a button of the last thing this person alone was shown."""
    return await slack.press(channel, slack.ephemerals(channel, user)[-1].ts, action_id, user)


async def test_linking_shows_who_is_in_the_chat_before_it_takes_effect(slack: SlackServer, relay: FakeRelay) -> None:
    said = await slack.command(CREW, NUMBER)
    assert (said.status, said.body["response_type"]) == (200, "ephemeral")
    assert "+12025550123" in said.text
    assert ChannelId(CREW) not in relay.links
    assert not (await press_last(slack, CREW, "link_chat")).error
    assert relay.links[ChannelId(CREW)].chat == CHAT.id
    assert relay.links[ChannelId(CREW)].made_by == ANN


async def test_the_buttons_make_way_for_what_came_of_them(slack: SlackServer, relay: FakeRelay, wire: Wire) -> None:
    await slack.command(CREW, NUMBER)
    await press_last(slack, CREW, "link_chat")
    await wire.until(lambda: bool(wire.named("response_url")))
    [shown] = slack.ephemerals(CREW, ANN)
    assert shown.text.startswith("Linked to *+12025550123*.")


async def test_cancelling_links_nothing(slack: SlackServer, relay: FakeRelay, wire: Wire) -> None:
    await slack.command(CREW, NUMBER)
    await press_last(slack, CREW, "cancel_link")
    await wire.until(lambda: bool(wire.named("response_url")))
    assert ChannelId(CREW) not in relay.links
    assert slack.ephemerals(CREW, ANN)[-1].text == "Nothing was linked."


async def test_several_chats_are_listed_each_with_its_own_button(slack: SlackServer, relay: FakeRelay) -> None:
    relay.chats = [CHAT, GROUP]
    said = await slack.command(CREW, NUMBER)
    values = [block["accessory"]["value"] for block in said.blocks if "accessory" in block]
    assert values == [CHAT.id, GROUP.id]
    assert any("group chat of 2" in str(block) for block in said.blocks)


async def test_who_may_not_link_is_told_so(slack: SlackServer, relay: FakeRelay, wire: Wire) -> None:
    await slack.command(CREW, NUMBER, user=BEN)
    relay.trouble = Refused("Only workspace admins may link or unlink a channel.")
    await press_last(slack, CREW, "link_chat", BEN)
    await wire.until(lambda: bool(wire.named("response_url")))
    assert "Only workspace admins" in slack.ephemerals(CREW, BEN)[-1].text


async def test_linking_where_the_bot_is_not_says_how_to_invite_it(
    slack: SlackServer, relay: FakeRelay, wire: Wire
) -> None:
    for channel in (ELSEWHERE, HIDDEN):
        await slack.command(channel, NUMBER)
        await press_last(slack, channel, "link_chat")
        await wire.until(lambda: "/invite" in slack.ephemerals(channel, ANN)[-1].text)  # noqa: B023  # awaited here


async def test_unlinking_says_what_is_still_on_its_way(slack: SlackServer, relay: FakeRelay) -> None:
    said = await slack.command(CLIPS, "unlink")
    assert "still on the way: 2" in said.text
    assert "not linked" in (await slack.command(CLIPS, "unlink")).text


async def test_status_and_list_show_the_links(slack: SlackServer, relay: FakeRelay) -> None:
    assert "Linked to *+12025550123*" in (await slack.command(CLIPS, "status")).text
    assert "not linked" in (await slack.command(CREW, "status")).text
    assert f"<#{CLIPS}> → *+12025550123*" in (await slack.command(CREW, "list")).text


async def test_a_long_list_is_cut_to_what_slack_takes(slack: SlackServer, relay: FakeRelay) -> None:
    for number in range(300):
        channel = ChannelId(f"C{number}")
        relay.links[channel] = Link(channel, CHAT.id, f"number {number}")
    said = await slack.command(CREW, "list")
    assert len(said.text) <= 3000
    assert "more" in said.text


@pytest.mark.parametrize("typed", ["", "help", "dance"])
async def test_whatever_is_no_verb_gets_help(slack: SlackServer, typed: str) -> None:
    said = await slack.command(CREW, typed)
    for verb in ("link", "unlink", "status", "list", "send"):
        assert f"/voicememo {verb}" in said.text


async def test_link_without_a_chat_says_how(slack: SlackServer) -> None:
    assert "Name the chat" in (await slack.command(CREW, "link")).text


async def test_a_given_url_is_sent_once_for_each_command(slack: SlackServer, relay: FakeRelay) -> None:
    for _ in range(2):
        assert "on the way" in (await slack.command(CLIPS, "send https://example.com/memo.m4a")).text
    first, second = relay.shares
    assert first.clips[0].given_url == "https://example.com/memo.m4a"
    assert (first.post.message_ts, first.post.root_ts, first.post.user) == ("", "", ANN)
    assert first.trigger != second.trigger


async def test_a_given_url_needs_a_link_and_the_bot_in_the_channel(slack: SlackServer, relay: FakeRelay) -> None:
    assert "not linked" in (await slack.command(CREW, "send https://example.com/memo.m4a")).text
    relay.links[ChannelId(ELSEWHERE)] = relay.links[ChannelId(CLIPS)]
    assert "/invite" in (await slack.command(ELSEWHERE, "send https://example.com/memo.m4a")).text
    assert "https address" in (await slack.command(CLIPS, "send memo.m4a")).text
    assert relay.shares == []


async def test_what_others_wrote_is_shown_without_markup(slack: SlackServer, relay: FakeRelay) -> None:
    relay.chats = []
    said = await slack.command(CREW, "link <!channel>&amp;*x*")
    assert "<!channel>" not in said.text
    assert "There is no chat with &lt;!channel&gt;&amp;*x* yet." in said.text


async def test_a_passing_trouble_invites_another_try(slack: SlackServer, relay: FakeRelay) -> None:
    relay.trouble = RetryLater("Linq is rate limiting.")
    assert (await slack.command(CREW, NUMBER)).text == "Linq is rate limiting. Try again in a moment."


@pytest.mark.parametrize("within_s", [0.0])
async def test_slow_work_is_answered_at_once_and_told_when_it_is_done(
    slack: SlackServer, relay: FakeRelay, wire: Wire
) -> None:
    relay.held.clear()
    said = await slack.command(CREW, NUMBER)
    assert (said.error, said.text) == ("", "One moment …")
    relay.held.set()
    await wire.until(lambda: bool(said.later))
    assert "+12025550123" in said.later[0]["text"]


@pytest.mark.parametrize("within_s", [0.0])
async def test_slow_work_that_breaks_is_confessed(slack: SlackServer, relay: FakeRelay, wire: Wire) -> None:
    relay.held.clear()
    said = await slack.command(CREW, NUMBER)
    relay.trouble = RuntimeError("the database is away")
    relay.held.set()
    await wire.until(lambda: bool(said.later))
    assert "Something went wrong" in said.later[0]["text"]
