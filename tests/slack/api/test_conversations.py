"""Conversations in Slack: a root that shows the state, replies in its thread, and nothing beside it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.relay.errors import ROOT_GONE, OutcomeUnknown, Refused, Remedy
from bot.relay.parts import Edit, Media
from bot.relay.ports.networks import Outgoing
from bot.relay.rooms import Conversation
from bot.slack.adapter import SlackAdapter
from bot.slack.api.threads import SlackThreads
from bot.slack.ids import SlackRoom, media_ref, parse_room, person_id
from tests.slack.deliveries import incoming, text
from tests.slack.fake_relay import ANNS_CHAT, LINE
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ARCHIVED, BEN, BOT, CLIPS, ELSEWHERE, HIDDEN, TEAM, Fault
from tests.slack.signed_requests import SignedRequests

CHANNEL = SlackRoom(TEAM, CLIPS)
PENDING = CHANNEL.new_thread("0123abcd").id
AT = datetime(2026, 11, 27, 10, 42, tzinfo=UTC)
NEW = Conversation(PENDING, CHANNEL.id, ANNS_CHAT.id, LINE.label, waiting_since=AT)


@pytest.fixture
def threads(adapter: SlackAdapter) -> SlackThreads:
    return SlackThreads(adapter.api, adapter.messages)


def first_message(*parts: Any, conversation: Conversation = NEW, **fields: Any) -> Outgoing:
    return incoming(*(parts or (text(),)), target=conversation.room, conversation=conversation, **fields)


async def begin(adapter: SlackAdapter, conversation: Conversation = NEW) -> Conversation:
    """Post the root; gives the conversation as it is known from then on."""
    sent = await adapter.sender.send(first_message(conversation=conversation))
    assert sent.thread is not None
    return replace(conversation, room=sent.thread, root=sent.message)


def reply(conversation: Conversation, *, broadcast: bool = False) -> Outgoing:
    outgoing = incoming(text("And at seven?"), target=conversation.room, conversation=conversation)
    return replace(outgoing, delivery=replace(outgoing.delivery, is_broadcast=broadcast))


def posts(slack: FakeSlack) -> list[dict[str, Any]]:
    return [message for message in slack.channels[CLIPS].messages.values() if message["user"] == BOT]


def block_ids(message: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in message["blocks"] if "block_id" in block]


# the root


async def test_root_is_the_contacts_first_message_with_state_and_buttons(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    sent = await adapter.sender.send(first_message())
    [root] = posts(slack)
    assert (root["username"], root["text"]) == ("+12025550123", "see you at six")
    assert "thread_ts" not in root
    assert f"to {LINE.label}" in str(root["blocks"])
    assert block_ids(root)[-2:] == ["memobridge state", "memobridge buttons"]
    assert (sent.message, sent.thread) == (CHANNEL.message(root["ts"]), CHANNEL.thread(root["ts"]).id)


async def test_root_with_a_picture_has_both(slack: FakeSlack, adapter: SlackAdapter) -> None:
    file = slack.add_file("cat.png", b"PICT")
    picture = Media("F0Y", "cat.png", media_ref(TEAM, file.id))
    await adapter.sender.send(first_message(picture, files=(file.id,)))
    [root] = posts(slack)
    assert [each["name"] for each in root["files"]] == ["cat.png"]
    assert "memobridge buttons" in block_ids(root)


async def test_root_links_the_former_conversation(slack: FakeSlack, adapter: SlackAdapter) -> None:
    former = slack.say(CLIPS, "long ago")
    await adapter.sender.send(first_message(conversation=replace(NEW, former=CHANNEL.thread(former["ts"]).id)))
    assert f"p{former['ts'].replace('.', '')}|earlier conversation>" in str(posts(slack)[0]["blocks"])


async def test_former_conversation_that_is_gone_costs_only_its_link(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.sender.send(first_message(conversation=replace(NEW, former=CHANNEL.thread("1700000000.1").id)))
    assert "earlier conversation" not in str(posts(slack)[0]["blocks"])


async def test_root_whose_answer_was_lost_is_found_with_its_thread(slack: FakeSlack, adapter: SlackAdapter) -> None:
    outgoing = first_message()
    slack.faults["chat.postMessage"] = Fault(drop=True, done=True, times=1)
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(outgoing)
    found = await adapter.sender.find(outgoing.delivery)
    [root] = posts(slack)
    assert found is not None
    assert (found.message, found.thread) == (CHANNEL.message(root["ts"]), CHANNEL.thread(root["ts"]).id)


async def test_pending_thread_is_named_by_its_key(threads: SlackThreads) -> None:
    room = threads.new_thread(CHANNEL.id, "abc")
    assert (parse_room(room).key, parse_room(room).channel) == ("abc", CLIPS)


# replies


async def test_reply_stands_in_the_thread_only(slack: FakeSlack, adapter: SlackAdapter) -> None:
    conversation = await begin(adapter)
    sent = await adapter.sender.send(reply(conversation))
    root, answer = posts(slack)
    assert (answer["thread_ts"], sent.thread) == (root["ts"], conversation.room)
    assert slack.root(CLIPS) == [root]


async def test_broadcast_is_shown_in_the_channel_and_mentions_who_has_taken_it(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    conversation = replace(await begin(adapter), taken_by=person_id(TEAM, BEN))
    await adapter.sender.send(reply(conversation, broadcast=True))
    await adapter.sender.send(reply(conversation))
    _, broadcast, quiet = posts(slack)
    assert broadcast in slack.root(CLIPS)
    assert quiet not in slack.root(CLIPS)
    assert (f"<@{BEN}>" in str(broadcast["blocks"]), f"<@{BEN}>" in str(quiet["blocks"])) == (True, False)


async def test_broadcast_of_a_conversation_that_nobody_took_mentions_nobody(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    await adapter.sender.send(reply(await begin(adapter), broadcast=True))
    assert "<@" not in str(posts(slack)[1]["blocks"])


@pytest.mark.parametrize("has_replies", [False, True])
async def test_reply_to_a_deleted_root_leaves_nothing_in_the_channel(
    slack: FakeSlack, adapter: SlackAdapter, has_replies: bool
) -> None:
    conversation = await begin(adapter)
    root_ts = posts(slack)[0]["ts"]
    if has_replies:
        await adapter.sender.send(reply(conversation))
    slack.delete(CLIPS, root_ts)
    with pytest.raises(Refused) as no:
        await adapter.sender.send(reply(conversation))
    assert no.value.code == ROOT_GONE
    assert [message for message in slack.root(CLIPS) if message.get("subtype") != "tombstone"] == []


async def test_root_deleted_just_before_the_post_takes_the_post_back(slack: FakeSlack, adapter: SlackAdapter) -> None:
    """That the thread exists was asked a moment ago, so nobody asks again."""
    conversation = await begin(adapter)
    await adapter.sender.send(reply(conversation))
    for message in posts(slack):
        slack.channels[CLIPS].messages.pop(message["ts"])
    with pytest.raises(Refused) as no:
        await adapter.sender.send(reply(conversation))
    assert no.value.code == ROOT_GONE
    assert slack.root(CLIPS) == []


@pytest.mark.parametrize("has_replies", [False, True])
async def test_event_that_the_root_is_deleted_keeps_the_next_reply_from_being_posted(
    slack: FakeSlack, adapter: SlackAdapter, requests: SignedRequests, has_replies: bool
) -> None:
    conversation = await begin(adapter)
    await adapter.sender.send(reply(conversation))
    root, _ = posts(slack)
    slack.delete(CLIPS, root["ts"])
    if has_replies:
        gone = slack.message(CLIPS, root["ts"])
        event = {"type": "message", "subtype": "message_changed", "channel": CLIPS, "ts": slack.next_ts()}
        await requests.event({**event, "message": gone, "previous_message": root})
    else:
        await requests.deleted(root)
    posted = len(slack.named("chat.postMessage"))
    with pytest.raises(Refused) as no:
        await adapter.sender.send(reply(conversation))
    assert no.value.code == ROOT_GONE
    assert len(slack.named("chat.postMessage")) == posted


@pytest.mark.parametrize(
    ("channel", "remedy"),
    [(ARCHIVED, Remedy.RESTORE_ROOM), (ELSEWHERE, Remedy.INVITE_BOT), (HIDDEN, Remedy.INVITE_BOT)],
)
async def test_channel_that_takes_no_root_names_what_brings_it_back(
    adapter: SlackAdapter, channel: str, remedy: Remedy
) -> None:
    inbox = SlackRoom(TEAM, channel)
    with pytest.raises(Refused) as no:
        await adapter.sender.send(
            first_message(conversation=replace(NEW, room=inbox.new_thread("k").id, inbox=inbox.id))
        )
    assert no.value.remedy is remedy


# the state


async def test_state_is_edited_in_place_and_the_words_stay(
    slack: FakeSlack, adapter: SlackAdapter, threads: SlackThreads
) -> None:
    conversation = await begin(adapter)
    [before] = [dict(each) for each in posts(slack)]
    await threads.show(replace(conversation, taken_by=person_id(TEAM, BEN)))
    [root] = posts(slack)
    assert root["blocks"][0] == before["blocks"][0]
    assert (root["text"], root["ts"]) == (before["text"], before["ts"])
    assert f"taken by <@{BEN}>" in str(root["blocks"])
    assert block_ids(root) == block_ids(before)


async def test_state_of_a_deleted_root_is_shown_nowhere(
    slack: FakeSlack, adapter: SlackAdapter, threads: SlackThreads
) -> None:
    conversation = await begin(adapter)
    slack.delete(CLIPS, posts(slack)[0]["ts"])
    await threads.show(conversation)
    assert posts(slack) == []


async def test_showing_states_leaves_the_calls_that_read_threads(
    slack: FakeSlack, adapter: SlackAdapter, threads: SlackThreads
) -> None:
    """After a start the messages of a thread wait until it was read, and Slack counts the calls of each method."""
    conversation = await begin(adapter)
    await threads.show(conversation)
    await adapter.sender.send(reply(conversation))
    assert slack.named("conversations.replies") == []


async def test_edit_of_the_first_words_keeps_the_state(
    slack: FakeSlack, adapter: SlackAdapter, threads: SlackThreads
) -> None:
    conversation = await begin(adapter)
    edit = incoming(Edit("edit", "see you at seven"), target=conversation.room, about=conversation.root)
    await adapter.sender.send(edit)
    [root] = posts(slack)
    assert "see you at seven" in str(root["blocks"])
    assert block_ids(root)[-2:] == ["memobridge state", "memobridge buttons"]
    await threads.show(replace(conversation, answered_at=AT, waiting_since=None))
    assert "see you at seven" in str(posts(slack)[0]["blocks"])
