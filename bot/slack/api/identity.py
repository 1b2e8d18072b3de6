"""Who this bot is in Slack, what its token may do, and how far Slack's clock and ours are apart."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.relay.errors import RelayError, RetryLater
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import identifier, integer
from bot.slack.ids import BotIdentity

CHECKED_EVERY_S = 60.0


class Identity:
    """``clock`` gives seconds that only ever grow, ``now`` the time of day."""

    def __init__(self, api: SlackApi, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._now = now
        self._identity: BotIdentity | None = None
        self._scopes: frozenset[str] = frozenset()
        self._clock_skew: timedelta | None = None
        self._expires_in_s = 0
        self._checked_at = float("-inf")
        self._trouble = ""

    async def get(self) -> BotIdentity:
        """Slack is asked once. Raises RetryLater while it does not say."""
        return self._identity or await self._fetch()

    async def scopes(self) -> frozenset[str]:
        """What the token may do, as far as Slack said so when it was last asked."""
        await self.get()
        return self._scopes

    async def refresh(self) -> BotIdentity:
        """Ask Slack again. Raises what keeps it from answering."""
        return await self._fetch()

    @property
    def clock_skew(self) -> timedelta | None:
        """How far our clock was ahead of Slack's when it was last asked; None where Slack did not say its time."""
        return self._clock_skew

    @property
    def expires_in_s(self) -> int:
        """For how many seconds the token was still good when Slack was last asked; 0: it does not expire. Slack says so
        of tokens that are rotated (``AuthTestResponse`` of its SDK for Node)."""
        return self._expires_in_s

    async def ping(self) -> str:
        """Empty while Slack takes the token, else why not. Slack is asked once a minute."""
        if self._clock() - self._checked_at >= CHECKED_EVERY_S:
            self._trouble = await self._why_not()
            self._checked_at = self._clock()
        return self._trouble

    def suspect_token(self) -> None:
        """The token may have been revoked: ask Slack at the next ping."""
        self._checked_at = float("-inf")

    async def _why_not(self) -> str:
        try:
            await self._fetch()
        except RelayError as error:
            return error.reason
        return ""

    async def _fetch(self) -> BotIdentity:
        answer = await self._api.modify("auth.test", {})
        found = BotIdentity(*(identifier(answer.body, name) for name in ("team_id", "user_id", "bot_id")))
        if not (found.team and found.user):
            raise RetryLater("Slack did not say who this bot is.")
        self._identity = found
        self._expires_in_s = integer(answer.body, "expires_in")
        self._scopes = frozenset(filter(None, map(str.strip, answer.headers.get("x-oauth-scopes", "").split(","))))
        self._clock_skew = _skew(answer.headers.get("Date", ""), self._now())
        return found


def _skew(date: str, now: datetime) -> timedelta | None:
    """``date``: an HTTP Date header, which is always in GMT."""
    try:
        return now - parsedate_to_datetime(date)
    except (ValueError, TypeError):  # no date, or none that names its zone
        return None
