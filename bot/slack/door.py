"""The Slack door, put together: what calls Slack, and what listens to it."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import aiohttp

from bot.slack.answers import WITHIN_S, Answers
from bot.slack.client import Client
from bot.slack.commands import Commands
from bot.slack.downloads import Bounds, Downloads
from bot.slack.listeners import Listeners
from bot.slack.lookups import Lookups
from bot.slack.pace import Pace
from bot.slack.ports import DeliveryService, Links, UserActions
from bot.slack.presses import Presses
from bot.slack.unheard import Unheard
from bot.slack.web import Web

SLACK_API_URL = "https://slack.com/api/"


class SlackDoor:
    """``client`` is the relay's ``Slack``. ``clock`` gives seconds that only ever grow, ``now`` the time of day."""

    def __init__(
        self,
        token: str,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        base_url: str = SLACK_API_URL,
        bounds: Bounds | None = None,
        answer_within_s: float = WITHIN_S,
    ) -> None:
        web = Web(token, session, base_url, Pace(clock))
        self.lookups = Lookups(web, clock)
        self.client = Client(web, self.lookups, Downloads(token, session, base_url, bounds or Bounds()), now)
        self.answers = Answers(session, within_s=answer_within_s)
        self._now = now

    def listeners(
        self, *, clips: DeliveryService, links: Links, wishes: UserActions, allowed_bots: Collection[str] = ()
    ) -> Listeners:
        """What HttpEntrance and SocketEntrance hand their requests to."""
        return Listeners(
            clips=clips,
            links=links,
            lookups=self.lookups,
            commands=Commands(clips, links, self.lookups, now=self._now),
            presses=Presses(clips, links, wishes, self.lookups, now=self._now),
            answers=self.answers,
            allowed_bots=allowed_bots,
        )

    def unheard(
        self, *, clips: DeliveryService, links: Links, grace: timedelta, allowed_bots: Collection[str] = ()
    ) -> Unheard:
        """What looks for clips that no event told of."""
        return Unheard(clips, links, self.lookups, now=self._now, grace=grace, allowed_bots=allowed_bots)
