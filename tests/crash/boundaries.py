"""Every boundary between an effect and its record, by name: where a bot that dies would be in the middle of something.

A boundary is a call that the relay makes to a neighbour, and the moment: ``before`` it (what went before is done, this
is not), ``amid`` it, or ``after`` it (it is done, and nothing that follows is).
"""

from dataclasses import dataclass
from typing import Literal

Moment = Literal["before", "amid", "after"]
Provocation = Literal["drop", "busy", "refusal", "deletion", "lost answer", "lost post"]


@dataclass(frozen=True)
class Boundary:
    """``provocation`` is what people and neighbours must do so that the bot comes by here.

    ``nobody_knows``: a request that was to be sent has not left, but its intent is stored. What is found afterwards is
    the same as after a request whose answer was lost, so only here may a delivery end ``unconfirmed`` without a memo.
    """

    port: str
    call: str
    moment: Moment
    provocation: Provocation = "drop"
    nobody_knows: bool = False

    @property
    def name(self) -> str:
        return f"{self.port}.{self.call}:{self.moment}"


def _around(port: str, call: str, provocation: Provocation = "drop") -> tuple[Boundary, Boundary]:
    return Boundary(port, call, "before", provocation), Boundary(port, call, "after", provocation)


BOUNDARIES = (
    *_around("deliveries", "accept"),
    *_around("deliveries", "claim"),
    *_around("slack", "download"),
    *_around("linq", "create_attachment"),
    Boundary("linq", "upload", "before"),
    Boundary("linq", "upload", "amid"),
    Boundary("linq", "upload", "after"),
    Boundary("deliveries", "intend", "before"),
    Boundary("deliveries", "intend", "after", nobody_knows=True),
    Boundary("linq", "send", "before", nobody_knows=True),
    Boundary("linq", "send", "after"),
    *_around("deliveries", "record"),
    *_around("receipts", "add"),
    *_around("receipts", "silent"),
    *_around("notices", "take"),
    *_around("slack", "post_notice"),
    *_around("notices", "posted"),
    *_around("slack", "update_notice"),
    *_around("linq", "find_memo", "lost answer"),
    *_around("slack", "find_notices", "lost post"),
    *_around("deliveries", "postpone", "busy"),
    *_around("deliveries", "close", "refusal"),
    *_around("slack", "alarm", "refusal"),
    *_around("notices", "alarmed", "refusal"),
    *_around("deliveries", "cancel", "deletion"),
)
BY_NAME = {boundary.name: boundary for boundary in BOUNDARIES}
