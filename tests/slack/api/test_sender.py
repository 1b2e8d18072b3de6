"""What contacts say, in Slack: exactly one message each, in its place, whatever answer is lost on the way."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.relay.errors import ROOT_GONE, OutcomeUnknown, Refused, RetryLater
from bot.relay.ids import DeliveryId
from bot.relay.model import AudioInfo, Author, PreparedPart
from bot.relay.parts import Announcement, Edit, Happening, Media, Reaction, Voice
from bot.relay.ports.networks import Outgoing, Settlement
from bot.slack.adapter import SlackAdapter, SlackSettings
from bot.slack.ids import SlackRoom, media_ref, parse_message
from bot.slack.inbound.parse import time_of
from tests.slack.conftest import Seconds, sniff
from tests.slack.deliveries import CHANNEL, THEIRS, incoming, text
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ARCHIVED, BOT, CLIPS, ELSEWHERE, HIDDEN, TEAM, Fault

MEMO = Voice("1", "Audio Message.m4a", media_ref("x", "y"))


def posts(slack: FakeSlack) -> list[dict[str, Any]]:
    """What the bot has posted in the channel, in threads too."""
    return [message for message in slack.channels[CLIPS].messages.values() if message["user"] == BOT]


async def uploaded(slack: FakeSlack, *names: str) -> tuple[str, ...]:
    return tuple(slack.add_file(name).id for name in names)


def words(message: dict[str, Any]) -> list[str]:
    return [
        element.get("text") or element["url"]
        for block in message["blocks"]
        if block["type"] == "rich_text"
        for section in block["elements"]
        for element in section["elements"]
    ]


# a post


async def test_a_text_is_one_post_under_the_contacts_name(slack: FakeSlack, adapter: SlackAdapter) -> None:
    sent = await adapter.sender.send(incoming(text(), author=Author("Dora", "https://x.example/dora.png")))
    [posted] = posts(slack)
    assert sent.message == CHANNEL.message(posted["ts"])
    assert sent.thread is None
    assert (posted["username"], posted["icon_url"]) == ("Dora", "https://x.example/dora.png")
    assert (posted["text"], words(posted)) == ("see you at six", ["see you at six"])
    assert posted["metadata"]["event_payload"] == {"delivery": "0123456789abcdef0123"}


async def test_a_post_whose_intent_is_too_old_is_not_made(slack: FakeSlack, adapter: SlackAdapter) -> None:
    with pytest.raises(RetryLater, match="held up"):
        await adapter.sender.send(replace(incoming(text()), require_fresh=held_up))
    assert posts(slack) == []


def held_up() -> None:
    raise RetryLater("The bot was held up.")


async def test_a_post_is_quiet(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.sender.send(incoming(text("<!channel> <@U0ANN> *x* https://example.com")))
    [call] = slack.named("chat.postMessage")
    quiet = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False, "mrkdwn": False}
    assert quiet.items() <= call.args.items()
    assert call.args["text"] == "&lt;!channel&gt; &lt;@U0ANN&gt; *x* https://example.com"
    assert words(posts(slack)[0]) == ["<!channel> <@U0ANN> *x* ", "https://example.com"]


async def test_without_the_scope_the_name_is_in_the_message_and_it_is_said_once(
    slack: FakeSlack, adapter: SlackAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    slack.scopes.remove("chat:write.customize")
    for _ in range(2):
        await adapter.sender.send(incoming(text(), author=Author("Dora <!here>")))
    assert all("username" not in posted for posted in posts(slack))
    assert [posted["blocks"][0]["elements"][0]["text"] for posted in posts(slack)] == ["*Dora &lt;!here&gt;*"] * 2
    assert [record.message for record in caplog.records].count("slack.scope_missing") == 1


async def test_a_scope_that_was_taken_away_costs_no_message(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.identity.get()
    slack.scopes.remove("chat:write.customize")
    await adapter.sender.send(incoming(text(), author=Author("Dora")))
    assert len(posts(slack)) == 1


async def test_blocks_that_slack_refuses_do_not_cost_the_message(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.faults["chat.postMessage"] = Fault(error="invalid_blocks", times=1)
    await adapter.sender.send(incoming(text()))
    [posted] = posts(slack)
    assert (posted["text"], posted["blocks"]) == ("see you at six", [])


async def test_a_quiet_line_stands_under_the_apps_own_name(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.sender.send(incoming(Announcement("0", Happening.JOINED, ("Dora <b>",))))
    [posted] = posts(slack)
    assert "username" not in posted
    assert posted["text"] == "Dora &lt;b&gt; joined the chat."
    assert [block["type"] for block in posted["blocks"]] == ["context"]


@pytest.mark.parametrize(
    ("channel", "code"),
    [(ARCHIVED, "is_archived"), (ELSEWHERE, "not_in_channel"), (HIDDEN, "channel_not_found")],
)
async def test_a_channel_that_takes_no_post_is_a_sure_no(adapter: SlackAdapter, channel: str, code: str) -> None:
    with pytest.raises(Refused) as no:
        await adapter.sender.send(incoming(text(), target=SlackRoom(TEAM, channel).id))
    assert no.value.code == code


# its place


async def test_a_reply_goes_into_the_thread_of_what_it_answers(slack: FakeSlack, adapter: SlackAdapter) -> None:
    root = slack.say(text="hello")["ts"]
    about, thread = CHANNEL.message(root), CHANNEL.thread(root).id
    for outgoing in (incoming(text(), about=about, thread=thread), incoming(text(), about=about)):
        sent = await adapter.sender.send(outgoing)
        assert sent.thread == thread
    assert [posted["thread_ts"] for posted in posts(slack)] == [root, root]


@pytest.mark.parametrize("has_replies", [False, True])
async def test_a_reply_to_a_deleted_thread_lands_at_the_root_of_the_channel(
    slack: FakeSlack, adapter: SlackAdapter, has_replies: bool
) -> None:
    root = slack.say(text="hello")["ts"]
    if has_replies:
        slack.say(text="me too", thread_ts=root)
    slack.delete(CLIPS, root)
    sent = await adapter.sender.send(incoming(text(), thread=CHANNEL.thread(root).id))
    assert sent.thread is None
    assert "thread_ts" not in posts(slack)[0]


@pytest.mark.parametrize("has_replies", [False, True])
async def test_a_thread_that_is_a_room_lets_nothing_out_into_the_channel(
    slack: FakeSlack, adapter: SlackAdapter, has_replies: bool
) -> None:
    root = slack.say(text="conversation")["ts"]
    room = CHANNEL.thread(root).id
    assert (await adapter.sender.send(incoming(text(), target=room))).thread == room
    if not has_replies:
        slack.channels[CLIPS].messages.pop(posts(slack)[0]["ts"])
    slack.delete(CLIPS, root)
    adapter.messages.note(CLIPS, root, exists=False)
    with pytest.raises(Refused) as no:
        await adapter.sender.send(incoming(text(), target=room))
    assert no.value.code == ROOT_GONE
    assert slack.root(CLIPS) == ([] if not has_replies else [slack.message(CLIPS, root)])


async def test_whether_a_thread_exists_is_asked_once_a_minute(
    slack: FakeSlack, adapter: SlackAdapter, clock: Seconds
) -> None:
    root = slack.say(text="hello")["ts"]
    for _ in range(3):
        await adapter.sender.send(incoming(text(), thread=CHANNEL.thread(root).id))
    assert len(slack.named("conversations.history")) == 1
    clock.now += 61
    await adapter.sender.send(incoming(text(), thread=CHANNEL.thread(root).id))
    assert len(slack.named("conversations.history")) == 2


# files


async def test_files_are_attached_to_the_one_post(slack: FakeSlack, adapter: SlackAdapter) -> None:
    files = await uploaded(slack, "cat.png", "cat.jpg")
    await adapter.sender.send(incoming(text(), Media("1", "cat.heic", media_ref("x", "y")), files=files))
    [posted] = posts(slack)
    assert [file["id"] for file in posted["files"]] == list(files)
    assert words(posted) == ["see you at six"]
    assert posted["metadata"]["event_type"] == "memobridge_message"


async def test_a_voice_memo_says_its_length(slack: FakeSlack, adapter: SlackAdapter) -> None:
    outgoing = incoming(MEMO, files=await uploaded(slack, "memo.m4a"))
    [prepared] = outgoing.delivery.prepared or ()
    prepared = replace(prepared, audio=AudioInfo(42.3))
    await adapter.sender.send(replace(outgoing, delivery=replace(outgoing.delivery, prepared=(prepared,))))
    [posted] = posts(slack)
    assert posted["text"] == "Voice memo (0:42)"
    assert len(posted["files"]) == 1


async def test_a_part_that_could_not_be_taken_is_named(slack: FakeSlack, adapter: SlackAdapter) -> None:
    outgoing = incoming(text(), Media("1", "film <1>.mkv", media_ref("x", "y")))
    prepared = (PreparedPart(), PreparedPart(refused="The file is larger than this workspace allows."))
    await adapter.sender.send(replace(outgoing, delivery=replace(outgoing.delivery, prepared=prepared)))
    [posted] = posts(slack)
    line = posted["blocks"][-1]["elements"][0]["text"]
    assert line == ":warning: *film &lt;1&gt;.mkv* could not be shown: The file is larger than this workspace allows."


@pytest.mark.parametrize("how", ["ignore", "refuse"])
async def test_where_an_edit_takes_no_files_they_are_shared_beside_the_post(
    slack: FakeSlack, adapter: SlackAdapter, how: str
) -> None:
    slack.takes_file_ids = how
    root = slack.say(text="hello")["ts"]
    files = await uploaded(slack, "cat.png")
    await adapter.sender.send(incoming(text(), MEMO, files=files, thread=CHANNEL.thread(root).id))
    posted, shared = posts(slack)
    assert [file["id"] for file in shared["files"]] == list(files)
    assert posted["thread_ts"] == shared["thread_ts"] == root


@pytest.mark.parametrize("how", ["ignore", "refuse"])
async def test_files_that_slack_does_not_take_at_all_are_named(
    slack: FakeSlack, adapter: SlackAdapter, how: str
) -> None:
    slack.takes_file_ids = how
    slack.faults["files.completeUploadExternal"] = Fault(error="file_type_not_allowed")
    await adapter.sender.send(incoming(text(), MEMO, files=await uploaded(slack, "memo.m4a")))
    [posted] = posts(slack)
    assert "Audio Message.m4a* could not be shown" in posted["blocks"][-1]["elements"][0]["text"]
    assert words(posted) == ["see you at six"]


# lost answers


@pytest.mark.parametrize(
    "fault", [Fault(drop=True, done=True), Fault(status=500), Fault(status=503), Fault(error="fatal_error")]
)
async def test_a_post_whose_answer_was_lost_is_unknown_and_posted_once(
    slack: FakeSlack, adapter: SlackAdapter, fault: Fault
) -> None:
    slack.faults["chat.postMessage"] = fault
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(incoming(text()))
    assert len(slack.named("chat.postMessage")) == 1


async def test_a_slack_that_cannot_be_reached_took_nothing(
    session: aiohttp.ClientSession, clock: Seconds, unused_tcp_port: int
) -> None:
    settings = SlackSettings("xoxb-1", f"http://127.0.0.1:{unused_tcp_port}/api/")
    away = SlackAdapter(settings, session, clock=clock, now=clock.time_of_day, sniff=sniff)
    with pytest.raises(RetryLater):
        await away.board.say(CLIPS, "hello")


@pytest.mark.parametrize("metadata", [True, False])
async def test_a_lost_post_is_found_by_its_metadata_or_by_its_mark(
    slack: FakeSlack, adapter: SlackAdapter, metadata: bool
) -> None:
    slack.shows_metadata = metadata
    slack.faults["chat.postMessage"] = Fault(drop=True, done=True, times=1)
    outgoing = incoming(text())
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(outgoing)
    [posted] = posts(slack)
    found = await adapter.sender.find(outgoing.delivery)
    assert found is not None
    assert (found.message, found.thread) == (CHANNEL.message(posted["ts"]), None)


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_lost_reply_is_found_in_its_thread(slack: FakeSlack, adapter: SlackAdapter, is_told: bool) -> None:
    """Also where nobody says any more in which thread that was."""
    slack.say(text="another thread")
    root = slack.say(text="hello")["ts"]
    thread = CHANNEL.thread(root).id
    slack.faults["chat.postMessage"] = Fault(drop=True, done=True, times=1)
    outgoing = incoming(text(), thread=thread)
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(outgoing)
    delivery = replace(outgoing.delivery, about=THEIRS)
    found = await adapter.sender.find(delivery, thread=thread if is_told else None)
    assert found is not None
    assert found.thread == CHANNEL.thread(root).id


async def test_nothing_is_found_where_nothing_was_posted(slack: FakeSlack, adapter: SlackAdapter) -> None:
    other = incoming(text())
    await adapter.sender.send(replace(other, delivery=replace(other.delivery, id=DeliveryId("f" * 20))))
    slack.say(text="see you at six", metadata={"event_type": "memobridge_message", "event_payload": {"delivery": "x"}})
    assert await adapter.sender.find(incoming(text()).delivery) is None


async def test_nobody_elses_post_is_taken_for_ours(slack: FakeSlack, adapter: SlackAdapter) -> None:
    outgoing = incoming(text())
    await adapter.sender.send(outgoing)
    posts(slack)[0]["bot_id"] = "B0OTHER"
    assert await adapter.sender.find(outgoing.delivery) is None


async def test_a_clock_that_is_minutes_ahead_finds_the_post_all_the_same(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    outgoing = incoming(text())
    await adapter.sender.send(outgoing)
    ahead = replace(outgoing.delivery, sending_since=time_of(posts(slack)[0]["ts"]) + timedelta(seconds=290))
    assert await adapter.sender.find(ahead) is not None


@pytest.mark.parametrize("takes_file_ids", ["yes", "ignore"])
@pytest.mark.parametrize("step", ["chat.postMessage", "chat.update", "files.completeUploadExternal"])
async def test_whatever_answer_is_lost_one_message_with_its_files_is_left(
    slack: FakeSlack, adapter: SlackAdapter, step: str, takes_file_ids: str
) -> None:
    """As the relay does it: after an unknown outcome it looks, and what it finds is completed."""
    slack.takes_file_ids = takes_file_ids
    slack.faults[step] = Fault(drop=True, done=True, times=1)
    files = await uploaded(slack, "memo.m4a")
    outgoing = incoming(text(), MEMO, files=files)
    try:
        sent = await adapter.sender.send(outgoing)
    except OutcomeUnknown:
        found = await adapter.sender.find(outgoing.delivery)
        assert found is not None
        sent = found
    texts = [posted for posted in posts(slack) if posted["text"]]
    holders = [posted for posted in posts(slack) if posted.get("files")]
    assert [CHANNEL.message(posted["ts"]) for posted in texts] == [sent.message]
    assert len(holders) == 1
    assert await adapter.sender.find(outgoing.delivery) == sent
    assert len([posted for posted in posts(slack) if posted.get("files")]) == 1


async def test_a_limit_met_after_the_post_is_no_sure_no(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.faults["chat.update"] = Fault(status=429, retry_after="60")
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(incoming(text(), MEMO, files=await uploaded(slack, "memo.m4a")))


# reactions


def reaction(slack: FakeSlack, emoji: str, *held: str, removed: bool = False) -> Outgoing:
    ts = slack.root(CLIPS)[0]["ts"]
    return incoming(Reaction("0", emoji, removed), about=CHANNEL.message(ts), held=held)


def reactions(slack: FakeSlack) -> dict[str, list[str]]:
    return {each["name"]: each["users"] for each in slack.root(CLIPS)[0].get("reactions", [])}


@pytest.mark.parametrize(
    ("emoji", "name"),
    [
        ("❤️", "heart"),
        ("👍", "+1"),
        ("👎", "-1"),
        ("😂", "joy"),
        ("‼️", "bangbang"),
        ("❓", "question"),
        (":blob:", "blob"),
    ],
)
async def test_a_tapback_becomes_a_reaction(slack: FakeSlack, adapter: SlackAdapter, emoji: str, name: str) -> None:
    slack.say(text="hello")
    sent = await adapter.sender.send(reaction(slack, emoji, emoji))
    assert (reactions(slack), sent.message) == ({name: [BOT]}, None)


async def test_a_reaction_stays_as_long_as_one_person_holds_it(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.say(text="hello")
    await adapter.sender.send(reaction(slack, "❤", "❤️"))
    await adapter.sender.send(reaction(slack, "❤️", "❤️", "👍", removed=True))
    assert reactions(slack) == {"heart": [BOT]}
    await adapter.sender.send(reaction(slack, "❤️", "👍", removed=True))
    assert reactions(slack) == {}


async def test_a_reaction_done_twice_does_no_harm(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.say(text="hello")
    outgoing = reaction(slack, "👍", "👍")
    for _ in range(2):
        await adapter.sender.send(outgoing)
    for _ in range(2):
        await adapter.sender.send(reaction(slack, "👍", removed=True))
    assert adapter.sender.settlement(outgoing.delivery) is Settlement.REPEAT


async def test_an_emoji_without_a_name_in_slack_is_no_reaction(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.say(text="hello")
    unknown = "\U0001faff\U0001faff"
    await adapter.sender.send(reaction(slack, unknown, unknown))
    assert not slack.named("reactions.add")
    network = adapter.network(audio=None)
    assert not network.shows_reaction(unknown)
    assert network.shows_reaction("👍")


# edits


def before(message: dict[str, Any]) -> list[str]:
    lines = [block for block in message["blocks"] if block.get("block_id") == "memobridge earlier"]
    return [element["text"] for line in lines for element in line["elements"][1:]]


async def edit(adapter: SlackAdapter, about: Any, words: str) -> None:
    await adapter.sender.send(incoming(Edit("0", words), about=about))


async def test_an_edit_changes_the_message_and_keeps_the_earlier_words(slack: FakeSlack, adapter: SlackAdapter) -> None:
    sent = await adapter.sender.send(incoming(text("at <5> & *more*"), author=Author("Dora")))
    for new in ("at 6", "at 7"):
        await edit(adapter, sent.message, new)
    [posted] = posts(slack)
    assert (posted["text"], words(posted), before(posted)) == ("at 7", ["at 7"], ["at 6", "at <5> & *more*"])
    assert posted["metadata"]["event_type"] == "memobridge_message"


async def test_an_edit_done_twice_is_one(slack: FakeSlack, adapter: SlackAdapter) -> None:
    sent = await adapter.sender.send(incoming(text("at 5")))
    for _ in range(2):
        await edit(adapter, sent.message, "at 6")
    [posted] = posts(slack)
    assert before(posted) == ["at 5"]
    assert len(slack.named("chat.update")) == 1


async def test_an_edit_in_a_thread_finds_its_message(slack: FakeSlack, adapter: SlackAdapter) -> None:
    root = slack.say(text="hello")["ts"]
    sent = await adapter.sender.send(incoming(text("at 5"), thread=CHANNEL.thread(root).id))
    await edit(adapter, sent.message, "at 6")
    assert words(posts(slack)[0]) == ["at 6"]


async def test_an_edit_keeps_the_files_and_what_was_said_about_them(slack: FakeSlack, adapter: SlackAdapter) -> None:
    outgoing = incoming(text("at 5"), MEMO, files=await uploaded(slack, "memo.m4a"))
    sent = await adapter.sender.send(outgoing)
    await edit(adapter, sent.message, "at 6")
    [posted] = posts(slack)
    assert (len(posted["files"]), words(posted)) == (1, ["at 6"])
    assert (await adapter.sender.find(outgoing.delivery)) == sent


async def test_an_edit_of_a_deleted_message_is_refused(slack: FakeSlack, adapter: SlackAdapter) -> None:
    sent = await adapter.sender.send(incoming(text("at 5")))
    assert sent.message is not None
    slack.delete(CLIPS, parse_message(sent.message).ts)
    with pytest.raises(Refused) as no:
        await edit(adapter, sent.message, "at 6")
    assert no.value.code == "message_not_found"


def test_a_post_is_looked_for_before_it_is_repeated(adapter: SlackAdapter) -> None:
    assert adapter.sender.settlement(incoming(text()).delivery) is Settlement.FIND_OR_REPEAT
    assert adapter.sender.settlement(incoming(Edit("0", "x")).delivery) is Settlement.REPEAT
