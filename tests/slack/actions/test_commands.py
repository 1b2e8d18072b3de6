"""/voicememo as people type it: an ephemeral answer within three seconds, whatever happens."""

from dataclasses import replace
from typing import Any

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.parts import Text, Voice
from bot.relay.rooms import Mode
from bot.slack.ids import SlackRoom, person_id
from tests.slack.fake_relay import ANNS_CHAT, GROUP, FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import (
    ANN,
    BEN,
    CLIPS,
    CREW,
    ELSEWHERE,
    GUEST,
    HIDDEN,
    STRANGER,
    TEAM,
    FakeChannel,
)
from tests.slack.signed_requests import SignedRequests
from tests.slack.times import NOON

NUMBER = "link <tel:+12025550123|+12025550123>"
CHANNEL, OTHER = SlackRoom(TEAM, CLIPS).id, SlackRoom(TEAM, CREW).id


async def said(requests: SignedRequests, text: str, channel: str = CLIPS, user: str = ANN) -> str:
    """The text of the answer."""
    answer = await requests.command(text, channel, user)
    assert answer.status == 200
    body = answer.body
    assert body["response_type"] == "ephemeral"
    words: str = body["text"]
    return words


async def later(slack: FakeSlack) -> str:
    """What came through the response_url last, once it has come."""
    await slack.until(lambda: bool(slack.responses))
    words: str = slack.responses[-1]["text"]
    return words


def also_linked(relay: FakeRelay, *channels: str) -> None:
    for channel in channels:
        room = SlackRoom(TEAM, channel).id
        relay.links[room] = replace(relay.links[CHANNEL], room=room)


# link and unlink


async def test_linking_shows_who_is_in_the_chat_before_it_takes_effect(
    relay: FakeRelay, requests: SignedRequests
) -> None:
    assert "+12025550123" in await said(requests, NUMBER, CREW)
    assert OTHER not in relay.links
    assert (await requests.click("link_chat", ANNS_CHAT.id, CREW)).status == 200
    assert relay.links[OTHER].peer == ANNS_CHAT.id
    assert relay.links[OTHER].made_by == person_id(TEAM, ANN)


async def test_the_buttons_make_way_for_what_came_of_them(slack: FakeSlack, requests: SignedRequests) -> None:
    await requests.click("link_chat", ANNS_CHAT.id, CREW)
    assert (await later(slack)).startswith("Linked to *+12025550123*.")
    assert slack.responses[-1]["replace_original"] is True


async def test_cancelling_links_nothing(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    await requests.click("cancel_link", "cancel", CREW)
    assert await later(slack) == "Nothing was linked."
    assert OTHER not in relay.links


async def test_several_chats_are_listed_each_with_its_own_button(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.rooms = [ANNS_CHAT, GROUP]
    blocks: list[dict[str, Any]] = (await requests.command(NUMBER, CREW)).body["blocks"]
    assert [block["accessory"]["value"] for block in blocks if "accessory" in block] == [ANNS_CHAT.id, GROUP.id]
    assert any("group chat of 2" in str(block) for block in blocks)


async def test_who_may_not_link_is_told_so(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    relay.trouble = Refused("Only workspace admins may link or unlink a channel.")
    await requests.click("link_chat", ANNS_CHAT.id, CREW, BEN)
    assert "Only workspace admins" in await later(slack)


@pytest.mark.parametrize("channel", [ELSEWHERE, HIDDEN])
async def test_linking_where_the_bot_is_not_says_how_to_invite_it(
    slack: FakeSlack, requests: SignedRequests, channel: str
) -> None:
    await requests.click("link_chat", ANNS_CHAT.id, channel)
    assert "/invite" in await later(slack)


async def test_unlinking_says_what_is_still_on_its_way(requests: SignedRequests) -> None:
    assert "still on the way: 2" in await said(requests, "unlink")
    assert "not linked" in await said(requests, "unlink")


async def test_link_without_a_chat_says_how(requests: SignedRequests) -> None:
    assert "Name the chat" in await said(requests, "link", CREW)


# status and list


async def test_status_shows_the_link_and_its_settings(requests: SignedRequests) -> None:
    words = await said(requests, "status")
    assert "Linked to *+12025550123*, by <@U0ANN>." in words
    assert "mode: *voice*. replies: *on*. senders: *members*." in words
    assert "not linked" in await said(requests, "status", CREW)


@pytest.mark.parametrize("verb", ["status", "list"])
async def test_contact_with_a_card_is_shown_by_name_and_number(
    relay: FakeRelay, requests: SignedRequests, verb: str
) -> None:
    relay.shown_as["+12025550123"] = "Ann Lee (+12025550123)"
    assert "*Ann Lee (+12025550123)*" in await said(requests, verb)
    assert "Ann Lee" not in await said(requests, verb, user=GUEST)


@pytest.mark.parametrize("user", [GUEST, STRANGER, "U0NOBODY"])
async def test_numbers_are_for_members_of_the_workspace_only(
    relay: FakeRelay, requests: SignedRequests, user: str
) -> None:
    for verb in ("status", "list"):
        words = await said(requests, verb, user=user)
        assert "+1202" not in words
    assert "an iMessage chat" in await said(requests, "status", user=user)


async def test_numbers_are_not_shown_where_nobody_can_tell_who_asks(slack: FakeSlack, requests: SignedRequests) -> None:
    slack.scopes.remove("users:read")
    assert "+1202" not in await said(requests, "status")


async def test_the_list_has_only_channels_that_the_person_is_in(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    also_linked(relay, CREW, HIDDEN)
    slack.channels[CREW].people = frozenset({ANN})
    assert await said(requests, "list", user=BEN) == f"<#{CLIPS}> → *+12025550123*"
    assert f"<#{HIDDEN}>" in await said(requests, "list", user=ANN)


async def test_a_linked_thread_is_listed_with_its_channel(relay: FakeRelay, requests: SignedRequests) -> None:
    thread = SlackRoom(TEAM, CLIPS, "1790000000.000100").id
    relay.links = {thread: replace(relay.links[CHANNEL], room=thread)}
    assert await said(requests, "list") == f"<#{CLIPS}> (a thread) → *+12025550123*"


async def test_a_long_list_is_cut_to_what_slack_takes(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    for number in range(300):
        channel = f"C{number:05}"
        slack.channels[channel] = FakeChannel(channel)
        also_linked(relay, channel)
    words = await said(requests, "list")
    assert len(words) <= 3000
    assert "more links" in words


async def test_an_empty_list_says_so(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.links.clear()
    assert "No channel" in await said(requests, "list")


# settings


async def test_a_setting_is_changed_and_shown(relay: FakeRelay, requests: SignedRequests) -> None:
    assert "mode: *conversation*" in await said(requests, "set mode conversation")
    assert relay.links[CHANNEL].settings.mode is Mode.CONVERSATION
    assert "replies: *off*" in await said(requests, "SET Replies OFF")


async def test_senders_may_be_people_and_groups(relay: FakeRelay, requests: SignedRequests) -> None:
    words = await said(requests, f"set senders <@{BEN}|ben>, <!subteam^S0SALES|@sales> members")
    assert relay.links[CHANNEL].settings.senders == (f"slack:{TEAM}@{BEN}", f"slack:{TEAM}&S0SALES", "members")
    assert f"senders: *<@{BEN}>, <!subteam^S0SALES>, members*" in words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("set", "Name what to set"),
        ("set mode", "Name what to set"),
        ("set colour red", "There is no setting colour"),
        ("set mode shouting", "voice or conversation"),
        ("set senders @ben", "@ben is nobody"),
    ],
)
async def test_a_setting_that_makes_no_sense_says_what_to_write(
    requests: SignedRequests, typed: str, words: str
) -> None:
    assert words in await said(requests, typed)


# send and say


async def test_a_public_address_is_sent_once_for_each_command(relay: FakeRelay, requests: SignedRequests) -> None:
    for _ in range(2):
        assert "on the way" in await said(requests, "send https://example.com/memo.m4a")
    first, second = relay.messages
    [part] = first.parts
    assert isinstance(part, Voice)
    assert (part.media, part.is_public) == ("web:https://example.com/memo.m4a", True)
    assert (first.room, first.thread, first.notice_room) == (CHANNEL, None, CHANNEL)
    assert (first.sender, first.sent_at) == (person_id(TEAM, ANN), NOON)
    assert first.id == f"slack:{TEAM}/{CLIPS}#command-{first.command}"
    assert first.command != second.command


async def test_say_sends_a_text_as_people_read_it(relay: FakeRelay, requests: SignedRequests) -> None:
    assert "on the way" in await said(requests, f"say *hi* <@{BEN}|ben> :wave: &amp; <https://example.com|example.com>")
    [message] = relay.messages
    [part] = message.parts
    assert isinstance(part, Text)
    assert part.text == "hi @Ben Okafor 👋 & https://example.com"
    assert message.command


async def test_say_without_words_says_how(relay: FakeRelay, requests: SignedRequests) -> None:
    assert "Write what to send" in await said(requests, "say")
    assert relay.messages == []


@pytest.mark.parametrize(
    ("typed", "mode", "way"),
    [
        ("say Hello", "voice", "Write it in the contact's thread, beginning with a mention of the bot"),
        ("say", "voice", "*More actions › Send to iMessage*"),
        ("say Hello", "conversation", "Write it in the contact's thread: there it goes at once."),
        ("send https://example.com/memo.m4a", "voice", "Drop the recording in the contact's thread."),
        ("later 15:00 Hello", "voice", "*More actions › Send later*"),
        ("later 15:00 Hello", "conversation", "none can be sent later"),
    ],
)
async def test_command_in_an_inbox_is_told_how_to_reach_a_contact(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, typed: str, mode: str, way: str
) -> None:
    await said(requests, "inbox all")
    await said(requests, f"set mode {mode}")
    words = await said(requests, typed)
    assert "Slack runs no commands in threads" in words
    assert way in words
    assert relay.messages == []
    assert not slack.named("views.open")


@pytest.mark.parametrize("typed", ["send https://example.com/memo.m4a", "say hello"])
async def test_sending_needs_a_link_and_the_bot_in_the_channel(
    relay: FakeRelay, requests: SignedRequests, typed: str
) -> None:
    assert "not linked" in await said(requests, typed, CREW)
    also_linked(relay, ELSEWHERE)
    assert "/invite" in await said(requests, typed, ELSEWHERE)
    assert relay.messages == []


async def test_an_address_that_is_none_says_so(relay: FakeRelay, requests: SignedRequests) -> None:
    assert "https address" in await said(requests, "send memo.m4a")
    assert "More actions" in await said(requests, "send https://files.slack.com/files-pri/T0-F0/a.m4a")


async def test_who_may_not_send_is_told_so(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.refusal = "Only members of this workspace may send from here."
    assert await said(requests, "say hello", user=STRANGER) == relay.refusal


# whatever happens


@pytest.mark.parametrize("typed", ["", "help", "dance"])
async def test_whatever_is_no_verb_gets_help(requests: SignedRequests, typed: str) -> None:
    words = await said(requests, typed, CREW)
    for verb in ("link", "unlink", "set", "status", "list", "send", "say"):
        assert f"/voicememo {verb}" in words
    assert "//" in words


async def test_what_others_wrote_is_shown_without_markup(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.rooms = []
    words = await said(requests, "link <!channel>&amp;*x*", CREW)
    assert "There is no chat with &lt;!channel&gt;&amp;*x* yet." in words


async def test_a_passing_trouble_invites_another_try(relay: FakeRelay, requests: SignedRequests) -> None:
    relay.trouble = RetryLater("Linq is rate limiting.")
    assert await said(requests, NUMBER, CREW) == "Linq is rate limiting. Try again in a moment."


@pytest.mark.parametrize("within_s", [0.0])
async def test_slow_work_is_answered_at_once_and_told_when_it_is_done(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    relay.held.clear()
    assert await said(requests, NUMBER, CREW) == "One moment …"
    relay.held.set()
    assert "+12025550123" in await later(slack)


@pytest.mark.parametrize("within_s", [0.0])
async def test_slow_work_that_breaks_is_confessed(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    relay.held.clear()
    await said(requests, NUMBER, CREW)
    relay.trouble = RuntimeError("the database is away")
    relay.held.set()
    assert "Something went wrong" in await later(slack)
