"""Looking things up in Slack: who this bot is, who may decide, what a channel or a file is. Nothing is changed here."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.relay.errors import RelayError, RetryLater
from bot.relay.model import ChannelId, UserId
from bot.slack.fields import Body, identifier, part, parts, text
from bot.slack.parse import Identity
from bot.slack.web import CALL_TIMEOUT_S, Web

REMEMBERED_FOR_S = 60.0
_ADMINS = ("is_admin", "is_owner", "is_primary_owner")


@dataclass(frozen=True)
class Place:
    """A channel as Slack shows it to the bot. ``is_shared``: with another organisation."""

    name: str
    is_member: bool
    is_archived: bool
    is_shared: bool


class Lookups:
    """``clock`` gives seconds that only ever grow."""

    def __init__(self, web: Web, clock: Callable[[], float]) -> None:
        self._web = web
        self._clock = clock
        self._identity: Identity | None = None
        self._scopes: frozenset[str] = frozenset()
        self._admins: dict[UserId, tuple[float, bool]] = {}
        self._pinged_at = float("-inf")
        self._trouble = ""

    @property
    def known(self) -> Identity | None:
        """Who this bot is, if that was ever asked."""
        return self._identity

    async def identity(self) -> Identity:
        """Who the token makes this bot; asked once."""
        return self._identity or await self._introduce()

    async def scopes(self) -> frozenset[str]:
        """What the token may do now."""
        await self._introduce()
        return self._scopes

    async def ping(self) -> str:
        """Empty while Slack takes the token, else why not. Slack is asked once a minute."""
        if self._clock() - self._pinged_at >= REMEMBERED_FOR_S:
            self._trouble = await self._why_not()
            self._pinged_at = self._clock()
        return self._trouble

    def doubt(self) -> None:
        """The token may have been revoked: ask anew at the next ping."""
        self._pinged_at = float("-inf")

    async def is_admin(self, user: UserId) -> bool:
        """Whether this person is an admin or owner of the workspace; remembered for a minute."""
        until, known = self._admins.get(user, (float("-inf"), False))
        if self._clock() < until:
            return known
        me = await self.identity()
        person = part((await self._web.ask("users.info", user=user)).body, "user")
        is_admin = _is_one_of_us(person, me) and any(person.get(role) is True for role in _ADMINS)
        self._admins[user] = (self._clock() + REMEMBERED_FOR_S, is_admin)
        return is_admin

    async def place(self, channel: ChannelId) -> Place:
        body = part((await self._web.ask("conversations.info", channel=channel)).body, "channel")
        return Place(
            name=text(body, "name"),
            is_member=body.get("is_member") is True,
            is_archived=body.get("is_archived") is True,
            is_shared=body.get("is_ext_shared") is True,
        )

    async def history(self, channel: ChannelId, since: float, until: float) -> tuple[list[Body], bool]:
        """What was said in a channel between two times (seconds since 1970), the newest first, without replies in
        threads: as much of its end as Slack tells at once, and whether there is more before that."""
        answer = await self._web.ask(
            "conversations.history", channel=channel, oldest=f"{since:.6f}", latest=f"{until:.6f}", limit=200
        )
        cursor = text(part(answer.body, "response_metadata"), "next_cursor")
        return parts(answer.body, "messages"), bool(cursor)

    async def file(self, file_id: str, *, timeout_s: float = CALL_TIMEOUT_S) -> Body:
        """The file object as it is now."""
        return part((await self._web.ask("files.info", timeout_s=timeout_s, file=file_id)).body, "file")

    async def _why_not(self) -> str:
        try:
            await self._introduce()
        except RelayError as error:
            return error.reason
        return ""

    async def _introduce(self) -> Identity:
        answer = await self._web.put("auth.test", {})
        me = Identity(*(identifier(answer.body, name) for name in ("team_id", "user_id", "bot_id")))
        if not (me.team and me.user):
            raise RetryLater("Slack did not say who this bot is.")
        self._identity = me
        self._scopes = frozenset(filter(None, map(str.strip, answer.headers.get("x-oauth-scopes", "").split(","))))
        return me


def _is_one_of_us(person: Body, me: Identity) -> bool:
    """A guest from another organisation may well be an admin there. Within one, people belong to several workspaces."""
    teams = part(person, "enterprise_user").get("teams")
    return text(person, "team_id") in ("", me.team) or (isinstance(teams, list) and me.team in teams)
