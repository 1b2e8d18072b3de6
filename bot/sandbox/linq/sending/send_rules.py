"""Why Linq refuses a send, checked in this order before anything is created."""

import math
import time
from collections import deque
from datetime import UTC, datetime, timedelta

from bot.sandbox.linq.errors import ApiError
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat
from bot.sandbox.linq.switches import Switches
from bot.sandbox.time_scale import TimeScale

PAIR_WINDOW_S = 60


class SendRules:
    """``check`` raises ApiError or lets the send through; ``count`` is called for sends that were accepted."""

    def __init__(self, account: Account, switches: Switches, time_scale: TimeScale) -> None:
        self._account, self._switches, self._time_scale = account, switches, time_scale
        self._recent: dict[tuple[str, str], deque[float]] = {}
        self._today: tuple[str, int] = ("", 0)

    def check(self, chat: Chat, *, override_optout: bool) -> None:
        self.check_activity(chat)
        self._check_people(chat, override_optout=override_optout)
        self._check_pair(chat)
        self._check_day()

    def check_activity(self, chat: Chat) -> None:
        """Check what also holds for reactions, edits, typing and group actions: the chat and its line."""
        if chat.condition == "creating":
            raise ApiError(2009)
        if chat.condition == "left":
            raise ApiError(2013)
        if self._switches.line_ineligible:
            raise ApiError(2027)

    def count(self, chat: Chat) -> None:
        now = time.monotonic()
        for pair in _pairs(chat):
            self._recent.setdefault(pair, deque()).append(now)
        day, sent = self._today
        today = self._account.now().date().isoformat()
        self._today = (today, sent + 1 if day == today else 1)

    def _check_people(self, chat: Chat, *, override_optout: bool) -> None:
        """Groups are never stopped by a block or an opt-out."""
        if self._switches.recipient_must_text_first and not chat.has_texted:
            raise ApiError(2008)
        if chat.is_group:
            return
        if any(address in self._account.blocked for address in chat.addresses):
            raise ApiError(2026)
        if self._account.opted_out & set(chat.addresses) and not override_optout:
            raise ApiError(2024)

    def _check_pair(self, chat: Chat) -> None:
        limit = self._switches.pair_limit
        if limit is None:
            return
        window = PAIR_WINDOW_S * self._time_scale.scale
        now = time.monotonic()
        for pair in _pairs(chat):
            recent = self._recent.get(pair, deque())
            while recent and recent[0] <= now - window:
                recent.popleft()
            if len(recent) >= limit:
                raise _rate_limited((recent[0] if recent else now) + window - now)

    def _check_day(self) -> None:
        cap, now = self._switches.daily_cap, self._account.now()
        day, sent = self._today
        if cap is not None and day == now.date().isoformat() and sent >= cap:
            midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
            raise _rate_limited((midnight - now).total_seconds())


def _pairs(chat: Chat) -> list[tuple[str, str]]:
    return [(chat.me.address, address) for address in chat.addresses]


def _rate_limited(wait_s: float) -> ApiError:
    seconds = max(1, math.ceil(wait_s))
    return ApiError(1007, f"Rate limited. Try again in {seconds} seconds.", retry_after=seconds)
