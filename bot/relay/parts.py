"""What a message is made of. Plain values; the store keeps them as JSON until they are sent.

``key`` names a part within its message. Names, sizes and types are the sender's claims and may be wrong or empty.
``media_hint`` lets the adapter open media faster while it is fresh. Content and hints are forgotten once the delivery
ends.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.relay.ids import WEB, MediaRef, network_of


class Style(StrEnum):
    BOLD = "bold"
    ITALIC = "italic"
    STRIKETHROUGH = "strikethrough"
    UNDERLINE = "underline"


@dataclass(frozen=True)
class Span:
    """A styled range of a text, in code points; ``end`` is exclusive."""

    start: int
    end: int
    style: Style


@dataclass(frozen=True)
class Voice:
    """Audio that is to arrive as a voice message."""

    key: str
    name: str
    media: MediaRef
    media_hint: str = ""
    size_bytes: int = 0
    content_type: str = ""
    kind: Literal["voice"] = "voice"

    @property
    def is_public(self) -> bool:
        """Whether the target fetches it by itself, from an address that a person named."""
        return network_of(self.media) == WEB


@dataclass(frozen=True)
class Media:
    """A picture, a video or another file. Whether it is really a recording, its bytes decide."""

    key: str
    name: str
    media: MediaRef
    media_hint: str = ""
    size_bytes: int = 0
    content_type: str = ""
    kind: Literal["media"] = "media"


@dataclass(frozen=True)
class Text:
    """What people read: no markup, no mention syntax."""

    key: str
    text: str = ""
    spans: tuple[Span, ...] = ()
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Reaction:
    """A person's reaction to the message that the delivery is ``about``, or its removal.

    ``emoji`` is Unicode; what has no Unicode is ``:name:``. ``part`` is the key of the part reacted to, "" for any.
    """

    key: str
    emoji: str
    is_removed: bool = False
    part: str = ""
    kind: Literal["reaction"] = "reaction"


@dataclass(frozen=True)
class Edit:
    """The new text of the message that the delivery is ``about``."""

    key: str
    text: str = ""
    spans: tuple[Span, ...] = ()
    kind: Literal["edit"] = "edit"


class Happening(StrEnum):
    """What a quiet line tells of a room."""

    JOINED = "joined"
    LEFT = "left"
    WE_LEFT = "we_left"
    RENAMED = "renamed"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    ROOM_AT_RISK = "room_at_risk"
    LINE_AT_RISK = "line_at_risk"
    LINE_RECOVERED = "line_recovered"
    MOVED = "moved"
    GOES_ON = "goes_on"  # in ``room`` from now on
    REACTED = "reacted"  # where the reaction itself cannot show whose it is
    SENT_ELSEWHERE = "sent_elsewhere"  # our own side said it, but not through us
    NOT_CARRIED = "not_carried"  # something that could not be carried, and why


@dataclass(frozen=True)
class Announcement:
    """A quiet line. ``names``: whom it is about, where not its sender; ``text``: the new name, the emoji, or why."""

    key: str
    happening: Happening
    names: tuple[str, ...] = ()
    text: str = ""
    room: str = ""
    kind: Literal["announcement"] = "announcement"


Part = Voice | Media | Text | Reaction | Edit | Announcement
