"""One entry of the wire log as a row of a time line, in people's words."""

from dataclasses import asdict, dataclass

from bot.sandbox.json_types import Json
from bot.sandbox.wire import Entry

_TITLES = {
    "drop": "A person drops the file",
    "share": "A person shares the file again",
    "say": "A person writes",
    "edit": "A person edits the message",
    "delete": "A person deletes the message",
    "delete file": "A person deletes the file",
    "react": "A person reacts",
    "unreact": "A person takes a reaction away",
    "shortcut": "A person uses a shortcut",
    "press": "A person presses a button",
    "event message": "Slack tells the bot",
    "event reaction_added": "Slack tells the bot",
    "event reaction_removed": "Slack tells the bot",
    "files.info": "File looked up",
    "download": "File fetched",
    "files.getUploadURLExternal": "Upload prepared",
    "files.upload": "File uploaded",
    "chat.update": "Message updated",
    "conversations.replies": "Looked at the thread",
    "conversations.history": "Looked for missed messages",
    "reactions.add": "Reaction added",
    "reactions.remove": "Reaction removed",
    "attachments.create": "Upload prepared",
    "attachments.retrieve": "Looked at the file",
    "attachments.delete": "Upload taken back",
    "upload": "File uploaded",
    "media": "File fetched",
    "voicememo": "Voice memo sent",
    "messages.send": "Message sent",
    "messages.edit": "Edit sent",
    "reactions": "Tapback sent",
    "messages.list": "Read the chat",
    "messages.retrieve": "Asked how it stands",
    "phone.send": "The contact sends it",
    "phone.edit": "The contact edits it",
    "phone.read": "The contact opens it",
    "phone.tapback": "The contact taps back",
}
_WEBHOOK = "webhook "
_DONE_BEFORE = ("already_reacted", "no_reaction")
_ACTED = ("lose_answer", "act_then_hang", "act_then_500")


@dataclass
class Row:
    """``tone``: plain, good, wait, bad or lost. ``count``: how many equal rows in succession this stands for."""

    at: float
    lane: str
    way: str
    title: str
    detail: str = ""
    status: str = ""
    tone: str = "plain"
    count: int = 1

    def repeats(self, other: "Row") -> bool:
        mine, theirs = (
            (self.lane, self.way, self.title, self.status),
            (other.lane, other.way, other.title, other.status),
        )
        return mine == theirs and self.tone != "plain"

    def shown(self) -> Json:
        return asdict(self)


def row_of(entry: Entry, detail: str = "") -> Row | None:
    """Return the row for an entry, or None for what says nothing about a clip."""
    title = _title(entry)
    if title is None:
        return None
    status, tone = _outcome(entry)
    return Row(_began(entry), entry.side, entry.direction, title, detail or _detail(entry), status, tone)


def _began(entry: Entry) -> float:
    """Place what was answered where it began: the bot may act on it before it answers."""
    return entry.at if entry.status is None else entry.at - float(entry.facts.get("seconds", 0.0))


def _title(entry: Entry) -> str | None:
    if entry.side == "world":
        return entry.what
    if entry.what.startswith(_WEBHOOK):
        told = entry.what.removeprefix(_WEBHOOK).removeprefix("message.").replace("reaction.", "tapback ")
        return "A webhook is lost" if entry.facts.get("lost") else f"Webhook: {told}"
    if entry.what == "chat.postMessage":
        return "Posted in thread" if "thread_ts" in entry.facts else "Posted in the channel"
    if entry.what == "event message" and entry.facts.get("lost"):
        return "Slack's event is lost"
    return _TITLES.get(entry.what)


def _outcome(entry: Entry) -> tuple[str, str]:
    """Return (status as shown, tone)."""
    if entry.direction == "person":
        return "", "plain"
    facts = entry.facts
    if entry.status is None:
        done = facts.get("fault") in _ACTED or facts.get("done")
        return ("answer lost" if done else "no answer"), "lost"
    if facts.get("error") in _DONE_BEFORE:
        return "no change", "plain"
    if facts.get("error") and entry.status == 200:
        return str(facts["error"]), "bad"
    if facts.get("login"):
        return "login page", "bad"
    if entry.status == 429:
        return "429", "wait"
    return str(entry.status), "good" if entry.status < 400 else "bad"


def _detail(entry: Entry) -> str:
    facts = entry.facts
    said = [
        size(facts["size_bytes"]) if entry.what == "upload" and "size_bytes" in facts else "",
        size(facts["size"]) if "size" in facts else "",
        f"try {facts['attempt'] + 1}" if entry.side == "slack" and facts.get("attempt") else "",
        f"try {facts['attempt']}" if entry.side == "linq" and facts.get("attempt", 1) > 1 else "",
        _answer_time(entry),
        f"again in {facts['retry_after']} s" if "retry_after" in facts else "",
        f":{facts['name']}:" if entry.side == "slack" and "name" in facts else "",
        f"Linq's code {facts['code']}" if "code" in facts else "",
        str(facts.get("kind", "")),
        str(facts.get("trouble", "")),
    ]
    return " · ".join(part for part in said if part)


def _answer_time(entry: Entry) -> str:
    seconds = entry.facts.get("seconds")
    if entry.direction != "to_bot" or seconds is None or entry.status is None:
        return ""
    return f"answered in {max(1, round(seconds * 1000))} ms"


def size(count: int) -> str:
    """Write a number of bytes as people read it."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
