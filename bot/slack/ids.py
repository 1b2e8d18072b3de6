"""Ids of the network "slack": made and read here, and nowhere else.

========  ============================================================================================================
room      ``slack:<team>/<channel>``; a thread in it: ``slack:<team>/<channel>/<ts of its root>``; one whose root is
          still to be posted: ``slack:<team>/<channel>/new-<key>``
message   ``slack:<team>/<channel>#<ts>``; what has no ts of its own (a command, an edit, a reaction) is named for
          what it is: ``…#command-<trigger id>``, ``…#step-<execution id>``, ``…#<ts>/edit-<edited ts>``,
          ``…#<ts>/reaction-<user>-<name>-<event ts>``
person    ``slack:<team>@<user>``; a user group: ``slack:<team>&<usergroup>``
media     ``slack:<team>!<file id>``
========  ============================================================================================================

The team is the workspace in which the app is installed, whoever wrote the message: the same channel shared with another
organisation has another id there.
"""

import re
from dataclasses import dataclass

from bot.relay.ids import MediaRef, MessageId, PersonId, RoomId

NETWORK = "slack"
NEW = "new-"
STEP = "step-"

_ROOM = re.compile(rf"{NETWORK}:([\w-]+)/([\w-]+)(?:/([0-9.]+|new-\w+))?", re.ASCII)
_MESSAGE = re.compile(rf"{NETWORK}:([\w-]+)/([\w-]+)#([^/\s]+)(?:/(\S+))?", re.ASCII)
_PERSON = re.compile(rf"{NETWORK}:([\w-]+)@([\w-]+)", re.ASCII)
_GROUP = re.compile(rf"{NETWORK}:([\w-]+)&([\w-]+)", re.ASCII)
_MEDIA = re.compile(rf"{NETWORK}:([\w-]+)!([\w-]+)", re.ASCII)
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


@dataclass(frozen=True)
class SlackRoom:
    """A channel, or the thread in it that begins with ``root_ts``. ``key``: of a thread whose root is still to be
    posted."""

    team: str
    channel: str
    root_ts: str = ""
    key: str = ""

    @property
    def id(self) -> RoomId:
        thread = f"{NEW}{self.key}" if self.key else self.root_ts
        return RoomId(f"{NETWORK}:{self.team}/{self.channel}" + (f"/{thread}" if thread else ""))

    def thread(self, root_ts: str) -> "SlackRoom":
        return SlackRoom(self.team, self.channel, root_ts)

    def new_thread(self, key: str) -> "SlackRoom":
        return SlackRoom(self.team, self.channel, key=key)

    def message(self, ts: str, fact: str = "") -> MessageId:
        """The message with that ts, or a ``fact`` about it that has no ts of its own."""
        return MessageId(f"{NETWORK}:{self.team}/{self.channel}#{ts}" + (f"/{fact}" if fact else ""))

    def command(self, trigger: str) -> MessageId:
        return self.message(f"command-{trigger}")

    def step(self, execution: str) -> MessageId:
        """One execution of a workflow step."""
        return self.message(f"{STEP}{execution}")


@dataclass(frozen=True)
class SlackMessage:
    """A message's place. ``ts`` is empty for a command, which left no message; ``fact``: what about it is meant."""

    team: str
    channel: str
    ts: str
    fact: str = ""

    @property
    def room(self) -> SlackRoom:
        return SlackRoom(self.team, self.channel)


@dataclass(frozen=True)
class BotIdentity:
    """The workspace that the app is installed in, the bot's user there, and its bot id."""

    team: str
    user: str
    bot: str


def person_id(team: str, user: str) -> PersonId:
    return PersonId(f"{NETWORK}:{team}@{user}")


def group_id(team: str, usergroup: str) -> str:
    return f"{NETWORK}:{team}&{usergroup}"


def media_ref(team: str, file_id: str) -> MediaRef:
    return MediaRef(f"{NETWORK}:{team}!{file_id}")


def parse_room(room: str) -> SlackRoom:
    """Raises ValueError for another network's id, as do the others here: that is a bug of the caller."""
    team, channel, thread = _match(_ROOM, room)
    if thread and thread.startswith(NEW):
        return SlackRoom(team, channel, key=thread.removeprefix(NEW))
    return SlackRoom(team, channel, thread or "")


def parse_message(message: str) -> SlackMessage:
    team, channel, ts, fact = _match(_MESSAGE, message)
    return SlackMessage(team, channel, ts if _TS.fullmatch(ts) else "", fact or "")


def step_of(message: str) -> str:
    """The execution of a workflow step that this source is; "" for any other."""
    name = _match(_MESSAGE, message)[2]
    return name.removeprefix(STEP) if name.startswith(STEP) else ""


def user_of(person: PersonId) -> str:
    return _match(_PERSON, person)[1]


def usergroup_of(group: str) -> str:
    return _match(_GROUP, group)[1]


def file_of(media: MediaRef) -> str:
    return _match(_MEDIA, media)[1]


def is_room(opaque_id: str) -> bool:
    return _ROOM.fullmatch(opaque_id) is not None


def is_person(opaque_id: str) -> bool:
    return _PERSON.fullmatch(opaque_id) is not None


def is_group(opaque_id: str) -> bool:
    return _GROUP.fullmatch(opaque_id) is not None


def _match(pattern: re.Pattern[str], opaque_id: str) -> tuple[str, ...]:
    found = pattern.fullmatch(opaque_id)
    if found is None:
        raise ValueError(f"no such id of {NETWORK}: {opaque_id!r}")
    return found.groups()
