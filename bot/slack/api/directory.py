"""Who somebody is, what a channel is, who is in it: looked up in Slack and remembered for a while.

Never by names, which anybody may choose: what Slack says of a person's workspace and role decides.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.relay.errors import Refused, RelayError
from bot.relay.ids import PersonId
from bot.relay.rooms import Membership
from bot.slack.api.identity import Identity
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import Body, child, children, identifier, one_line, text
from bot.slack.ids import BotIdentity, is_group, user_of, usergroup_of

REMEMBERED_FOR_S = 60.0
NAMES_REMEMBERED_FOR_S = 600.0
REMEMBERED_MOST = 5_000
PAGES = 10
NAME_MOST = 80
_ADMIN_FLAGS = ("is_admin", "is_owner", "is_primary_owner")

T = TypeVar("T")


@dataclass(frozen=True)
class Channel:
    """A channel as Slack shows it to the bot. ``is_shared``: with another organisation."""

    name: str
    is_member: bool
    is_archived: bool
    is_shared: bool


class Remembered(Generic[T]):
    """Answers by key, each for so long; at most so many."""

    def __init__(self, clock: Callable[[], float], for_s: float) -> None:
        self._clock = clock
        self._for_s = for_s
        self._answers: dict[str, tuple[float, T]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        until, answer = self._answers.get(key, (float("-inf"), None))
        if answer is not None and self._clock() < until:
            return answer
        fresh = await ask()
        if len(self._answers) >= REMEMBERED_MOST:
            self._answers.clear()
        self._answers[key] = (self._clock() + self._for_s, fresh)
        return fresh


class SlackDirectory:
    """Implements the relay's ``Directory``. ``allowed_bots`` count as members, ``admins`` as admins: an operator chose
    them by id."""

    def __init__(
        self,
        api: SlackApi,
        identity: Identity,
        clock: Callable[[], float],
        allowed_bots: Collection[str] = (),
        admins: Collection[str] = (),
    ) -> None:
        self._api = api
        self._identity = identity
        self._allowed_bots = frozenset(allowed_bots)
        self._admins = frozenset(admins)
        self._people: Remembered[Body] = Remembered(clock, REMEMBERED_FOR_S)
        self._groups: Remembered[frozenset[str]] = Remembered(clock, REMEMBERED_FOR_S)
        self._names: Remembered[str] = Remembered(clock, NAMES_REMEMBERED_FOR_S)
        self._handles: Remembered[Mapping[str, str]] = Remembered(clock, NAMES_REMEMBERED_FOR_S)

    async def is_admin(self, person: PersonId) -> bool:
        """Whether this person is an admin or owner of our workspace, or was made one by the operator. One of another
        organisation is none here."""
        if user_of(person) in self._admins:
            return True
        found = await self._person(user_of(person))
        return _is_of_workspace(found, await self._identity.get()) and any(found.get(f) is True for f in _ADMIN_FLAGS)

    async def membership(self, person: PersonId) -> Membership:
        user = user_of(person)
        if user in self._allowed_bots:
            return Membership.MEMBER
        try:
            found = await self._person(user)
        except Refused as no:
            if no.code == "user_not_found":
                return Membership.EXTERNAL
            raise
        if found.get("is_stranger") is True or not _is_of_workspace(found, await self._identity.get()):
            return Membership.EXTERNAL
        is_guest = found.get("is_restricted") is True or found.get("is_ultra_restricted") is True
        return Membership.GUEST if is_guest else Membership.MEMBER

    async def is_in_group(self, person: PersonId, group: str) -> bool:
        if not is_group(group):
            return False
        usergroup = usergroup_of(group)
        return user_of(person) in await self._groups.get(usergroup, lambda: self._users_of_group(usergroup))

    async def zone(self, user: str) -> str:
        """The time zone in this person's profile, by its IANA name; "" where none can be had."""
        try:
            return text(await self._person(user), "tz")
        except RelayError:
            return ""

    async def channel(self, channel: str) -> Channel:
        body = child((await self._api.read("conversations.info", channel=channel)).body, "channel")
        return Channel(
            name=one_line(text(body, "name"), NAME_MOST),
            is_member=body.get("is_member") is True,
            is_archived=body.get("is_archived") is True,
            is_shared=body.get("is_ext_shared") is True,
        )

    async def channels_of(self, user: str) -> frozenset[str]:
        """The channels that this person is in, of those that the bot can see: private ones only where it is, too."""
        found: set[str] = set()
        cursor = ""
        for _ in range(PAGES):
            answer = await self._api.read(
                "users.conversations", user=user, types="public_channel,private_channel", limit=999, cursor=cursor
            )
            found.update(identifier(channel, "id") for channel in children(answer.body, "channels"))
            cursor = text(child(answer.body, "response_metadata"), "next_cursor")
            if not cursor:
                break
        return frozenset(found)

    async def names(self, mentioned: Iterable[str]) -> Mapping[str, str]:
        """The names of those people (U…, W…), channels (C…, G…) and user groups (S…) that Slack tells us."""
        found = {}
        for slack_id in dict.fromkeys(mentioned):
            try:
                found[slack_id] = await self._names.get(slack_id, lambda each=slack_id: self._name(each))  # type: ignore[misc]
            except RelayError:
                continue  # a message must not wait for a name: it goes without it
        return found

    async def _name(self, slack_id: str) -> str:
        if slack_id.startswith(("C", "G")):
            return (await self.channel(slack_id)).name
        if slack_id.startswith("S"):
            return (await self._handles.get("all", self._group_handles)).get(slack_id, "")
        person = await self._person(slack_id)
        profile = child(person, "profile")
        names = (text(profile, "display_name"), text(profile, "real_name"), text(person, "real_name"))
        return one_line(next(filter(None, names), "") or text(person, "name"), NAME_MOST)

    async def _person(self, user: str) -> Body:
        return await self._people.get(user, lambda: self._fetch_person(user))

    async def _fetch_person(self, user: str) -> Body:
        return child((await self._api.read("users.info", user=user)).body, "user")

    async def _users_of_group(self, usergroup: str) -> frozenset[str]:
        users = (await self._api.read("usergroups.users.list", usergroup=usergroup)).body.get("users")
        return frozenset(user for user in users if isinstance(user, str)) if isinstance(users, list) else frozenset()

    async def _group_handles(self) -> Mapping[str, str]:
        groups = children((await self._api.read("usergroups.list")).body, "usergroups")
        return {identifier(group, "id"): one_line(text(group, "handle"), NAME_MOST) for group in groups}


def _is_of_workspace(person: Body, me: BotIdentity) -> bool:
    """Within one organisation, people belong to several workspaces."""
    teams = child(person, "enterprise_user").get("teams")
    return text(person, "team_id") in ("", me.team) or (isinstance(teams, list) and me.team in teams)
