"""Everything the local Linq can be told to do wrong, and how fast it does the right thing.

Seconds here are real seconds; Linq's own minutes (upload links, rate windows, webhook retries) go by the pace.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.sandbox.fitting import fit_fields
from bot.sandbox.linq.state.models import Failure

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


@dataclass
class Switches:
    """Set an attribute and the next exchange obeys; a name that does not exist raises AttributeError.

    Answers: ``next_answers`` maps a wire name (``voicememo``, ``upload``, ``messages.list``, ...) to faults used up
    one per exchange; ``down`` ``refused`` closes the API's port; ``hang_s`` is how long a hanging answer hangs.
    Files: ``ready_after_s`` is the time of 2007 after an upload; ``keep_bytes`` False keeps hash and size alone;
    ``part_id_differs`` breaks the equality of part id and attachment id; ``fetch_style`` is how URLs are downloaded.
    Lists: memos appear after so many looks and seconds, or (``listed`` False) never.
    Sends: ``pair_limit`` is per line, person and minute; ``daily_cap`` and ``recipient_must_text_first`` are what trial
    accounts meet; ``next_failures`` are used up one per accepted memo.
    Progress: the seconds count from step to step; ``progresses_automatically`` False leaves memos where they are.
    Webhooks: ``webhooks_reversed`` tells the steps of a memo backwards, once all are done.
    """

    latency_s: float = 0.0
    down: Down = "no"
    next_answers: dict[str, list[Fault]] = field(default_factory=dict)
    next_failures: list[Failure] = field(default_factory=list)
    hang_s: float = 120.0
    refuse_unknown_fields: bool = True

    ready_after_s: float = 0.0
    keep_bytes: bool = True
    part_id_differs: bool = False
    sms_answer: Literal["fallback", "2017", "4005"] = "fallback"
    fetch_style: Literal["get", "head", "ranges"] = "get"

    listed: bool = True
    listed_after_looks: int = 0
    listed_after_s: float = 0.0
    messages_order: Literal["newest", "oldest", "shuffled"] = "newest"

    pair_limit: int | None = 30
    daily_cap: int | None = None
    recipient_must_text_first: bool = False
    line_ineligible: bool = False

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
    failed_names_no_message: bool = False

    def __post_init__(self) -> None:
        self._watchers: dict[str, Callable[[], None]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dataclass_fields__ and name != "_watchers":
            raise AttributeError(f"no switch is called {name}")
        super().__setattr__(name, value)
        watcher = self.__dict__.get("_watchers", {}).get(name)
        if watcher:
            watcher()

    def watch(self, name: str, watcher: Callable[[], None]) -> None:
        """``watcher`` is called after every assignment to that switch."""
        self._watchers[name] = watcher

    def apply(self, changes: dict[str, Any]) -> None:
        """All of the changes, as JSON, or none. ValueError names the first that does not fit."""
        for name, value in fit_fields(changes, Switches).items():
            setattr(self, name, value)

    def shown(self) -> dict[str, Any]:
        return asdict(self)

    def next(self, what: str, *faults: Fault) -> None:
        """The next exchanges named ``what`` go wrong in these ways, one after the other."""
        self.next_answers.setdefault(what, []).extend(faults)

    def take_fault(self, what: str) -> Fault:
        """What goes wrong with this exchange; it is used up."""
        waiting = self.next_answers.get(what)
        return waiting.pop(0) if waiting else "ok"

    def fail_next(self, failure: Failure) -> None:
        """The next accepted memo fails like this."""
        self.next_failures.append(failure)

    def take_failure(self) -> Failure | None:
        return self.next_failures.pop(0) if self.next_failures else None
