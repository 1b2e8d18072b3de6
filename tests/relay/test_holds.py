"""Holds: what goes at once, later, when it was approved, or not at all; as a table, and through the relay."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay import holds, policy
from bot.relay.errors import Refused, Remedy, RetryLater
from bot.relay.holds import MISSED, Decision, decide
from bot.relay.ids import DeliveryId, PersonId
from bot.relay.model import DeliveryState, HeldFor, Message, Status
from bot.relay.parts import Announcement, Edit, Happening, Reaction, Text
from bot.relay.quiet_hours import parse_quiet_hours
from bot.relay.rooms import Confirm, Link, LinkSettings, Mode, RoomHealth
from bot.relay.user_actions import UserActions
from tests.fakes import ANN, BASE, CHANNEL, CHAT, SECOND, heard, said, voice
from tests.relay.world import World

BEN = PersonId("team:T0AAA@U0BEN")
HOUR = timedelta(hours=1)
ROUND_THE_CLOCK = "05:00-04:59 UTC"  # but for a minute
NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)

MESSAGES: Sequence[Message] = (
    said(),
    said("1", Text("t", "Hello"), command="T1"),
    said("1", Text("t", "Hello")),
    said("1", Reaction("r", "👍")),
    said("1", Edit("e", "Hallo")),
    heard(),
    replace(heard(), is_ours=True),
)
LINKS = st.builds(
    lambda confirm, quiet, spoken, health, mode: Link(
        CHANNEL,
        CHAT,
        settings=LinkSettings(confirm=confirm, quiet=quiet, mode=mode),
        spoken_at=spoken,
        health=health,
    ),
    st.sampled_from(Confirm),
    st.sampled_from(["", ROUND_THE_CLOCK, "11:00-13:00 UTC", "22:00-08:00 Europe/Berlin"]),
    st.sampled_from([None, BASE]),
    st.sampled_from(RoomHealth),
    st.sampled_from(Mode),
)
HOURS = st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=1)).map(lambda wait: NOON + wait)


@given(st.sampled_from(MESSAGES), LINKS, HOURS, st.booleans())
def test_decision_follows_the_first_rule_that_applies(
    message: Message, link: Link, send_at: datetime | None, is_missed: bool
) -> None:
    message = replace(message, send_at=send_at)
    decision = decide(message, link, now=NOON, missed=MISSED if is_missed else "")
    is_told = message in [replace(each, send_at=send_at) for each in MESSAGES[:3]]  # by the team, in words
    if message.is_ours:
        assert decision == Decision(until=message.sent_at + holds.SENT_ELSEWHERE_AFTER)
    elif not policy.leaves_team(message, link):
        assert decision == holds.NOW
    elif link.health is RoomHealth.OPTED_OUT:
        assert decision.refused
    elif not is_told:
        is_quiet = bool(link.settings.quiet and parse_quiet_hours(link.settings.quiet).until(NOON))
        is_edit = isinstance(message.parts[0], Edit)
        assert decision.refused == (is_edit and (is_quiet or link.settings.confirm is Confirm.ALWAYS))
        assert decision.held_for == (HeldFor.QUIET if is_quiet and not is_edit else HeldFor.NOTHING)
    elif send_at is not None:
        assert decision == (Decision(HeldFor.HOUR, send_at) if send_at > NOON else holds.NOW)
    elif is_missed:
        assert (decision.held_for, decision.awaits_approval) == (HeldFor.LATE, True)
    elif link.settings.confirm is Confirm.ALWAYS or (link.settings.confirm is Confirm.FIRST and not link.spoken_at):
        assert (decision.held_for, decision.awaits_approval, decision.until) == (HeldFor.APPROVAL, True, None)
    else:
        quiet = parse_quiet_hours(link.settings.quiet).until(NOON) if link.settings.quiet else None
        assert decision == (Decision(HeldFor.QUIET, quiet, holds.QUIET) if quiet else holds.NOW)


@given(st.sampled_from(MESSAGES), LINKS, HOURS, st.booleans())
def test_held_is_for_somebody_or_until_an_hour_and_says_why(
    message: Message, link: Link, send_at: datetime | None, is_missed: bool
) -> None:
    decision = decide(replace(message, send_at=send_at), link, now=NOON, missed=MISSED if is_missed else "")
    assert not (decision.awaits_approval and decision.until)
    assert decision.until is None or decision.until > NOON or message.is_ours
    if decision.refused or decision.awaits_approval:
        assert decision.reason


@pytest.mark.parametrize(
    ("senders", "named"),
    [
        (("members",), "a member of this workspace"),
        (("everyone",), "anybody who is here"),
        ((ANN,), "one of this link's senders"),
        (("members", ANN), "one of this link's senders"),
    ],
)
def test_reason_says_whose_approval_it_waits_for(senders: tuple[str, ...], named: str) -> None:
    link = Link(CHANNEL, CHAT, settings=LinkSettings(confirm=Confirm.ALWAYS, senders=senders))
    assert f"{named} decides." in decide(said(), link, now=NOON).reason


def opt_out(at: datetime) -> Message:
    return heard("9", Announcement("opted_out", Happening.OPTED_OUT, text="STOP"), at=at)


def test_opt_out_ends_when_the_contact_writes_again_and_not_before() -> None:
    link = Link(CHANNEL, CHAT)
    assert holds.health_after(opt_out(NOON), link) is RoomHealth.OPTED_OUT
    silent = replace(link, health=RoomHealth.OPTED_OUT, health_at=NOON)
    assert holds.health_after(heard(at=NOON), silent) is RoomHealth.OPTED_OUT  # the STOP itself, told again
    assert holds.health_after(heard("1", Reaction("r", "👍"), at=NOON + HOUR), silent) is RoomHealth.OPTED_OUT
    assert holds.health_after(replace(heard(at=NOON + HOUR), is_ours=True), silent) is RoomHealth.OPTED_OUT
    assert holds.health_after(heard(at=NOON + HOUR), silent) is RoomHealth.FINE


def test_chat_at_risk_is_well_again_once_its_network_says_so_and_not_before() -> None:
    ill = replace(Link(CHANNEL, CHAT), health=RoomHealth.AT_RISK, health_at=NOON)
    assert holds.health_after(heard(at=NOON + HOUR), ill) is RoomHealth.AT_RISK
    assert holds.health_after(replace(heard(at=NOON), is_room_well=True), ill) is RoomHealth.AT_RISK  # told late
    assert holds.health_after(replace(heard(at=NOON + HOUR), is_room_well=True), ill) is RoomHealth.FINE
    silent = replace(ill, health=RoomHealth.OPTED_OUT)
    reacted = replace(heard("1", Reaction("r", "👍"), at=NOON + HOUR), is_room_well=True)
    assert holds.health_after(reacted, silent) is RoomHealth.OPTED_OUT


# through the relay


async def accept(world: World, message: Message | None = None, **settings: object) -> DeliveryId:
    await world.link(settings=replace(LinkSettings(), **settings))  # type: ignore[arg-type]
    [delivery] = await world.deliveries.accept(message or said())
    return delivery


async def test_first_clips_at_once_are_both_held(world: World, other_process: World) -> None:
    await world.link(settings=LinkSettings(confirm=Confirm.FIRST))
    new = await asyncio.gather(
        world.deliveries.accept(said("1", voice("a.m4a"))), other_process.deliveries.accept(said("2", voice("b.m4a")))
    )
    await world.run()
    assert [await world.status(delivery) for [delivery] in new] == [Status.HELD, Status.HELD]


async def test_after_the_first_one_nothing_is_held(world: World) -> None:
    first = await accept(world, confirm=Confirm.FIRST)
    await world.actions.approve(first, by=BEN)
    await world.run()
    [second] = await world.deliveries.accept(said("2"))
    await world.run()
    assert len(world.chats.sender.sent) == 2
    assert await world.status(second) is not Status.HELD
    assert (await world.row(first)).decided_by == BEN


async def test_chat_that_was_spoken_to_before_needs_no_approval(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    second = await accept(world, said("2"), confirm=Confirm.FIRST)
    assert await world.status(second) is Status.QUEUED


async def test_link_to_somebody_else_is_spoken_to_for_the_first_time(world: World) -> None:
    await world.deliveries.accept(said())
    await world.run()
    await world.link(peer=world.chats.rooms.rooms[1].id, settings=LinkSettings(confirm=Confirm.FIRST))
    [second] = await world.deliveries.accept(said("2"))
    assert await world.status(second) is Status.HELD


def quiet_now(world: World) -> str:
    """Quiet hours that began an hour ago and last for another one, by the server's clock, which the bot now has too."""
    world.began = datetime.now(UTC).replace(second=0)
    return f"{world.began - HOUR:%H:%M}-{world.began + HOUR:%H:%M} UTC"


async def test_dropped_in_quiet_hours_goes_when_they_end(world: World) -> None:
    delivery = await accept(world, quiet=quiet_now(world))
    assert (await world.row(delivery)).held_for is HeldFor.QUIET
    await world.run(during=timedelta(minutes=50))
    assert await world.status(delivery) is Status.HELD
    await world.run(during=timedelta(minutes=20))
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_held_until_an_hour_is_not_sent_before_it(world: World) -> None:
    at = datetime.now(UTC) + HOUR
    await world.deliveries.accept(replace(said("1", voice("a.m4a")), send_at=at))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.run(during=timedelta(minutes=59))
    assert world.sent_names == ["b.m4a"]
    await world.run(during=timedelta(minutes=2))
    assert world.sent_names == ["b.m4a", "a.m4a"]


async def test_approved_in_quiet_hours_waits_for_their_end(world: World) -> None:
    """Two who press *Send* are one: the second press does not send it through the quiet hours."""
    delivery = await accept(world, confirm=Confirm.ALWAYS, quiet=quiet_now(world))
    pressed = (world.actions.approve(delivery, by=person) for person in (ANN, BEN))
    results = await asyncio.gather(*pressed, return_exceptions=True)
    assert sorted(isinstance(result, Refused) for result in results) == [False, True]
    assert (await world.row(delivery)).held_for is HeldFor.QUIET
    assert await world.status(delivery) is Status.HELD


async def test_send_now_overrides_quiet_hours(world: World) -> None:
    delivery = await accept(world, quiet=quiet_now(world))
    await world.actions.send_now(delivery, by=BEN)
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_message_that_is_scheduled_twice_at_once_is_scheduled_once(world: World) -> None:
    first = replace(
        said("1"), send_at=BASE + timedelta(days=9000), command=await world.actions.next_schedule(said("1").id)
    )
    again = replace(first, send_at=BASE + timedelta(days=9001), command=await world.actions.next_schedule(first.id))
    [delivery] = await world.deliveries.accept(first)
    assert await world.deliveries.accept(again) == []
    await world.actions.dismiss(delivery, by=ANN)
    later = replace(again, command=await world.actions.next_schedule(first.id))
    assert len(await world.deliveries.accept(later)) == 1


async def test_hour_can_be_changed_to_one_that_lies_ahead(world: World) -> None:
    delivery = await accept(world, replace(said(), send_at=BASE + timedelta(days=9000)))
    later = BASE + timedelta(days=100)
    await world.actions.reschedule(delivery, later, by=BEN)
    assert (await world.row(delivery)).not_before == later
    with pytest.raises(Refused, match="lies ahead"):
        await world.actions.reschedule(delivery, BASE - HOUR, by=BEN)


async def test_held_delivery_is_not_prefetched(world: World, database_url: str) -> None:
    eager = World(world.folder, world.database, database_url, team=world.team, chats=world.chats, prefetch=3)
    await accept(eager, confirm=Confirm.ALWAYS)
    await eager.prefetcher.close()
    eager.close()
    assert world.team.source.opened == []


async def test_opted_out_chat_refuses_at_once_with_what_to_do(world: World) -> None:
    await world.deliveries.accept(opt_out(BASE))
    [delivery] = await world.deliveries.accept(said())
    row = await world.row(delivery)
    assert (row.state, row.remedy) == (DeliveryState.FAILED, Remedy.WAIT_FOR_CONTACT)
    await world.run()
    assert (world.chats.sender.sent, world.team.source.opened) == ([], [])
    assert world.team.board.posts == ["memo.m4a failed"]


async def test_opted_out_contact_who_writes_again_is_sent_to_again(world: World) -> None:
    await world.deliveries.accept(opt_out(BASE))
    await world.deliveries.accept(heard("10", at=BASE + HOUR))
    await world.deliveries.accept(said())
    await world.run()
    assert world.sent_names == ["memo.m4a"]


async def test_opt_out_that_a_send_learns_of_refuses_the_next_one(world: World) -> None:
    world.chats.sender.trouble["send"] = [Refused("No more messages.", remedy=Remedy.WAIT_FOR_CONTACT)]
    await world.deliveries.accept(said("1"))
    await world.run()
    [second] = await world.deliveries.accept(said("2"))
    assert await world.status(second) is Status.FAILED


async def test_contact_who_writes_as_a_send_is_refused_is_sent_to_again(world: World) -> None:
    """Linq refuses before its answer is here, and what was written in between came after that."""
    written_at = BASE

    async def answer_slowly() -> None:
        nonlocal written_at
        written_at = world.now() + SECOND
        world.pass_by(2 * SECOND)

    world.chats.sender.meanwhile = [answer_slowly()]
    world.chats.sender.trouble["send"] = [Refused("No more messages.", remedy=Remedy.WAIT_FOR_CONTACT)]
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.run()
    await world.deliveries.accept(heard("10", at=written_at))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.run()
    assert world.sent_names == ["b.m4a"]


async def test_resend_asks_the_network_whatever_is_known_of_the_chat(world: World) -> None:
    await world.deliveries.accept(opt_out(BASE))
    [delivery] = await world.deliveries.accept(said())
    await world.actions.resend(delivery, by=ANN)
    await world.run()
    assert world.sent_names == ["memo.m4a"]


async def test_text_that_is_held_is_dropped_with_its_message(world: World) -> None:
    await world.link(settings=LinkSettings(mode=Mode.CONVERSATION, confirm=Confirm.ALWAYS))
    message = said("1", Text("t", "Hello"))
    [delivery] = await world.deliveries.accept(message)
    await world.deliveries.withdraw(message.id, [CHANNEL])
    assert await world.status(delivery) is Status.CANCELLED


# crashes


async def test_hour_that_comes_while_no_job_is_left_is_not_forgotten(world: World) -> None:
    """As after a crash between the hold and its hour: what should have a job gets one, and not before the hour."""
    at = datetime.now(UTC) + HOUR
    await world.deliveries.accept(replace(said(), send_at=at))
    world.execute("DELETE FROM procrastinate_jobs")
    await world.restore_jobs()
    await world.do_jobs()
    assert world.sent_names == []
    world.pass_by(HOUR + timedelta(seconds=1))
    await world.restore_jobs()
    await world.do_jobs()
    assert world.sent_names == ["memo.m4a"]


async def test_two_processes_send_what_is_due_once(world: World, other_process: World) -> None:
    await world.deliveries.accept(replace(said(), send_at=datetime.now(UTC) + HOUR))
    world.pass_by(HOUR + timedelta(seconds=1))
    await asyncio.gather(world.deliveries.send_next(CHAT), other_process.deliveries.send_next(CHAT))
    assert world.sent_names == ["memo.m4a"]


async def test_approval_whose_answer_was_lost_is_done_once(world: World) -> None:
    delivery = await accept(world, confirm=Confirm.ALWAYS)
    world.store.after["approve"] = [RetryLater("The database went away.")]
    database = world.database
    actions = UserActions(world.store, database.receipts, world.links, database.audit, now=world.now)
    with pytest.raises(RetryLater):
        await actions.approve(delivery, by=ANN)
    with pytest.raises(Refused, match="queued already"):
        await actions.approve(delivery, by=ANN)
    await world.run()
    assert world.sent_names == ["memo.m4a"]


@pytest.mark.parametrize("broken", ["claim", "mark_sending", "record"])
async def test_crash_after_an_approval_sends_once(world: World, broken: str) -> None:
    delivery = await accept(world, confirm=Confirm.ALWAYS)
    await world.actions.approve(delivery, by=ANN)
    world.store.after[broken] = [RetryLater("The process died.")]
    await world.run()
    assert world.sent_names == ["memo.m4a"]
    assert (await world.row(delivery)).state in (DeliveryState.RECORDED, DeliveryState.UNCONFIRMED)


# what is changed afterwards


def setting(world: World, key: str) -> dict[str, object]:
    """One by which something is held now."""
    return {"quiet": quiet_now(world)} if key == "quiet" else {"confirm": Confirm.ALWAYS}


async def with_text_sent(world: World, **settings: object) -> tuple[Message, DeliveryId]:
    """A text of the team that the contact has; then the link is set so."""
    text = said("1", Text("t", "Hello"), command="T1")
    delivery = await accept(world, text, mode=Mode.CONVERSATION)
    await world.do_jobs()
    await world.link(settings=replace(LinkSettings(mode=Mode.CONVERSATION), **settings))  # type: ignore[arg-type]
    return text, delivery


async def test_reaction_waits_for_the_end_of_quiet_hours(world: World) -> None:
    await world.link(settings=LinkSettings(mode=Mode.CONVERSATION, quiet=quiet_now(world)))
    await world.deliveries.accept(heard())
    await world.run()
    about = world.team.sender.message(1)
    [reaction] = await world.deliveries.accept(said("2", Reaction("r", "👍"), about=about))
    assert await world.status(reaction) is Status.HELD
    await world.do_jobs()
    assert world.chats.sender.sent == []
    await world.actions.send_now(reaction, by=ANN)
    await world.do_jobs()
    assert len(world.chats.sender.sent) == 1


@pytest.mark.parametrize(("key", "why"), [("quiet", "quiet hours"), ("confirm", "go-ahead")])
async def test_edit_of_what_was_sent_is_refused_with_the_reason(world: World, key: str, why: str) -> None:
    text, _ = await with_text_sent(world, **setting(world, key))
    [edit] = await world.deliveries.accept(said("2", Edit("e", "Hallo"), about=text.id))
    await world.run()
    report = await world.report(edit)
    assert (report.status, why in report.reason) == (Status.FAILED, True)
    assert len(world.chats.sender.sent) == 1
    assert world.team.board.alerts == [(edit, Status.FAILED)]
    assert "Hallo" not in str((await world.row(edit)).parts)


@pytest.mark.parametrize("key", ["quiet", "confirm"])
async def test_edit_of_what_is_held_changes_what_is_held(world: World, key: str) -> None:
    text = said("1", Text("t", "Hello"), command="T1")
    held = await accept(world, text, **setting(world, key))
    assert await world.deliveries.accept(said("2", Edit("e", "Hallo"), about=text.id)) == []
    assert await world.status(held) is Status.HELD
    await world.actions.send_now(held, by=ANN)
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert outgoing.delivery.parts == (Text("t", "Hallo"),)


async def test_reaction_to_who_opted_out_goes_nowhere(world: World) -> None:
    await world.link(settings=LinkSettings(mode=Mode.CONVERSATION))
    await world.deliveries.accept(heard())
    await world.run()
    about = world.team.sender.message(1)
    await world.database.links.learn_health(CHAT, RoomHealth.OPTED_OUT, NOON)
    await world.deliveries.accept(said("2", Reaction("r", "👍"), about=about))
    await world.run()
    assert world.chats.sender.sent == []
