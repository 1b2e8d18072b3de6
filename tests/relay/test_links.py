"""Links: one peer for each room of the team, chosen by an admin who saw who is in it."""

from dataclasses import replace

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import PersonId
from bot.relay.links import FROM_FILE, Links
from bot.relay.model import Link, LinkSettings, Mode, RoomInfo
from bot.relay.ports import Networks
from bot.store.database import Database
from tests.fakes import ANN, CHANNEL, CHAT, OTHER_CHANNEL, OTHER_CHAT, FakeTeam, Faulty, heard, said
from tests.relay.world import World

BEN = PersonId("team:T0AAA@U0BEN")
FILED = Link(CHANNEL, CHAT, label="from the file", made_by=FROM_FILE)


@pytest.fixture
async def links(world: World) -> Links:
    """Nothing is linked."""
    await world.links.part(CHANNEL)
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
        await links.set(CHANNEL, "mode", ["conversation"], by=BEN)


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
    await links.set(CHANNEL, "senders", [BEN], by=ANN)
    world.chats.rooms.rooms = [RoomInfo(CHAT, ("+12025550123",), name="Ann")]
    again = await links.link(CHANNEL, CHAT, by=ANN)
    assert (again.label, again.settings.senders) == ("Ann", (BEN,))


async def test_settings_are_changed_by_an_admin_and_by_the_operator(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    await links.set(CHANNEL, "mode", ["conversation"], by=ANN)
    await links.set(CHANNEL, "replies", ["off"], by=None)
    link = await links.of(CHANNEL)
    assert link is not None
    assert link.settings == LinkSettings(mode=Mode.CONVERSATION, replies=False)


async def test_changed_setting_keeps_the_time_of_the_link(links: Links) -> None:
    """From then on its messages are carried."""
    await links.link(CHANNEL, CHAT, by=ANN)
    before = await links.of(CHANNEL)
    await links.set(CHANNEL, "mode", ["conversation"], by=ANN)
    after = await links.of(CHANNEL)
    assert before is not None
    assert after is not None
    assert before.made_at == after.made_at


async def test_setting_of_a_room_without_link_is_refused(links: Links) -> None:
    with pytest.raises(Refused, match="not linked"):
        await links.set(CHANNEL, "mode", ["voice"], by=ANN)


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
        await links.set(CHANNEL, "mode", ["voice"], by=ANN)


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
    broken = Links(store, Networks(FakeTeam().network()), world.chats.rooms)
    store.trouble["remove"] = [RetryLater("The database cannot be reached.")]
    with pytest.raises(RetryLater):
        await broken.moved(CHANNEL, OTHER_CHANNEL)
    await broken.moved(CHANNEL, OTHER_CHANNEL)
    assert (await broken.of(CHANNEL), bool(await broken.of(OTHER_CHANNEL))) == (None, True)
