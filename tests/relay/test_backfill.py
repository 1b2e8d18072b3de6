"""Backfill: what no event told is read from the history, carried once and in order, or held where it is too old."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.holds import SENDERS_CHANGED
from bot.relay.ids import DeliveryId, MessageId, PersonId, RoomId
from bot.relay.model import DeliveryState, Status
from bot.relay.parts import Edit, Reaction, Text
from bot.relay.rooms import Link, LinkSettings, Membership, Mode, Senders
from tests.fakes import ANN, BASE, CHANNEL, CHAT, OTHER_CHANNEL, OTHER_CHAT, heard, said, thread_of, voice
from tests.relay.world import World

MINUTE = timedelta(minutes=1)
CONVERSATION = LinkSettings(mode=Mode.CONVERSATION)


@pytest.fixture
async def gap(world: World) -> World:
    """The bot has just started: every linked room has a gap."""
    await world.backfill.open_gaps()
    return world


async def read_all(world: World) -> int:
    """Read until no room needs it; gives how many deliveries were found."""
    found = 0
    while (read := await world.backfill.read_next()) is not None:
        found += read.found
    return found


async def test_missed_message_is_carried_once(gap: World) -> None:
    gap.team.history.said = [said("5")]
    assert await read_all(gap) == 1
    await gap.run()
    await gap.backfill.open_gaps()
    assert await read_all(gap) == 0
    assert not await gap.deliveries.accept(said("5"))
    assert gap.sent_names == ["memo.m4a"]


async def test_message_that_an_event_told_is_no_news(gap: World) -> None:
    await gap.deliveries.accept(said("5"))
    gap.team.history.said = [said("5")]
    assert await read_all(gap) == 0


async def test_missed_messages_of_both_sides_are_carried(gap: World) -> None:
    gap.team.history.said, gap.chats.history.said = [said("5")], [heard("6")]
    assert await read_all(gap) == 2
    await gap.run()
    assert (len(gap.chats.sender.sent), len(gap.team.sender.sent)) == (1, 1)


async def test_missed_messages_go_before_what_is_new(gap: World) -> None:
    gap.team.history.said = [said("6", voice("b.m4a")), said("5", voice("a.m4a"))]
    await gap.deliveries.accept(said("7", voice("c.m4a")))
    await gap.run(during=timedelta(seconds=1))
    assert gap.sent_names == []
    await read_all(gap)
    await gap.do_jobs()
    assert gap.sent_names == ["a.m4a", "b.m4a", "c.m4a"]


async def test_missed_messages_of_several_pages_are_carried_in_order(gap: World) -> None:
    gap.team.history.said = [said(str(number), voice(f"{number}.m4a")) for number in range(1, 8)]
    gap.team.history.page = 2
    assert await read_all(gap) == 7
    await gap.do_jobs()
    assert gap.sent_names == [f"{number}.m4a" for number in range(1, 8)]


async def test_pass_goes_on_where_a_killed_process_left_it(gap: World, other_process: World) -> None:
    gap.team.history.said = [said(str(number), voice(f"{number}.m4a")) for number in range(1, 6)]
    gap.team.history.page = 2
    await read_room(gap)
    pages = len(gap.team.history.reads)
    assert await read_all(other_process) == 5 - 2
    assert gap.team.history.reads.count(CHANNEL) == pages + 2


async def read_room(world: World) -> None:
    """One call for the channel."""
    while CHANNEL not in world.team.history.reads:
        await world.backfill.read_next()


async def test_gap_holds_up_sends_for_a_minute_at_most(gap: World) -> None:
    gap.team.history.trouble["read"] = [RetryLater("Rate limited.", after=timedelta(hours=1))] * 9
    await gap.deliveries.accept(said("5"))
    await read_all(gap)
    await gap.run(during=timedelta(seconds=58))
    assert gap.sent_names == []
    gap.pass_by(timedelta(seconds=3))
    await gap.restore_jobs()
    await gap.do_jobs()
    assert gap.sent_names == ["memo.m4a"]


async def test_gap_of_one_room_holds_up_no_other(gap: World) -> None:
    await gap.link(OTHER_CHANNEL, OTHER_CHAT)
    gap.execute("UPDATE marks SET has_gap = false WHERE room <> %s", CHANNEL)
    await gap.deliveries.accept(said("5", voice("held.m4a")))
    await gap.deliveries.accept(said("6", voice("free.m4a"), room=OTHER_CHANNEL))
    await gap.do_jobs()
    assert gap.sent_names == ["free.m4a"]


async def test_room_with_something_to_send_is_read_first(gap: World) -> None:
    await gap.link(OTHER_CHANNEL, OTHER_CHAT)
    await gap.backfill.open_gaps()
    await gap.deliveries.accept(said("5", room=OTHER_CHANNEL))
    await gap.backfill.read_next()
    assert gap.team.history.reads == [OTHER_CHANNEL]


async def test_each_network_is_read_on_its_own(gap: World) -> None:
    """While one makes its callers wait, the rooms of the other are read."""
    await gap.link(OTHER_CHANNEL, OTHER_CHAT)
    await gap.backfill.open_gaps()
    await gap.deliveries.accept(said("5"))
    while await gap.backfill.read_next("chat") is not None:
        pass
    assert (sorted(gap.chats.history.reads), gap.team.history.reads) == ([CHAT, OTHER_CHAT], [])


async def test_nothing_from_before_the_link_is_carried(gap: World) -> None:
    before = said("5", at=BASE - timedelta(seconds=1))
    gap.team.history.said = [before]
    gap.chats.history.said = [replace(heard("5"), sent_at=before.sent_at)]
    assert await read_all(gap) == 0
    assert gap.execute("SELECT * FROM messages") == []


async def test_fresh_link_carries_nothing_of_what_was_said_before(world: World) -> None:
    now = datetime.now(UTC)
    await world.database.links.save(replace((await world.links.all())[0], room=OTHER_CHANNEL, peer=OTHER_CHAT))
    world.team.history.said = [
        said("1", voice("old.m4a"), room=OTHER_CHANNEL, at=now - timedelta(seconds=30)),
        said("2", voice("new.m4a"), room=OTHER_CHANNEL, at=now + timedelta(seconds=30)),
    ]
    await world.backfill.open_gaps()
    await read_all(world)
    await world.run()
    assert world.sent_names == ["new.m4a"]


async def found_late(world: World, hours: float) -> DeliveryId:
    world.pass_by(timedelta(hours=hours))
    world.team.history.said = [said("5")]
    await world.backfill.open_gaps()
    assert await read_all(world) == 1
    [row] = world.execute("SELECT id FROM deliveries")
    return DeliveryId(row["id"])


async def test_message_older_than_an_hour_is_held_with_the_reason(world: World) -> None:
    delivery = await found_late(world, 1.5)
    await world.run()
    assert world.sent_names == []
    report = await world.report(delivery)
    assert (report.status, "could not hear it" in report.reason) == (Status.HELD, True)
    assert world.team.board.posts == ["memo.m4a held"]


async def test_message_of_the_last_hour_is_carried_unasked(world: World) -> None:
    delivery = await found_late(world, 0.9)
    await world.run()
    assert (await world.row(delivery)).state is DeliveryState.RECORDED


async def test_contacts_message_is_carried_however_old(world: World) -> None:
    world.pass_by(timedelta(days=3))
    world.chats.history.said = [heard("5")]
    await world.backfill.open_gaps()
    await read_all(world)
    await world.run()
    assert len(world.team.sender.sent) == 1


async def test_message_in_a_linked_thread_is_found(gap: World) -> None:
    thread = thread_of(said("1").id)
    await gap.link(thread, OTHER_CHAT)
    await gap.backfill.open_gaps()
    gap.team.history.said = [said("5", thread=thread)]
    assert await read_all(gap) == 1
    await gap.run()
    assert [outgoing.delivery.target for outgoing in gap.chats.sender.sent] == [OTHER_CHAT]


async def test_missed_reactions_and_edits_are_carried(gap: World) -> None:
    await gap.deliveries.accept(said("5", Text("t", "Hello"), command="T1"))
    gap.execute("UPDATE marks SET has_gap = false")
    await gap.run()
    about = gap.chats.sender.message(1)
    await gap.backfill.open_gaps()
    gap.team.history.said = [said("6-e", Edit("e", "Hallo"), about=said("5").id)]
    gap.chats.history.said = [heard("7-r", Reaction("r", "👍"), about=about)]
    assert await read_all(gap) == 2
    await gap.run()
    assert (len(gap.chats.sender.sent), len(gap.team.sender.sent)) == (2, 1)


async def test_found_reaction_to_what_was_never_carried_is_not_told(gap: World) -> None:
    gap.chats.history.said = [heard("7", Reaction("r", "❤️"), about=MessageId("chat:default#long-ago"))]
    assert await read_all(gap) == 0


async def test_found_edit_of_what_was_never_carried_is_not_told(gap: World) -> None:
    gap.chats.history.said = [heard("7", Edit("e", "New."), about=MessageId("chat:default#long-ago"))]
    assert await read_all(gap) == 0


async def test_found_edit_of_what_is_found_with_it_is_told_by_the_message(gap: World) -> None:
    """A history tells a message as it reads now."""
    now = heard("7", Text("0", "As it reads now."))
    gap.chats.history.said = [now, heard("8", Edit("e", "As it reads now."), about=now.id)]
    assert await read_all(gap) == 1


async def test_reaction_taken_off_while_nobody_listened_is_removed(gap: World) -> None:
    about, kept = await carried(gap, "5"), await carried(gap, "6")
    for number, message in (("7", about), ("8", kept)):
        await gap.deliveries.accept(heard(number, Reaction("r", "❤️"), about=message))
    read_at = datetime.now(UTC)
    gap.chats.history.said = [heard("9", Reaction("r", "❤️"), about=kept, at=read_at)]
    gap.chats.history.reactions_of, gap.chats.history.read_at = frozenset({about, kept}), read_at
    await gap.backfill.open_gaps()
    await read_all(gap)
    assert await gap.database.deliveries.held_emoji(about) == []
    assert await gap.database.deliveries.held_emoji(kept) == ["❤️"]


async def test_reaction_newer_than_what_was_read_stays(gap: World) -> None:
    about = await carried(gap, "5")
    await gap.deliveries.accept(heard("7", Reaction("r", "❤️"), about=about))
    gap.chats.history.reactions_of, gap.chats.history.read_at = frozenset({about}), BASE
    await gap.backfill.open_gaps()
    await read_all(gap)
    assert await gap.database.deliveries.held_emoji(about) == ["❤️"]


async def test_reactions_of_the_team_are_not_looked_for_at_the_peer(gap: World) -> None:
    await gap.link(settings=CONVERSATION)
    await gap.deliveries.accept(heard("5"))
    await gap.run()
    about = gap.team.sender.message(1)
    await gap.deliveries.accept(said("6", Reaction("r", "👍"), about=about))
    gap.chats.history.reactions_of, gap.chats.history.read_at = frozenset({about}), BASE + MINUTE
    await gap.backfill.open_gaps()
    await read_all(gap)
    assert await gap.database.deliveries.held_emoji(about) == ["👍"]


async def carried(world: World, number: str) -> MessageId:
    """A message of the team that the contact has, by its id there."""
    [delivery] = await world.deliveries.accept(said(number))
    await read_all(world)
    await world.run()
    sent_as = (await world.row(delivery)).sent_as
    assert sent_as is not None
    return sent_as


async def test_remark_of_before_the_mode_was_changed_stays_inside(gap: World) -> None:
    """A room is read again from before its mark; what was no act when it was said does not become one."""
    await set_links(gap, CONVERSATION, at=BASE + MINUTE)
    remark, clip = said("5", Text("0", "among us")), said("6")
    after = said("8", Text("0", "to the contact"), at=BASE + 2 * MINUTE)
    gap.team.history.said = [remark, clip, after]
    assert await read_all(gap) == 2
    await gap.run()
    assert [sent.delivery.source for sent in gap.chats.sender.sent] == [clip.id, after.id]


async def test_found_clip_of_before_the_senders_were_changed_asks_first(gap: World) -> None:
    await set_links(gap, LinkSettings(senders=(Senders.EVERYONE,)), at=BASE + MINUTE)
    gap.team.directory.memberships[ANN] = Membership.GUEST
    gap.team.history.said = [said("5"), said("8", at=BASE + 2 * MINUTE)]
    assert await read_all(gap) == 2
    await gap.run()
    [held] = gap.execute("SELECT awaits_approval, reason FROM deliveries WHERE source = %s", said("5").id)
    assert (held["awaits_approval"], held["reason"]) == (True, SENDERS_CHANGED)
    assert [sent.delivery.source for sent in gap.chats.sender.sent] == [said("8").id]


async def test_link_of_the_file_that_shows_again_carries_nothing_from_before(gap: World) -> None:
    """While another link lay over it, that one decided."""
    await gap.database.links.replace_file_links([Link(CHANNEL, CHAT, "Ann", "LINKS_FILE", CONVERSATION)])
    gap.execute("UPDATE links SET made_at = %s", BASE)
    await gap.database.links.remove(CHANNEL)
    gap.team.history.said = [said("5", Text("0", "among us"))]
    assert await read_all(gap) == 0


async def set_links(world: World, settings: LinkSettings, *, at: datetime) -> None:
    """The channel's link has these settings since then."""
    await world.database.links.save(Link(CHANNEL, CHAT, "Ann", "test", settings))
    moved = "CASE WHEN {0} IS NOT NULL THEN %s::timestamptz END"
    world.execute(
        f"UPDATE links SET mode_at = {moved.format('mode_at')}, senders_at = {moved.format('senders_at')}", at, at
    )


async def test_found_message_without_parts_holds_up_nothing(gap: World) -> None:
    """As a line that somebody joined, in a thread of a conversation."""
    await gap.link(settings=CONVERSATION)
    nothing = replace(said("4", thread=thread_of(said("1").id)), parts=())
    gap.team.history.said = [nothing, said("5")]
    assert await read_all(gap) == 1


async def test_found_message_that_is_refused_holds_up_nothing(gap: World) -> None:
    gap.team.directory.memberships[ANN] = Membership.EXTERNAL
    gap.team.history.said = [said("5", command="T1"), said("6", sender=PersonId("team:T0AAA@U0BEN"))]
    assert await read_all(gap) == 1


async def test_message_deleted_while_nobody_listened_is_not_sent(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(minutes=5))]
    gone, whole = said("5", voice("gone.m4a")), said("6", voice("whole.m4a"))
    for message in (gone, whole):
        await world.deliveries.accept(message)
    await world.do_jobs()
    world.team.history.said, world.team.history.deleted = [gone, whole], {gone.id: ()}
    await world.backfill.open_gaps()
    await read_all(world)
    await world.run()
    assert world.sent_names == ["whole.m4a"]


async def test_part_deleted_while_nobody_listened_is_not_sent(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(minutes=5))]
    message = said("5", voice("gone.m4a"), voice("kept.m4a"))
    await world.deliveries.accept(message)
    await world.do_jobs()
    world.team.history.said, world.team.history.deleted = [message], {message.id: ("F0kept.m4a",)}
    await world.backfill.open_gaps()
    await read_all(world)
    await world.run()
    assert world.sent_names == ["kept.m4a"]


async def test_message_accepted_after_the_gap_is_not_looked_up(gap: World) -> None:
    """What an event has just told is still there."""
    await gap.deliveries.accept(said("7"))
    assert await gap.database.marks.open_sources(CHANNEL) == []


async def test_explicit_act_is_not_looked_up(world: World) -> None:
    """A command has no message that could have been deleted."""
    await world.deliveries.accept(said("5", command="T1"))
    await world.backfill.open_gaps()
    assert await world.database.marks.open_sources(CHANNEL) == []


async def test_refused_room_holds_up_nothing(gap: World) -> None:
    """As one that the bot is not in any more."""
    gap.team.history.trouble["read"] = [Refused("not_in_channel")]
    await gap.deliveries.accept(said("5"))
    await read_all(gap)
    await gap.do_jobs()
    assert gap.sent_names == ["memo.m4a"]


async def test_rate_limit_puts_off_that_room_only(gap: World) -> None:
    gap.team.history.trouble["read"] = [RetryLater("Rate limited.", after=timedelta(minutes=10))]
    gap.chats.history.said, gap.team.history.said = [heard("5")], [said("6")]
    assert await read_all(gap) == 1  # the contact's
    gap.pass_by(timedelta(minutes=9))
    assert await read_all(gap) == 0
    gap.pass_by(timedelta(minutes=1, seconds=1))
    assert await read_all(gap) == 1


async def test_failing_look_at_deletions_reads_the_room_again_later(world: World) -> None:
    world.chats.sender.trouble["send"] = [RetryLater("Rate limited.", after=timedelta(hours=5))]
    await world.deliveries.accept(said("5"))
    await world.do_jobs()
    await world.backfill.open_gaps()
    world.team.history.said, world.team.history.deleted = [said("5")], {said("5").id: ()}
    world.team.history.trouble["surviving_parts"] = [RetryLater("Rate limited.")]
    await read_all(world)
    world.pass_by(MINUTE)
    await read_all(world)
    await world.run()
    assert world.sent_names == []


async def test_room_without_a_gap_is_read_once_per_interval(gap: World) -> None:
    await read_all(gap)
    reads = len(gap.team.history.reads)
    gap.pass_by(timedelta(seconds=50))
    await read_all(gap)
    assert len(gap.team.history.reads) == reads
    gap.pass_by(timedelta(seconds=11))
    await read_all(gap)
    assert len(gap.team.history.reads) == reads + 1


async def test_new_gap_during_a_pass_has_the_room_read_from_its_end_again(gap: World) -> None:
    """What was said since the pass began stands before the page where it goes on."""
    gap.team.history.said = [said(str(number), voice(f"{number}.m4a")) for number in range(1, 5)]
    gap.team.history.page = 2
    await read_room(gap)
    gap.team.history.said.append(said("9", voice("9.m4a")))
    await gap.backfill.open_gaps()
    await read_all(gap)
    await gap.run()
    assert gap.sent_names == ["1.m4a", "2.m4a", "3.m4a", "4.m4a", "9.m4a"]


async def test_pass_that_a_new_gap_overtook_does_not_close_it(gap: World) -> None:
    """Its last page was read before the gap ended."""
    stale = await gap.database.marks.lease(MINUTE)
    assert stale is not None
    await gap.backfill.open_gaps()
    await gap.database.marks.finish_pass(stale)
    await gap.database.marks.save_cursor(stale, "7")
    rows = gap.execute("SELECT has_gap, cursor FROM marks WHERE room = %s", stale.room)
    assert rows == [{"has_gap": True, "cursor": ""}]


async def test_two_processes_read_different_rooms(gap: World, other_process: World) -> None:
    first, second = await gap.database.marks.lease(MINUTE), await other_process.database.marks.lease(MINUTE)
    assert first is not None
    assert second is not None
    assert {first.room, second.room} == {CHANNEL, CHAT}
    assert await gap.database.marks.lease(MINUTE) is None


async def test_room_of_a_process_that_died_while_reading_is_read_soon(gap: World, other_process: World) -> None:
    """Its sends are held for a minute at most."""
    gap.team.history.said = [said("5")]
    for _ in (CHANNEL, CHAT):
        await gap.database.marks.lease(MINUTE)
    gap.pass_by(timedelta(seconds=11))
    assert await read_all(other_process) == 1


async def test_gaps_of_rooms_with_something_to_send_are_read_in_turn(gap: World) -> None:
    """A room with many pages must not use up the minute of the others."""
    await gap.link(OTHER_CHANNEL, OTHER_CHAT)
    await gap.backfill.open_gaps()
    for room in (CHANNEL, OTHER_CHANNEL):
        await gap.deliveries.accept(said("9", room=room))
        gap.team.history.said += [said(str(number), room=room) for number in range(1, 4)]
    gap.team.history.page = 1
    for _ in range(4):
        await gap.backfill.read_next()
    assert sorted(gap.team.history.reads) == [CHANNEL, CHANNEL, OTHER_CHANNEL, OTHER_CHANNEL]


async def test_gap_of_one_room_is_opened_alone(world: World) -> None:
    await read_all(world)
    await world.database.marks.open_gap([CHANNEL, OTHER_CHANNEL])
    assert [row["room"] for row in world.execute("SELECT room FROM marks WHERE has_gap")] == [CHANNEL]


async def test_message_that_was_not_stored_goes_before_what_followed_it(world: World) -> None:
    world.team.history.said = [said("5", voice("missed.m4a"))]
    await world.database.marks.open_gap([CHANNEL])
    await world.deliveries.accept(said("6", voice("new.m4a")))
    await world.do_jobs()
    await read_all(world)
    await world.do_jobs()
    assert world.sent_names == ["missed.m4a", "new.m4a"]


async def test_room_that_was_unlinked_is_not_read(gap: World) -> None:
    await gap.links.part(CHANNEL)
    assert await read_all(gap) == 0
    assert (gap.team.history.reads, gap.chats.history.reads) == ([], [])


async def test_finished_pass_moves_the_mark_to_where_it_began(gap: World) -> None:
    before = await gap.database.marks.oldest_age()
    await read_all(gap)
    assert await gap.database.marks.oldest_age() < before


async def missing_events(world: World) -> set[RoomId]:
    """Read until no room needs it; gives the rooms in which an event is missing."""
    missing = set()
    while (read := await world.backfill.read_next()) is not None:
        missing |= {read.room} if read.is_event_missing else set()
    return missing


async def read_again(world: World, *, age: timedelta) -> set[RoomId]:
    """Some time after all was read, a message of this age is found; gives the rooms in which an event is missing."""
    await read_all(world)
    world.pass_by(timedelta(minutes=2))
    world.team.history.said = [said("5", at=datetime.now(UTC) - age)]
    return await missing_events(world)


async def test_message_that_no_event_told_says_that_an_event_is_missing(gap: World) -> None:
    assert await read_again(gap, age=timedelta(minutes=1)) == {CHANNEL}
    gap.pass_by(timedelta(minutes=2))
    assert await missing_events(gap) == set()


async def test_event_of_a_message_of_just_now_may_still_come(gap: World) -> None:
    assert await read_again(gap, age=timedelta(seconds=1)) == set()


async def test_message_found_in_a_gap_is_no_missing_event(gap: World) -> None:
    gap.team.history.said = [said("5")]
    assert await missing_events(gap) == set()
