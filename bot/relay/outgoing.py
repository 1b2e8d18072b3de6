"""What a sender needs to know of a delivery, with every id in the target's network."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.relay.errors import RetryLater
from bot.relay.ids import RoomId
from bot.relay.media.temporary_urls import TemporaryUrls
from bot.relay.model import Author, Delivery, PreparedPart
from bot.relay.parts import Announcement, Edit, Happening, Part, Reaction
from bot.relay.ports.networks import Outgoing
from bot.relay.ports.stores import Counterpart, DeliveryStore, PeopleStore
from bot.relay.rooms import Conversation

SEARCHED_EVERY = timedelta(seconds=1)


class NotPrepared(RetryLater):
    """It could not be made ready to be sent: what is ready need not wait for it."""


class NotYetSent(NotPrepared):
    """What this is about is not at the target, or not yet."""


class OutgoingBuilder:
    """``temporary_urls`` lends recordings that were not uploaded; None where everything is."""

    def __init__(self, store: DeliveryStore, people: PeopleStore, temporary_urls: TemporaryUrls | None) -> None:
        self._store = store
        self._people = people
        self._temporary_urls = temporary_urls

    async def build(
        self, delivery: Delivery, prepared: Sequence[PreparedPart], conversation: Conversation | None
    ) -> Outgoing:
        """Raises NotYetSent for a reaction or an edit whose message is not at the target."""
        about = await self._counterpart(delivery)
        author = await self._people.author(delivery.sender, delivery.origin)
        is_reaction = isinstance(delivery.parts[0], Reaction)
        return Outgoing(
            replace(delivery, parts=_named(delivery.parts, author), prepared=tuple(prepared)),
            url=await self._url(delivery, prepared),
            about=about.message if about else None,
            thread=about.thread if about else None,
            author=author,
            conversation=conversation,
            held=tuple(await self._store.held_emoji(delivery.about)) if is_reaction and delivery.about else (),
        )

    async def thread_of(self, delivery: Delivery) -> RoomId | None:
        """Where it stands at the target, if it is a reply."""
        about = await self._counterpart(delivery)
        return about.thread if about else None

    def is_usable(self, delivery: Delivery, prepared: Sequence[PreparedPart]) -> bool:
        """Whether it can be sent with this. What was prepared to be lent cannot, once nothing is lent any more."""
        return self._temporary_urls is not None or not _is_to_be_lent(delivery, prepared)

    async def _url(self, delivery: Delivery, prepared: Sequence[PreparedPart]) -> str:
        if self._temporary_urls is None or not _is_to_be_lent(delivery, prepared):
            return ""
        return await self._temporary_urls.create(delivery)

    async def _counterpart(self, delivery: Delivery) -> Counterpart | None:
        """The message that it is about, at the target. What changes a message waits for it; a reply goes without it,
        unless a process died between a send and its record: then it may well answer that, and waits until it is
        known."""
        if delivery.about is None:
            return None
        found = await self._store.counterpart(delivery.about, delivery.target)
        if found is None and _belongs_to_message(delivery.parts[0]):
            await self._store.follow_message(delivery)  # its chat may be heard elsewhere by now
            raise NotYetSent("The message that this belongs to has not been carried.")
        if found is None and await self._store.is_send_open(delivery.origin):
            raise RetryLater("It may answer a message whose send is not recorded yet.", after=SEARCHED_EVERY)
        return found


def _belongs_to_message(part: Part) -> bool:
    return isinstance(part, Reaction | Edit) or (isinstance(part, Announcement) and part.happening is Happening.REACTED)


def _named(parts: tuple[Part, ...], author: Author | None) -> tuple[Part, ...]:
    """An announcement that names nobody is about its sender."""
    if author is None:
        return parts
    return tuple(
        replace(part, names=(author.name,)) if isinstance(part, Announcement) and not part.names else part
        for part in parts
    )


def _is_to_be_lent(delivery: Delivery, prepared: Sequence[PreparedPart]) -> bool:
    is_settled = delivery.is_public or any(part.media or part.refused for part in prepared)
    return delivery.voice is not None and not is_settled
