"""Policy: what a message in a linked room may become. Pure; between parsing and storing, and nowhere else."""

from collections.abc import Iterator

from bot.relay.ids import RoomId, delivery_id
from bot.relay.model import Delivery, Link, Membership, Message, Senders

NOT_A_MEMBER = "Only members of this workspace may send from here. Ask one of them, or an admin of the link."
NOT_LISTED = "Only the people whom the link's admins chose may send from here. Ask one of them."


def refusal(senders: tuple[str, ...], membership: Membership | None, *, is_listed: bool) -> str:
    """Why this person may not send, "" if they may. ``membership`` is None where nobody needed to ask for it."""
    if Senders.EVERYONE in senders or is_listed:
        return ""
    if Senders.MEMBERS not in senders:
        return NOT_LISTED
    return "" if membership is Membership.MEMBER else NOT_A_MEMBER


def deliveries_of(message: Message, link: Link) -> Iterator[Delivery]:
    """What a message becomes at the other end of a link: a delivery for each recording, in their order."""
    origin, target = ends(message, link)
    for position, part in enumerate(message.parts):
        yield Delivery(
            id=delivery_id(message.command or message.id, part.key, target),
            source=message.id,
            origin=origin,
            target=target,
            sender=message.sender,
            parts=(part,),
            ordered_at=message.sent_at,
            position=position,
            notice_room=message.notice_room,
            is_explicit=bool(message.command),
            dedup_key="|".join((message.dedup_key, part.key, target)) if message.dedup_key else None,
        )


def ends(message: Message, link: Link) -> tuple[RoomId, RoomId]:
    """The end of the link that the message stands in, and the one it goes to."""
    return (link.room, link.peer) if link.room in message.rooms else (link.peer, link.room)
