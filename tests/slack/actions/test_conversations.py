"""Buttons, menu and modals of a conversation's root, as people use them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.relay.ids import RoomId
from bot.relay.rooms import UnheardRoom
from bot.slack.ids import SlackRoom, person_id
from tests.slack.fake_relay import ANNS_CHAT, LINE, FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, BEN, CLIPS, CREW, ELSEWHERE, GUEST, TEAM
from tests.slack.signed_requests import SignedRequests
from tests.slack.times import NOON

CHANNEL = SlackRoom(TEAM, CLIPS)


@pytest.fixture
def root(slack: FakeSlack) -> dict[str, Any]:
    return slack.say(CLIPS, "Hello.")


@pytest.fixture
def thread(root: dict[str, Any]) -> RoomId:
    return CHANNEL.thread(root["ts"]).id


async def told(slack: FakeSlack) -> str:
    """What the person was told last, once it has come."""
    await slack.until(lambda: bool(slack.responses))
    words: str = slack.responses[-1]["text"]
    return words


def choice(channel: str) -> dict[str, Any]:
    return {"channel": {"channel": {"type": "conversations_select", "selected_conversation": channel}}}


# buttons


@pytest.mark.parametrize("action", ["take", "release", "close", "reopen"])
async def test_button_acts_on_the_thread_of_its_root(
    relay: FakeRelay, requests: SignedRequests, root: dict[str, Any], thread: RoomId, action: str
) -> None:
    assert (await requests.press(action, root, user=BEN)).status == 200
    assert relay.acts == [(action, thread, person_id(TEAM, BEN))]


async def test_of_two_who_press_take_at_once_the_other_is_told_who(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any], thread: RoomId
) -> None:
    await asyncio.gather(*(requests.press("take", root, user=user) for user in (ANN, BEN)))
    holder = ANN if relay.holders[thread] == person_id(TEAM, ANN) else BEN
    assert await told(slack) == f"<@{holder}> has taken it already."
    assert len(slack.responses) == 1


async def test_taking_what_is_already_ones_own_says_nothing(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any]
) -> None:
    for _ in range(2):
        await requests.press("take", root)
    assert slack.responses == []


@pytest.mark.parametrize("action", ["take", "release", "close", "reopen"])
async def test_who_may_not_send_is_told_why_not(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any], action: str
) -> None:
    relay.refusal = "Only members of this workspace may send from here."
    await requests.press(action, root, user=GUEST)
    assert await told(slack) == relay.refusal
    assert relay.acts == []


# the menu


async def test_unblock_is_done_at_once(relay: FakeRelay, requests: SignedRequests, root: dict[str, Any]) -> None:
    await requests.press("conversation_more", root, option="unblock")
    assert [act[0] for act in relay.acts] == ["unblock"]


async def test_block_is_asked_twice_and_says_what_it_means(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any], thread: RoomId
) -> None:
    await requests.press("conversation_more", root, option="block")
    [view] = slack.views
    assert "nobody tells us of it" in str(view["blocks"])
    assert relay.acts == []
    assert (await requests.submit(view, user=BEN)).status == 200
    assert relay.acts == [("block", thread, person_id(TEAM, BEN))]


async def test_move_asks_for_the_channel_and_says_where_it_goes_on(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any], thread: RoomId
) -> None:
    await requests.press("conversation_more", root, option="move")
    answer = await requests.submit(slack.views[0], choice(CREW))
    assert relay.acts == [("move", thread, SlackRoom(TEAM, CREW).id, person_id(TEAM, ANN))]
    assert answer.body["response_action"] == "update"
    assert f"<#{CREW}>" in str(answer.body["view"])


@pytest.mark.parametrize(("channel", "words"), [(ELSEWHERE, "/invite"), ("", "Choose a channel")])
async def test_move_to_where_the_bot_is_not_is_refused_in_the_modal(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any], channel: str, words: str
) -> None:
    await requests.press("conversation_more", root, option="move")
    answer = await requests.submit(slack.views[0], choice(channel))
    assert words in str(answer.body["view"])
    assert relay.acts == []


@pytest.mark.parametrize("option", ["move", "block"])
async def test_refused_modal_says_why_not(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any], option: str
) -> None:
    await requests.press("conversation_more", root, option=option)
    relay.refusal = "This conversation goes on elsewhere."
    answer = await requests.submit(slack.views[0], choice(CREW))
    assert relay.refusal in str(answer.body["view"])


async def test_modal_of_an_older_version_is_closed(relay: FakeRelay, requests: SignedRequests) -> None:
    view = {"callback_id": "merge_contacts", "private_metadata": "x", "type": "modal", "blocks": []}
    assert (await requests.submit(view)).status == 200
    assert relay.acts == []


async def test_line_of_an_older_menu_does_nothing(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, root: dict[str, Any]
) -> None:
    assert (await requests.press("conversation_more", root, option="snooze")).status == 200
    assert (relay.acts, slack.views) == ([], [])


# the command


async def said(requests: SignedRequests, text: str, channel: str = CREW, user: str = ANN) -> str:
    words: str = (await requests.command(text, channel, user)).body["text"]
    return words


async def test_inbox_says_which_line_and_that_nothing_from_before_is_carried(
    relay: FakeRelay, requests: SignedRequests
) -> None:
    words = await said(requests, "inbox +1 202 555 0100")
    assert "*+1 202 555 0100*" in words
    assert "It has 3 chats so far; nothing from before is carried." in words
    made = relay.links[SlackRoom(TEAM, CREW).id]
    assert (made.peer, made.is_inbox, made.made_by) == (LINE.room, True, person_id(TEAM, ANN))


async def test_inbox_says_how_many_chats_nobody_heard(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.chats_unheard = [unheard(), unheard()]
    assert "2 of our chats wrote lately and were heard by nobody." in await said(requests, "inbox all")


async def test_second_inbox_of_a_line_is_told_where_the_first_is(relay: FakeRelay, requests: SignedRequests) -> None:
    await said(requests, "inbox all", CREW)
    relay.links.pop(CHANNEL.id)
    assert f"<#{CREW}>" in await said(requests, "inbox all", CLIPS)
    assert CHANNEL.id not in relay.links


async def test_inbox_off_ends_it(relay: FakeRelay, requests: SignedRequests) -> None:
    await said(requests, "inbox all")
    await said(requests, "inbox off")
    assert SlackRoom(TEAM, CREW).id not in relay.links


async def test_inbox_needs_the_bot_in_the_channel(relay: FakeRelay, requests: SignedRequests) -> None:
    assert "/invite" in await said(requests, "inbox all", ELSEWHERE)
    assert len(relay.links) == 1


async def test_inbox_without_a_line_says_how(requests: SignedRequests) -> None:
    assert "Name one of our numbers" in await said(requests, "inbox")


async def test_inbox_is_for_link_admins(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.refusal = "Only workspace admins may link or unlink."
    assert await said(requests, "inbox all", user=BEN) == relay.refusal
    assert len(relay.links) == 1


async def test_list_shows_chats_that_nobody_hears_to_members_only(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.chats_unheard = [unheard(), unheard()]
    words = await said(requests, "list")
    assert "2 chats wrote to us and nobody listens: 6 messages" in words
    assert ANNS_CHAT.id not in words
    assert "nobody listens" not in await said(requests, "list", user=GUEST)


async def test_list_and_status_name_the_inbox(relay: FakeRelay, requests: SignedRequests) -> None:
    await said(requests, "inbox all")
    assert f"<#{CREW}> → *+1 202 555 0100*" in await said(requests, "list")
    assert "The inbox of *+1 202 555 0100*" in await said(requests, "status")


def unheard() -> UnheardRoom:
    return UnheardRoom(ANNS_CHAT.id, LINE.room, NOON - timedelta(hours=1), NOON, messages=3)
