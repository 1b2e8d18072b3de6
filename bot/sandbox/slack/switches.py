"""Everything the local Slack can be told to do wrong, as plain fields: set from Python or over the control port."""

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from bot.sandbox.switches import SwitchModel

SCOPES = (
    "channels:history",
    "groups:history",
    "channels:read",
    "groups:read",
    "chat:write",
    "chat:write.customize",
    "files:read",
    "files:write",
    "commands",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
)
SUBSCRIBED = (
    "message.channels",
    "message.groups",
    "reaction_added",
    "reaction_removed",
    "app_home_opened",
    "app_uninstalled",
    "tokens_revoked",
    "channel_archive",
    "channel_unarchive",
    "channel_deleted",
    "channel_id_changed",
    "channel_left",
    "group_archive",
    "group_unarchive",
    "group_left",
    "member_joined_channel",
    "function_executed",
)


@dataclass(config=ConfigDict(extra="forbid", strict=True))
class Fault:
    """What a Web API method (or ``files.upload``, the bytes of an upload) does instead of answering as it should.

    ``error``: an ``ok:false`` answer; ``status`` 500 or 503: an HTML page; 429: with ``retry_after``; ``drop``: the
    connection is cut without an answer; none of them: the true answer. Any of them comes ``delay_s`` late.
    ``done``: the method takes effect all the same (an ambiguous end). ``times``: for how many calls, None means until
    removed.
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


@dataclass(config=ConfigDict(extra="forbid", strict=True))
class Download:
    """How a file download goes wrong; ``times`` counts per file, None means always."""

    kind: DownloadKind = "bytes"
    times: int | None = None
    bytes_per_s: int = 16_000


class Switches(SwitchModel):
    """Set an attribute and the next exchange obeys. The defaults are a good day at Slack.

    Web API: ``faults`` are keyed by method, ``*`` stands for every method; ``post_burst`` is how many messages one
    channel takes at once before one per second holds; ``history_restricted`` is the limit for commercially distributed
    apps, one call of 15 messages a minute; ``clock_skew_s`` is how far Slack's clock is ahead.

    Undocumented behaviour, either way: ``client_msg_id`` de-duplicates or not; ``hide_metadata`` keeps an app's
    metadata from it; ``file_ids_on_update`` is what chat.update does with file ids; ``customize_without_scope`` is what
    happens to a username without chat:write.customize.

    Files: ``login`` is what a refused download token leads to; ``download`` spoils downloads; ``files_ready_after_s``
    is how long an upload cannot be attached yet; ``share_after_s`` is how late a shared upload appears.

    Events: ``own_events``: whether the bot is told of its own messages, as in Slack; ``duplicate_events``: so many more
    copies; ``shuffle_events``: the events of one act in another order; ``lose_events``: the next so many are never
    sent; ``event_delay_s``: they come late; ``events_withheld``: they are kept back until they are released;
    ``double_gesture``: one drop makes two messages 21 s apart with one client_msg_id; ``deaf``: connections stay open
    and nothing is delivered; ``disable_after``: subscriptions end once so many deliveries were tried in an hour and
    under 5 % of them were accepted, 0 means never.
    """

    latency_s: float = 0.0
    down: Literal["no", "refused", "500", "503"] = "no"
    faults: dict[str, Fault] = Field(default_factory=dict)
    scopes: set[str] = Field(default_factory=lambda: set(SCOPES))
    rate_limits: bool = True
    post_burst: int = 10
    history_restricted: bool = False
    clock_skew_s: float = 0.0

    client_msg_id: Literal["off", "on", "error"] = "off"
    hide_metadata: bool = False
    file_ids_on_update: Literal["on", "ignored", "refused"] = "on"
    customize_without_scope: Literal["refused", "ignored"] = "refused"

    login: Literal["page", "redirect"] = "page"
    download: Download = Field(default_factory=Download)
    files_ready_after_s: float = 0.0
    share_after_s: float = 0.0

    subscribed: set[str] = Field(default_factory=lambda: set(SUBSCRIBED))
    own_events: bool = True
    duplicate_events: int = 0
    shuffle_events: bool = False
    lose_events: int = 0
    event_delay_s: float = 0.0
    events_withheld: bool = False
    double_gesture: bool = False
    deaf: bool = False
    disable_after: int = 1000
    events_per_hour: int = 30_000

    def fault(self, method: str, **how: Any) -> Fault:
        """Plan a fault for a method, or for ``*``; the same words as Fault's fields."""
        self.faults[method] = Fault(**how)
        return self.faults[method]

    def take_fault(self, method: str) -> Fault | None:
        """Take what goes wrong with this call; one of its times is used up."""
        fault = self.faults.get(method) or self.faults.get("*")
        if fault is None or fault.times is None:
            return fault
        fault.times -= 1
        return fault if fault.times >= 0 else None

    def shown(self) -> dict[str, Any]:
        """Return the switches as plain JSON, sets in order."""
        return super().shown() | {"scopes": sorted(self.scopes), "subscribed": sorted(self.subscribed)}
