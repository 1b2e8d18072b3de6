"""The objects of a workspace: people, user groups, channels, messages, and the files in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.sandbox.json_types import Json
from bot.sandbox.slack.bot_answers import EventDelivery
from bot.sandbox.slack.fixtures import TEAM
from bot.sandbox.slack.switches import Download

Shape = Literal[
    "plain",  # a file dropped from a computer: declared honestly
    "web_clip_transcoded",  # 2023: declared webm, both URLs lead to the AAC copy
    "web_clip",  # 2022: URLs lead to the webm, `aac` to the copy
    "m4a_clip",  # 2022: no `aac`, a transcript
    "ios_clip",  # transcript complete
    "untyped_clip",  # mimetype and filetype are empty
    "mislabelled_clip",  # an audio clip declared video/mp4
    "video",  # url_private is the copy, url_private_download the original
    "connect_stub",  # Slack Connect: ask files.info
    "tombstone",
    "hidden_by_limit",
    "remote",  # lives on a foreign host
    "canvas",
]


@dataclass(slots=True)
class User:
    """A person or a bot user; ``bot_id`` is empty for people.

    ``is_restricted`` is a guest of several channels, ``is_ultra_restricted`` one of a single channel.
    """

    id: str
    name: str
    real_name: str
    is_admin: bool = False
    bot_id: str = ""
    team: str = TEAM
    tz: str = "Europe/Berlin"
    is_restricted: bool = False
    is_ultra_restricted: bool = False


@dataclass(frozen=True)
class Upload:
    """What a person drops: a name and bytes, the shape Slack gives it, and fields declared otherwise than true.

    ``copy`` is Slack's transcoded AAC copy (``files-tmb``), by default the content itself. ``info_error`` is what
    files.info answers instead of the file. ``download`` makes this one file's download go wrong.
    """

    name: str
    content: bytes
    shape: Shape = "plain"
    declared: Mapping[str, Any] = field(default_factory=dict)
    copy: bytes | None = None
    duration_ms: int = 3177
    info_error: str = ""
    download: Download | None = None


@dataclass(frozen=True)
class Share:
    """One message that shows a file; ``by`` is who shared it."""

    channel: str
    ts: str
    thread_ts: str | None
    by: str


@dataclass(slots=True)
class StoredFile:
    """A file as the workspace keeps it; ``record`` is the full file object, without its shares.

    ``completed_at`` is the monotonic second at which an upload of the app was completed, None before; a person's file
    is complete at once.
    """

    id: str
    upload: Upload
    user: str
    record: Json
    shares: list[Share] = field(default_factory=list)
    is_deleted: bool = False
    downloads: int = 0
    completed_at: float | None = 0.0

    def unshare(self, channel: str, ts: str) -> None:
        """Take one share away; a file without any is deleted."""
        self.shares = [share for share in self.shares if (share.channel, share.ts) != (channel, ts)]
        self.is_deleted = self.is_deleted or not self.shares

    def move(self, old: str, new: str) -> None:
        """Follow a channel to its new id."""
        self.shares = [replace(share, channel=new) if share.channel == old else share for share in self.shares]

    def in_message(self) -> Json:
        """Render the object inside ``files[]`` of a message: full, or the little that is left of it."""
        if self.is_deleted or self.upload.shape == "tombstone":
            return {"id": self.id, "mode": "tombstone"}
        if self.upload.shape == "connect_stub":
            stub: Json = {"mode": "file_access", "file_access": "check_file_info", "created": 0}
            return {"id": self.id, **stub, "timestamp": 0, "user": ""}
        if self.upload.shape == "hidden_by_limit":
            return {"id": self.id, "mode": "hidden_by_limit"}
        return self.record


@dataclass(slots=True)
class Message:
    """One message as stored; ``drafts`` are its earlier texts, oldest first.

    ``username`` and ``icons`` are an app's other name for one message. ``delivery`` is how the bot answered its event.
    """

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str = ""
    bot_id: str = ""
    username: str = ""
    icons: Json = field(default_factory=dict)
    client_msg_id: str = ""
    team: str = TEAM
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited_ts: str = ""
    drafts: list[str] = field(default_factory=list)
    delivery: EventDelivery | None = field(default=None, repr=False, compare=False)

    @property
    def root_ts(self) -> str:
        """The ts of the thread this message is in, or would start."""
        return self.thread_ts or self.ts


@dataclass(slots=True)
class Ephemeral:
    """What only one person sees: an answer to a command, or a chat.postEphemeral."""

    channel: str
    user: str
    ts: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None


@dataclass(slots=True)
class Channel:
    """A channel with its messages by ts (in order of time) and, per root ts, the ts of its replies."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    members: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class FunctionExecution:
    """One run of a workflow step; ``token`` is what its event brings, ``outputs`` or ``error`` how the app ended it."""

    id: str
    callback_id: str
    inputs: Json
    token: str
    outputs: Json | None = None
    error: str = ""

    @property
    def is_running(self) -> bool:
        return self.outputs is None and not self.error
