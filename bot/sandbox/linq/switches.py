"""Everything the local Linq can be told to do wrong, and how fast it does the right thing.

Seconds here are real seconds; Linq's own minutes (upload links, rate windows, webhook retries) follow the time scale;
the fifteen in which a message may be edited do not.
"""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from bot.sandbox.linq.state.models import Failure
from bot.sandbox.switches import SwitchModel

Down = Literal["no", "refused", "500", "503"]
FaultWord = Literal[
    "ok",  # this one is answered normally
    "drop",  # the connection is cut, nothing is done
    "lose_answer",  # it is done, then the connection is cut
    "refuse_500",  # 500, nothing is done
    "act_then_500",
    "hang",  # nothing is done, no answer for hang_s
    "act_then_hang",
    "act_then_empty",  # the true status with {} as body
    "act_then_no_id",  # the true body without any id
    "act_then_text",  # the true status with text/plain
    "html_502",  # a gateway's page, nothing is done
]
Fault = FaultWord | int
"""A word from above, or a Linq error code to refuse with."""
MediaFaultKind = Literal["ok", "missing", "slow", "truncated", "mislabelled", "html", "redirect", "endless"]


@dataclass(config=ConfigDict(extra="forbid", strict=True))
class MediaFault:
    """How the media host answers; ``times`` counts downloads, None means until changed.

    ``missing``: 404; ``mislabelled``: served as ``application/octet-stream``; ``html``: a page with status 200;
    ``redirect``: to another host; ``slow``: ``bytes_per_s``; ``endless``: never stops sending.
    """

    kind: MediaFaultKind = "ok"
    times: int | None = None
    bytes_per_s: int = 16_000


class Switches(SwitchModel):
    """Set an attribute and the next exchange obeys. The defaults are a good day at Linq.

    Answers: ``next_answers`` maps a wire name (``voicememo``, ``messages.send``, ``upload``, ...) to faults used up one
    per exchange; ``down`` ``refused`` closes the API's port; ``hang_s`` is how long a hanging answer hangs.

    Files: ``ready_after_s`` is the time of 2007 after an upload; ``keep_bytes`` False keeps hash and size alone;
    ``part_id_differs`` breaks the equality of part id and attachment id; ``fetch_style`` is how URLs are downloaded.

    Media of messages: ``media_origin`` is where it is served, at the API's own origin or at another one;
    ``media_addresses`` last forever, for 15 minutes, or (``stale``) have expired before they arrive, until the
    attachment is retrieved again; ``media_fault`` spoils the downloads.

    Lists: messages of ours appear after so many looks and seconds, or (``listed`` False) never; neither order is
    documented.

    Sends: ``pair_limit`` is per line, person and minute; ``daily_cap`` and ``recipient_must_text_first`` are what trial
    accounts meet; ``next_failures`` are used up one per accepted message; ``late_edit_code`` is the undocumented answer
    to an edit that comes too late.

    Progress: the seconds count from step to step; ``progresses_automatically`` False leaves messages where they are.

    Webhooks: ``webhooks_withheld`` keeps them back, and drops those older than half an hour when they are released;
    ``webhooks_reversed`` tells the steps of a message backwards, once all are done; ``lose_webhooks`` is how many of
    the next are never sent; ``failed_names_no_message`` and ``reactions_name_no_message`` leave the message id out;
    ``tapback_change`` is how a changed tapback is told, which is not documented.
    """

    latency_s: float = 0.0
    down: Down = "no"
    next_answers: dict[str, list[Fault]] = Field(default_factory=dict)
    next_failures: list[Failure] = Field(default_factory=list)
    hang_s: float = 120.0
    refuse_unknown_fields: bool = True

    ready_after_s: float = 0.0
    keep_bytes: bool = True
    part_id_differs: bool = False
    sms_answer: Literal["fallback", "2017", "4005"] = "fallback"
    fetch_style: Literal["get", "head", "ranges"] = "get"

    media_origin: Literal["api", "own"] = "api"
    media_addresses: Literal["lasting", "expiring", "stale"] = "lasting"
    media_fault: MediaFault = Field(default_factory=MediaFault)

    listed: bool = True
    listed_after_looks: int = 0
    listed_after_s: float = 0.0
    messages_order: Literal["newest", "oldest", "shuffled"] = "newest"
    chats_order: Literal["newest", "oldest", "shuffled"] = "newest"

    pair_limit: int | None = 30
    daily_cap: int | None = None
    recipient_must_text_first: bool = False
    line_ineligible: bool = False
    late_edit_code: int = 2015

    progresses_automatically: bool = True
    reads_automatically: bool = True
    sent_after_s: float = 0.02
    delivered_after_s: float = 0.02
    read_after_s: float = 0.05

    webhooks_withheld: bool = False
    webhook_copies: int = 1
    webhooks_reversed: bool = False
    webhook_delay_s: float = 0.0
    webhook_before_answer: bool = False
    webhook_timeout_s: float = 10.0
    lose_webhooks: int = 0
    failed_names_no_message: bool = False
    reactions_name_no_message: bool = False
    tapback_change: Literal["added", "removed_and_added"] = "added"

    def next(self, what: str, *faults: Fault) -> None:
        """Spoil the next exchanges named ``what`` in these ways, one after the other."""
        self.next_answers.setdefault(what, []).extend(faults)

    def take_fault(self, what: str) -> Fault:
        """Take what goes wrong with this exchange; it is used up."""
        waiting = self.next_answers.get(what)
        return waiting.pop(0) if waiting else "ok"

    def fail_next(self, failure: Failure) -> None:
        """Let the next accepted message fail like this."""
        self.next_failures.append(failure)

    def take_failure(self) -> Failure | None:
        return self.next_failures.pop(0) if self.next_failures else None

    def take_media_fault(self) -> MediaFaultKind:
        """Take what goes wrong with this download; one of its times is used up."""
        fault = self.media_fault
        if fault.times is None:
            return fault.kind
        fault.times -= 1
        return fault.kind if fault.times >= 0 else "ok"
