"""Links: one peer for each room of the team, chosen by an admin who saw who is in it."""

from dataclasses import replace

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import PersonId
from bot.relay.parts import Announcement, Happening, Text
from bot.relay.ports.networks import Networks
from bot.relay.rooms import Link, LinkSettings, Mode, RoomInfo
from bot.relay.routing.links import FROM_FILE, Links
from bot.store.database import Database
from tests.fakes import ANN, CHANNEL, CHAT, OTHER_CHANNEL, OTHER_CHAT, FakeTeam, Faulty, heard, said
from tests.relay.world import World

BEN = PersonId("team:T0AAA@U0BEN")
FILED = Link(CHANNEL, CHAT, label="from the file", made_by=FROM_FILE)


@pytest.fixture
async def links(world: World) -> Links:
    """Nothing is linked."""
    await world.links.part(CHANNEL, by=None)
    return world.links


async def file_links(world: World, *links: Link) -> None:
    await world.database.links.replace_file_links(links)


async def test_admin_links_a_room(links: Links) -> None:
    assert (await links.link(CHANNEL, CHAT, by=ANN)).label == "+12025550123"
    assert await links.of(CHANNEL) is not None


async def test_others_may_not_link(links: Links) -> None:
    with pytest.raises(Refused, match="admins"):
        await links.link(CHANNEL, CHAT, by=BEN)
    assert await links.of(CHANNEL) is None


async def test_others_may_not_unlink(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    with pytest.raises(Refused, match="admins"):
        await links.unlink(CHANNEL, by=BEN)
    assert await links.of(CHANNEL) is not None


async def test_others_may_not_change_settings(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    with pytest.raises(Refused, match="admins"):
        await links.set(CHANNEL, {"mode": ["conversation"]}, by=BEN)


async def test_others_are_not_shown_who_is_in_a_chat(links: Links) -> None:
    with pytest.raises(Refused, match="admins"):
        await links.choices("+12025550123", by=BEN)


async def test_room_has_one_peer(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    with pytest.raises(Refused, match="Unlink it first"):
        await links.link(CHANNEL, OTHER_CHAT, by=ANN)


async def test_link_to_an_unknown_chat_is_refused(links: Links) -> None:
    with pytest.raises(Refused, match="no such chat"):
        await links.link(CHANNEL, heard().room + "?", by=ANN)  # type: ignore[arg-type]


async def test_link_made_again_takes_the_new_label_and_keeps_its_settings(world: World, links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    await links.set(CHANNEL, {"senders": [BEN]}, by=ANN)
    world.chats.rooms.rooms = [RoomInfo(CHAT, ("+12025550123",), name="Ann")]
    again = await links.link(CHANNEL, CHAT, by=ANN)
    assert (again.label, again.settings.senders) == ("Ann", (BEN,))


async def test_settings_are_changed_by_an_admin_and_by_the_operator(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    await links.set(CHANNEL, {"mode": ["conversation"]}, by=ANN)
    await links.set(CHANNEL, {"replies": ["off"]}, by=None)
    link = await links.of(CHANNEL)
    assert link is not None
    assert link.settings == LinkSettings(mode=Mode.CONVERSATION, replies=False)


async def test_changed_setting_keeps_the_time_of_the_link(links: Links) -> None:
    """From then on its messages are carried."""
    await links.link(CHANNEL, CHAT, by=ANN)
    before = await links.of(CHANNEL)
    await links.set(CHANNEL, {"mode": ["conversation"]}, by=ANN)
    after = await links.of(CHANNEL)
    assert before is not None
    assert after is not None
    assert before.made_at == after.made_at


async def test_setting_of_a_room_without_link_is_refused(links: Links) -> None:
    with pytest.raises(Refused, match="not linked"):
        await links.set(CHANNEL, {"mode": ["voice"]}, by=ANN)


async def test_link_of_a_person_may_lie_over_the_files(world: World, links: Links) -> None:
    await file_links(world, replace(FILED, peer=OTHER_CHAT))
    assert (await links.link(CHANNEL, CHAT, by=ANN)).peer == CHAT
    link = await links.of(CHANNEL)
    assert link is not None
    assert link.peer == CHAT


async def test_links_of_the_file_are_changed_only_there(world: World, links: Links) -> None:
    await file_links(world, FILED)
    with pytest.raises(Refused, match="LINKS_FILE"):
        await links.unlink(CHANNEL, by=ANN)
    with pytest.raises(Refused, match="LINKS_FILE"):
        await links.set(CHANNEL, {"mode": ["voice"]}, by=ANN)


async def test_links_of_the_file_do_not_follow_a_room_that_moves(world: World, links: Links) -> None:
    await file_links(world, FILED)
    await links.moved(CHANNEL, OTHER_CHANNEL)
    assert await links.of(OTHER_CHANNEL) is None


async def test_several_matches_are_all_offered(world: World, links: Links) -> None:
    world.chats.rooms.rooms = [RoomInfo(CHAT, ("+12025550123",)), RoomInfo(OTHER_CHAT, ("+12025550123", "+1202"))]
    assert [room.id for room in await links.choices("+12025550123", by=ANN)] == [CHAT, OTHER_CHAT]


async def test_operator_finds_rooms_without_being_an_admin(links: Links) -> None:
    assert [room.id for room in await links.find("+12025550123")] == [CHAT]


async def test_unlink_says_how_many_are_still_on_their_way(links: Links, world: World) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    await world.deliveries.accept(said())
    assert (await links.unlink(CHANNEL, by=ANN))[1] == 1


async def test_unlink_of_a_room_without_link_is_refused(links: Links) -> None:
    with pytest.raises(Refused, match="not linked"):
        await links.unlink(CHANNEL, by=ANN)


async def test_link_follows_a_room_that_got_a_new_id(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    await links.moved(CHANNEL, OTHER_CHANNEL)
    assert (await links.of(CHANNEL), bool(await links.of(OTHER_CHANNEL))) == (None, True)


async def test_every_link_follows_a_chat_that_got_a_new_id(links: Links) -> None:
    for room in (CHANNEL, OTHER_CHANNEL):
        await links.link(room, CHAT, by=ANN)
    await links.moved(CHAT, OTHER_CHAT)
    assert {link.room: link.peer for link in await links.all()} == {CHANNEL: OTHER_CHAT, OTHER_CHANNEL: OTHER_CHAT}


async def test_move_that_broke_off_is_finished_when_it_is_told_again(world: World, database: Database) -> None:
    store = Faulty(database.links)
    broken = Links(store, database.people, Networks(FakeTeam().network()), world.chats.rooms, database.audit)
    store.trouble["remove"] = [RetryLater("The database cannot be reached.")]
    with pytest.raises(RetryLater):
        await broken.moved(CHANNEL, OTHER_CHANNEL)
    await broken.moved(CHANNEL, OTHER_CHANNEL)
    assert (await broken.of(CHANNEL), bool(await broken.of(OTHER_CHANNEL))) == (None, True)


# Who is at the other end

NAMED = (
    ("+12025550123", "Ann (+12025550123)"),
    ("+12025550124", "+12025550124"),
    ("+12025550123, +12025550124", "Ann (+12025550123), +12025550124"),
    ("Leads", "Leads"),
    ("", ""),
)


@pytest.mark.parametrize(("label", "shown"), NAMED)
async def test_name_of_a_card_stands_before_the_handle(world: World, label: str, shown: str) -> None:
    await world.database.people.save_card(world.chats.rooms.person("+12025550123"), "+1 202-555-0123", "Ann")
    assert await world.links.named([Link(CHANNEL, CHAT, label)]) == [Link(CHANNEL, CHAT, shown)]


async def test_long_name_of_a_card_leaves_room_for_the_handle(world: World) -> None:
    await world.database.people.save_card(world.chats.rooms.person("+12025550123"), "+1 202-555-0123", "A" * 500)
    [link] = await world.links.named([Link(CHANNEL, CHAT, "+12025550123")])
    assert link.label == f"{'A' * 80} (+12025550123)"


async def test_inbox_keeps_its_number_whoever_has_it(world: World) -> None:
    await world.database.people.save_card(world.chats.rooms.person("+12025550100"), "+1 202-555-0100", "Us")
    inbox = Link(CHANNEL, CHAT, "+12025550100", is_inbox=True)
    assert await world.links.named([inbox]) == [inbox]


# A chat that goes on under another id


async def test_link_follows_a_chat_by_who_talks_in_it(world: World) -> None:
    await world.deliveries.accept(heard("1", room_key="pair"))
    await world.deliveries.accept(heard("2", room=OTHER_CHAT, room_key="pair"))
    await world.run()
    link = await world.links.of(CHANNEL)
    assert link is not None
    assert link.peer == OTHER_CHAT
    parts = [outgoing.delivery.parts[0] for outgoing in world.team.sender.sent]
    assert [type(part) for part in parts] == [Text, Announcement, Text]


async def test_move_is_told_once(world: World) -> None:
    await world.deliveries.accept(heard("1", room_key="pair"))
    for number, room in (("2", OTHER_CHAT), ("3", OTHER_CHAT), ("4", CHAT), ("5", OTHER_CHAT)):
        await world.deliveries.accept(heard(number, room=room, room_key="pair"))
    await world.run()
    told = [part for each in world.team.sender.sent for part in each.delivery.parts if isinstance(part, Announcement)]
    assert [part.happening for part in told] == [Happening.MOVED] * 2  # there, and back


async def test_what_is_dropped_after_the_move_goes_to_the_new_chat(world: World) -> None:
    await world.deliveries.accept(heard("1", room_key="pair"))
    await world.deliveries.accept(heard("2", room=OTHER_CHAT, room_key="pair"))
    [delivery] = await world.deliveries.accept(said("3"))
    assert (await world.row(delivery)).target == OTHER_CHAT


async def test_chat_of_somebody_else_moves_no_link(world: World) -> None:
    await world.deliveries.accept(heard("1", room_key="pair"))
    assert not await world.deliveries.accept(heard("2", room=OTHER_CHAT, room_key="another pair"))
    assert not await world.deliveries.accept(heard("3", room=OTHER_CHAT))


async def test_link_of_the_file_stays_where_its_chat_went(world: World, links: Links) -> None:
    await file_links(world, FILED)
    await world.deliveries.accept(heard("1", room_key="pair"))
    await world.deliveries.accept(heard("2", room=OTHER_CHAT, room_key="pair"))
    await file_links(world, FILED)
    link = await links.of(CHANNEL)
    assert link is not None
    assert link.peer == OTHER_CHAT


async def test_link_learns_that_its_peer_is_a_group(world: World) -> None:
    await world.deliveries.accept(heard("1", is_in_group=True))
    await world.deliveries.accept(heard("2"))
    link = await world.links.of(CHANNEL)
    assert link is not None
    assert link.is_group
