"""Routes: over which links a message goes.

A message belongs to the most particular room that is linked: its thread, else its room, else the line that holds it. A
line's link is an inbox, which makes a link of its own for each of its chats: a conversation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.relay import holds, policy
from bot.relay.errors import Refused, Remedy, RetryLater
from bot.relay.ids import MessageId, RoomId, delivery_id
from bot.relay.model import Delivery, Message
from bot.relay.parts import Media, Voice
from bot.relay.ports.networks import Networks
from bot.relay.ports.room_stores import ConversationStore, LinkStore
from bot.relay.rooms import Link, Mode, RoomHealth
from bot.relay.routing.links import Links

INTERNAL_ROOT = "This is an inbox: what stands outside its threads goes to nobody."
BEGINNING = "A conversation begins here just now: its thread is not known yet."
ROOM_RETRY = timedelta(minutes=5)
ENDED = "The conversation in this thread has ended, so this reached nobody."
NO_CONVERSATION = "No conversation goes on in this thread, so this was not sent."


@dataclass(frozen=True)
class Route:
    """``has_moved``: the chat goes on under a new id since this message."""

    links: Sequence[Link]
    has_moved: bool = False


class Routes:
    def __init__(self, store: LinkStore, conversations: ConversationStore, links: Links, networks: Networks) -> None:
        self._store = store
        self._conversations = conversations
        self._links = links
        self._networks = networks

    async def of(self, message: Message, *, is_found: bool = False) -> Route:
        """The links that this message crosses. Refused where an explicit act is not allowed, or a recording was dropped
        where it goes to nobody; what merely stands in a room is passed over. ``is_found``: it stands in a history, and
        what is older than its link is none of ours, nor does a mode that came later make an act of it."""
        links, has_moved = await self._store.of(message.rooms), False
        if message.room_key and not any(link.peer == message.room for link in links):
            has_moved = await self._store.follow(message.room_key, message.room)
            links = await self._store.of(message.rooms)
        if all(link.is_inbox for link in links):
            links = await self._of_former(message) or links
        if is_found:
            links = [link for link in links if policy.is_since(link, message)]
            links = [policy.as_said_under(link, message) for link in links]
        is_heard = not any(link.room in message.rooms for link in links) and (links or not is_found)
        if is_heard and message.says_something and not message.is_ours:
            links = await self._heard(message, links)
        if not links and not is_found:
            await self._refuse_in_ended(message)
        for link in links:
            await self._learn(link, message)
        return Route([link for link in links if await self._crosses(link, message)], has_moved)

    async def _of_former(self, message: Message) -> Sequence[Link]:
        """What the team changes in the thread of a conversation that goes on elsewhere reaches the contact all the
        same."""
        if message.thread is None or not isinstance(message.parts[0], policy.CHANGES):
            return ()
        former = await self._conversations.of(message.thread)
        links = await self._store.of([former.peer]) if former and former.ended_at else ()
        return [replace(link, room=message.thread) for link in links[:1]]

    async def _heard(self, message: Message, links: Sequence[Link]) -> Sequence[Link]:
        """A contact says something: it goes on in the chat's conversation, or begins one."""
        inbox = next((link.room for link in links if link.is_inbox), None)
        closed_at = next((link.closed_at for link in links if link.closed_at is not None), None)
        if inbox is not None or closed_at is not None:
            inbox = inbox or await self._inbox_of(message)
            await self._conversations.go_on(message, inbox, self._new_thread(inbox, message))
            links = [replace(link, closed_at=closed_at) for link in await self._store.of(message.rooms)]
        links = [link for link in links if not link.is_inbox]
        if not links and message.within:
            await self._conversations.note_unheard(message)
        return links

    async def _inbox_of(self, message: Message) -> RoomId | None:
        links = await self._store.of(message.within)
        return next((link.room for link in links if link.is_inbox), None)

    def _new_thread(self, inbox: RoomId | None, message: Message) -> RoomId | None:
        threads = self._networks.of(inbox).threads if inbox else None
        return threads.new_thread(inbox, delivery_id("conversation", message.id)) if inbox and threads else None

    async def _learn(self, link: Link, message: Message) -> None:
        key, is_group = message.room_key or link.peer_key, message.is_in_group or link.is_group
        line = message.within[0] if message.within else link.line
        known = (link.peer_key, link.is_group, link.line)
        if link.peer == message.room and (key, is_group, line) != known:
            await self._store.learn(link.peer, key=key, is_group=is_group, line=line)
        health = holds.health_after(message, link)
        if health is not link.health:
            await self._store.learn_health(link.peer, health, message.sent_at)

    async def _crosses(self, link: Link, message: Message) -> bool:
        if link.is_inbox:
            await self._refuse_outside_threads(message, link)
            return False
        if not policy.allowed_parts(message, link):
            return False
        if not policy.leaves_team(message, link):
            return True  # who may send is asked only of those who send out of the team's room
        why_not = await self._links.why_not(link, message.sender)
        if why_not and message.command:
            raise Refused(why_not)
        return not why_not

    async def _refuse_outside_threads(self, message: Message, link: Link) -> None:
        """At an inbox's root all is internal. Whoever drops a recording there, or sends something by an act of its own,
        is told, once. While a root is being posted, nobody knows yet which thread it begins; it may have become known
        since the links were read."""
        if message.thread and (
            await self._conversations.is_beginning(link.room) or await self._links.of(message.thread) is not None
        ):
            raise RetryLater(BEGINNING)
        is_meant = bool(message.command) or any(isinstance(part, Voice) for part in message.parts)
        if message.thread and (is_meant or link.settings.mode is Mode.CONVERSATION):
            await self._refuse_in_ended(message)
        if is_meant and not message.is_internal and await self._conversations.is_news(_act(message)):
            in_thread = (NO_CONVERSATION, "the contact's present thread")
            why, place = in_thread if message.thread else (INTERNAL_ROOT, "a contact's thread")
            # A text is not always sent by being written there.
            way = f"Drop it in {place}." if _has_files(message) else f"Write it in {place}, and send it there."
            raise Refused(f"{why} {way}")

    async def _refuse_in_ended(self, message: Message) -> None:
        """Whoever writes in the thread of a conversation that has ended writes to nobody. They are told so, and where
        it goes on: once in each thread, and for each recording. An inbox that is off cannot say any more whether texts
        left it."""
        if message.thread is None or message.is_internal or not message.says_something:
            return
        ended = await self._conversations.of(message.thread)
        if ended is None or ended.ended_at is None:
            return
        has_voice = bool(message.command) or any(isinstance(part, Voice) for part in message.parts)
        once = _act(message) if has_voice else MessageId(f"{message.thread}/ended/{message.sender}")
        if await self._conversations.is_news(once):
            now_in = next((link.room for link in await self._store.of([ended.peer])), "")
            raise Refused(ENDED, room=now_in)

    async def learn_refusal(self, peer: RoomId, no: Refused, *, at: datetime) -> None:
        """The contact wants nothing more, which nobody had told: what comes next is refused before it is prepared.
        ``at``: when the refused attempt began. Whoever writes while its answer is on the way may have done so after the
        refusal; where they had not, the next send is refused like this one, and learnt from once more."""
        if no.remedy is Remedy.WAIT_FOR_CONTACT:
            await self._store.learn_health(peer, RoomHealth.OPTED_OUT, at)

    async def wait_for_room(self, delivery: Delivery, no: Refused) -> "RoomUnusable | None":
        """A contact's message waits while its room is gone, until somebody brings it back or unlinks it."""
        if no.remedy not in (Remedy.INVITE_BOT, Remedy.RESTORE_ROOM) or await self._links.of(delivery.target) is None:
            return None
        return RoomUnusable(no.reason, after=ROOM_RETRY, code=no.code, remedy=no.remedy)


def _act(message: Message) -> MessageId:
    """What a person is told of once: the message, whose event may come twice, or each act upon it."""
    return MessageId(message.command or message.id)


def _has_files(message: Message) -> bool:
    return any(isinstance(part, Voice | Media) for part in message.parts)


class RoomUnusable(RetryLater):
    """Nothing can be sent into a linked room until a person acts; it is not given up meanwhile."""
