"""Everything that can be made to go wrong, as plain fields: set from python or over the control port."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.sandbox.fitting import fit_fields

SCOPES = (
    "channels:history",
    "groups:history",
    "channels:read",
    "groups:read",
    "chat:write",
    "files:read",
    "commands",
    "reactions:write",
    "users:read",
)
SUBSCRIBED = (
    "message.channels",
    "message.groups",
    "app_uninstalled",
    "tokens_revoked",
    "channel_archive",
    "channel_id_changed",
    "member_joined_channel",
)


@dataclass
class Fault:
    """What a Web API method does instead of answering as it should.

    ``error``: an ``ok:false`` answer; ``status`` 500 or 503: an HTML page; 429: with ``retry_after``; ``drop``: the
    connection is cut without an answer; none of them: the true answer. Any of them comes ``delay_s`` late.
    ``done``: the work happens all the same (an ambiguous end). ``times``: for how many calls, ``None``: until removed.
    """

    error: str = ""
    status: int = 200
    drop: bool = False
    done: bool = False
    delay_s: float = 0.0
    retry_after: int = 1
    times: int | None = None

    @property
    def answers(self) -> bool:
        """Whether the caller gets the true answer after all."""
        return not (self.error or self.drop) and self.status == 200


DownloadKind = Literal["bytes", "login", "redirect", "not_ready", "truncated", "slow", "foreign", "endless"]


@dataclass
class Download:
    """How a file download goes wrong; ``times`` counts per file, ``None`` means always."""

    kind: DownloadKind = "bytes"
    times: int | None = None
    bytes_per_s: int = 16_000


@dataclass
class Switches:
    """The toy Slack's behaviour: set an attribute and the next exchange obeys. The defaults are a good day at Slack.

    - ``faults`` go by method name, ``*`` stands for every method.
    - ``login``: what a refused download token leads to; both have been seen.
    - ``post_burst``: how many messages one channel takes at once before one per second holds.
    - ``history_restricted``: history and replies as for commercially distributed apps, 1 call a minute, 15 messages.
    - ``own_events``: whether the bot hears of its own messages, as in Slack.
    - ``lose_events``: the next so many are never sent.
    - ``double_gesture``: one drop makes two messages 21 s apart with one client_msg_id.
    - ``deaf``: connections stay open and nothing is delivered.
    - ``disable_after``: subscriptions end once so many deliveries were tried in an hour and under 5 % got through.
      0: never.
    """

    latency_s: float = 0.0
    down: Literal["no", "refused", "500", "503"] = "no"
    faults: dict[str, Fault] = field(default_factory=dict)
    download: Download = field(default_factory=Download)
    login: Literal["page", "redirect"] = "page"
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    rate_limits: bool = True
    post_burst: int = 10
    history_restricted: bool = False
    hide_metadata: bool = False
    client_msg_id: Literal["off", "on", "error"] = "off"

    subscribed: set[str] = field(default_factory=lambda: set(SUBSCRIBED))
    own_events: bool = True
    duplicate_events: int = 0
    shuffle_events: bool = False
    lose_events: int = 0
    double_gesture: bool = False
    deaf: bool = False
    disable_after: int = 1000
    events_per_hour: int = 30_000

    def __post_init__(self) -> None:
        self._watchers: dict[str, Callable[[], None]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if watcher := self.__dict__.get("_watchers", {}).get(name):
            watcher()

    def watch(self, name: str, watcher: Callable[[], None]) -> None:
        """``watcher`` is called after every assignment to that switch."""
        self._watchers[name] = watcher

    def fault(self, method: str, **how: Any) -> Fault:
        """Plan a fault for a method, or for ``*``; the same words as Fault's fields."""
        self.faults[method] = Fault(**how)
        return self.faults[method]

    def take_fault(self, method: str) -> Fault | None:
        """What goes wrong with this call, one less of it afterwards."""
        fault = self.faults.get(method) or self.faults.get("*")
        if fault is None or fault.times is None:
            return fault
        fault.times -= 1
        return fault if fault.times >= 0 else None

    def apply(self, wishes: Mapping[str, Any]) -> None:
        """Set the named fields from JSON, all or none. Raises ValueError naming the first that does not fit."""
        for name, value in fit_fields(wishes, Switches).items():
            setattr(self, name, value)

    def shown(self) -> dict[str, Any]:
        """The switches as plain JSON."""
        return {name: sorted(value) if isinstance(value, set) else value for name, value in asdict(self).items()}
