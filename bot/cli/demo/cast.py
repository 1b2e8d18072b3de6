"""Who plays in the demo: people and channels of its own in the toy Slack, each channel linked to a chat."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.state.workspace import CLIPS, CREW, PRIVATE


@dataclass(frozen=True)
class Cast:
    """``maya`` is an admin of the workspace, ``jonas`` is not. ``texts`` is a channel linked to a chat over SMS."""

    maya: str
    jonas: str
    texts: str

    @property
    def links(self) -> dict[str, Chats]:
        return {CLIPS: Chats.ANN, CREW: Chats.FAMILY, self.texts: Chats.SAM_BY_SMS}

    def shown(self) -> dict[str, Any]:
        topics = {
            CLIPS: "Goes to Ann by iMessage",
            CREW: "Goes to the group chat Family",
            self.texts: "Goes to Sam by SMS",
            PRIVATE: "Not linked yet: /voicememo link",
        }
        return {"me": self.maya, "people": [self.maya, self.jonas], "topics": topics}


def gather(sandbox: Sandbox) -> Cast:
    """Put the cast into the workspace, before the bot listens."""
    slack = sandbox.slack
    maya, jonas = slack.new_user("maya", is_admin=True), slack.new_user("jonas")
    texts = slack.new_channel("texts", members={maya, jonas, slack.bot_user})
    for channel in (CLIPS, CREW, PRIVATE):
        slack.stage.workspace.channels[channel].members |= {maya, jonas}
    return Cast(maya, jonas, texts)


def take_time(sandbox: Sandbox) -> None:
    """A phone that people can follow: seconds pass between sent, delivered and read."""
    switches = sandbox.linq.switches
    switches.sent_after_s, switches.delivered_after_s, switches.read_after_s = 0.4, 0.7, 2.2


async def link_channels(sandbox: Sandbox, cast: Cast) -> None:
    """As a person would: command, look who is in the chat, press. The answers are then out of the way."""
    slack = sandbox.slack
    for channel, chat in cast.links.items():
        await slack.command(channel, f"link {chat}", user=cast.maya)
        offer = slack.ephemerals(channel)[-1]
        await slack.press(channel, offer.ts, "link_chat", user=cast.maya)
    slack.stage.workspace.ephemerals.clear()
