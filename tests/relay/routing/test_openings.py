"""Opening a chat: only by an act of somebody who may link, once for what is said to whom, and shown as it stands."""

from dataclasses import dataclass, field

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import DeliveryId, MessageId, PersonId, RoomId
from bot.relay.model import DeliveryState, Receipt, ReceiptKind, ReceiptSource, Sent, Status
from bot.relay.parts import Text
from bot.relay.rooms import LineInfo, Link, Membership, RoomInfo
from bot.relay.routing.openings import Openings
from tests.fakes import ANN, CHANNEL, LINE, OTHER_CHANNEL
from tests.relay.world import World

BEN = PersonId("team:T0AAA@U0BEN")
NEW, OPENED = "+12025550177", RoomId("chat:default/new")
SOURCE = MessageId(f"{OTHER_CHANNEL}#command-1")


@dataclass
class FakeOpener:
    """Opens a room. ``lose_answers``: the next ones are sent, and their answer is lost."""

    sent: dict[DeliveryId, str] = field(default_factory=dict)
    lose_answers: int = 0

    async def lines(self) -> list[LineInfo]:
        return [LineInfo(LINE, "+1 202 555 0100")]

    async def open_room(self, line: RoomId, handle: str, text: str, *, key: DeliveryId) -> tuple[RoomInfo, Sent]:
        self.sent[key] = text
        if self.lose_answers:
            self.lose_answers -= 1
            raise RetryLater("The answer was lost.")
        return RoomInfo(OPENED, (handle,)), Sent(MessageId("chat:default#first"))


@pytest.fixture
def opener() -> FakeOpener:
    return FakeOpener()


@pytest.fixture
def openings(world: World, opener: FakeOpener) -> Openings:
    return Openings(world.database.deliveries, world.links, opener, now=world.now)


async def open_chat(openings: Openings, room: RoomId = OTHER_CHANNEL, by: PersonId = ANN, text: str = "Hello") -> None:
    await openings.open(room, LINE, NEW, text, source=SOURCE, by=by)


async def test_opened_chat_is_linked_and_its_text_recorded(
    world: World, openings: Openings, opener: FakeOpener
) -> None:
    await open_chat(openings)
    link = await world.links.of(OTHER_CHANNEL)
    assert link is not None
    assert (link.peer, link.label, link.spoken_at is not None) == (OPENED, NEW, True)
    [key] = opener.sent
    row = await world.row(key)
    assert (row.state, row.sent_as) == (DeliveryState.RECORDED, "chat:default#first")
    await world.run()
    assert world.chats.sender.sent == []
    assert len(world.team.board.posts) == 1


async def test_lost_answer_is_asked_for_again_under_the_same_key(openings: Openings, opener: FakeOpener) -> None:
    opener.lose_answers = 1
    with pytest.raises(RetryLater):
        await open_chat(openings)
    await open_chat(openings)
    assert len(opener.sent) == 1


async def test_only_who_may_link_opens_a_chat(openings: Openings, opener: FakeOpener) -> None:
    with pytest.raises(Refused, match="admins"):
        await open_chat(openings, by=BEN)
    assert opener.sent == {}


async def test_linked_room_opens_no_other_chat(openings: Openings, opener: FakeOpener) -> None:
    with pytest.raises(Refused, match="linked to Ann already"):
        await open_chat(openings, CHANNEL)
    assert opener.sent == {}


async def test_conversation_of_an_inbox_is_opened_without_a_link(
    world: World, openings: Openings, opener: FakeOpener
) -> None:
    """The contact's answer begins the thread, as every conversation begins."""
    await world.database.links.save(Link(OTHER_CHANNEL, LINE, "+1 202 555 0100", is_inbox=True))
    await open_chat(openings, by=BEN)
    link = await world.links.of(OTHER_CHANNEL)
    assert link is not None
    assert link.peer == LINE
    assert [line.room for line in await openings.lines(OTHER_CHANNEL)] == [LINE]
    world.team.directory.memberships[BEN] = Membership.GUEST
    with pytest.raises(Refused, match="members"):
        await open_chat(openings, by=BEN, text="Again")
    assert list(opener.sent.values()) == ["Hello"]


@pytest.fixture
async def first_text(world: World, openings: Openings, opener: FakeOpener) -> DeliveryId:
    """One that began a conversation of an inbox, and failed afterwards."""
    await world.database.links.save(Link(OTHER_CHANNEL, LINE, "+1 202 555 0100", is_inbox=True))
    await open_chat(openings)
    [key] = opener.sent
    said_by_network = Receipt(
        "r1", ReceiptKind.FAILED, world.now(), ReceiptSource.WEBHOOK, MessageId("chat:default#first"), reason="No."
    )
    await world.receipts.add([said_by_network])
    assert await world.status(key) is Status.FAILED
    return key


async def test_first_text_of_an_inbox_is_sent_again_into_its_chat(world: World, first_text: DeliveryId) -> None:
    again = await world.actions.resend(first_text, by=BEN)
    await world.run()
    [outgoing] = world.chats.sender.sent
    assert (outgoing.delivery.id, outgoing.delivery.target) == (again, OPENED)
    assert outgoing.delivery.parts == (Text("text", "Hello"),)


async def test_first_text_is_not_sent_again_by_who_may_not_send(world: World, first_text: DeliveryId) -> None:
    world.team.directory.memberships[BEN] = Membership.GUEST
    with pytest.raises(Refused, match="members"):
        await world.actions.resend(first_text, by=BEN)


async def test_first_text_is_not_sent_again_once_the_inbox_takes_another_line(
    world: World, first_text: DeliveryId
) -> None:
    other = RoomId(f"{LINE}/other")
    await world.links.part(OTHER_CHANNEL)
    await world.database.links.save(Link(OTHER_CHANNEL, other, "+1 202 555 0199", is_inbox=True))
    with pytest.raises(Refused, match="leads to"):
        await world.actions.resend(first_text, by=BEN)


async def test_empty_text_opens_nothing(openings: Openings, opener: FakeOpener) -> None:
    with pytest.raises(Refused, match="first message"):
        await open_chat(openings, text="  ")
    assert opener.sent == {}
