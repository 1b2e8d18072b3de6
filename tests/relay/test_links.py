"""One chat per channel, chosen by an admin who saw who is in it."""

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.links import FROM_FILE, Links
from bot.relay.model import Chat, Link, UserId
from tests.fakes import ANN, CHANNEL, CHAT, OTHER_CHANNEL, OTHER_CHAT, share
from tests.relay.conftest import World

BEN = UserId("U0BEN")


@pytest.fixture
def links(world: World) -> Links:
    world.unlink()
    return Links(world.memory, world.slack, world.linq)


async def test_an_admin_links_a_channel(links: Links) -> None:
    assert (await links.link(CHANNEL, CHAT, by=ANN)).label == "+12025550123"
    assert await links.linked(CHANNEL) is not None


async def test_others_may_not_link(links: Links) -> None:
    with pytest.raises(Refused, match="admins"):
        await links.link(CHANNEL, CHAT, by=BEN)


async def test_others_may_not_unlink(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    with pytest.raises(Refused, match="admins"):
        await links.unlink(CHANNEL, by=BEN)
    assert await links.linked(CHANNEL) is not None


async def test_who_is_in_a_chat_is_not_shown_to_others(links: Links) -> None:
    with pytest.raises(Refused, match="admins"):
        await links.choices("+12025550123", by=BEN)


async def test_a_named_admin_may_link_without_being_one_in_slack(world: World) -> None:
    world.unlink()
    links = Links(world.memory, world.slack, world.linq, admins=[BEN])
    await links.link(CHANNEL, CHAT, by=BEN)


async def test_a_channel_has_one_chat(world: World, links: Links) -> None:
    world.linq.chats.append(Chat(OTHER_CHAT, ("+12025550124",)))
    await links.link(CHANNEL, CHAT, by=ANN)
    with pytest.raises(Refused, match="Unlink it first"):
        await links.link(CHANNEL, OTHER_CHAT, by=ANN)


async def test_a_channel_may_be_linked_again_to_the_chat_it_has(world: World, links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    world.linq.chats = [Chat(CHAT, ("+12025550123",), name="Ann")]
    assert (await links.link(CHANNEL, CHAT, by=ANN)).label == "Ann"


async def test_a_link_made_in_slack_may_lie_over_one_of_the_links_file(world: World, links: Links) -> None:
    world.memory.links[CHANNEL] = Link(CHANNEL, OTHER_CHAT, made_by=FROM_FILE)
    assert (await links.link(CHANNEL, CHAT, by=ANN)).chat == CHAT


async def test_a_link_of_the_links_file_does_not_follow_its_channel(world: World, links: Links) -> None:
    world.memory.links[CHANNEL] = Link(CHANNEL, CHAT, made_by=FROM_FILE)
    await links.moved(CHANNEL, OTHER_CHANNEL)
    assert await links.linked(OTHER_CHANNEL) is None


async def test_a_link_of_the_links_file_cannot_be_taken_back_from_slack(world: World, links: Links) -> None:
    world.memory.links[CHANNEL] = Link(CHANNEL, CHAT, made_by=FROM_FILE)
    with pytest.raises(Refused, match="LINKS_FILE"):
        await links.unlink(CHANNEL, by=ANN)


@pytest.mark.parametrize("target", ["+1 (202) 555-0123", "+12025550123", CHAT, CHAT.upper()])
async def test_a_chat_is_found_by_id_or_number_however_it_is_written(links: Links, target: str) -> None:
    assert [chat.id for chat in await links.choices(target, by=ANN)] == [CHAT]


async def test_several_matches_are_all_offered(world: World, links: Links) -> None:
    world.linq.chats.append(Chat(OTHER_CHAT, ("+12025550123", "+12025550199"), is_group=True))
    assert len(await links.choices("+12025550123", by=ANN)) == 2


async def test_no_match_says_that_a_chat_must_exist_first(links: Links) -> None:
    with pytest.raises(Refused, match="cannot open a chat"):
        await links.choices("ann@example.com", by=ANN)


@pytest.mark.parametrize("target", ["", "2025550123", "ann", "<script>", "+1"])
async def test_nonsense_says_what_to_write(links: Links, target: str) -> None:
    with pytest.raises(Refused, match="country code"):
        await links.choices(target, by=ANN)


async def test_unlinking_says_how_many_are_still_on_their_way(world: World, links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    await world.clips.accept(share())
    assert (await links.unlink(CHANNEL, by=ANN))[1] == 1


async def test_a_channel_that_got_a_new_id_keeps_its_link(links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    await links.moved(CHANNEL, OTHER_CHANNEL)
    assert (await links.linked(CHANNEL), bool(await links.linked(OTHER_CHANNEL))) == (None, True)


async def test_a_move_that_broke_off_is_made_good_when_slack_tells_of_it_again(world: World, links: Links) -> None:
    await links.link(CHANNEL, CHAT, by=ANN)
    world.memory.trouble["save"] = [RetryLater("The database cannot be reached.")]
    with pytest.raises(RetryLater):
        await links.moved(CHANNEL, OTHER_CHANNEL)
    await links.moved(CHANNEL, OTHER_CHANNEL)
    assert (await links.linked(CHANNEL), bool(await links.linked(OTHER_CHANNEL))) == (None, True)
