"""What Slack's events come to over signed HTTP: stored before answered, answered in any case, and never lost."""

import asyncio
from dataclasses import replace

import pytest

from bot.relay.errors import RetryLater
from bot.relay.parts import Edit, Media, Reaction, Text, Voice
from bot.slack.adapter import SlackAdapter
from bot.slack.api.identity import CHECKED_EVERY_S
from bot.slack.dispatch import Dispatcher
from bot.slack.ids import SlackRoom, person_id
from tests.slack.conftest import Seconds
from tests.slack.fake_relay import FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, BEN, BOT, BOT_ID, CLIPS, CREW, TEAM, Fault
from tests.slack.signed_requests import SignedRequests, enveloped

CHANNEL = SlackRoom(TEAM, CLIPS)


async def test_a_message_is_accepted_before_it_is_answered(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    dropped = slack.drop(slack.add_file(), client_msg_id="twin", text="listen")
    relay.held.clear()
    answering = asyncio.create_task(requests.message(dropped))
    await relay.asked.wait()
    assert not answering.done()
    relay.held.set()
    assert (await answering).status == 200
    [message] = relay.messages
    assert message.id == f"slack:{TEAM}/{CLIPS}#{dropped['ts']}"
    assert (message.room, message.thread, message.about) == (CHANNEL.id, None, None)
    assert message.notice_room == CHANNEL.thread(dropped["ts"]).id
    assert message.sender == person_id(TEAM, ANN)
    assert message.sent_at.timestamp() == pytest.approx(float(dropped["ts"]))
    assert message.dedup_key == f"slack:{TEAM}/{CLIPS}~twin"
    assert [type(part) for part in message.parts] == [Text, Voice]


async def test_what_could_not_be_stored_is_a_500_so_that_slack_delivers_again(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    dropped = slack.drop(slack.add_file())
    for trouble in (RuntimeError("the database is away"), RetryLater("The store is busy.")):
        relay.trouble = trouble
        assert (await requests.message(dropped)).status == 500
    relay.trouble = None
    assert (await requests.message(dropped)).status == 200
    assert len(relay.messages) == 1


async def test_no_event_is_lost_while_auth_test_fails(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    slack.faults["auth.test"] = Fault(error="invalid_auth", times=1)
    dropped = slack.drop(slack.add_file())
    assert [(await requests.message(dropped)).status for _ in range(2)] == [500, 200]
    assert len(relay.messages) == 1


async def test_the_team_is_that_of_the_installation_and_not_of_the_author(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.event(slack.drop(slack.add_file()) | {"channel": CLIPS}, team_id="T0FAR")
    await requests.event(slack.drop(slack.add_file()) | {"channel": CLIPS}, authorizations=[], team_id="T0FAR")
    assert {message.room for message in relay.messages} == {CHANNEL.id}


async def test_the_same_channel_in_two_workspaces_is_two_rooms(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    other = SlackRoom("T0BBB", CLIPS).id
    relay.links[other] = relay.links[CHANNEL.id]
    await requests.event(slack.drop(slack.add_file()) | {"channel": CLIPS}, context_team_id="T0BBB")
    assert [message.room for message in relay.messages] == [other]


async def test_a_message_in_a_thread_knows_its_thread_and_what_it_answers(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.say(text="hello")
    await requests.message(slack.drop(slack.add_file(), thread_ts=root["ts"]))
    [message] = relay.messages
    assert message.thread == message.notice_room == CHANNEL.thread(root["ts"]).id
    assert message.about == CHANNEL.message(root["ts"])


async def test_a_reply_shown_in_the_channel_too_is_said_at_its_root(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.say(text="hello")
    broadcast = slack.say(text="all of you", thread_ts=root["ts"], subtype="thread_broadcast")
    await requests.message(broadcast)
    assert [message.thread for message in relay.messages] == [None]
    relay.links[CHANNEL.thread(root["ts"]).id] = relay.links[CHANNEL.id]
    await requests.message(broadcast)
    assert relay.messages[1].thread == CHANNEL.thread(root["ts"]).id


async def test_other_bots_are_passed_over_unless_they_are_allowed(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    for bot_id in ("B0OTHER", "B0FRIEND", BOT_ID):
        assert (await requests.message(slack.drop(slack.add_file(), bot_id=bot_id))).status == 200
    await requests.message(slack.drop(slack.add_file(), user=BOT))
    assert len(relay.messages) == 1


async def test_an_event_nobody_listens_to_is_answered_200(slack: FakeSlack, requests: SignedRequests) -> None:
    for kind in ("channel_archive", "app_mention", "file_shared"):
        assert (await requests.event({"type": kind, "channel": CREW})).status == 200
    assert (await requests.payload({"type": "app_rate_limited", "minute_rate_limited": 1})).status == 200


# what is explicit, and what is internal


async def test_a_message_that_begins_with_a_mention_of_the_bot_is_explicit(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    for text in (f"<@{BOT}> see you at six", f"<@{BOT}|memobridge>: see you at six"):
        await requests.message(slack.say(text=text))
    first, second = relay.messages
    assert [part for message in (first, second) for part in message.parts] == [Text("text", "see you at six")] * 2
    assert [message.command for message in (first, second)] == [first.id, second.id]


async def test_a_mention_told_twice_is_one_cause(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    said = slack.say(text=f"<@{BOT}> hello")
    for _ in range(2):
        await requests.message(said)
    assert len({message.command for message in relay.messages}) == 1


async def test_a_mention_later_in_the_text_is_not_explicit(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.message(slack.say(text=f"ask <@{BOT}> about it"))
    assert [message.command for message in relay.messages] == [""]


@pytest.mark.parametrize("text", ["// for us", f"<@{BOT}> // for us"])
async def test_what_begins_with_two_slashes_is_internal(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, text: str
) -> None:
    await requests.message(slack.say(text=text))
    assert [message.is_internal for message in relay.messages] == [True]


async def test_who_may_not_send_is_told_so_alone(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    relay.refusal = "Only members of this workspace may send from here."
    assert (await requests.message(slack.say(text=f"<@{BOT}> hello", user=BEN))).status == 200
    assert slack.ephemerals(BEN) == [relay.refusal]


async def test_a_mention_in_a_channel_without_a_link_says_so(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.message(slack.say(CREW, text=f"<@{BOT}> hello"), CREW)
    assert "not linked" in slack.ephemerals(ANN)[0]


async def test_events_of_a_channel_are_handled_in_the_order_in_which_they_came(
    slack: FakeSlack, relay: FakeRelay, dispatcher: Dispatcher
) -> None:
    said = [slack.say(text=f"<@{BEN}>, look"), slack.say(text="at once")]
    events = [enveloped({**message, "channel": CLIPS, "event_ts": message["ts"]}) for message in said]
    await asyncio.gather(*map(dispatcher.dispatch, events))
    assert [message.id for message in relay.messages] == [CHANNEL.message(message["ts"]) for message in said]


async def test_event_that_could_not_be_stored_has_its_rooms_read_before_the_next_one(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    """Slack tells it again only after a minute."""
    relay.trouble = RetryLater("The database cannot be reached.")
    root = slack.say(text="root")
    await requests.message(slack.say(text="first", thread_ts=root["ts"]))
    relay.trouble = None
    assert relay.gaps == []
    await requests.message(slack.say(text="second"))
    assert relay.gaps == [CHANNEL.id]
    await requests.message(slack.say(text="third", thread_ts=root["ts"]))
    assert relay.gaps == [CHANNEL.id, CHANNEL.thread(root["ts"]).id]


# mentions


async def test_people_are_mentioned_by_their_names(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.message(slack.say(text=f"<@{ANN}>, <@{BEN}>, <#{CREW}> and <!subteam^S0SALES> and <@U0NOBODY>"))
    assert relay.messages[0].parts == (Text("text", "@Ann, @Ben Okafor, #crew and @sales and @somebody"),)


async def test_names_are_not_looked_up_for_a_channel_without_a_link(slack: FakeSlack, requests: SignedRequests) -> None:
    await requests.message(slack.say(CREW, text=f"<@{ANN}>"), CREW)
    assert slack.named("users.info") == []


# files that only Slack, or their bytes, can tell


async def test_a_stub_is_looked_up(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    file = slack.add_file("memo.m4a")
    stub = {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
    assert (await requests.message(slack.say(files=[stub], subtype="file_share"))).status == 200
    [part] = relay.messages[0].parts
    assert isinstance(part, Voice)
    assert (part.name, bool(part.media_hint)) == ("memo.m4a", True)


@pytest.mark.parametrize(("error", "count"), [("access_denied", 1), ("not_visible", 1), ("file_deleted", 0)])
async def test_a_stub_that_slack_does_not_show_fails_where_its_owner_sees_it(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, error: str, count: int
) -> None:
    file = slack.add_file("memo.m4a")
    file.info_error = error
    stub = {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
    await requests.message(slack.say(files=[stub], subtype="file_share"))
    assert [type(part) for message in relay.messages for part in message.parts] == [Voice] * count


async def test_a_stub_is_delivered_again_while_slack_cannot_say_what_it_is(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    slack.faults["files.info"] = Fault(status=503, times=1)
    file = slack.add_file("memo.m4a")
    dropped = slack.say(files=[{"id": file.id, "file_access": "check_file_info"}], subtype="file_share")
    assert [(await requests.message(dropped)).status for _ in range(2)] == [500, 200]


async def test_a_file_in_a_channel_without_a_link_is_not_looked_up(slack: FakeSlack, requests: SignedRequests) -> None:
    stub = {"id": slack.add_file().id, "file_access": "check_file_info"}
    assert (await requests.message(slack.say(CREW, files=[stub]), CREW)).status == 200
    assert slack.named("files.info") == []


@pytest.mark.parametrize(
    ("content", "kind"), [(b"AUDIO", Voice), (b"OGGS", Voice), (b"VIDEO", Media), (b"PICT", Media), (b"????", Media)]
)
async def test_where_neither_label_nor_name_decides_the_first_bytes_do(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests, content: bytes, kind: type
) -> None:
    file = slack.add_file("recording", content, mimetype="", filetype="")
    assert (await requests.message(slack.drop(file))).status == 200
    assert [type(part) for part in relay.messages[0].parts] == [kind]


# what happens to a message afterwards


async def test_a_deleted_message_is_withdrawn_from_all_its_rooms(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.say(text="root")
    reply = slack.drop(slack.add_file(), thread_ts=root["ts"])
    await requests.deleted(root)
    await requests.deleted(reply)
    rooms = (CHANNEL.thread(root["ts"]).id, CHANNEL.id)
    assert relay.withdrawn == [
        (CHANNEL.message(root["ts"]), (CHANNEL.id,), ()),
        (CHANNEL.message(reply["ts"]), rooms, ()),
    ]


async def test_who_deletes_what_was_sent_already_is_told(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    relay.sent_already = [person_id(TEAM, ANN)]
    await requests.deleted(slack.say(text="root"))
    [told] = slack.named("chat.postEphemeral")
    assert (told.args["user"], "cannot be taken back" in told.args["text"]) == (ANN, True)


async def test_the_thread_is_told_what_of_it_was_sent_already(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.say(text="root")
    relay.sent_already = [person_id(TEAM, ANN)]
    await requests.deleted(slack.say(text="a reply", thread_ts=root["ts"]))
    [told] = slack.named("chat.postMessage")
    assert (told.args["thread_ts"], "cannot be taken back" in told.args["text"]) == (root["ts"], True)


async def test_a_deletion_is_stored_before_it_is_answered(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    relay.trouble = RetryLater("The store is busy.")
    assert (await requests.deleted(slack.say(text="root"))).status == 500


async def test_our_own_deleted_posts_withdraw_nothing(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.deleted(slack.say(user=BOT, bot_id=BOT_ID, text="notice"))
    assert relay.withdrawn == []


async def test_a_deleted_file_is_withdrawn_and_the_rest_of_its_message_stays(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    gone, kept = slack.add_file(), slack.add_file()
    before = slack.drop(gone, kept, text="two")
    files = [{"id": gone.id, "mode": "tombstone"}, slack.file_object(kept)]
    now = before | {"files": files}
    event = {"type": "message", "subtype": "message_changed", "channel": CLIPS, "ts": "1.1"}
    await requests.event({**event, "message": now, "previous_message": before})
    assert relay.withdrawn == [(CHANNEL.message(before["ts"]), (CHANNEL.id,), (kept.id, "text"))]


async def test_an_edit_carries_the_new_text_once(slack: FakeSlack, relay: FakeRelay, requests: SignedRequests) -> None:
    before = slack.say(text="at 5")
    await requests.edited(before, text="at *6*")
    [message] = relay.messages
    [part] = message.parts
    assert isinstance(part, Edit)
    assert (part.text, message.about) == ("at 6", CHANNEL.message(before["ts"]))
    assert message.id.startswith(f"{CHANNEL.message(before['ts'])}/edit-")
    assert message.notice_room == CHANNEL.thread(before["ts"]).id


async def test_an_edit_that_keeps_a_message_inside_withdraws_it(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    relay.sent_already = [person_id(TEAM, ANN)]
    before = slack.say(text="at 5")
    await requests.edited(before, text="// she must not know when")
    assert (relay.messages, relay.withdrawn) == ([], [(CHANNEL.message(before["ts"]), (CHANNEL.id,), ())])
    [told] = slack.named("chat.postMessage")
    assert (told.args["thread_ts"], "begins with `//` and stays here" in told.args["text"]) == (before["ts"], True)


async def test_a_changed_message_with_the_same_text_is_no_edit(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    before = slack.say(text="at 5")
    await requests.edited(before, text="at 5")
    replayed = {"type": "message", "subtype": "message_changed", "channel": CLIPS, "ts": "1.1"}
    old = before | {"edited": {"user": ANN, "ts": "1700000000.000100"}}
    await requests.event({**replayed, "message": old | {"text": "changed"}, "previous_message": old})
    assert (relay.messages, relay.withdrawn) == ([], [])


async def test_a_reaction_is_a_message_about_the_one_it_is_to(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    ts = slack.say(text="hello")["ts"]
    await requests.reaction(ts, "+1", BEN)
    await requests.reaction(ts, "+1", BEN, removed=True)
    added, removed = relay.messages
    assert added.parts == (Reaction("reaction", "👍"),)
    assert removed.parts == (Reaction("reaction", "👍", is_removed=True),)
    assert added.about == removed.about == CHANNEL.message(ts)
    assert added.sender == person_id(TEAM, BEN)
    assert added.id != removed.id


async def test_our_own_reactions_and_those_to_files_are_passed_over(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    await requests.reaction("1790000000.000100", user=BOT)
    assert (await requests.event({"type": "reaction_added", "user": ANN, "reaction": "x", "item": {}})).status == 200
    assert relay.messages == []


async def test_a_reaction_in_a_linked_thread_finds_its_thread(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    root = slack.say(CREW, text="root")
    thread = SlackRoom(TEAM, CREW, root["ts"]).id
    relay.links[thread] = relay.links[CHANNEL.id]
    ours = slack.say(CREW, text="hi", user=BOT, bot_id=BOT_ID, thread_ts=root["ts"])
    await requests.reaction(ours["ts"], channel=CREW, item_user=BOT)
    assert [message.thread for message in relay.messages] == [thread]


# the workspace


async def test_a_channel_with_a_new_id_keeps_its_links(
    slack: FakeSlack, relay: FakeRelay, requests: SignedRequests
) -> None:
    thread = CHANNEL.thread("1790000000.000100")
    for room in (thread.id, SlackRoom(TEAM, CREW).id):
        relay.links[room] = replace(relay.links[CHANNEL.id], room=room)
    await requests.event({"type": "channel_id_changed", "old_channel_id": CLIPS, "new_channel_id": "C0NEW"})
    new = SlackRoom(TEAM, "C0NEW")
    assert relay.acts == [
        ("moved", CHANNEL.id, new.id),
        ("moved", thread.id, new.thread("1790000000.000100").id),
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_unarchive", "user": ANN},
        {"type": "group_unarchive", "actor_id": ANN},
        {"type": "member_joined_channel", "user": BOT},
    ],
)
async def test_channel_that_is_back_has_what_waits_for_it_tried(
    relay: FakeRelay, requests: SignedRequests, event: dict[str, str]
) -> None:
    thread = CHANNEL.thread("1790000000.000100")
    for room in (thread.id, SlackRoom(TEAM, CREW).id):
        relay.links[room] = replace(relay.links[CHANNEL.id], room=room)
    await requests.event(event | {"channel": CLIPS})
    assert relay.acts == [("retry rooms", CHANNEL.id, thread.id)]


async def test_somebody_else_who_joins_brings_no_channel_back(relay: FakeRelay, requests: SignedRequests) -> None:
    await requests.event({"type": "member_joined_channel", "user": BEN, "channel": CLIPS})
    assert relay.acts == []


async def test_a_revoked_token_is_seen_at_the_next_ping(
    slack: FakeSlack, adapter: SlackAdapter, requests: SignedRequests, clock: Seconds
) -> None:
    assert await adapter.ping() == ""
    slack.faults["auth.test"] = Fault(error="token_revoked")
    assert await adapter.ping() == ""
    await requests.event({"type": "tokens_revoked", "tokens": {"bot": [BOT]}})
    assert "reinstall" in await adapter.ping()
    slack.faults.clear()
    clock.now += CHECKED_EVERY_S
    assert await adapter.ping() == ""
