"""Notices in the toy Slack: posted once, found again, edited; every refusal sorted by what may be done next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import (
    ChannelId,
    Clip,
    Delivery,
    DeliveryId,
    DeliveryWithReceipts,
    Notice,
    NoticeId,
    Post,
    Receipt,
    ReceiptKind,
    UserId,
)
from bot.sandbox.slack.fixtures import ANN, ARCHIVED, CLIPS, ELSEWHERE, HIDDEN
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire
from bot.slack.client import Client
from tests.slack.conftest import Seconds


async def notice_in(slack: SlackServer, channel: str = CLIPS, name: str = "memo.m4a") -> Notice:
    """A notice for a message that somebody just posted there."""
    message = await slack.say(channel, "listen to this")
    post = Post(slack.team, ChannelId(channel), message.ts, message.ts, UserId(ANN))
    told = DeliveryWithReceipts(Delivery(DeliveryId("d1"), post, Clip("F1", name), float(message.ts)))
    return Notice(NoticeId(f"{channel}:{message.ts}"), ChannelId(channel), message.ts, told=(told,))


def read(notice: Notice) -> Notice:
    [told] = notice.told
    return replace(notice, told=(replace(told, receipts=(Receipt("R1", ReceiptKind.READ, datetime.now(UTC)),)),))


def posted_just_now(notice: Notice) -> Notice:
    return replace(notice, posting_since=datetime.now(UTC))


async def test_a_notice_stands_in_the_thread_of_its_message(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    ts = await client.post_notice(notice)
    root, posted = slack.thread(CLIPS, notice.root_ts)
    assert (root.ts, posted.ts) == (notice.root_ts, ts)
    assert posted.text == "memo.m4a: queued"
    assert posted.blocks
    assert posted.metadata == {"event_type": "memobridge_notice", "event_payload": {"notice": notice.id}}


async def test_a_notice_without_a_message_stands_in_the_channel(slack: SlackServer, client: Client) -> None:
    notice = replace(await notice_in(slack), root_ts="")
    ts = await client.post_notice(notice)
    assert slack.message(CLIPS, ts).thread_ts is None


async def test_an_edit_changes_the_same_message(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    ts = await client.post_notice(notice)
    await client.update_notice(read(replace(notice, ts=ts)))
    _, posted = slack.thread(CLIPS, notice.root_ts)
    assert (posted.ts, posted.text) == (ts, "memo.m4a: read")


async def test_a_second_notice_is_taken_away_and_the_first_stays(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    ts, second = await client.post_notice(notice), await client.post_notice(notice)
    await client.remove_notice(notice, second)
    assert [message.ts for message in slack.thread(CLIPS, notice.root_ts)[1:]] == [ts]


async def test_a_name_with_a_mention_in_it_mentions_nobody(slack: SlackServer, client: Client) -> None:
    ts = await client.post_notice(await notice_in(slack, name="<!channel> *now*.m4a"))
    posted = slack.message(CLIPS, ts)
    assert "<!channel>" not in posted.text + str(posted.blocks)


async def test_an_alarm_mentions_the_uploader_in_the_thread(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    await client.alarm(notice, notice.told[0].delivery)
    _, posted = slack.thread(CLIPS, notice.root_ts)
    assert posted.text.startswith(f"<@{ANN}> ")


# finding


async def test_a_lost_post_is_found_by_its_metadata(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    slack.switches.faults = {"chat.postMessage": Fault(drop=True, done=True, times=1)}
    with pytest.raises(OutcomeUnknown):
        await client.post_notice(notice)
    [_, posted] = slack.thread(CLIPS, notice.root_ts)
    assert await client.find_notices(posted_just_now(notice)) == [posted.ts]


async def test_a_lost_post_is_found_by_its_mark_where_metadata_is_hidden(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    ts = await client.post_notice(notice)
    slack.switches.hide_metadata = True
    assert await client.find_notices(posted_just_now(notice)) == [ts]


async def test_a_lost_post_in_the_channel_itself_is_found(slack: SlackServer, client: Client) -> None:
    notice = replace(await notice_in(slack), root_ts="")
    ts = await client.post_notice(notice)
    assert await client.find_notices(posted_just_now(notice)) == [ts]


async def test_nothing_is_found_where_nothing_was_posted(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    await client.post_notice(await notice_in(slack))
    await client.alarm(notice, notice.told[0].delivery)
    assert await client.find_notices(posted_just_now(notice)) == []


async def test_nobody_elses_post_is_taken_for_the_notice(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    ts = await client.post_notice(notice)
    slack.message(CLIPS, ts).bot_id = "B0OTHER"
    assert await client.find_notices(posted_just_now(notice)) == []


# what may be done after an error


@pytest.mark.parametrize("fault", [Fault(drop=True), Fault(status=500), Fault(status=503), Fault(error="fatal_error")])
async def test_a_post_whose_answer_was_lost_is_unknown_and_posted_once(
    slack: SlackServer, client: Client, wire: Wire, fault: Fault
) -> None:
    notice = await notice_in(slack)
    slack.switches.faults = {"chat.postMessage": fault}
    with pytest.raises(OutcomeUnknown):
        await client.post_notice(notice)
    assert len(wire.named("chat.postMessage")) == 1


@pytest.mark.parametrize("fault", [Fault(drop=True), Fault(status=500), Fault(error="internal_error")])
async def test_an_edit_whose_answer_was_lost_may_be_made_again(
    slack: SlackServer, client: Client, fault: Fault
) -> None:
    notice = replace(await notice_in(slack), ts="1790000005.606609")
    slack.switches.faults = {"chat.update": fault}
    with pytest.raises(RetryLater):
        await client.update_notice(notice)


async def test_a_slack_that_cannot_be_reached_took_nothing(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    slack.switches.down = "refused"
    with pytest.raises(RetryLater):
        await client.post_notice(notice)


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        (ARCHIVED, "is_archived"),
        (ELSEWHERE, "not_in_channel"),
        (HIDDEN, "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
    ],
)
async def test_a_channel_that_takes_no_notice_is_a_sure_no(
    slack: SlackServer, client: Client, channel: str, code: str
) -> None:
    notice = replace(await notice_in(slack), channel=ChannelId(channel), root_ts="")
    with pytest.raises(Refused) as no:
        await client.post_notice(notice)
    assert no.value.code == code
    assert no.value.reason.endswith(".")


async def test_a_missing_scope_is_named(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    slack.switches.scopes.remove("chat:write")
    with pytest.raises(Refused, match=r"lacks the scope chat:write.*reinstall"):
        await client.post_notice(notice)


async def test_a_revoked_token_is_waited_for_and_says_what_to_do(slack: SlackServer, client: Client) -> None:
    """It is the operator's trouble: once mended, what waited goes its way."""
    notice = await notice_in(slack)
    slack.switches.faults = {"*": Fault(error="token_revoked")}
    with pytest.raises(RetryLater, match=r"reinstall the app and set SLACK_BOT_TOKEN"):
        await client.post_notice(notice)


async def test_a_deleted_notice_cannot_be_edited(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    ts = await client.post_notice(notice)
    await slack.delete(CLIPS, ts)
    with pytest.raises(Refused) as no:
        await client.update_notice(replace(notice, ts=ts))
    assert no.value.code == "message_not_found"


async def test_blocks_that_slack_does_not_like_do_not_cost_the_notice(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    slack.switches.faults = {"chat.postMessage": Fault(error="invalid_blocks", times=1)}
    posted = slack.message(CLIPS, await client.post_notice(notice))
    assert (posted.text, posted.blocks) == ("memo.m4a: queued", [])


async def test_blocks_that_slack_does_not_like_do_not_cost_the_edit(slack: SlackServer, client: Client) -> None:
    notice = await notice_in(slack)
    ts = await client.post_notice(notice)
    slack.switches.faults = {"chat.update": Fault(error="invalid_blocks", times=1)}
    await client.update_notice(read(replace(notice, ts=ts)))
    posted = slack.message(CLIPS, ts)
    assert (posted.text, posted.blocks) == ("memo.m4a: read", [])


# pace


async def test_slacks_own_pause_is_kept(slack: SlackServer, client: Client, clock: Seconds, wire: Wire) -> None:
    notice = await notice_in(slack)
    ts = await client.post_notice(notice)
    slack.switches.faults = {"chat.update": Fault(status=429, retry_after=7, times=1)}
    for _ in range(2):
        with pytest.raises(RetryLater) as later:
            await client.update_notice(replace(notice, ts=ts))
        assert later.value.after == timedelta(seconds=7)
    assert len(wire.named("chat.update")) == 1
    clock.now += 7
    await client.update_notice(read(replace(notice, ts=ts)))
    assert slack.message(CLIPS, ts).text == "memo.m4a: read"
