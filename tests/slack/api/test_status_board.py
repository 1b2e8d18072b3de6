"""Notices, signs, alerts and whispers in Slack: posted once, found again, edited, and never in the wrong place."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.relay.errors import ROOT_GONE, OutcomeUnknown, Refused, Remedy, RetryLater
from bot.relay.model import Mark, Notice, ReceiptKind
from bot.relay.parts import Edit, Reaction, Text
from bot.slack.adapter import SlackAdapter
from bot.slack.ids import SlackRoom, parse_message, person_id
from tests.slack.conftest import Seconds
from tests.slack.deliveries import CHANNEL, failed, incoming, notice, picture, text, told
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, ARCHIVED, BEN, BOT, CLIPS, ELSEWHERE, HIDDEN, TEAM, Fault
from tests.slack.times import NOON


def posted_for(slack: FakeSlack, *shown: Any) -> Notice:
    """A notice for a message that somebody just posted."""
    ts = slack.say(text="listen to this")["ts"]
    deliveries = [
        replace(each, delivery=replace(each.delivery, source=CHANNEL.message(ts))) for each in shown or (told(),)
    ]
    return notice(*deliveries, ts=ts)


def root_of(notice: Notice) -> str:
    return parse_message(notice.id).ts


def replies(slack: FakeSlack, notice: Notice) -> list[dict[str, Any]]:
    return slack.thread(CLIPS, root_of(notice))


async def post(adapter: SlackAdapter, notice: Notice) -> Notice:
    message = await adapter.board.post(notice, adapter.board.render(notice))
    return replace(notice, posted_as=message)


def read(notice: Notice) -> Notice:
    [shown] = notice.deliveries
    return replace(notice, deliveries=(replace(shown, receipts=told("memo.m4a", ReceiptKind.READ).receipts),))


async def update(adapter: SlackAdapter, notice: Notice) -> None:
    await adapter.board.update(notice, adapter.board.render(notice))


# the notice


async def test_a_notice_is_in_the_thread_of_its_message(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, posted_for(slack))
    [posted] = replies(slack, shown)
    assert shown.posted_as == CHANNEL.message(posted["ts"])
    assert posted["text"] == "memo.m4a: queued"
    assert posted["blocks"]
    assert posted["metadata"] == {"event_type": "memobridge_notice", "event_payload": {"notice": shown.id}}


async def test_the_notice_of_a_command_is_in_the_channel(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await post(adapter, notice(told(), ts=""))
    [posted] = slack.root(CLIPS)
    assert "thread_ts" not in posted


async def test_an_edit_changes_the_same_message(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, posted_for(slack))
    await update(adapter, read(shown))
    [posted] = replies(slack, shown)
    assert posted["text"] == "memo.m4a: read"


async def test_a_second_notice_is_taken_away_and_the_first_stays(slack: FakeSlack, adapter: SlackAdapter) -> None:
    first = await post(adapter, posted_for(slack))
    second = await post(adapter, first)
    assert second.posted_as is not None
    await adapter.board.remove(first, second.posted_as)
    assert [CHANNEL.message(reply["ts"]) for reply in replies(slack, first)] == [first.posted_as]


async def test_a_name_with_a_mention_in_it_mentions_nobody(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, posted_for(slack, told("<!channel> *now*.m4a")))
    assert "<!channel>" not in str(replies(slack, shown))


@pytest.mark.parametrize("has_replies", [False, True])
async def test_nothing_is_posted_for_a_message_that_is_deleted(
    slack: FakeSlack, adapter: SlackAdapter, has_replies: bool
) -> None:
    """Slack would show it at the channel's root, without an error."""
    shown = posted_for(slack)
    if has_replies:
        slack.say(text="me too", thread_ts=root_of(shown))
    slack.delete(CLIPS, root_of(shown))
    with pytest.raises(Refused) as no:
        await post(adapter, shown)
    assert no.value.code == ROOT_GONE


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_message_that_was_just_posted_is_not_asked_for(
    slack: FakeSlack, adapter: SlackAdapter, clock: Seconds, is_told: bool
) -> None:
    """Neither where its event came, nor where another process was told of it."""
    shown = posted_for(slack)
    if is_told:
        adapter.messages.note(CLIPS, root_of(shown), exists=True)
    else:
        clock.now += float(root_of(shown)) + 50 - clock.time_of_day().timestamp()
    await post(adapter, shown)
    assert slack.named("conversations.replies") == []


# finding it


async def test_a_lost_notice_is_found_by_its_metadata(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = replace(posted_for(slack), posting_since=NOON)
    slack.faults["chat.postMessage"] = Fault(drop=True, done=True, times=1)
    with pytest.raises(OutcomeUnknown):
        await post(adapter, shown)
    [posted] = replies(slack, shown)
    assert await adapter.board.find(shown) == [CHANNEL.message(posted["ts"])]


async def test_a_lost_notice_is_found_by_its_mark_where_metadata_is_not_shown(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    shown = await post(adapter, replace(posted_for(slack), posting_since=NOON))
    slack.shows_metadata = False
    assert await adapter.board.find(shown) == [shown.posted_as]


async def test_a_lost_notice_in_the_channel_is_found(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, replace(notice(told(), ts=""), posting_since=NOON))
    assert await adapter.board.find(shown) == [shown.posted_as]


async def test_two_notices_are_found_the_oldest_first(slack: FakeSlack, adapter: SlackAdapter) -> None:
    first = await post(adapter, replace(posted_for(slack), posting_since=NOON))
    second = await post(adapter, first)
    assert await adapter.board.find(first) == [first.posted_as, second.posted_as]


async def test_a_clock_that_is_minutes_ahead_finds_the_notice_all_the_same(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    shown = await post(adapter, posted_for(slack))
    assert shown.posted_as is not None
    ahead = replace(shown, posting_since=NOON + timedelta(seconds=90))
    assert await adapter.board.find(ahead) == [shown.posted_as]


async def test_nothing_is_found_where_nothing_was_posted(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = replace(posted_for(slack, failed()), posting_since=NOON)
    await post(adapter, posted_for(slack))
    await adapter.board.alert(shown, shown.deliveries[0])
    assert await adapter.board.find(shown) == []


async def test_nobody_elses_post_is_taken_for_the_notice(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, replace(posted_for(slack), posting_since=NOON))
    replies(slack, shown)[0]["bot_id"] = "B0OTHER"
    assert await adapter.board.find(shown) == []


async def test_a_notice_in_a_long_thread_is_found_on_a_later_page(slack: FakeSlack, adapter: SlackAdapter) -> None:
    slack.page_size = 3
    shown = replace(posted_for(slack), posting_since=NOON)
    for number in range(7):
        slack.say(text=str(number), thread_ts=root_of(shown))
    shown = await post(adapter, shown)
    assert await adapter.board.find(shown) == [shown.posted_as]


# what may be done after an error


@pytest.mark.parametrize("fault", [Fault(drop=True), Fault(status=500), Fault(status=503), Fault(error="fatal_error")])
async def test_a_notice_whose_answer_was_lost_is_unknown_and_posted_once(
    slack: FakeSlack, adapter: SlackAdapter, fault: Fault
) -> None:
    slack.faults["chat.postMessage"] = fault
    with pytest.raises(OutcomeUnknown):
        await post(adapter, posted_for(slack))
    assert len(slack.named("chat.postMessage")) == 1


@pytest.mark.parametrize("fault", [Fault(drop=True), Fault(status=500), Fault(error="internal_error")])
async def test_an_edit_whose_answer_was_lost_may_be_made_again(
    slack: FakeSlack, adapter: SlackAdapter, fault: Fault
) -> None:
    shown = await post(adapter, posted_for(slack))
    slack.faults["chat.update"] = fault
    with pytest.raises(RetryLater):
        await update(adapter, shown)


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        (ARCHIVED, "is_archived"),
        (ELSEWHERE, "not_in_channel"),
        (HIDDEN, "channel_not_found"),
        ("C0NO", "channel_not_found"),
    ],
)
async def test_a_channel_that_takes_no_notice_is_a_sure_no(adapter: SlackAdapter, channel: str, code: str) -> None:
    with pytest.raises(Refused) as no:
        await post(adapter, replace(notice(told(), ts=""), room=SlackRoom(TEAM, channel).id))
    assert no.value.code == code


async def test_a_revoked_token_is_waited_for_and_says_what_to_do(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack)
    adapter.messages.note(CLIPS, root_of(shown), exists=True)
    slack.faults["*"] = Fault(error="token_revoked")
    with pytest.raises(RetryLater, match="reinstall the app and set SLACK_BOT_TOKEN"):
        await post(adapter, shown)


async def test_a_deleted_notice_cannot_be_edited(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, posted_for(slack))
    assert shown.posted_as is not None
    slack.delete(CLIPS, parse_message(shown.posted_as).ts)
    with pytest.raises(Refused) as no:
        await update(adapter, shown)
    assert no.value.code == "message_not_found"


async def test_blocks_that_slack_refuses_cost_neither_the_notice_nor_the_edit(
    slack: FakeSlack, adapter: SlackAdapter
) -> None:
    slack.faults["chat.postMessage"] = Fault(error="invalid_blocks", times=1)
    shown = await post(adapter, posted_for(slack))
    assert [(reply["text"], reply["blocks"]) for reply in replies(slack, shown)] == [("memo.m4a: queued", [])]
    slack.faults["chat.update"] = Fault(error="invalid_blocks", times=1)
    await update(adapter, read(shown))
    assert [(reply["text"], reply["blocks"]) for reply in replies(slack, shown)] == [("memo.m4a: read", [])]


# pace


async def test_what_a_contact_did_goes_before_our_signs_and_notices(
    slack: FakeSlack, adapter: SlackAdapter, clock: Seconds
) -> None:
    """Each text needs two signs and each clip a notice: in a busy channel they take all the turns that there are."""
    shown = [posted_for(slack) for _ in range(3)]
    await adapter.sender.send(incoming(text("earlier")))
    for method in ("reactions.add", "chat.postMessage"):
        await _use_up_turns(adapter, method)
    clock.goes.clear()
    tapback = incoming(Reaction("0", "❤️"), about=CHANNEL.message(root_of(shown[0])), held=("❤️",))
    ours = [act for each in shown for act in (adapter.board.mark(each, frozenset({Mark.READ})), post(adapter, each))]
    theirs = [adapter.sender.send(tapback), adapter.sender.send(incoming(text()))]
    done = asyncio.gather(*ours, *theirs)
    for _ in range(100):  # until each of them waits for its turn
        await asyncio.sleep(0)
    clock.goes.set()
    await done
    assert [call.args["name"] for call in slack.named("reactions.add")] == ["heart", "eyes", "eyes", "eyes"]
    assert [call.args["text"] for call in slack.named("chat.postMessage")][:2] == ["earlier", "see you at six"]


async def _use_up_turns(adapter: SlackAdapter, method: str) -> None:
    """What comes now has to wait."""
    while not await adapter.api.wait_turn(method, CLIPS, goes_first=False):
        pass


async def test_a_turn_that_was_waited_for_is_the_next_edits(
    slack: FakeSlack, adapter: SlackAdapter, clock: Seconds
) -> None:
    shown = await post(adapter, posted_for(slack))
    for _ in range(9):
        await update(adapter, shown)
    assert not await adapter.board.wait_turn(shown, is_final=False)
    other = replace(shown, id=notice(told(), ts="1790000009.000100").id)
    assert await adapter.board.wait_turn(other, is_final=True)
    waited_until = clock.now
    await update(adapter, shown)
    await update(adapter, other)
    assert clock.now == waited_until


async def test_slacks_own_pause_is_kept(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, posted_for(slack))
    slack.faults["chat.update"] = Fault(status=429, retry_after="70", times=1)
    for _ in range(2):
        with pytest.raises(RetryLater) as later:
            await update(adapter, shown)
        assert later.value.after == timedelta(seconds=70)
    assert len(slack.named("chat.update")) == 1


# signs


def signs(slack: FakeSlack, notice: Notice) -> set[str]:
    message = slack.message(CLIPS, root_of(notice))
    return {each["name"] for each in message.get("reactions", []) if BOT in each["users"]}


async def mark(adapter: SlackAdapter, notice: Notice) -> None:
    marks = adapter.board.render(notice).marks
    assert marks is not None
    await adapter.board.mark(notice, marks)


async def test_what_became_of_a_text_shows_as_signs_on_its_message(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack, told(Text("text", "hello")))
    await mark(adapter, shown)
    assert signs(slack, shown) == set()
    for kind, expected in (
        (ReceiptKind.SENT, set()),
        (ReceiptKind.DELIVERED, {"white_check_mark"}),
        (ReceiptKind.READ, {"white_check_mark", "eyes"}),
    ):
        receipts = told(Text("text", "hello"), kind).receipts
        shown = replace(shown, deliveries=(replace(shown.deliveries[0], receipts=receipts),))
        await mark(adapter, shown)
        assert signs(slack, shown) == expected
    assert slack.named("reactions.remove") == []


async def test_the_sign_of_a_failure_goes_when_it_was_sent_again(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack, failed(Text("text", "hello")))
    await mark(adapter, shown)
    assert signs(slack, shown) == {"warning"}
    [gone] = shown.deliveries
    again = told(Text("text", "hello"), ReceiptKind.DELIVERED, replaces=gone.delivery.id)
    await mark(adapter, replace(shown, deliveries=(again,)))
    assert signs(slack, shown) == {"white_check_mark"}


async def test_a_sign_that_is_there_already_does_no_harm(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack)
    for _ in range(2):
        await adapter.board.mark(shown, frozenset({Mark.DELIVERED}))
    assert signs(slack, shown) == {"white_check_mark"}


async def test_without_the_scope_there_are_no_signs_and_it_is_said_once(
    slack: FakeSlack, adapter: SlackAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    slack.scopes.remove("reactions:write")
    for _ in range(2):
        await adapter.board.mark(posted_for(slack), frozenset({Mark.DELIVERED}))
    assert [record.message for record in caplog.records].count("slack.scope_missing") == 1


async def test_a_command_has_no_message_to_put_signs_on(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.board.mark(notice(told(), ts=""), frozenset({Mark.FAILED}))
    assert slack.calls == []


# alerts and whispers


async def test_an_alert_mentions_the_sender_in_the_thread(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack, failed())
    await adapter.board.alert(shown, shown.deliveries[0])
    [posted] = replies(slack, shown)
    assert posted["text"].startswith(f"<@{ANN}> ")
    assert [block["type"] for block in posted["blocks"]] == ["section"]


@pytest.mark.parametrize("part", [Text("text", "hello"), picture()], ids=["text", "file"])
async def test_the_alert_of_a_text_or_a_file_offers_resend(slack: FakeSlack, adapter: SlackAdapter, part: Any) -> None:
    shown = posted_for(slack, failed(part))
    [delivery] = shown.deliveries
    await adapter.board.alert(shown, delivery)
    [_, buttons] = replies(slack, shown)[0]["blocks"]
    [resend] = buttons["elements"]
    assert (resend["action_id"], resend["value"]) == ("resend", delivery.delivery.id)


async def test_what_can_never_be_read_is_not_offered_again(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack, failed(picture(), remedy=Remedy.SEND_FILE_AGAIN))
    await adapter.board.alert(shown, shown.deliveries[0])
    assert [block["type"] for block in replies(slack, shown)[0]["blocks"]] == ["section"]


async def test_an_edit_that_was_not_carried_is_said_in_the_thread(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(
        slack, failed(Edit("edit", "at 6"), reason="It is more than 15 minutes old.", remedy=Remedy.NONE)
    )
    await adapter.board.alert(shown, shown.deliveries[0])
    [posted] = replies(slack, shown)
    assert posted["text"] == f"<@{ANN}> *Your edit* failed: It is more than 15 minutes old. [2024]"


async def test_a_reaction_that_failed_is_for_one_persons_eyes(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack, failed(Reaction("reaction", "👍")))
    await adapter.board.alert(shown, shown.deliveries[0])
    assert replies(slack, shown) == []
    assert "*Your reaction* failed" in slack.ephemerals(ANN)[0]


async def test_where_the_message_is_deleted_only_the_sender_is_told(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = posted_for(slack, failed())
    slack.delete(CLIPS, root_of(shown))
    await adapter.board.alert(shown, shown.deliveries[0])
    assert slack.root(CLIPS) == []
    assert "failed" in slack.ephemerals(ANN)[0]


async def test_the_alert_of_a_command_is_in_the_thread_of_its_notice(slack: FakeSlack, adapter: SlackAdapter) -> None:
    shown = await post(adapter, notice(failed(), ts=""))
    await adapter.board.alert(shown, shown.deliveries[0])
    [posted] = slack.root(CLIPS)
    assert len(slack.thread(CLIPS, posted["ts"])) == 1


async def test_words_for_one_person_are_escaped_and_in_their_thread(slack: FakeSlack, adapter: SlackAdapter) -> None:
    root = slack.say(text="hello")["ts"]
    await adapter.board.tell(person_id(TEAM, BEN), CHANNEL.thread(root).id, "No <!channel>.")
    await adapter.board.tell(person_id(TEAM, BEN), CHANNEL.thread("1790000001.000100").id, "No.")
    await adapter.board.tell(person_id(TEAM, BEN), CHANNEL.id, "No.", go_to=CHANNEL.thread(root).id)
    first, second, third = slack.whispers
    assert third["text"] == f"No. It goes on in <#{CLIPS}>."
    assert (first["text"], first["thread_ts"]) == ("No &lt;!channel&gt;.", root)
    assert "thread_ts" not in second


async def test_operators_are_told_in_a_channel_of_theirs(slack: FakeSlack, adapter: SlackAdapter) -> None:
    await adapter.say(CLIPS, "Recovered: linq (down <5> min)")
    assert [posted["text"] for posted in slack.root(CLIPS)] == ["Recovered: linq (down &lt;5&gt; min)"]
