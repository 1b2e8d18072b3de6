"""Policy: what a message in a linked room may become. Pure; between parsing and storing, and nowhere else."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.relay.ids import MessageId, RoomId, delivery_id
from bot.relay.model import Delivery, Message
from bot.relay.parts import Announcement, Edit, Happening, Media, Part, Reaction, Text, Voice
from bot.relay.rooms import Link, Membership, Mode, Senders

NOT_A_MEMBER = "Only members of this workspace may send from here. Ask one of them, or an admin of the link."
NOT_LISTED = "Only the people whom the link's admins chose may send from here. Ask one of them."

CHANGES = (Reaction, Edit)
QUIET_FOR = timedelta(minutes=15)


def refusal(senders: tuple[str, ...], membership: Membership | None, *, is_listed: bool) -> str:
    """Why this person may not send, "" if they may. ``membership`` is None where nobody needed to ask for it."""
    if Senders.EVERYONE in senders or is_listed:
        return ""
    if Senders.MEMBERS not in senders:
        return NOT_LISTED
    return "" if membership is Membership.MEMBER else NOT_A_MEMBER


def as_said_under(link: Link, message: Message) -> Link:
    """The link as it counts for a message that was found in a history. What the mode did not take for an act when it
    was said stays inside, also once the mode is another: a room is read again from five minutes before its mark."""
    if link.mode_at is None or message.sent_at >= link.mode_at:
        return link
    return replace(link, settings=replace(link.settings, mode=Mode.VOICE))


def is_since(link: Link, message: Message) -> bool:
    """Whether a message that was found in a history is new enough for the link. What the peer said in a conversation
    that has got this link since counts as well: nobody may have told of it yet."""
    since = (link.heard_since if message.room == link.peer else None) or link.made_at
    return since is None or message.sent_at >= since


def leaves_team(message: Message, link: Link) -> bool:
    """Whether it stands on the team's end of this link."""
    return link.room in message.rooms


def allowed_parts(message: Message, link: Link) -> tuple[Part, ...]:
    """The parts that may cross this link. Nothing leaves the team without an explicit act, or what the mode counts as
    one; what the peer says appears where replies are wanted."""
    if not leaves_team(message, link):
        return message.parts if link.settings.replies else ()
    if message.is_internal:
        return ()
    if message.command:
        return message.parts
    if link.settings.mode is Mode.CONVERSATION:
        return message.parts if _is_at_root(message, link) or isinstance(message.parts[0], CHANGES) else ()
    return tuple(part for part in message.parts if isinstance(part, Voice | Edit))


def deliveries_of(message: Message, link: Link, *, voice_alone: bool) -> Iterator[Delivery]:
    """What a message becomes at the other end of a link, in the order of its parts.

    ``voice_alone``: the target shows a recording as a message of its own.
    """
    for position, (key, parts) in enumerate(_groups(allowed_parts(message, link), voice_alone=voice_alone)):
        origin, target = ends(message, link)
        yield Delivery(
            id=delivery_id(message.command or message.id, key, target),
            source=message.id,
            origin=origin,
            target=target,
            sender=message.sender,
            parts=parts,
            ordered_at=message.sent_at,
            position=position,
            about=_about(message, link),
            notice_room=message.notice_room,
            is_explicit=message.command not in ("", message.id),
            is_broadcast=position == 0 and _is_worth_notice(message, link),
            dedup_key="|".join((message.dedup_key, key, target)) if message.dedup_key else None,
        )


def reaction_in_words(reaction: Delivery, link: Link, *, is_shown: bool) -> Delivery | None:
    """The quiet line for a peer's reaction whose meaning the reaction itself does not carry: the target cannot show it,
    or it does not show whose it is. Once for each person and emoji on a part."""
    part = reaction.parts[0]
    assert isinstance(part, Reaction), "only a reaction is told in words"
    if reaction.target != link.room or part.is_removed or (is_shown and not link.is_group):
        return None
    held = f"{reaction.about}/{part.part}/{reaction.sender}/{part.emoji}"
    line = Announcement("words", Happening.REACTED, text=part.emoji)
    return replace(reaction, id=delivery_id("words", held, reaction.target), parts=(line,), is_explicit=True)


def tell_of_move(message: Message) -> Message:
    """The quiet line for a peer that goes on under another id; once for each."""
    line = Announcement("moved", Happening.MOVED)
    own_id = MessageId(f"{message.room}/moved")
    return replace(message, id=own_id, parts=(line,), about=None, thread=None, dedup_key="", room_key="")


def ends(message: Message, link: Link) -> tuple[RoomId, RoomId]:
    """The end of the link that the message stands in, and the one it goes to."""
    return (link.room, link.peer) if leaves_team(message, link) else (link.peer, link.room)


def _is_worth_notice(message: Message, link: Link) -> bool:
    """What is said in a conversation after a while, or after it was closed, is shown outside its thread, too; not while
    talk goes on."""
    if link.inbox is None or not message.says_something or leaves_team(message, link) or link.active_at is None:
        return False
    return link.closed_at is not None or message.sent_at - link.active_at > QUIET_FOR


def _about(message: Message, link: Link) -> MessageId | None:
    """What it answers or changes. In a thread that is linked by itself, what is said does not answer the thread's root:
    each of the team's words would quote the contact's first ones."""
    is_in_linked_thread = message.thread == link.room and leaves_team(message, link)
    return None if is_in_linked_thread and message.says_something else message.about


def _is_at_root(message: Message, link: Link) -> bool:
    """A thread that is linked by itself takes the place of the room's root."""
    return message.thread is None or message.thread == link.room


def _groups(parts: Sequence[Part], *, voice_alone: bool) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """The parts that travel together, each group with a key that is the same whenever the message is told again."""
    together = tuple(part for part in parts if not (voice_alone and isinstance(part, Voice)))
    has_yielded = False
    for part in parts:
        if voice_alone and isinstance(part, Voice):
            yield part.key, (part,)
        elif not has_yielded:
            has_yielded = True
            yield _key(part), together


def _key(first: Part) -> str:
    return "content" if isinstance(first, Text | Media | Voice) else first.key
