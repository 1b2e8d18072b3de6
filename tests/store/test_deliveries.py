"""Deliveries: accepted once, claimed in order, changed only under the fence that holds them."""

import asyncio
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.errors import RaiseException

from bot.relay.errors import Remedy
from bot.relay.holds import NOW, Decision
from bot.relay.ids import DeliveryId, MediaRef, MessageId, RoomId
from bot.relay.model import AudioInfo, Delivery, DeliveryState, HeldFor, PreparedPart, Sent
from bot.relay.parts import Announcement, Edit, Happening, Media, Reaction, Span, Style, Text, Voice
from bot.relay.ports.stores import Counterpart
from bot.relay.rooms import Link
from bot.store.database import ROOMS_DUE, Database
from tests.fakes import ANN, BASE, CHANNEL, CHAT, OTHER_CHAT, SECOND
from tests.store.conftest import Jobs
from tests.store.rows import (
    NOTICE,
    OTHER_NOTICE,
    SOURCE,
    ask,
    claimed,
    close,
    delivery,
    elsewhere,
    kept,
    message,
    pass_by,
    postpone,
    receipt,
    record,
    sending,
    told,
    uploaded,
    voice,
)

A = DeliveryId("a")
HOUR = timedelta(hours=1)
TEXT = Text("t", "Hello", (Span(0, 5, Style.BOLD),))


async def test_delivery_accepted_twice_is_one(database: Database, jobs: Jobs) -> None:
    assert await database.deliveries.accept([delivery("a")]) == ["a"]
    assert await database.deliveries.accept([delivery("a"), delivery("b")]) == ["b"]
    assert jobs.rooms == [CHAT, CHAT]


async def test_message_is_accepted_once_whatever_its_targets(database: Database) -> None:
    assert await database.deliveries.accept([delivery("a", is_explicit=False)]) == ["a"]
    assert not await database.deliveries.accept([delivery("b", is_explicit=False, target=OTHER_CHAT)])


async def test_dedup_key_makes_two_deliveries_one(database: Database) -> None:
    assert await database.deliveries.accept([delivery("a", dedup_key="one")]) == ["a"]
    assert not await database.deliveries.accept([delivery("b", dedup_key="one")])


EVERY_PART = (
    Voice("1", "a\x00b\ud800.m4a", MediaRef("team:T0AAA!1"), "fresh", 7, "audio/mp4"),
    Media("2", "a.jpg", MediaRef("team:T0AAA!2"), "fresh", 7, "image/jpeg"),
    TEXT,
    Reaction("4", "👍", is_removed=True, part="2"),
    Edit("5", "Hallo", (Span(0, 5, Style.ITALIC),)),
    Announcement("6", Happening.RENAMED, ("Ann",), "Friends"),
)


async def test_accepted_delivery_comes_back_as_it_was(database: Database) -> None:
    given = delivery(
        "a",
        parts=EVERY_PART,
        position=2,
        about=MessageId("team:T0AAA/C0MAP#1"),
        dedup_key="one",
        replaces=DeliveryId("z"),
        not_before=BASE,
        awaits_approval=True,
        reason="It was missed.",
    )
    await database.deliveries.accept([given])
    back = await kept(database, "a")
    clean = (replace(EVERY_PART[0], name="a\ufffdb?.m4a"), *EVERY_PART[1:])
    assert replace(back, accepted_at=None) == replace(given, parts=clean)


async def test_prepared_delivery_comes_back_as_it_was(database: Database) -> None:
    prepared = (
        PreparedPart((MediaRef("chat:x!1"), MediaRef("chat:x!2")), AudioInfo(2.5, "FLAC", True, (0, 3, 7))),
        PreparedPart(refused="It is too large."),
    )
    await database.deliveries.accept([delivery("a", parts=(voice("a"), voice("b")))])
    held = await claimed(database)
    assert await database.deliveries.mark_sending(A, held.fence, prepared)
    back = await claimed(database)
    assert (back.state, back.prepared) == (DeliveryState.SENDING, prepared)
    assert back.sending_since is not None


async def test_delivery_and_its_jobs_are_stored_together_or_not_at_all(database: Database, jobs: Jobs) -> None:
    jobs.break_down()
    with pytest.raises(RaiseException):
        await database.deliveries.accept([delivery("a", is_explicit=False)])
    assert await database.deliveries.find(A) is None


async def test_each_of_many_callers_learns_which_of_its_own_were_new(database: Database, jobs: Jobs) -> None:
    calls = [database.deliveries.accept([delivery(f"{number}"), delivery("shared")]) for number in range(50)]
    answers = await asyncio.gather(*calls)
    assert [answer[0] for answer in answers] == [f"{number}" for number in range(50)]
    assert sum("shared" in answer for answer in answers) == 1
    assert jobs.rooms


async def test_room_goes_by_time_then_place_then_arrival(database: Database) -> None:
    order = [("late", 3, 0), ("second", 2, 1), ("first", 2, 0), ("also-first", 2, 0), ("early", 1, 5)]
    for name, seconds, position in order:
        await database.deliveries.accept([delivery(name, ordered_at=BASE + seconds * SECOND, position=position)])
    taken = []
    for _ in order:
        held = await claimed(database)
        taken.append(held.id)
        await close(database, held)
    assert taken == ["early", "first", "also-first", "second", "late"]
    assert await database.deliveries.claim(CHAT) is None


async def test_claim_gives_nothing_of_another_room(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    assert await database.deliveries.claim(OTHER_CHAT) is None
    assert (await claimed(database)).id == "a"


async def test_claim_of_one_that_waits_gives_nothing_behind_it(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    await postpone(database, await claimed(database))
    assert await database.deliveries.claim(CHAT) is None


async def test_claim_of_one_that_is_aside_gives_the_next(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    await postpone(database, await claimed(database), is_late=True)
    assert (await claimed(database)).id == "b"
    pass_by(database_url, HOUR)
    assert (await claimed(database)).id == "a"


async def test_claim_leaves_out_what_is_held(database: Database, database_url: str) -> None:
    [row] = ask(database_url, "SELECT now() + interval '1 minute' AS soon")
    await database.deliveries.accept(
        [delivery("approve", awaits_approval=True), delivery("later", not_before=row["soon"])]
    )
    assert await database.deliveries.claim(CHAT) is None
    pass_by(database_url, HOUR)
    claim = await claimed(database)
    assert (claim.id, claim.not_before) == ("later", None)


async def test_claims_of_two_workers_have_different_fences(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    first, second = await asyncio.gather(database.deliveries.claim(CHAT), database.deliveries.claim(CHAT))
    assert first is not None
    assert second is not None
    assert {first.delivery.fence, second.delivery.fence} == {1, 2}


async def test_worker_that_was_overtaken_changes_nothing(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    old, new = await claimed(database), await claimed(database)
    store = database.deliveries
    assert not await postpone(database, old)
    assert not await store.mark_sending(A, old.fence, ())
    assert not await close(database, old)
    assert not await store.retry_late_first(old, ())
    await store.search_later(A, old.fence, wait=HOUR, reason="r", code="c")
    assert await kept(database, "a") == new


async def test_claim_tells_ages_by_the_servers_clock(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    pass_by(database_url, HOUR)
    await claimed(database)
    pass_by(database_url, 5 * SECOND)
    claim = await database.deliveries.claim(CHAT)
    assert claim is not None
    assert claim.age == pytest.approx(HOUR + 5 * SECOND, abs=60 * SECOND)
    assert 5 * SECOND <= claim.preparing_for < 60 * SECOND
    assert claim.searching_for == timedelta()


async def test_postpone_takes_an_intent_back_but_keeps_what_was_prepared(database: Database) -> None:
    await sending(database, "a", "A1")
    held = await claimed(database)
    assert await postpone(database, held)
    back = await kept(database, "a")
    assert (back.state, back.prepared, back.sending_since) == (DeliveryState.PREPARED, uploaded("A1"), None)
    assert (back.reason, back.code, back.attempts, back.retry_at is not None) == ("Slow.", "429", 1, True)


async def test_postpone_before_anything_was_prepared_leaves_it_waiting(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    assert await postpone(database, await claimed(database), counts=False)
    back = await kept(database, "a")
    assert (back.state, back.attempts) == (DeliveryState.WAITING, 0)


async def test_postponed_delivery_is_due_when_its_wait_is_over(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await postpone(database, await claimed(database))
    assert await database.due() == ([], [])
    pass_by(database_url, HOUR)
    assert await database.due() == ([CHAT], [])


async def test_recorded_delivery_is_done(database: Database) -> None:
    await sending(database, "a")
    assert await record(database, "a", "M1", trace_id="t", thread=RoomId("chat:default/ann/1"))
    back = await kept(database, "a")
    assert (back.state, back.sent_as, back.sent_in) == (DeliveryState.RECORDED, message("M1"), "chat:default/ann/1")
    assert back.trace_id == "t"
    assert await database.deliveries.claim(CHAT) is None


async def test_record_needs_no_fence_and_outweighs_a_doubt(database: Database) -> None:
    held = await sending(database, "a")
    await close(database, held, DeliveryState.UNCONFIRMED)
    assert await record(database, "a", "M1")
    back = await kept(database, "a")
    assert (back.state, back.reason, back.code, back.remedy) == (DeliveryState.RECORDED, "", "", Remedy.NONE)


async def test_message_belongs_to_one_delivery(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b")])
    assert await record(database, "a", "M1")
    assert not await record(database, "b", "M1")
    assert (await kept(database, "b")).state is DeliveryState.WAITING


async def test_record_twice_is_one(database: Database) -> None:
    await sending(database, "a")
    assert await record(database, "a", "M1")
    assert await record(database, "a", "M1")


async def test_record_keeps_what_the_network_answered_at_once(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1", receipt=receipt("r1", message=message("M1")))
    assert [each.id for each in (await told(database, "a")).receipts] == ["r1"]


async def test_record_enqueues_no_job_for_the_room_that_goes_on_by_itself(database: Database, jobs: Jobs) -> None:
    await sending(database, "a")
    jobs.clear()
    await record(database, "a", "M1", receipt=receipt("r1", message=message("M1"), delivery=DeliveryId("a")))
    assert jobs.rooms == []


async def test_receipt_that_records_enqueues_its_room(database: Database, jobs: Jobs) -> None:
    """The process that sent may be gone."""
    await sending(database, "a")
    jobs.clear()
    await database.receipts.add([receipt("r1", message=message("M1"), delivery=DeliveryId("a"))])
    assert jobs.rooms == [CHAT]


async def test_record_of_a_change_has_no_message(database: Database) -> None:
    """Many reactions and edits leave none: they are not each other's."""
    await database.deliveries.accept([delivery("a", parts=(Reaction("r", "👍"),)), delivery("b")])
    for name in "ab":
        assert await database.deliveries.record(DeliveryId(name), Sent(None), poll=True)
    assert [(await kept(database, name)).state for name in "ab"] == [DeliveryState.RECORDED] * 2


CONTENT = (voice("a"), TEXT, Announcement("n", Happening.JOINED, ("Ann",), "Ann"))
BARE = (replace(voice("a"), media_hint=""), Text("t"), Announcement("n", Happening.JOINED))
KEPT = (replace(voice("a"), media_hint=""), *CONTENT[1:])


@pytest.mark.parametrize(
    ("state", "left"),
    [(DeliveryState.FAILED, KEPT), (DeliveryState.UNCONFIRMED, KEPT), (DeliveryState.CANCELLED, BARE)],
)
async def test_closed_delivery_keeps_only_what_may_be_sent_again(
    database: Database, state: DeliveryState, left: tuple[object, ...]
) -> None:
    await database.deliveries.accept([delivery("a", parts=CONTENT)])
    assert await close(database, await claimed(database), state)
    back = await kept(database, "a")
    assert (back.state, back.reason, back.code, back.remedy) == (state, "No.", "4001", Remedy.RESEND)
    assert back.parts == left


@pytest.mark.parametrize(("poll", "left"), [(True, KEPT), (False, BARE)])
async def test_recorded_delivery_keeps_content_only_while_it_may_fail(
    database: Database, poll: bool, left: tuple[object, ...]
) -> None:
    await database.deliveries.accept([delivery("a", parts=CONTENT)])
    await record(database, "a", "M1", poll=poll)
    assert (await kept(database, "a")).parts == left


async def test_no_content_is_left_in_any_column(database: Database, database_url: str) -> None:
    secret = (replace(voice("a"), media_hint="https://secret.example"), Text("t", "secret"), Edit("e", "secret"))
    await database.deliveries.accept([delivery("a", parts=secret)])
    await record(database, "a", "M1", poll=False)
    [row] = ask(database_url, "SELECT deliveries::text AS row FROM deliveries")
    assert "secret" not in row["row"]


async def test_file_names_and_sizes_outlive_the_delivery(database: Database) -> None:
    """They are shown in the notice and on the command line."""
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1", poll=False)
    assert (await kept(database, "a")).parts == (replace(voice("a"), media_hint=""),)


async def test_search_keeps_the_place_and_says_why(database: Database) -> None:
    held = await sending(database, "a")
    await database.deliveries.search_later(A, held.fence, wait=SECOND, reason="Lost.", code="504")
    back = await kept(database, "a")
    assert (back.state, back.reason, back.code) == (DeliveryState.SENDING, "Lost.", "504")
    assert await database.deliveries.claim(CHAT) is None


async def test_late_ones_are_tried_before_one_that_was_prepared(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    await postpone(database, await claimed(database), is_late=True, wait=HOUR)
    held = await claimed(database)
    assert await database.deliveries.retry_late_first(held, uploaded("B1"))
    assert (await claimed(database)).id == "a"
    assert (await kept(database, "b")).prepared == uploaded("B1")


async def test_nothing_late_means_nothing_to_try_first(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    held = await claimed(database)
    assert not await database.deliveries.retry_late_first(held, uploaded("A1"))
    assert (await kept(database, "a")).prepared is None


async def test_counterpart_is_known_in_both_directions(database: Database) -> None:
    thread = RoomId("chat:default/ann/9")
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1", thread=thread)
    assert await database.deliveries.counterpart(SOURCE, CHAT) == Counterpart(message("M1"), thread)
    back = await database.deliveries.counterpart(message("M1"), CHANNEL)
    assert back == Counterpart(SOURCE, RoomId(f"{CHANNEL}/100"))


@pytest.mark.parametrize("room", [OTHER_CHAT, RoomId("team:T0BBB/C0MAP")])
async def test_counterpart_is_unknown_in_any_other_room(database: Database, room: RoomId) -> None:
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    assert await database.deliveries.counterpart(SOURCE, room) is None
    assert await database.deliveries.counterpart(message("M1"), room) is None


async def test_approved_delivery_is_in_line(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a", awaits_approval=True, reason="It was missed.")])
    jobs.clear()
    await database.deliveries.approve(A, NOW, by=ANN)
    assert jobs.rooms == [CHAT]
    held = await claimed(database)
    assert (held.awaits_approval, held.reason) == (False, "")


async def test_approved_delivery_waits_for_the_hour_of_the_decision(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a", awaits_approval=True, held_for=HeldFor.APPROVAL)])
    jobs.clear()
    ends = datetime.now(UTC) + HOUR
    assert await database.deliveries.approve(A, Decision(HeldFor.QUIET, ends, "Quiet hours."), by=ANN)
    row = await kept(database, "a")
    assert (row.not_before, row.held_for, row.reason, row.decided_by) == (ends, HeldFor.QUIET, "Quiet hours.", ANN)
    assert jobs.rooms == []


async def test_approval_is_of_what_waits_for_one_and_of_nothing_else(database: Database) -> None:
    """Of two approvers the second one does not end the quiet hours that the first one met."""
    await database.deliveries.accept([delivery("a", not_before=datetime.now(UTC) + HOUR, held_for=HeldFor.QUIET)])
    assert not await database.deliveries.approve(A, NOW, by=ANN)
    assert await database.deliveries.reschedule(A, NOW, by=ANN)
    assert not await database.deliveries.reschedule(A, NOW, by=ANN)
    assert (await claimed(database)).decided_by == ANN


async def test_delivery_whose_hour_has_come_is_nobodys_to_decide(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a", not_before=datetime.now(UTC) + HOUR, held_for=HeldFor.HOUR)])
    pass_by(database_url, 2 * HOUR)
    assert not await database.deliveries.dismiss(A, by=ANN)
    assert not await database.deliveries.reschedule(A, Decision(HeldFor.HOUR, datetime.now(UTC) + HOUR), by=ANN)
    assert (await claimed(database)).id == A


async def test_ten_thousand_held_deliveries_are_not_read_to_find_what_is_due(
    database: Database, database_url: str
) -> None:
    fill = """
    INSERT INTO deliveries (id, source, origin, target, sender, parts, ordered_at, position, is_explicit, not_before,
        held_for, state)
    SELECT 'h' || n, 's' || n, %(origin)s, %(target)s, 'p', '[]', now(), 0, true,
        now() + CASE WHEN n > 10000 THEN -interval '1 day' ELSE interval '1 day' END, 'hour',
        CASE WHEN n > 10000 THEN 'cancelled' ELSE 'waiting' END
    FROM generate_series(1, 20000) AS n
    """
    ask(database_url, fill.replace("%(origin)s", f"'{CHANNEL}'").replace("%(target)s", f"'{CHAT}'"))
    ask(database_url, "ANALYZE deliveries")
    explained = ask(database_url, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + ROOMS_DUE)
    assert explained[0]["QUERY PLAN"][0]["Plan"]["Shared Hit Blocks"] < 50
    assert await database.due() == ([], [])


@pytest.mark.parametrize("held", [True, False])
async def test_dismissed_delivery_is_cancelled_only_if_it_is_held(database: Database, held: bool) -> None:
    await database.deliveries.accept([delivery("a", awaits_approval=held)])
    await database.deliveries.dismiss(A, by=ANN)
    assert ((await kept(database, "a")).state is DeliveryState.CANCELLED) is held


async def test_withdrawal_cancels_only_what_its_message_has_to_send(database: Database) -> None:
    await sending(database, "sent")
    await database.deliveries.accept([delivery("gone"), delivery("kept"), elsewhere("other")])
    await database.deliveries.withdraw(SOURCE, [CHANNEL], ["F-kept"])
    states = {name: (await kept(database, name)).state for name in ("sent", "gone", "kept", "other")}
    assert states == {
        "sent": DeliveryState.SENDING,
        "gone": DeliveryState.CANCELLED,
        "kept": DeliveryState.WAITING,
        "other": DeliveryState.WAITING,
    }


async def test_withdrawal_lets_the_next_of_the_room_have_its_turn(database: Database, jobs: Jobs) -> None:
    await database.deliveries.accept([delivery("a")])
    await postpone(database, await claimed(database))
    jobs.clear()
    await database.deliveries.withdraw(SOURCE, [CHANNEL], [])
    assert jobs.rooms == [CHAT]


async def test_withdrawn_delivery_cannot_be_sent_by_who_works_on_it(database: Database) -> None:
    await database.deliveries.accept([delivery("a")])
    held = await claimed(database)
    await database.deliveries.withdraw(SOURCE, [CHANNEL], [])
    assert not await database.deliveries.mark_sending(A, held.fence, ())


async def test_echo_is_cancelled_by_the_last_look_before_the_send(database: Database) -> None:
    await database.deliveries.accept([elsewhere("ours"), delivery("echo", source=message("M1"))])
    held = await claimed(database)
    while held.id != "echo":
        await close(database, held)
        held = await claimed(database)
    await record(database, "ours", "M1")
    assert not await database.deliveries.mark_sending(held.id, held.fence, ())
    assert (await kept(database, "echo")).state is DeliveryState.CANCELLED


async def test_deliveries_of_a_message_leave_out_the_replaced(database: Database) -> None:
    await database.deliveries.accept([delivery("b", position=1), delivery("a")])
    await database.deliveries.accept([delivery("a2", replaces=A)])
    assert [each.delivery.id for each in await database.deliveries.of_message(SOURCE)] == ["a2", "b"]


async def test_recent_deliveries_come_newest_first(database: Database) -> None:
    for name in "abc":
        await database.deliveries.accept([delivery(name)])
    assert [each.delivery.id for each in await database.deliveries.recent(2)] == ["c", "b"]


async def test_everything_open_and_unshown_needs_a_job(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a"), elsewhere("b", target=OTHER_CHAT)])
    await database.deliveries.accept([elsewhere("held", target=RoomId("chat:default/held"), awaits_approval=True)])
    await database.notices.begin_refresh(NOTICE)
    await record(database, "a", "M1")
    await database.notices.begin_refresh(NOTICE)
    assert await database.need_jobs() == ([OTHER_CHAT], [OTHER_NOTICE])


async def test_what_waits_needs_no_job_yet(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a")])
    await postpone(database, await claimed(database))
    assert (await database.need_jobs())[0] == []
    pass_by(database_url, HOUR)
    assert (await database.need_jobs())[0] == [CHAT]


async def test_what_stands_behind_one_that_waits_needs_no_job(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    await postpone(database, await claimed(database))
    assert (await database.need_jobs())[0] == []
    pass_by(database_url, HOUR)
    assert (await database.need_jobs())[0] == [CHAT]


async def test_what_stands_behind_one_that_stepped_aside_needs_a_job(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    await postpone(database, await claimed(database), is_late=True)
    assert (await database.need_jobs())[0] == [CHAT]


async def test_what_a_gap_holds_needs_no_job_yet(database: Database, database_url: str) -> None:
    await database.links.save(Link(CHANNEL, CHAT, "Ann", "test"))
    await database.deliveries.accept([delivery("a")])
    await database.marks.open_gaps()
    assert (await database.need_jobs())[0] == []
    ask(database_url, "UPDATE marks SET gap_since = now() - interval '2 minutes'")
    assert (await database.need_jobs())[0] == [CHAT]


SEARCH = timedelta(minutes=2)


async def test_oldest_due_counts_since_a_delivery_could_be_worked_on(database: Database, database_url: str) -> None:
    assert await database.deliveries.oldest_due(SEARCH) == 0
    await database.deliveries.accept([delivery("a"), delivery("b", position=1)])
    pass_by(database_url, 100 * SECOND)
    assert 100 <= await database.deliveries.oldest_due(SEARCH) < 160


async def test_oldest_due_leaves_out_what_is_searched_for_in_time(database: Database, database_url: str) -> None:
    await sending(database, "a")
    pass_by(database_url, 100 * SECOND)
    assert await database.deliveries.oldest_due(SEARCH) == 0
    pass_by(database_url, 100 * SECOND)
    assert 80 <= await database.deliveries.oldest_due(SEARCH) < 140


async def test_oldest_due_leaves_out_what_is_held_or_late(database: Database, database_url: str) -> None:
    await database.deliveries.accept([delivery("held", awaits_approval=True), delivery("late", target=OTHER_CHAT)])
    held = await claimed(database, OTHER_CHAT)
    await postpone(database, held, is_late=True)
    pass_by(database_url, HOUR)
    assert await database.deliveries.oldest_due(SEARCH) == 0


async def test_every_field_of_a_delivery_has_its_column(database: Database, database_url: str) -> None:
    """Adding one touches the value, the table, and the adapter that means it."""
    known = "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'deliveries'"
    assert {field.name for field in fields(Delivery)} <= {row["name"] for row in ask(database_url, known)}
