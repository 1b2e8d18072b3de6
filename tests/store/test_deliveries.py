"""The laws of deliveries: accepted once, taken in order, touched only by who holds the fence."""

import asyncio

import pytest
from psycopg.errors import RaiseException

from bot.relay.model import (
    AttachmentId,
    AudioInfo,
    ChannelId,
    ChatId,
    Clip,
    DeliveryId,
    DeliveryState,
    Link,
    NoticeId,
    RefreshNotice,
    SendNext,
)
from bot.store.database import Database
from tests.store.conftest import Line
from tests.store.made import CHANNEL, CHAT, NOTICE, NOW, SOON, claimed, delivery, kept, memo, post, receipt, sending

SOUND = AudioInfo(duration_s=2.5, converted_from="flac", waveform=(0, 3, 7))


async def test_a_delivery_accepted_twice_is_one(memory: Database, line: Line) -> None:
    assert await memory.deliveries.accept([delivery("a")]) == ["a"]
    assert await memory.deliveries.accept([delivery("a"), delivery("b")]) == ["b"]
    assert line.chats == [CHAT, CHAT]


async def test_a_twin_is_the_same_delivery_under_another_name(memory: Database) -> None:
    first, second = delivery("a", twin="mine"), delivery("b", twin="mine", clip=delivery("a").clip)
    assert await memory.deliveries.accept([first]) == ["a"]
    assert await memory.deliveries.accept([second]) == []


async def test_the_files_of_one_message_share_its_twin_name_and_are_not_one(memory: Database) -> None:
    assert await memory.deliveries.accept([delivery("a", twin="mine"), delivery("b", twin="mine")]) == ["a", "b"]


async def test_the_same_file_asked_for_twice_is_two_deliveries_where_slack_names_no_twin(memory: Database) -> None:
    first, second = delivery("a"), delivery("b", clip=delivery("a").clip)
    assert await memory.deliveries.accept([first, second]) == ["a", "b"]


async def test_a_drop_goes_where_its_channel_is_linked_at_that_moment(memory: Database) -> None:
    await memory.links.save(Link(CHANNEL, ChatId("before")))
    await memory.deliveries.accept([delivery("a", chat="")])
    await memory.links.save(Link(CHANNEL, ChatId("after")))
    await memory.deliveries.accept([delivery("b", chat="")])
    assert [(await kept(memory, name)).chat for name in "ab"] == ["before", "after"]


async def test_a_drop_in_a_channel_without_link_leaves_nothing(memory: Database, line: Line) -> None:
    await memory.links.save(Link(ChannelId("C2"), CHAT))
    assert await memory.deliveries.accept([delivery("a", chat="")]) == []
    assert await memory.deliveries.delivery(DeliveryId("a")) is None
    assert not line.chats + line.notices


async def test_a_delivery_with_a_chat_asks_no_link(memory: Database) -> None:
    await memory.links.save(Link(CHANNEL, ChatId("elsewhere")))
    await memory.deliveries.accept([delivery("a")])
    assert (await kept(memory, "a")).chat == CHAT


async def test_what_was_accepted_comes_back_as_it_was(memory: Database) -> None:
    clip = Clip("F1", "a\x00b\ud800.m4a", "https://files.example/1", 7, "audio/mp4", "https://given.example/1")
    await memory.deliveries.accept([delivery("a", clip=clip, position=2, twin="mine", replaces=DeliveryId("z"))])
    back = await kept(memory, "a")
    assert back.clip == Clip("F1", "a�b?.m4a", "https://files.example/1", 7, "audio/mp4", "https://given.example/1")
    assert (back.post, back.asked_at, back.position, back.twin, back.replaces) == (post(), 100.1, 2, "mine", "z")
    assert (back.step, back.fence, back.attempts, back.sound) == (DeliveryState.WAITING, 0, 0, None)


async def test_a_delivery_and_its_errands_are_stored_together_or_not_at_all(memory: Database, line: Line) -> None:
    line.break_down()
    with pytest.raises(RaiseException):
        await memory.deliveries.accept([delivery("a")])
    assert await memory.deliveries.delivery(DeliveryId("a")) is None


async def test_each_of_many_callers_learns_which_of_its_own_were_new(memory: Database, line: Line) -> None:
    calls = [memory.deliveries.accept([delivery(f"{n}"), delivery("shared")]) for n in range(50)]
    answers = await asyncio.gather(*calls)
    assert [answer[0] for answer in answers] == [f"{n}" for n in range(50)]
    assert sum("shared" in answer for answer in answers) == 1
    assert len(line.chats) == 51


async def test_a_chat_goes_by_when_it_was_asked_then_by_place_in_the_message_then_by_arrival(memory: Database) -> None:
    order = [("late", 3.0, 0), ("second", 2.0, 1), ("first", 2.0, 0), ("also-first", 2.0, 0), ("early", 1.0, 5)]
    for name, asked_at, position in order:
        await memory.deliveries.accept([delivery(name, asked_at=asked_at, position=position)])
    taken = []
    for _ in order:
        held = await claimed(memory)
        taken.append(held.id)
        await memory.deliveries.close(held.id, held.fence, DeliveryState.FAILED, reason="", code="")
    assert taken == ["early", "first", "also-first", "second", "late"]
    assert await memory.deliveries.claim(CHAT) is None


async def test_who_works_on_a_chat_is_given_nothing_of_another(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    assert await memory.deliveries.claim(ChatId("chat-2")) is None
    assert (await claimed(memory)).id == "a"


async def test_who_was_overtaken_changes_nothing_any_more(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    old, new = await claimed(memory), await claimed(memory)
    store = memory.deliveries
    assert not await store.postpone(old.id, old.fence, due_at=SOON, reason="r", code="c", counts=True)
    assert not await store.intend(old.id, old.fence, attachment=None, sound=None, at=NOW)
    assert not await store.close(old.id, old.fence, DeliveryState.FAILED, reason="r", code="c")
    assert await kept(memory, "a") == new


async def test_an_intent_keeps_what_was_prepared(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    held = await claimed(memory)
    assert await memory.deliveries.intend(held.id, held.fence, attachment=AttachmentId("A1"), sound=SOUND, at=NOW)
    back = await claimed(memory)
    assert (back.step, back.attachment, back.sound, back.sending_since) == (DeliveryState.SENDING, "A1", SOUND, NOW)


async def test_postponing_takes_an_intent_back_but_keeps_what_was_prepared(memory: Database, line: Line) -> None:
    await sending(memory, "a", "A1")
    held = await claimed(memory)
    assert await memory.deliveries.postpone(held.id, held.fence, due_at=SOON, reason="Slow.", code="429", counts=True)
    back = await kept(memory, "a")
    assert (back.step, back.attachment, back.sending_since) == (DeliveryState.PREPARED, "A1", None)
    assert (back.due_at, back.reason, back.code, back.attempts) == (SOON, "Slow.", "429", 1)


async def test_postponing_before_anything_was_prepared_leaves_it_waiting(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    held = await claimed(memory)
    assert await memory.deliveries.postpone(held.id, held.fence, due_at=SOON, reason="Slow.", code="", counts=False)
    waiting = await claimed(memory)
    assert (waiting.step, waiting.attempts) == (DeliveryState.WAITING, 0)


async def test_a_recorded_delivery_is_done(memory: Database) -> None:
    await sending(memory, "a", "A1")
    assert await memory.deliveries.record(DeliveryId("a"), memo("M1", trace_id="t"))
    back = await kept(memory, "a")
    assert (back.step, back.memo, back.trace_id) == (DeliveryState.RECORDED, "M1", "t")
    assert await memory.deliveries.claim(CHAT) is None


async def test_a_fact_needs_no_fence_and_outweighs_a_doubt(memory: Database) -> None:
    held = await sending(memory, "a", "A1")
    await memory.deliveries.close(held.id, held.fence, DeliveryState.UNCONFIRMED, reason="Who knows.", code="")
    assert await memory.deliveries.record(held.id, memo("M1"))
    assert (await kept(memory, "a")).step is DeliveryState.RECORDED


async def test_a_memo_belongs_to_one_delivery(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a"), delivery("b")])
    assert await memory.deliveries.record(DeliveryId("a"), memo("M1"))
    assert not await memory.deliveries.record(DeliveryId("b"), memo("M1"))
    assert (await kept(memory, "b")).step is DeliveryState.WAITING


async def test_what_linq_answered_at_once_is_kept_as_a_receipt(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(DeliveryId("a"), memo("M1", receipt=receipt("r1", memo="M1")))
    told = await memory.deliveries.told(DeliveryId("a"))
    assert told is not None
    assert [each.id for each in told.receipts] == ["r1"]


@pytest.mark.parametrize("step", [DeliveryState.FAILED, DeliveryState.UNCONFIRMED, DeliveryState.CANCELLED])
async def test_a_files_address_is_forgotten_when_its_delivery_is_closed(memory: Database, step: DeliveryState) -> None:
    await memory.deliveries.accept([delivery("a")])
    held = await claimed(memory)
    await memory.deliveries.close(held.id, held.fence, step, reason="r", code="c")
    back = await kept(memory, "a")
    assert (back.step, back.reason, back.code, back.clip.url) == (step, "r", "c", "")


async def test_a_files_address_is_forgotten_when_its_memo_is_recorded(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    await memory.deliveries.record(DeliveryId("a"), memo("M1"))
    assert (await kept(memory, "a")).clip.url == ""


async def test_a_deleted_message_cancels_what_was_not_sent(memory: Database) -> None:
    await sending(memory, "sent", "A1")
    elsewhere = post(message_ts="200.1")
    await memory.deliveries.accept([delivery("gone"), delivery("kept"), delivery("other", post=elsewhere)])
    await memory.deliveries.cancel(CHANNEL, "100.1", ["F-kept"])
    steps = {name: (await kept(memory, name)).step for name in ("sent", "gone", "kept", "other")}
    assert steps == {
        "sent": DeliveryState.SENDING,
        "gone": DeliveryState.CANCELLED,
        "kept": DeliveryState.WAITING,
        "other": DeliveryState.WAITING,
    }


async def test_a_message_deleted_after_its_clips_were_done_with_changes_nothing(memory: Database) -> None:
    await memory.deliveries.accept([delivery("sent"), delivery("failed", asked_at=200.0)])
    await memory.deliveries.record(DeliveryId("sent"), memo("M1"))
    held = await claimed(memory)
    await memory.deliveries.close(held.id, held.fence, DeliveryState.FAILED, reason="No.", code="")
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    assert [(await kept(memory, name)).step for name in ("sent", "failed")] == [
        DeliveryState.RECORDED,
        DeliveryState.FAILED,
    ]


async def test_a_deleted_message_cancels_nothing_of_another_channels_at_the_same_moment(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a", post=post(channel="C2"))])
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    assert (await kept(memory, "a")).step is DeliveryState.WAITING


async def test_what_is_cancelled_while_it_waits_says_no_more_why_it_waited(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    held = await claimed(memory)
    await memory.deliveries.postpone(held.id, held.fence, due_at=SOON, reason="Slow.", code="429", counts=True)
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    back = await kept(memory, "a")
    assert (back.clip.url, back.reason, back.code, back.due_at) == ("", "", "", None)


async def test_who_works_on_a_cancelled_delivery_cannot_send_it(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a")])
    held = await claimed(memory)
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    assert not await memory.deliveries.intend(held.id, held.fence, attachment=None, sound=None, at=NOW)


async def test_a_message_deleted_while_it_is_being_sent_is_cancelled_once_it_surely_was_not(memory: Database) -> None:
    await sending(memory, "a", "A1")
    held = await claimed(memory)
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    assert not await memory.deliveries.postpone(
        held.id, held.fence, due_at=SOON, reason="Slow.", code="429", counts=True
    )
    assert (await kept(memory, "a")).step is DeliveryState.CANCELLED


async def test_what_is_cancelled_after_a_try_to_send_it_keeps_neither_address_nor_reason_nor_time(
    memory: Database,
) -> None:
    await sending(memory, "a", "A1")
    held = await claimed(memory)
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    await memory.deliveries.postpone(held.id, held.fence, due_at=SOON, reason="Slow.", code="429", counts=True)
    back = await kept(memory, "a")
    assert (back.clip.url, back.reason, back.code, back.due_at) == ("", "", "", None)


async def test_a_message_deleted_while_it_is_being_sent_may_have_been_sent(memory: Database) -> None:
    await sending(memory, "a", "A1")
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    await memory.deliveries.record(DeliveryId("a"), memo("M1"))
    assert (await kept(memory, "a")).step is DeliveryState.RECORDED


async def test_the_next_clips_of_a_chat_need_not_wait_for_a_cancelled_ones_time(memory: Database, line: Line) -> None:
    await memory.deliveries.accept([delivery("a")])
    held = await claimed(memory)
    await memory.deliveries.postpone(held.id, held.fence, due_at=SOON, reason="Slow.", code="", counts=True)
    await memory.deliveries.cancel(CHANNEL, "100.1", [])
    assert line.hurried == [held.chat]


async def test_the_deliveries_of_a_message_leave_out_the_replaced(memory: Database) -> None:
    await memory.deliveries.accept([delivery("b", position=1), delivery("a")])
    await memory.deliveries.accept([delivery("a2", replaces=DeliveryId("a"))])
    told = await memory.deliveries.of_message(CHANNEL, "100.1")
    assert [each.delivery.id for each in told] == ["a2", "b"]


async def test_the_recent_ones_come_newest_first(memory: Database) -> None:
    for name in "abc":
        await memory.deliveries.accept([delivery(name)])
    assert [told.delivery.id for told in await memory.deliveries.recent(2)] == ["c", "b"]


async def test_every_open_delivery_and_untold_notice_is_owed_an_errand(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a"), delivery("b", chat="chat-2", post=post(message_ts="200.1"))])
    await memory.deliveries.record(DeliveryId("a"), memo("M1"))
    await memory.notices.take(NOTICE, NOW)
    assert await memory.owed() == [SendNext(ChatId("chat-2")), RefreshNotice(NoticeId("C1:200.1"))]
