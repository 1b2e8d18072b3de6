from datetime import timedelta
import pytest
from bot.relay.model import *
from bot.relay.parts import *
from bot.relay.errors import *
from tests.fakes import *
from tests.relay.world import World
from tests.toy import Toy, ROOM

async def test_sent(world: World) -> None:
    [d] = await world.deliveries.accept(said())
    assert await world.deliveries.accept(said()) == []
    await world.run()
    row = await world.row(d)
    assert row.state is DeliveryState.RECORDED
    assert world.chats.media.uploads[row.prepared[0].media[0]] == b"AUDIO-ok!"
    assert world.team.board.posts, world.team.board.posts
    print(world.team.board.posts, world.team.board.edits)

async def test_lost_found(world: World) -> None:
    world.chats.sender.lose_answers = 1
    [d] = await world.deliveries.accept(said())
    await world.run()
    assert (await world.row(d)).state is DeliveryState.RECORDED
    assert len(world.chats.sender.sent) == 1

async def test_lost_unlisted(world: World) -> None:
    world.chats.sender.lose_answers = 1
    world.chats.sender.lists_messages = False
    [d] = await world.deliveries.accept(said())
    await world.run()
    assert await world.status(d) is Status.UNCONFIRMED
    assert world.team.board.alerts

async def test_order_and_late(world: World) -> None:
    world.team.source.trouble_of["F0a.m4a"] = [RetryLater("no")] * 9
    await world.deliveries.accept(said("1", voice("a.m4a")))
    await world.deliveries.accept(said("2", voice("b.m4a")))
    await world.run()
    assert [o.delivery.voice.name for o in world.chats.sender.sent] == ["b.m4a", "a.m4a"], world.passed

async def test_withdrawn_before(world: World) -> None:
    await world.deliveries.withdraw(said().id, [CHANNEL])
    assert await world.deliveries.accept(said()) == []

async def test_inbound(world: World) -> None:
    [d] = await world.deliveries.accept(heard("1", Text("0", "Hi"), Media("1", "a.jpg", MediaRef("chat:x!1"))))
    await world.run()
    [out] = world.team.sender.sent
    assert out.author == Author("+12025550123")
    assert [p.kind for p in out.delivery.parts] == ["text", "media"]
    row = await world.row(d)
    assert row.parts[0].text == ""
    # reply and reaction
    m = row.sent_as
    await world.deliveries.accept(said("9", Text("t", "back"), about=m, command="x"))
    await world.run()
    assert world.chats.sender.sent[-1].about == heard("1").id
    new = await world.deliveries.accept(heard("r1", Reaction("r", "❤️"), about=heard("1").id, at=BASE+10*SECOND)) if 0 else None

async def test_reaction(world: World) -> None:
    await world.deliveries.accept(heard("1"))
    await world.run()
    first = await world.deliveries.accept(heard("2-r", Reaction("r", "love"), about=heard("1").id))
    assert len(first) == 1
    assert await world.deliveries.accept(heard("2-r", Reaction("r", "love"), about=heard("1").id)) == []
    second = await world.deliveries.accept(heard("3-r", Reaction("r", "like"), about=heard("1").id))
    assert len(second) == 2
    await world.run()
    print([(o.delivery.parts[0].emoji, o.held, o.about) for o in world.team.sender.sent[1:]])

async def test_edit(world: World) -> None:
    await world.deliveries.accept(heard("1"))
    await world.deliveries.accept(heard("2-e", Edit("e", "New"), about=heard("1").id))
    await world.run()
    [out] = world.team.sender.sent
    print(out.delivery.parts)
    await world.deliveries.accept(heard("3-e", Edit("e", "New2"), about=heard("1").id))
    await world.run()
    assert world.team.sender.sent[-1].delivery.parts[0].text == "New2"

async def test_toy(tmp_path, database, database_url) -> None:
    toy = Toy()
    w = World(tmp_path, database, database_url, more=[toy.network()])
    await w.link(ROOM, CHAT)
    toy.files[MediaRef("toy:house!1")] = b"AUDIO-x"
    m = Message(MessageId("toy:house#1"), ROOM, PersonId("toy:house@bob"), BASE, (Voice("1", "a.m4a", MediaRef("toy:house!1")),), notice_room=ROOM)
    await w.deliveries.accept(m)
    await w.run()
    assert w.chats.sender.sent
    assert list(toy.board.notices.values()) == ["queued"] or print(toy.board.notices)
    await w.deliveries.accept(heard("1", Voice("v", "b.m4a", MediaRef("chat:x!9"))))
    await w.run()
    assert toy.messages
    w.close()

async def test_backfill(world: World) -> None:
    world.team.history.said = [said("5"), said("6", voice("b.m4a"))]
    await world.backfill.open_gaps()
    await world.deliveries.accept(said("7", voice("c.m4a")))
    await world.run(for_at_most=timedelta(seconds=1))
    assert not world.chats.sender.sent
    while (n := await world.backfill.read_next()) is not None:
        print(n)
    await world.run()
    assert [o.delivery.voice.name for o in world.chats.sender.sent] == ["memo.m4a", "b.m4a", "c.m4a"]
