"""Rooms and what joins them, as plain values: links, conversations, lines, and chats that nobody listens to."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.relay.ids import MessageId, PersonId, RoomId


class Mode(StrEnum):
    """What leaves a linked room of the team without an explicit act."""

    VOICE = "voice"  # recordings
    CONVERSATION = "conversation"  # everything at its root; threads stay internal


class Senders(StrEnum):
    """Whose messages leave a linked room; else a list of people and groups decides."""

    MEMBERS = "members"  # people of this workspace: no guests, nobody from another organisation
    EVERYONE = "everyone"


class Confirm(StrEnum):
    """What waits for a person's approval before it leaves."""

    NEVER = "never"
    FIRST = "first"  # what goes into a chat that has not been spoken to from here
    ALWAYS = "always"


class RoomHealth(StrEnum):
    """How a chat stands, as its network or its contact said last."""

    FINE = ""
    AT_RISK = "at_risk"  # its network saw complaints, or no answers
    OPTED_OUT = "opted_out"  # the contact wants no messages until they write themselves


HANDLES_APART = ", "  # in a label that is made of them


@dataclass(frozen=True)
class LinkSettings:
    """What a link's admins decide. ``senders``: one of ``Senders``, or ids of people and groups. ``quiet``: hours as
    ``parse_quiet_hours`` reads them, "" for none."""

    mode: Mode = Mode.VOICE
    replies: bool = True  # what the peer says appears in the room
    senders: tuple[str, ...] = (Senders.MEMBERS,)
    confirm: Confirm = Confirm.NEVER
    quiet: str = ""


@dataclass(frozen=True)
class Link:
    """A room of the team joined to a ``peer``, the room at the other end. ``label`` says who is there, for people.

    ``is_inbox``: the peer is a line. Each chat of it that has no link yet gets a thread in the room, by a link of its
    own whose ``inbox`` is this room.
    """

    room: RoomId
    peer: RoomId
    label: str = ""
    made_by: str = ""
    settings: LinkSettings = LinkSettings()
    is_group: bool = False  # more than one person is at the other end
    is_inbox: bool = False
    inbox: RoomId | None = None
    closed_at: datetime | None = field(default=None, compare=False)  # of a conversation: nobody waits there
    active_at: datetime | None = field(default=None, compare=False)  # of a conversation: when somebody last spoke
    peer_key: str = field(default="", compare=False)  # learnt from what is said there: see ``Message.room_key``
    made_at: datetime | None = field(default=None, compare=False)  # once it is stored
    heard_since: datetime | None = field(default=None, compare=False)  # the peer, if before the link was made
    line: RoomId | None = field(default=None, compare=False)  # that holds the peer, once it is known
    is_line_at_risk: bool = field(default=False, compare=False)  # or one of those that an inbox takes
    mode_at: datetime | None = field(default=None, compare=False)  # when its mode was changed last
    senders_at: datetime | None = field(default=None, compare=False)  # when its senders were
    spoken_at: datetime | None = field(default=None, compare=False)  # when the first send to the peer was recorded
    health: RoomHealth = field(default=RoomHealth.FINE, compare=False)
    health_at: datetime | None = field(default=None, compare=False)  # when it became so


class ConversationState(StrEnum):
    """How a conversation stands, in the word that people see."""

    NEW = "new"  # nobody has answered yet
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True)
class Conversation:
    """One chat of a line, in a thread of its inbox. ``root`` is the message that begins the thread, once it is posted;
    ``former`` the thread of the conversation that the same chat had before; ``within`` the rooms that hold the chat."""

    room: RoomId
    inbox: RoomId
    peer: RoomId
    line: str
    within: tuple[RoomId, ...] = ()
    is_group: bool = False
    root: MessageId | None = None
    former: RoomId | None = None
    began_at: datetime | None = None
    waiting_since: datetime | None = None
    answered_at: datetime | None = None
    taken_by: PersonId | None = None
    closed_at: datetime | None = None
    blocked_at: datetime | None = None
    ended_at: datetime | None = None
    refresh_at: datetime | None = None  # when its root is to be edited
    members: tuple[str, ...] = ()  # of a group, where they are known
    contact: str = ""  # who wrote first, as people read it, where somebody asked for it

    @property
    def state(self) -> ConversationState:
        if self.closed_at is not None or self.ended_at is not None:
            return ConversationState.CLOSED
        if self.waiting_since is None:
            return ConversationState.ANSWERED if self.answered_at else ConversationState.NEW
        return ConversationState.WAITING if self.answered_at or self.taken_by else ConversationState.NEW


@dataclass(frozen=True)
class LineInfo:
    """One of our numbers, as a room that holds its chats; or all of them."""

    room: RoomId
    label: str
    rooms: int | None = None  # how many it holds, as far as that was counted


@dataclass(frozen=True)
class UnheardRoom:
    """A chat that wrote, and nobody listens to it."""

    room: RoomId
    line: RoomId
    first_at: datetime
    last_at: datetime
    messages: int


@dataclass(frozen=True)
class RoomInfo:
    """A room as a person choosing it needs to see it: ``people`` are its handles, ``service`` what carries it."""

    id: RoomId
    people: tuple[str, ...]
    is_group: bool = False
    service: str = ""
    name: str = ""
    line: RoomId | None = None  # that holds it

    @property
    def label(self) -> str:
        """Who is in it, in a few words."""
        return self.name or HANDLES_APART.join(self.people) or self.id


class Membership(StrEnum):
    """What a person is to the workspace that the bot serves."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"  # of another organisation
