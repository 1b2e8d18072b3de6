"""The promise of the relay on fakes: never twice, never lost, and what each kind of failure leads to."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.relay.errors import OutcomeUnknown, Refused, RetryLater
from bot.relay.model import DeliveryId, DeliveryState, Fence, SendNext, Share, Status
from tests.fakes import CHANNEL, CHAT, OTHER_CHANNEL, clip, share
from tests.relay.conftest import World


async def accept_one(world: World, ts: str = "1790000005.606609") -> DeliveryId:
    [delivery] = await world.clips.accept(share(ts))
    return delivery


def given(url: str) -> Share:
    return replace(share(trigger="T1"), clips=(clip("memo.mp3", given_url=url),))


async def test_a_clip_is_uploaded_sent_once_and_recorded(world: World) -> None:
    delivery = await accept_one(world)
    await world.run()
    row = world.row(delivery)
    assert row.step is DeliveryState.RECORDED
    assert row.attachment is not None
    assert world.linq.uploads[row.attachment] == b"AUDIO-ok!"
    assert world.linq.sent == [(CHAT, row.attachment, "")]


async def test_the_same_event_again_is_the_same_delivery(world: World) -> None:
    await accept_one(world)
    assert await world.clips.accept(share()) == []
    await world.run()
    assert len(world.linq.sent) == 1


async def test_a_twin_event_with_another_ts_is_the_same_delivery(world: World) -> None:
    await world.clips.accept(share("1790000005.000001", twin="one-gesture"))
    assert await world.clips.accept(share("1790000026.000001", twin="one-gesture")) == []


async def test_asking_twice_by_shortcut_is_two_deliveries(world: World) -> None:
    first = await world.clips.accept(share(trigger="T1"))
    second = await world.clips.accept(share(trigger="T2"))
    await world.run()
    assert first != second
    assert len(world.linq.sent) == 2


async def test_a_drop_in_an_unlinked_channel_is_silence(world: World) -> None:
    assert await world.clips.accept(share(channel=OTHER_CHANNEL)) == []
    await world.run()
    assert world.slack.posts == []


async def test_unlinking_lets_accepted_deliveries_finish(world: World) -> None:
    delivery = await accept_one(world)
    world.unlink()
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED


async def test_clips_of_a_chat_are_sent_in_the_order_they_were_dropped(world: World) -> None:
    await world.clips.accept(share("1790000009.000000", "late.m4a"))
    await world.clips.accept(share("1790000001.000000", "one.m4a", "two.m4a"))
    await world.run()
    names = [name for name, _, _ in world.linq.created]
    assert names == ["one.m4a", "two.m4a", "late.m4a"]


async def test_a_lost_answer_is_found_in_the_chat_and_never_sent_again(world: World) -> None:
    world.linq.lose_answers = 1
    delivery = await accept_one(world)
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED
    assert len(world.linq.sent) == 1


async def test_a_memo_that_is_never_listed_ends_unconfirmed_after_two_minutes_and_is_not_sent_again(
    world: World,
) -> None:
    world.linq.lose_answers, world.linq.lists_memos = 1, False
    delivery = await accept_one(world)
    start = world.clock.now
    await world.run()
    assert world.status(delivery) is Status.UNCONFIRMED
    assert timedelta(minutes=2) <= world.clock.now - start < timedelta(minutes=3)
    assert len(world.linq.sent) == 1


async def test_a_lost_memo_is_looked_for_soon_at_first_and_then_less_often(world: World) -> None:
    world.linq.lose_answers, world.linq.lists_memos = 1, False
    await accept_one(world)
    waits = []
    for _ in range(6):
        with pytest.raises(RetryLater) as later:
            await world.clips.work(CHAT)
        assert later.value.after is not None
        waits.append(later.value.after.total_seconds())
        world.clock.pass_by(later.value.after)
    assert waits == [1, 2, 4, 8, 15, 15]


async def test_a_search_that_is_refused_says_nothing_of_whether_it_was_sent(world: World) -> None:
    """Called failed, it would be sent again with a light heart."""
    world.linq.lose_answers = 1
    world.linq.trouble["find_memo"] = [Refused("Linq does not know this chat any more.", code="2001")] * 30
    delivery = await accept_one(world)
    await world.run()
    assert world.status(delivery) is Status.UNCONFIRMED


async def test_a_found_memo_that_belongs_to_another_delivery_settles_nothing(world: World) -> None:
    """The same given url twice: by its name alone, the first one's memo is found for both."""
    url = "https://example.com/a/memo.mp3"
    await world.clips.accept(given(url))
    await world.run()
    world.linq.trouble["send"] = [OutcomeUnknown("lost")]
    [second] = await world.clips.accept(replace(given(url), trigger="T2"))
    await world.run()
    assert world.status(second) is Status.UNCONFIRMED


GONE = RetryLater("The database cannot be reached.")


async def test_a_memory_that_fails_after_the_send_does_not_make_it_unsent(world: World) -> None:
    world.memory.trouble["record"] = [GONE]
    delivery = await accept_one(world)
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED
    assert len(world.linq.sent) == 1


async def test_a_memory_that_fails_when_a_memo_was_found_does_not_make_it_unsent(world: World) -> None:
    world.linq.lose_answers, world.memory.trouble["record"] = 1, [GONE]
    delivery = await accept_one(world)
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED
    assert len(world.linq.sent) == 1


async def test_a_memory_that_fails_when_the_search_ends_does_not_make_it_unsent(world: World) -> None:
    world.linq.lose_answers, world.linq.lists_memos, world.memory.trouble["close"] = 1, False, [GONE]
    delivery = await accept_one(world)
    await world.run()
    assert world.status(delivery) is Status.UNCONFIRMED
    assert len(world.linq.sent) == 1


async def test_nothing_is_called_unconfirmed_while_nobody_could_look(world: World) -> None:
    world.linq.lose_answers = 1
    world.linq.trouble["find_memo"] = [RetryLater("Linq is down.") for _ in range(30)]
    delivery = await accept_one(world)
    await world.run()
    assert world.status(delivery) is not Status.UNCONFIRMED
    assert world.row(delivery).step is DeliveryState.RECORDED


async def test_a_row_that_says_about_to_send_is_looked_for_before_anything_is_sent(world: World) -> None:
    """What a process finds that starts after another was killed between intent and record."""
    delivery = await accept_one(world)
    row = await world.memory.claim(CHAT)
    assert row is not None
    at = world.clock()
    await world.memory.intend(delivery, row.fence, attachment=None, sound=None, at=at)
    world.linq.lists_memos = False
    await world.run()
    assert world.linq.sent == []
    assert world.status(delivery) is Status.UNCONFIRMED


async def test_a_worker_that_lost_the_row_sends_nothing(world: World) -> None:
    delivery = await accept_one(world)
    row = await world.memory.claim(CHAT)
    assert row is not None
    world.memory._set(delivery, fence=Fence(row.fence + 1))  # somebody else claimed it meanwhile
    await world.clips._advance(row)
    assert world.linq.sent == []


async def test_a_sure_no_fails_with_its_reason_and_code(world: World) -> None:
    world.linq.trouble["send"] = [Refused("The recipient opted out.", code="2024")]
    delivery = await accept_one(world)
    await world.run()
    row = world.row(delivery)
    assert (row.step, row.reason, row.code) == (DeliveryState.FAILED, "The recipient opted out.", "2024")


async def test_a_rate_limit_waits_as_long_as_it_was_told_and_uses_the_same_attachment(world: World) -> None:
    world.linq.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5), code="1007")]
    delivery = await accept_one(world)
    start = world.clock.now
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED
    assert world.clock.now - start >= timedelta(hours=5)
    assert len(world.linq.created) == 1


async def test_whoever_comes_before_its_time_leaves_it_for_as_long_as_is_left(world: World) -> None:
    """Another clip of its chat brings an errand of its own, and a restart does."""
    world.linq.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5), code="1007")]
    await accept_one(world)
    with pytest.raises(RetryLater):
        await world.clips.work(CHAT)
    world.clock.pass_by(timedelta(hours=1))
    with pytest.raises(RetryLater, match="Rate limited") as later:
        await world.clips.work(CHAT)
    assert later.value.after == timedelta(hours=4)
    assert world.linq.sent == []


async def test_a_neighbour_that_names_no_wait_at_all_is_not_asked_without_a_breath(world: World) -> None:
    world.linq.trouble["send"] = [RetryLater("Rate limited.", after=timedelta())]
    await accept_one(world)
    with pytest.raises(RetryLater) as later:
        await world.clips.work(CHAT)
    assert later.value.after == timedelta(milliseconds=100)


async def test_waits_that_the_neighbour_named_use_up_no_try(world: World) -> None:
    busy = RetryLater("Rate limited.", after=timedelta(minutes=1), code="2027")
    world.linq.trouble["send"] = [*[busy] * 12, RetryLater("The connection broke.")]
    delivery = await accept_one(world)
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED


async def test_trouble_without_end_ends_failed(world: World) -> None:
    world.slack.trouble["download"] = [RetryLater("Slack is down.") for _ in range(100)]
    delivery = await accept_one(world)
    await world.run()
    assert world.row(delivery).step is DeliveryState.FAILED
    assert world.row(delivery).reason.startswith("Slack is down.")


async def test_waits_that_the_neighbour_named_without_end_end_failed_with_its_code(world: World) -> None:
    world.linq.trouble["send"] = [
        RetryLater("Rate limited.", after=timedelta(hours=5), code="1007") for _ in range(100)
    ]
    delivery = await accept_one(world)
    start = world.clock.now
    await world.run()
    assert (world.row(delivery).step, world.row(delivery).code) == (DeliveryState.FAILED, "1007")
    assert world.clock.now - start <= timedelta(hours=36)


async def test_a_fault_of_our_own_ends_failed_too_and_lets_the_next_one_pass(world: World) -> None:
    """A clip that breaks us must not hold up its chat for ever."""
    world.slack.breaks_on = "poison.m4a"
    await world.clips.accept(share("1790000001.0", "poison.m4a", "good.m4a"))
    await world.run()
    poisoned, good = world.memory.rows.values()
    assert (poisoned.step, good.step) == (DeliveryState.FAILED, DeliveryState.RECORDED)
    assert "on our side" in poisoned.reason


async def test_a_fault_of_our_own_after_the_send_does_not_make_it_unsent(world: World) -> None:
    world.memory.breaks = 1
    delivery = await accept_one(world)
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED
    assert len(world.linq.sent) == 1


async def test_a_failed_clip_does_not_stop_the_next_one_of_its_chat(world: World) -> None:
    world.linq.trouble["send"] = [Refused("No.")]
    await world.clips.accept(share("1790000001.0", "a.m4a", "b.m4a"))
    await world.run()
    assert [row.step for row in world.memory.rows.values()] == [DeliveryState.FAILED, DeliveryState.RECORDED]


async def test_a_deleted_message_cancels_what_was_not_sent(world: World) -> None:
    delivery = await accept_one(world)
    await world.clips.withdraw(CHANNEL, "1790000005.606609")
    await world.run()
    assert world.status(delivery) is Status.CANCELLED
    assert world.linq.sent == []


async def test_a_message_deleted_while_linq_is_asked_to_send_it_is_not_sent_later(world: World) -> None:
    delivery = await accept_one(world)
    world.linq.meanwhile = [world.clips.withdraw(CHANNEL, "1790000005.606609")]
    world.linq.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(seconds=10), code="1007")]
    await world.run()
    assert world.status(delivery) is Status.CANCELLED
    assert world.linq.sent == []


async def test_a_message_that_lost_one_file_keeps_the_others(world: World) -> None:
    kept, gone = await world.clips.accept(share("1790000001.0", "kept.m4a", "gone.m4a"))
    await world.clips.withdraw(CHANNEL, "1790000001.0", ["F0kept.m4a"])
    await world.run()
    assert (world.row(kept).step, world.row(gone).step) == (DeliveryState.RECORDED, DeliveryState.CANCELLED)


async def test_a_process_frozen_between_intent_and_act_takes_the_intent_back(world: World) -> None:
    delivery = await accept_one(world)
    world.memory.commit_takes = timedelta(seconds=60)
    with pytest.raises(RetryLater):
        await world.clips.work(CHAT)
    assert world.linq.sent == []
    assert world.row(delivery).step is DeliveryState.PREPARED
    world.memory.commit_takes = timedelta()
    await world.run()
    assert world.row(delivery).step is DeliveryState.RECORDED
    assert len(world.linq.sent) == 1


async def test_a_process_frozen_between_intent_and_act_whose_delivery_was_taken_over_does_nothing(world: World) -> None:
    delivery = await accept_one(world)
    world.memory.commit_takes = timedelta(seconds=60)
    world.memory.meanwhile = [world.memory.claim(CHAT)]
    await world.clips.work(CHAT)
    assert world.linq.sent == []
    assert world.row(delivery).step is DeliveryState.SENDING


async def test_a_given_url_is_forwarded_as_it_stands(world: World) -> None:
    url = "https://example.com/a/memo.mp3"
    await world.clips.accept(given(url))
    await world.run()
    assert world.linq.sent == [(CHAT, None, url)]
    assert world.linq.created == []


async def test_a_given_url_that_cannot_be_fetched_does_not_hold_up_its_chat(world: World) -> None:
    world.linq.trouble["send"] = [RetryLater("Linq could not fetch the audio.", code="5002") for _ in range(100)]
    [delivery] = await world.clips.accept(given("https://example.com/a/memo.mp3"))
    start = world.clock.now
    await world.run()
    assert world.row(delivery).step is DeliveryState.FAILED
    assert world.clock.now - start < timedelta(seconds=30)


async def test_a_lent_link_is_an_address_whatever_the_clip_is_called(lending_world: World) -> None:
    [delivery] = await lending_world.clips.accept(share("1790000005.606609", "für dich?.m4a"))
    await lending_world.run()
    [(_, _, url)] = lending_world.linq.sent
    assert url == f"https://bot.example/clips/tok/f%C3%BCr%20dich%3F-{delivery[:6]}.m4a"


async def test_a_lending_relay_sends_an_unguessable_link_and_uploads_nothing(lending_world: World) -> None:
    delivery = await accept_one(lending_world)
    await lending_world.run()
    name = f"memo-{delivery[:6]}.m4a"
    assert lending_world.linq.sent == [(CHAT, None, f"https://bot.example/clips/tok/{name}")]
    assert (lending_world.linq.created, lending_world.linq.uploads) == ([], {})


async def test_what_was_to_be_lent_is_uploaded_once_nothing_is_lent_any_more(
    lending_world: World, tmp_path: Path
) -> None:
    lending_world.linq.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(minutes=1), code="1007")]
    delivery = await accept_one(lending_world)
    with pytest.raises(RetryLater):
        await lending_world.clips.work(CHAT)
    restarted = World(tmp_path, clock=lending_world.clock)
    restarted.memory.rows, restarted.memory.errands = lending_world.memory.rows, [SendNext(CHAT)]
    await restarted.run()
    assert restarted.row(delivery).step is DeliveryState.RECORDED
    assert [sent[1] for sent in restarted.linq.sent] == ["A1"]


async def test_a_lent_clip_whose_answer_was_lost_is_found_by_its_unique_name(lending_world: World) -> None:
    lending_world.linq.lose_answers = 1
    delivery = await accept_one(lending_world)
    await lending_world.run()
    assert lending_world.row(delivery).step is DeliveryState.RECORDED
    assert len(lending_world.linq.sent) == 1


async def test_the_doubt_says_whether_linq_fetched_the_audio(lending_world: World) -> None:
    lending_world.linq.trouble["send"] = [OutcomeUnknown("lost")]
    delivery = await accept_one(lending_world)
    await lending_world.memory.fetched(delivery, lending_world.clock())
    await lending_world.run()
    assert lending_world.status(delivery) is Status.UNCONFIRMED
    assert "probably arrived" in lending_world.row(delivery).reason
