"""Who talks to whom: which room of the team is joined to which room at the other end, and who may decide it.

Unlinking touches no delivery: each knows its target since it was accepted, and finishes its way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.relay import policy
from bot.relay.errors import Refused
from bot.relay.ids import PersonId, RoomId
from bot.relay.ports.audit import COMMAND_LINE, AuditEntry, AuditLog
from bot.relay.ports.networks import Networks, RoomFinder
from bot.relay.ports.room_stores import LinkStore
from bot.relay.ports.stores import PeopleStore
from bot.relay.rooms import HANDLES_APART, LineInfo, Link, LinkSettings, RoomInfo, Senders
from bot.relay.routing import settings

FROM_FILE = "LINKS_FILE"  # who made a link that an operator keeps in a file

NAME_MOST = 80  # of a contact's name, so that the number after it is not cut off

NOT_LINKED = "This place is not linked to anybody."


class Links:
    """``peers`` finds the rooms at the other end, ``people`` knows the names of who is there."""

    def __init__(
        self, store: LinkStore, people: PeopleStore, networks: Networks, peers: RoomFinder, audit: AuditLog
    ) -> None:
        self._store = store
        self._people = people
        self._networks = networks
        self._peers = peers
        self._audit = audit

    async def of(self, room: RoomId) -> Link | None:
        """The link of this very room of the team."""
        found = await self._store.of([room])
        return next((link for link in found if link.room == room), None)

    async def all(self) -> Sequence[Link]:
        return await self._store.all()

    async def named(self, links: Sequence[Link]) -> Sequence[Link]:
        """The links for those who may see numbers: in a label made of handles, the name of each contact who has shared
        a card stands before the handle, as their messages show it. Any other label, such as a group's name, stays."""
        made = [link for link in links if not link.is_inbox and link.inbox is None]
        persons = {handle: self._peers.person(handle) for link in made for handle in link.label.split(HANDLES_APART)}
        names = await self._people.names(persons.values())

        def shown(handle: str) -> str:
            name = names.get(persons[handle], "")
            return f"{name[:NAME_MOST]} ({handle})" if name else handle

        labels = {link.room: HANDLES_APART.join(map(shown, link.label.split(HANDLES_APART))) for link in made}
        return [replace(link, label=labels.get(link.room, link.label)) for link in links]

    async def may_send(self, link: Link, person: PersonId) -> None:
        """Refused, with the reason, when this person may not send from the link's room."""
        if why_not := await self.why_not(link, person):
            raise Refused(why_not)

    async def choices(self, query: str, *, by: PersonId) -> Sequence[RoomInfo]:
        """The rooms that may be meant, for a person: who is in them is shown only to those who may link."""
        await self._require_admin(by)
        return await self._peers.find_rooms(query)

    async def search(self, typed: str, *, by: PersonId) -> Sequence[RoomInfo]:
        """The rooms that somebody who may link means while they type, maybe none."""
        await self._require_admin(by)
        return await self._peers.search_rooms(typed)

    async def find(self, query: str) -> Sequence[RoomInfo]:
        """The same for the operator at the command line; never none."""
        return await self._peers.find_rooms(query)

    async def link(self, room: RoomId, peer: RoomId, *, by: PersonId) -> Link:
        await self._require_admin(by)
        return await self.join(room, await self._peers.room(peer), made_by=by)

    async def join(self, room: RoomId, peer: RoomInfo, *, made_by: str, is_inbox: bool = False) -> Link:
        """Join them, for somebody who may (the operator at the command line may always)."""
        existing = await self.of(room)
        if existing is not None and existing.peer != peer.id and existing.made_by != FROM_FILE:
            raise Refused(f"It is linked to {existing.label or existing.peer} already. Unlink it first.")
        kept = existing.settings if existing is not None and existing.peer == peer.id else LinkSettings()
        link = Link(room, peer.id, peer.label, made_by, kept, peer.is_group, is_inbox, line=peer.line)
        await self._note("link", link, made_by)
        await self._store.save(link)
        return link

    async def find_line(self, query: str, *, by: PersonId | None) -> LineInfo:
        """One of our numbers, or all. ``by`` is None for the operator at the command line, who always may."""
        if by is not None:
            await self._require_admin(by)
        return await self._peers.find_line(query)

    async def make_inbox(self, room: RoomId, line: LineInfo, *, made_by: str) -> Link:
        """Let the room take every chat of this line that has no link of its own, for somebody who may. From now on:
        nothing from before is carried."""
        for other in await self._store.of([line.room]):
            if other.room != room:
                raise Refused(f"{line.label} has an inbox already, and a line has one.", room=other.room)
        return await self.join(room, RoomInfo(line.room, (line.label,)), made_by=made_by, is_inbox=True)

    async def set(self, room: RoomId, changes: Mapping[str, Sequence[str]], *, by: PersonId | None) -> Link:
        """Change settings, all of them or none. ``by`` is None for the operator at the command line, who always may.

        Values that are wrong in themselves are told first, also where there is no link.
        """
        if by is not None:
            await self._require_admin(by)
        link = await self.of(room)
        changed = link.settings if link else LinkSettings()
        for key, values in changes.items():
            changed = settings.change(changed, key, values)
        if link is None:
            raise Refused(NOT_LINKED)
        if link.made_by == FROM_FILE:
            raise Refused("This link is in the operator's LINKS_FILE and can only be changed there.")
        link = replace(link, settings=changed)
        await self._note("set_link", link, by)
        await self._store.save(link)
        return link

    async def unlink(self, room: RoomId, *, by: PersonId) -> tuple[Link, int]:
        """The link that was, and how many deliveries are still on their way to its peer."""
        await self._require_admin(by)
        return await self.part(room, by=by)

    async def part(self, room: RoomId, *, by: PersonId | None = None) -> tuple[Link, int]:
        """The same for somebody who may. ``by`` is None for the operator at the command line."""
        if (existing := await self.of(room)) and existing.made_by != FROM_FILE:
            await self._note("unlink", existing, by)
        link = await self._store.remove(room)
        if link is None and existing:
            raise Refused("This link is in the operator's LINKS_FILE and can only be removed there.")
        if link is None:
            raise Refused(NOT_LINKED)
        return link, await self._store.count_open(link.peer)

    async def _note(self, act: str, link: Link, by: str | None) -> None:
        detail = {} if act == "unlink" else settings.describe(link.settings)
        await self._audit.add(AuditEntry(act, by or COMMAND_LINE, room=link.room, peer=link.peer, detail=detail))

    async def moved(self, old: RoomId, new: RoomId) -> None:
        """The network gave a room a new id (workspace migrations do, and chats that go on over another line); its links
        follow. Where that breaks off halfway, both are linked, and the network tells of it again."""
        for link in await self._store.of([old]):
            if link.made_by == FROM_FILE:
                continue
            if link.peer == old:
                await self._store.save(replace(link, peer=new))
            else:
                await self._store.save(replace(link, room=new))
                await self._store.remove(old)

    async def why_not(self, link: Link, person: PersonId) -> str:
        """Asks the network no more than the setting needs."""
        senders, directory = link.settings.senders, self._networks.of(link.room).directory
        if Senders.EVERYONE in senders or directory is None:
            return ""
        named = [sender for sender in senders if sender not in set(Senders)]
        is_listed = person in named
        for group in named:
            is_listed = is_listed or await directory.is_in_group(person, group)
        membership = await directory.membership(person) if Senders.MEMBERS in senders and not is_listed else None
        return policy.refusal(senders, membership, is_listed=is_listed)

    async def is_admin(self, person: PersonId) -> bool:
        """Whether this person may link."""
        directory = self._networks.of(person).directory
        return directory is not None and await directory.is_admin(person)

    async def _require_admin(self, person: PersonId) -> None:
        if not await self.is_admin(person):
            raise Refused("Only workspace admins may link, unlink or change settings. Ask one of them to do it.")
