"""A third network is carried in both directions by the unchanged relay and schema: the example for a new adapter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.relay.ids import DeliveryId, MediaRef, MessageId, PersonId
from bot.relay.model import DeliveryState, Message
from bot.relay.parts import Voice
from bot.store.database import Database
from tests.fakes import BASE, CHAT, heard
from tests.relay.world import World
from tests.toy import NAME, ROOM, Toy

MEMO = MediaRef(f"{NAME}:house!memo")
CLIP = MediaRef("chat:default!clip")
SAID = Message(
    id=MessageId(f"{NAME}:house#1"),
    room=ROOM,
    sender=PersonId(f"{NAME}:house@bob"),
    sent_at=BASE,
    parts=(Voice("1", "memo.m4a", MEMO),),
    notice_room=ROOM,
)


@pytest.fixture
def toy() -> Toy:
    return Toy(files={MEMO: b"AUDIO of Bob"})


@pytest.fixture
async def house(toy: Toy, tmp_path: Path, database: Database, database_url: str) -> AsyncIterator[World]:
    """The toy's room is linked to the chat."""
    made = World(tmp_path, database, database_url, more=[toy.network()])
    await made.link(ROOM, CHAT)
    yield made
    await made.prefetcher.close()
    made.close()


async def test_toy_memo_arrives_in_the_chat_and_its_notice_says_so(house: World, toy: Toy) -> None:
    [delivery] = await house.deliveries.accept(SAID)
    await house.run()
    assert list(house.chats.media.uploads.values()) == [b"AUDIO of Bob"]
    assert (await house.row(delivery)).state is DeliveryState.RECORDED
    assert list(toy.board.notices.values()) == ["queued"]


async def test_toy_memo_is_sent_once_although_its_answer_was_lost(house: World, toy: Toy) -> None:
    house.chats.sender.lose_answers = 1
    assert await house.deliveries.accept(SAID)
    assert not await house.deliveries.accept(SAID)
    await house.run()
    assert len(house.chats.sender.sent) == 1


async def test_contacts_memo_arrives_in_the_toys_room(house: World, toy: Toy) -> None:
    house.chats.source.bodies["v"] = b"AUDIO of Ann"
    [delivery] = await house.deliveries.accept(heard("1", Voice("v", "note.m4a", CLIP)))
    await house.run()
    [(room, arrived)] = toy.messages
    assert arrived.prepared is not None
    assert (room, toy.files[arrived.prepared[0].media[0]]) == (ROOM, b"AUDIO of Ann")
    assert (await house.row(delivery)).sent_as == f"{NAME}:house#1"


async def test_toy_finds_a_message_whose_answer_was_lost(house: World, toy: Toy) -> None:
    [delivery] = await house.deliveries.accept(heard("1", Voice("v", "note.m4a", CLIP)))
    house.store.trouble["record"] = [KeyError("killed before it was recorded")]
    await house.run()
    assert len(toy.messages) == 1
    assert (await house.row(DeliveryId(delivery))).state is DeliveryState.RECORDED
