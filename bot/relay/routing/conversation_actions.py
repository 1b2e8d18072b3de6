"""What people do with a conversation: take it, close it, move it to a channel of its own, keep a contact away."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import MessageId, PersonId, RoomId, delivery_id
from bot.relay.model import Delivery
from bot.relay.parts import Announcement, Happening
from bot.relay.ports.audit import AuditEntry, AuditLog
from bot.relay.ports.networks import Networks, RoomFinder
from bot.relay.ports.room_stores import ConversationStore
from bot.relay.rooms import Conversation, Link, LinkSettings, UnheardRoom
from bot.relay.routing.links import Links

BEGINNING = "This conversation begins just now."
GONE = "This conversation goes on elsewhere."


class ConversationActions:
    """Whoever may send in a conversation may do all of this. ``now`` gives the time of day."""

    def __init__(
        self,
        store: ConversationStore,
        links: Links,
        networks: Networks,
        peers: RoomFinder,
        audit: AuditLog,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._links = links
        self._networks = networks
        self._peers = peers
        self._audit = audit
        self._now = now

    async def take(self, room: RoomId, *, by: PersonId) -> PersonId:
        """Whose it is now: of two who take it at once one has it, and the other is told who."""
        await self._note("take", await self._allowed(room, by), by)
        holder = await self._store.take(room, by)
        if holder is None:
            raise Refused(GONE)
        return holder

    async def release(self, room: RoomId, *, by: PersonId) -> None:
        await self._note("release", await self._allowed(room, by), by)
        await self._store.release(room)

    async def close(self, room: RoomId, *, by: PersonId) -> None:
        """Nobody waits any more. What the contact writes within a day opens it again, in the same thread."""
        await self._note("close", await self._allowed(room, by), by)
        await self._store.close(room)

    async def reopen(self, room: RoomId, *, by: PersonId) -> None:
        await self._note("reopen", await self._allowed(room, by), by)
        await self._store.reopen(room)

    async def move(self, room: RoomId, to: RoomId, *, by: PersonId) -> Link:
        """Give the chat a link of its own; the thread's last line says where it goes on."""
        conversation = await self._allowed(room, by)
        if existing := await self._links.of(to):
            raise Refused(f"That room is linked to {existing.label or existing.peer}. Choose another one.")
        peer = await self._peers.room(conversation.peer)
        link = Link(to, peer.id, peer.label, by, LinkSettings(), peer.is_group, line=peer.line)
        line = Announcement("moved", Happening.GOES_ON, room=to)
        last = Delivery(
            id=delivery_id("goes on", room, to),
            source=MessageId(f"{conversation.peer}/goes-on/{delivery_id(room, to)}"),
            origin=conversation.peer,
            target=room,
            sender=by,
            parts=(line,),
            ordered_at=self._now(),
            is_explicit=True,
        )
        await self._note("move", conversation, by, to=to)
        if not await self._store.move(conversation, link, last):
            raise Refused(GONE)
        return link

    async def unheard(self) -> Sequence[UnheardRoom]:
        """The chats that wrote, and that nobody listens to; who wrote last first."""
        return await self._store.unheard()

    async def block(self, room: RoomId, *, by: PersonId) -> None:
        """The network tells us nothing of this contact any more, on none of our lines."""
        await self._set_blocked(room, by, is_blocked=True)

    async def unblock(self, room: RoomId, *, by: PersonId) -> None:
        await self._set_blocked(room, by, is_blocked=False)

    async def _set_blocked(self, room: RoomId, by: PersonId, *, is_blocked: bool) -> None:
        conversation = await self._allowed(room, by)
        blocking = self._networks.of(conversation.peer).blocking
        if blocking is None or conversation.is_group:
            raise Refused("A group cannot be blocked: leave it, or block single people in it.")
        await self._note("block" if is_blocked else "unblock", conversation, by)
        await (blocking.block if is_blocked else blocking.unblock)(conversation.peer)
        await self._store.set_blocked(conversation.peer, is_blocked=is_blocked)

    async def _note(self, act: str, conversation: Conversation, by: PersonId, **detail: str) -> None:
        entry = AuditEntry(act, by, room=conversation.room, peer=conversation.peer, detail=detail)
        await self._audit.add(entry)

    async def _allowed(self, room: RoomId, by: PersonId) -> Conversation:
        """Refused for who may not send there, and for a conversation that has ended."""
        conversation, link = await self._store.of(room), await self._links.of(room)
        if conversation is None and (await self._store.is_beginning() or await self._store.of(room) is not None):
            raise RetryLater(BEGINNING)  # or it has begun since we asked
        if conversation is None or link is None or link.inbox is None:
            raise Refused(GONE)
        await self._links.may_send(link, by)
        return conversation
