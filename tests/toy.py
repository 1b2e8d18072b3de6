"""A third network in fifty lines, as an example for a new adapter: a room, a voice part in, a voice part out, a status
board. The unchanged relay and schema carry it in both directions.

Everything is in memory, and nothing ever fails here. A real adapter sorts its network's errors into the three of
``bot.relay.errors``, and offers more of the ports of ``bot.relay.ports.networks`` as far as its network has them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.relay.ids import MediaRef, MessageId, RoomId
from bot.relay.model import Delivery, DeliveryWithReceipts, Mark, Notice, Rendered, Sent
from bot.relay.parts import Media, Voice
from bot.relay.ports.networks import Network, Outgoing, Settlement, Upload
from bot.relay.receipts import status_of
from tests.fakes import FakeAudio, FakeDownload

NAME = "toy"
ROOM = RoomId(f"{NAME}:house/kitchen")


@dataclass
class Toy:
    """Files by id, messages in the order in which they came. Their ids say network, account and what they are."""

    files: dict[MediaRef, bytes] = field(default_factory=dict)
    messages: list[tuple[RoomId, Delivery]] = field(default_factory=list)
    board: "ToyBoard" = field(default_factory=lambda: ToyBoard())

    def network(self) -> Network:
        return Network(NAME, source=self, media=self, audio=FakeAudio(), sender=self, board=self.board)

    @asynccontextmanager
    async def open(self, part: Voice | Media) -> AsyncIterator[FakeDownload]:
        yield FakeDownload(self.files[part.media], len(self.files[part.media]))

    async def create_upload(self, name: str, content_type: str, size_bytes: int) -> Upload:
        return Upload(MediaRef(f"{NAME}:house!{len(self.files)}"), content_type, size_bytes)

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        self.files[upload.media] = b"".join([chunk async for chunk in chunks])

    def settlement(self, delivery: Delivery) -> Settlement:
        return Settlement.FIND_OR_REPEAT

    async def send(self, outgoing: Outgoing) -> Sent:
        self.messages.append((outgoing.delivery.target, outgoing.delivery))
        return Sent(MessageId(f"{NAME}:house#{len(self.messages)}"))

    async def find(self, delivery: Delivery, *, thread: RoomId | None = None) -> Sent | None:
        ids = [known.id for _, known in self.messages]
        return Sent(MessageId(f"{NAME}:house#{ids.index(delivery.id) + 1}")) if delivery.id in ids else None


@dataclass
class ToyBoard:
    """Notices by the id of their message, from which each is found again."""

    notices: dict[MessageId, str] = field(default_factory=dict)

    def render(self, notice: Notice) -> Rendered:
        text = ", ".join(status_of(told).status for told in notice.deliveries)
        return Rendered(text, text)

    async def wait_turn(self, notice: Notice, *, is_final: bool) -> bool:
        return False

    async def post(self, notice: Notice, rendered: Rendered) -> MessageId:
        self.notices[_message(notice)] = rendered.text
        return _message(notice)

    async def update(self, notice: Notice, rendered: Rendered) -> None:
        self.notices[_message(notice)] = rendered.text

    async def find(self, notice: Notice) -> Sequence[MessageId]:
        return [message for message in self.notices if message == _message(notice)]

    async def remove(self, notice: Notice, message: MessageId) -> None:
        del self.notices[message]

    async def mark(self, notice: Notice, marks: frozenset[Mark]) -> None: ...

    async def alert(self, notice: Notice, delivery: DeliveryWithReceipts) -> None: ...


def _message(notice: Notice) -> MessageId:
    return MessageId(f"{NAME}:house#notice of {notice.id}")
