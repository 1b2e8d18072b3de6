"""What was said between one chat and its channel or thread, on both sides."""

from dataclasses import dataclass, field

from bot.sandbox.linq.state.models import Message as LinqMessage
from bot.sandbox.slack.state.models import Message as SlackMessage
from tests.stories.system import System, said_in

VOICE, CONVERSATION = "voice", "conversation"


@dataclass
class TeamMessage:
    """Something said in Slack: clips by their file names, or a text that begins with its label."""

    label: str
    message: SlackMessage
    clips: tuple[str, ...] = ()
    text: str = ""  # as it reads now
    answers: "ContactMessage | None" = None
    is_deleted: bool = False

    @property
    def is_accepted(self) -> bool:
        """Slack was told that it is stored."""
        delivery = self.message.delivery
        return delivery is not None and any(answer.accepted for answer in delivery.answers)


@dataclass
class ContactMessage:
    """Something said at the other phone: its text begins with its label; with ``has_file``, a voice memo beside it."""

    label: str
    message: LinqMessage
    text: str
    has_file: bool = False
    answers: TeamMessage | None = None


@dataclass
class Conversation:
    """One linked channel and its chat, and all that was said in them, oldest first."""

    view: System
    mode: str
    team: list[TeamMessage] = field(default_factory=list)
    contact: list[ContactMessage] = field(default_factory=list)
    reacted: dict[str, str] = field(default_factory=dict)  # what Ann holds on the post of this label

    @property
    def name(self) -> str:
        return self.view.channel[2:6]

    @property
    def is_group(self) -> bool:
        return self.view.sandbox.linq.account.chats[self.view.chat].is_group

    def memos(self, name: str) -> list[LinqMessage]:
        return [each for each in self.sent() if each.is_voice_memo and each.media[0].filename == name]

    def texts(self, label: str) -> list[LinqMessage]:
        return [each for each in self.sent() if label in each.text.split()]

    def sent(self) -> list[LinqMessage]:
        return self.view.sandbox.linq.sent(self.view.chat)

    def posts(self, label: str) -> list[SlackMessage]:
        return [post for post in self.view.posts() if label in said_in(post).split()]

    @property
    def channels(self) -> set[str]:
        """Where its messages may stand in Slack."""
        return {self.view.channel}

    def places_of(self, said: ContactMessage) -> set[tuple[str, str | None]]:
        """The channels, each with a thread in it or None for its root, in one of which it must stand."""
        return {(self.view.channel, said.answers.message.root_ts if said.answers else None)}

    def at_linq(self, said: TeamMessage | ContactMessage) -> LinqMessage:
        if isinstance(said, ContactMessage):
            return said.message
        return (self.texts(said.label) if said.text else self.memos(said.clips[0]))[0]

    def has_arrived(self, said: TeamMessage | ContactMessage) -> bool:
        if isinstance(said, ContactMessage):
            return bool(self.posts(said.label))
        return bool(self.texts(said.label)) if said.text else all(self.memos(name) for name in said.clips)
