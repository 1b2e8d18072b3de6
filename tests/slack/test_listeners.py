"""What Slack's events come to over signed HTTP: stored before answered, answered in any case, and never lost."""

import pytest

from bot.relay.errors import RetryLater
from bot.sandbox.slack.fixtures import ANN, CLIPS, CREW, OTHER_BOT
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Message, Upload
from bot.sandbox.slack.switches import Fault
from bot.sandbox.wire import Wire
from bot.slack.lookups import Lookups
from tests.slack.fake_relay import FakeRelay

pytestmark = pytest.mark.usefixtures("events_url")

MEMO = Upload("memo.m4a", b"sound")


async def answered(message: Message) -> list[int | None]:
    """The statuses with which the message's event was answered, once Slack is content or gives up."""
    assert message.delivery is not None
    await message.delivery.ended()
    return [answer.status for answer in message.delivery.answers]


async def test_a_drop_is_accepted_before_it_is_answered(slack: SlackServer, relay: FakeRelay) -> None:
    message = await slack.drop(CLIPS, MEMO)
    assert await answered(message) == [200]
    [share] = relay.shares
    assert (share.post.channel, share.post.message_ts, share.post.user) == (CLIPS, message.ts, ANN)
    assert [clip.name for clip in share.clips] == ["memo.m4a"]


async def test_what_could_not_be_stored_is_delivered_again(slack: SlackServer, relay: FakeRelay) -> None:
    relay.trouble = RuntimeError("the database is away")
    message = await slack.drop(CLIPS, MEMO)
    assert await answered(message) == [500, 500, 500, 500]
    relay.trouble = None
    assert await answered(await slack.drop(CLIPS, MEMO)) == [200]
    assert len(relay.shares) == 1


async def test_no_event_is_lost_while_auth_test_fails(slack: SlackServer, relay: FakeRelay) -> None:
    slack.switches.faults = {"auth.test": Fault(error="invalid_auth", times=2)}
    assert await answered(await slack.drop(CLIPS, MEMO)) == [500, 500, 200]
    assert len(relay.shares) == 1


async def test_a_drop_in_a_thread_keeps_its_root(slack: SlackServer, relay: FakeRelay) -> None:
    root = await slack.say(CLIPS, "hello")
    await answered(await slack.drop(CLIPS, MEMO, thread_ts=root.ts, broadcast=True))
    assert relay.shares[0].post.root_ts == root.ts


async def test_a_mention_beside_the_clip_is_no_second_drop(slack: SlackServer, relay: FakeRelay) -> None:
    slack.switches.subscribed |= {"app_mention", "file_shared", "file_created", "file_public"}
    await slack.drop(CLIPS, MEMO, text=f"<@{slack.bot_user}> send this")
    await slack.settled()
    assert len(relay.shares) == 1


@pytest.mark.parametrize("name", ["cat.png", "report.pdf", "film.mp4"])
async def test_a_file_that_is_no_audio_is_met_with_silence(slack: SlackServer, relay: FakeRelay, name: str) -> None:
    assert await answered(await slack.drop(CLIPS, Upload(name, b"x"))) == [200]
    assert relay.shares == []


async def test_other_bots_are_not_heard(slack: SlackServer, relay: FakeRelay) -> None:
    assert await answered(await slack.drop(CLIPS, MEMO, user=OTHER_BOT)) == [200]
    assert relay.shares == []


async def test_a_plain_message_and_an_event_nobody_listens_to_are_answered_200(slack: SlackServer, wire: Wire) -> None:
    await answered(await slack.say(CLIPS, "hello"))
    await slack.archive(CREW)
    await slack.settled()
    assert {entry.status for entry in wire.entries if entry.what.startswith("event ")} == {200}
    assert wire.named("event channel_archive")


async def test_slack_holding_events_back_is_answered_200(slack: SlackServer) -> None:
    answer = await slack.warn_rate_limited().ended()
    assert answer.status == 200


# stubs


async def test_a_stub_is_looked_up_and_taken_when_it_is_audio(slack: SlackServer, relay: FakeRelay) -> None:
    await answered(await slack.drop(CLIPS, Upload("memo.m4a", b"sound", "connect_stub")))
    [clip] = relay.shares[0].clips
    assert clip.name == "memo.m4a"
    assert clip.url


async def test_a_stub_that_is_no_audio_is_met_with_silence(slack: SlackServer, relay: FakeRelay) -> None:
    await answered(await slack.drop(CLIPS, Upload("cat.png", b"x", "connect_stub"), MEMO))
    assert [[clip.name for clip in share.clips] for share in relay.shares] == [["memo.m4a"]]


async def test_a_stub_nobody_may_look_at_is_taken_so_that_its_failure_is_seen(
    slack: SlackServer, relay: FakeRelay
) -> None:
    await answered(await slack.drop(CLIPS, Upload("memo.m4a", b"x", "connect_stub", info_error="access_denied")))
    assert len(relay.shares) == 1


async def test_a_stub_of_a_deleted_file_is_nothing(slack: SlackServer, relay: FakeRelay) -> None:
    await answered(await slack.drop(CLIPS, Upload("memo.m4a", b"x", "connect_stub", info_error="file_deleted")))
    assert relay.shares == []


async def test_a_stub_is_delivered_again_while_slack_cannot_say_what_it_is(
    slack: SlackServer, relay: FakeRelay
) -> None:
    slack.switches.faults = {"files.info": Fault(status=503, times=1)}
    assert await answered(await slack.drop(CLIPS, Upload("memo.m4a", b"x", "connect_stub"))) == [500, 200]
    assert len(relay.shares) == 1


async def test_a_stub_in_a_channel_without_a_link_is_not_looked_up(slack: SlackServer, wire: Wire) -> None:
    assert await answered(await slack.drop(CREW, Upload("memo.m4a", b"x", "connect_stub"))) == [200]
    assert wire.named("files.info") == []


# afterwards


async def test_a_deleted_message_is_withdrawn(slack: SlackServer, relay: FakeRelay) -> None:
    message = await slack.drop(CLIPS, MEMO)
    await slack.delete(CLIPS, message.ts)
    await slack.settled()
    assert relay.withdrawn == [(CLIPS, message.ts, ())]


async def test_a_deleted_file_is_withdrawn(slack: SlackServer, relay: FakeRelay) -> None:
    message = await slack.drop(CLIPS, MEMO, MEMO)
    gone, kept = (file.id for file in message.files)
    await slack.delete_file(gone)
    await slack.settled()
    assert relay.withdrawn == [(CLIPS, message.ts, (kept,))]


async def test_edits_and_transcripts_withdraw_nothing(slack: SlackServer, relay: FakeRelay) -> None:
    message = await slack.drop(CLIPS, MEMO)
    await slack.edit(CLIPS, message.ts, "now with text")
    await slack.finish_transcript(message.files[0].id)
    await slack.settled()
    assert (relay.withdrawn, len(relay.shares)) == ([], 1)


async def test_a_channel_with_a_new_id_keeps_its_link(slack: SlackServer, relay: FakeRelay) -> None:
    new = await slack.move_channel(CLIPS)
    await slack.settled()
    assert relay.wishes == [("moved", CLIPS, new)]


async def test_a_revoked_token_is_seen_at_the_next_ping(slack: SlackServer, lookups: Lookups) -> None:
    assert await lookups.ping() == ""
    await slack.uninstall()
    await slack.settled()
    assert "reinstall" in await lookups.ping()


async def test_a_later_answer_is_a_500_so_that_slack_tries_again(slack: SlackServer, relay: FakeRelay) -> None:
    relay.trouble = RetryLater("The store is busy.")
    assert (await answered(await slack.drop(CLIPS, MEMO)))[0] == 500
