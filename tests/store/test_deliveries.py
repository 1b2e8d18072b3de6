"""The laws of deliveries."""

from bot.relay.model import ChannelId, ChatId, Link
from bot.store.database import Database
from tests.store.made import delivery

CHAT = ChatId("chat-1")


async def test_a_delivery_accepted_twice_is_one(database: Database) -> None:
    assert await database.deliveries.accept([delivery("a", chat=CHAT)]) == ["a"]
    assert await database.deliveries.accept([delivery("a", chat=CHAT)]) == []


async def test_a_drop_goes_where_its_channel_is_linked(database: Database) -> None:
    await database.links.save(Link(ChannelId("C1"), CHAT))
    await database.deliveries.accept([delivery("a")])
    claimed = await database.deliveries.claim(CHAT)
    assert claimed is not None
    assert (claimed.id, claimed.chat, claimed.fence) == ("a", CHAT, 1)
