"""The workspace of the fake Slack: who and what is there. Each fault is a switch."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.slack.times import NOON

TEAM, BOT, BOT_ID = "T0AAA", "U0MEMO", "B0MEMO"
ANN, BEN, GUEST, STRANGER = "U0ANN", "U0BEN", "U0GUEST", "U0FAR"
CLIPS, CREW, ELSEWHERE, ARCHIVED, HIDDEN = "C0CLIPS", "C0CREW", "C0ELSE", "C0ARCH", "C0HIDDEN"
BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-secret-bot-token", "xapp-secret-app-token", "signing-secret"
_SCOPES = """
    channels:history channels:read chat:write chat:write.customize commands files:read files:write groups:history
    groups:read reactions:read reactions:write usergroups:read users:read
"""
SCOPES = frozenset(_SCOPES.split())


@dataclass
class Fault:
    """What a method does instead of its work: ``error`` with 200, another ``status``, or no answer at all.

    ``done``: the work is done all the same, only the answer is lost. ``times``: how often.
    """

    error: str = ""
    status: int = 0
    retry_after: str = ""
    drop: bool = False
    done: bool = False
    times: int = 1_000_000
    body: bytes | None = None


@dataclass
class FakeChannel:
    name: str
    is_member: bool = True
    is_archived: bool = False
    is_visible: bool = True
    people: frozenset[str] = frozenset({ANN, BEN, GUEST, STRANGER})
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class FakeFile:
    """``download``: what the file server does ("ok", "login", "redirect", "foreign", "not_ready", "truncated", "slow",
    "endless"), the first ``times`` times. ``is_complete``: its upload was finished."""

    id: str
    name: str
    content: bytes
    fields: dict[str, Any] = field(default_factory=dict)
    download: str = "ok"
    times: int = 1_000_000
    info_error: str = ""
    is_complete: bool = True
    shared_in: str = ""


@dataclass
class Call:
    method: str
    args: dict[str, Any]
    headers: Mapping[str, str]


class FakeWorkspace:
    def __init__(self) -> None:
        self.channels = {
            CLIPS: FakeChannel("clips"),
            CREW: FakeChannel("crew"),
            ELSEWHERE: FakeChannel("elsewhere", is_member=False),
            ARCHIVED: FakeChannel("archived", is_archived=True),
            HIDDEN: FakeChannel("hidden", is_member=False, is_visible=False, people=frozenset({ANN})),
        }
        self.users: dict[str, dict[str, Any]] = {
            ANN: {"id": ANN, "team_id": TEAM, "is_admin": True, "profile": {"display_name": "Ann"}},
            BEN: {"id": BEN, "team_id": TEAM, "profile": {"display_name": "", "real_name": "Ben Okafor"}},
            GUEST: {"id": GUEST, "team_id": TEAM, "is_restricted": True},
            STRANGER: {"id": STRANGER, "team_id": "T0FAR", "is_stranger": True, "is_admin": True},
        }
        self.groups = {"S0SALES": ("sales", [ANN])}
        self.files: dict[str, FakeFile] = {}
        self.scopes = set(SCOPES)
        self.token_expires_in = 0  # seconds; 0: the token is not rotated
        self.faults: dict[str, Fault] = {}
        self.calls: list[Call] = []
        self.ended_steps: dict[str, Any] = {}  # what each execution of a workflow step ended with
        self.whispers: list[dict[str, Any]] = []  # ephemeral messages
        self.views: list[dict[str, Any]] = []  # modals that were opened
        self.responses: list[dict[str, Any]] = []  # what came to a response_url
        self.shows_metadata = True
        self.takes_file_ids = "yes"  # or "ignore", or "refuse"
        self.page_size = 200
        self.date = NOON
        self.url = ""
        self._number = 0
        self._grown = asyncio.Condition()

    async def until(self, holds: Any, timeout_s: float = 30.0) -> None:
        """Wait until ``holds()``; it is asked after everything that happens here."""
        async with asyncio.timeout(timeout_s), self._grown:
            await self._grown.wait_for(holds)

    async def note(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    def next_ts(self) -> str:
        self._number += 1
        return f"{int(NOON.timestamp()) - 200 + self._number}.{self._number:06}"

    def named(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        return self.channels[channel].messages[ts]

    def thread(self, channel: str, root_ts: str) -> list[dict[str, Any]]:
        """The replies, in order."""
        messages = self.channels[channel].messages.values()
        return [each for each in messages if each.get("thread_ts") == root_ts and each["ts"] != root_ts]

    def root(self, channel: str) -> list[dict[str, Any]]:
        """What is listed at the channel's root, in order."""
        messages = self.channels[channel].messages.values()
        listed = [
            m for m in messages if m.get("thread_ts") in (None, m["ts"]) or m.get("subtype") == "thread_broadcast"
        ]
        return sorted(listed, key=lambda each: float(each["ts"]))

    def say(
        self, channel: str = CLIPS, text: str = "", user: str = ANN, *, thread_ts: str = "", **fields: Any
    ) -> dict[str, Any]:
        """A person posts. Gives the message, as Slack keeps it."""
        message = {"type": "message", "ts": self.next_ts(), "user": user, "text": text} | fields
        if thread_ts:
            message["thread_ts"] = thread_ts
            root = self.channels[channel].messages.get(thread_ts)
            if root is not None:
                root |= {"thread_ts": thread_ts, "latest_reply": message["ts"]}
                root["reply_count"] = root.get("reply_count", 0) + 1
                root["reply_users"] = sorted({*root.get("reply_users", []), user})
        self.channels[channel].messages[message["ts"]] = message
        return message

    def add_file(self, name: str = "memo.m4a", content: bytes = b"AUDIO sound", **fields: Any) -> FakeFile:
        file_id = f"F{len(self.files):06}"
        self.files[file_id] = FakeFile(file_id, name, content, fields)
        return self.files[file_id]

    def drop(self, *files: FakeFile, channel: str = CLIPS, **fields: Any) -> dict[str, Any]:
        return self.say(channel, files=[self.file_object(file) for file in files], subtype="file_share", **fields)

    def file_object(self, file: FakeFile) -> dict[str, Any]:
        extension = file.name.rpartition(".")[2]
        url = f"{self.url}/files/{file.id}/{file.name}"
        known = {"m4a": "audio/mp4", "mp4": "video/mp4", "png": "image/png", "pdf": "application/pdf"}
        named = {"id": file.id, "name": file.name, "mode": "hosted", "filetype": extension, "size": len(file.content)}
        named |= {"mimetype": known.get(extension, "application/octet-stream"), "created": 1}
        return named | {"url_private": url, "url_private_download": url} | file.fields

    def delete(self, channel: str, ts: str) -> None:
        """A root with replies leaves a tombstone."""
        messages = self.channels[channel].messages
        if self.thread(channel, ts):
            messages[ts] = {
                **{key: messages[ts][key] for key in ("ts", "thread_ts", "reply_count", "latest_reply")},
                "type": "message",
                "subtype": "tombstone",
                "user": "USLACKBOT",
                "text": "This message was deleted.",
            }
        else:
            del messages[ts]

    def ephemerals(self, user: str = ANN) -> list[str]:
        return [each["text"] for each in self.whispers if each["user"] == user]
