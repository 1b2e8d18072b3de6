"""The people and channels of the demo in the local Slack, and which chat each channel is linked to."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.linq.fixtures import LINE, Chats
from bot.sandbox.page.contacts import NAMES
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS, CREW, PRIVATE

LEO = "+12025550181"
CONTACTS = ("+12025550123", "+12025550130", "cleo@example.com", "+12025550141", "ben@example.com", "+12025550142", LEO)


@dataclass(frozen=True)
class DemoWorkspace:
    """``maya`` is an admin of the workspace, ``jonas`` is not. ``texts`` is a channel linked to a chat over SMS,
    ``support`` the inbox of the first line, ``workshop`` one that nothing is linked to yet."""

    maya: str
    jonas: str
    texts: str
    support: str
    workshop: str

    @property
    def links(self) -> dict[str, Chats]:
        return {CLIPS: Chats.ANN, CREW: Chats.FAMILY, self.texts: Chats.SAM_BY_SMS}

    def shown(self) -> dict[str, Any]:
        topics = {
            CLIPS: "Linked to Ann, by iMessage",
            CREW: "Linked to the group chat Family",
            self.texts: "Linked to Sam, by SMS",
            self.support: "The inbox of our number: each contact who writes gets a thread",
            PRIVATE: "Not linked yet: /voicememo link",
        }
        contacts = {CLIPS: "Ann", CREW: "the group", self.texts: "Sam"}
        return {
            "me": self.maya,
            "people": [self.maya, self.jonas],
            "topics": topics,
            "contacts": contacts,
            "inboxes": {self.support: "Ben, Rita or Leo"},
        }


def add_workspace(sandbox: Sandbox) -> DemoWorkspace:
    """Add the demo's people and channels, before the bot listens."""
    slack = sandbox.slack
    maya, jonas = slack.new_user("maya", is_admin=True), slack.new_user("jonas")
    team = {maya, jonas, slack.bot_user}
    texts, support = slack.new_channel("texts", members=team), slack.new_channel("support", members=team)
    workshop = slack.new_channel("workshop", members=team)
    sandbox.linq.add_chat(LEO)
    for channel in (CLIPS, CREW, PRIVATE):
        slack.workspace.channels[channel].members |= {maya, jonas}
    return DemoWorkspace(maya, jonas, texts, support, workshop)


def slow_down_phone(sandbox: Sandbox) -> None:
    """Let seconds pass between sent, delivered and read, so that people can follow."""
    switches = sandbox.linq.switches
    switches.sent_after_s, switches.delivered_after_s, switches.read_after_s = 0.4, 0.7, 2.2


async def set_up(sandbox: Sandbox, workspace: DemoWorkspace) -> None:
    """Link the channels, and let the contacts share their names with the bot."""
    await link_channels(sandbox, workspace)
    for address in CONTACTS:
        sandbox.linq.phone.share_contact(address, NAMES[address])
    told = "webhook contact_card.received"
    await sandbox.wire.until(lambda: sum(entry.status == 200 for entry in sandbox.wire.named(told)) >= len(CONTACTS))


async def link_channels(sandbox: Sandbox, workspace: DemoWorkspace) -> None:
    """Link as a person would: command, look who is in the chat, press. Remove the answers afterwards."""
    slack = sandbox.slack
    for channel, chat in workspace.links.items():
        await slack.command(channel, f"link {chat}", user=workspace.maya)
        offer = slack.ephemerals(channel)[-1]
        await slack.press(channel, offer.ts, "link_chat", user=workspace.maya)
    await slack.command(workspace.support, f"inbox {LINE}", user=workspace.maya)
    slack.workspace.ephemerals.clear()
