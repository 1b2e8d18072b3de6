"""The laws of links."""

from bot.relay.model import ChannelId, ChatId, Link
from bot.store.database import Database
from tests.store.made import CHANNEL, CHAT, claimed, delivery, memo

HERE = Link(CHANNEL, CHAT, label="Ann", made_by="U1")
FILED = Link(CHANNEL, ChatId("filed"), label="from the file")


async def test_a_channel_has_one_link_the_last_one_made(memory: Database) -> None:
    await memory.links.save(Link(CHANNEL, ChatId("first")))
    await memory.links.save(HERE)
    assert await memory.links.linked(CHANNEL) == HERE
    assert await memory.links.all() == [HERE]


async def test_a_removed_link_is_given_back_once(memory: Database) -> None:
    await memory.links.save(HERE)
    assert await memory.links.remove(CHANNEL) == HERE
    assert await memory.links.remove(CHANNEL) is None
    assert await memory.links.linked(CHANNEL) is None


async def test_a_link_made_in_slack_lies_over_one_from_the_file(memory: Database) -> None:
    await memory.links.lay_under([FILED])
    await memory.links.save(HERE)
    assert await memory.links.all() == [HERE]
    await memory.links.remove(CHANNEL)
    assert await memory.links.linked(CHANNEL) == FILED


async def test_a_drop_follows_the_upper_link(memory: Database) -> None:
    await memory.links.lay_under([FILED])
    await memory.links.save(HERE)
    await memory.deliveries.accept([delivery("a", chat="")])
    assert (await claimed(memory, CHAT)).id == "a"


async def test_the_file_is_laid_under_as_a_whole(memory: Database) -> None:
    await memory.links.lay_under([FILED, Link(ChannelId("C2"), CHAT)])
    await memory.links.lay_under([Link(ChannelId("C3"), CHAT)])
    assert [link.channel for link in await memory.links.all()] == ["C3"]


async def test_what_is_still_on_its_way_into_a_chat_is_counted(memory: Database) -> None:
    await memory.deliveries.accept([delivery("a"), delivery("b"), delivery("c", chat="chat-2")])
    held = await claimed(memory)
    await memory.deliveries.record(held.id, memo("M1"))
    assert await memory.links.open_in(CHAT) == 1
