"""Opening a chat: a first text to somebody with whom there is none yet, by an act of its own and never otherwise."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.relay.errors import Refused
from bot.relay.ids import MessageId, PersonId, RoomId, delivery_id
from bot.relay.model import Delivery, DeliveryState
from bot.relay.parts import Text
from bot.relay.ports.networks import RoomOpener
from bot.relay.ports.stores import DeliveryStore
from bot.relay.rooms import LineInfo, Link
from bot.relay.routing.links import Links


class Openings:
    """``now`` gives the time of day."""

    def __init__(self, store: DeliveryStore, links: Links, opener: RoomOpener, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._links = links
        self._opener = opener
        self._now = now

    async def lines(self, room: RoomId) -> Sequence[LineInfo]:
        """Our numbers that may write first from this room: of an inbox, those that it takes."""
        lines, link = await self._opener.lines(), await self._links.of(room)
        own = [line for line in lines if link is not None and line.room == link.peer]
        return own or lines

    async def open(
        self, room: RoomId, line: RoomId, handle: str, text: str, *, source: MessageId, by: PersonId
    ) -> Link | None:
        """Send the text, and link the room to the chat that it opens; none in an inbox, where the contact's answer
        begins a thread. ``source`` names the act.

        The key is made from what is said to whom: whoever asks again after a lost answer sends nothing twice. Linq has
        the message before we store it, so until its id is recorded it stands as unconfirmed, which is true.
        """
        if not text.strip():
            raise Refused("Write the first message.")
        inbox = await self._require_allowed(room, by)
        key = delivery_id("open", room, line, handle, text)
        peer, sent = await self._opener.open_room(line, handle, text, key=key)
        link = None if inbox else await self._links.join(room, peer, made_by=by)
        first = Delivery(
            id=key,
            source=source,
            origin=room,
            target=peer.id,
            sender=by,
            parts=(Text("text", text),),
            ordered_at=self._now(),
            notice_room=room,
            is_explicit=True,
            state=DeliveryState.UNCONFIRMED,
        )
        await self._store.accept([first])
        await self._store.record(key, sent, poll=True)
        return link

    async def _require_allowed(self, room: RoomId, by: PersonId) -> Link | None:
        """The inbox, where the room is one: there who may send may open. Elsewhere it makes a link, as admins do."""
        link = await self._links.of(room)
        if link is not None and link.is_inbox:
            await self._links.may_send(link, by)
            return link
        if not await self._links.is_admin(by):
            raise Refused("Only workspace admins may begin a conversation. Ask one of them to do it.")
        if link is not None:
            raise Refused(f"It is linked to {link.label or link.peer} already. Unlink it first.")
        return None
