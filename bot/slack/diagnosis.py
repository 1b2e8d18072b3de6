"""Is Slack set up as the bot needs it: token, scopes, clock, channels. Read only; each answer is a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.relay.errors import RelayError
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.identity import Identity
from bot.slack.ui.remedies import WORDS

# docs.slack.dev, "Using token rotation": a token lives for 12 hours then, and renewing it takes the client's secret.
ROTATION = "Token rotation is on, and the bot renews no token. Use an app without it: see config/slack_manifest.yaml."
MOST_CLOCK_SKEW = timedelta(minutes=1)

NEEDED_SCOPES: Mapping[str, str] = {
    "channels:history": "nothing said in public channels reaches the bot",
    "channels:read": "the bot cannot tell whether it is in a channel",
    "chat:write": "no notices, and nothing of what contacts say",
    "chat:write.customize": "what contacts say appears under the app's name, with theirs in the text",
    "commands": "no slash command and no message shortcuts",
    "files:read": "no recordings or files can be fetched",
    "files:write": "contacts' voice memos and files do not appear",
    "groups:history": "nothing said in private channels reaches the bot",
    "groups:read": "the bot cannot tell whether it is in a private channel",
    "reactions:read": "reactions do not become tapbacks",
    "reactions:write": "no tapbacks, and no signs on what was sent",
    "usergroups:read": "user groups cannot be named in a link's senders",
    "users:read": "the bot cannot tell who may link or send",
}
"""What is lost without each."""


@dataclass(frozen=True)
class CheckResult:
    """``subject``: what was looked at; ``sentence``: that it is well, or what is wrong and how to mend it."""

    is_ok: bool
    subject: str
    sentence: str


class Diagnosis:
    def __init__(self, identity: Identity, directory: SlackDirectory) -> None:
        self._identity = identity
        self._directory = directory

    async def token(self) -> CheckResult:
        try:
            me = await self._identity.refresh()
        except RelayError as error:
            return CheckResult(False, "Slack token", _said(error))
        if hours := self._identity.expires_in_s / 3600:
            return CheckResult(False, "Slack token", f"good, but it expires in {hours:.0f} h. {ROTATION}")
        return CheckResult(True, "Slack token", f"good; the bot is {me.user} in workspace {me.team}")

    async def scopes(self) -> CheckResult:
        try:
            granted = await self._identity.scopes()
        except RelayError as error:
            return CheckResult(False, "Slack scopes", _said(error))
        missing = [scope for scope in NEEDED_SCOPES if scope not in granted]
        if not missing:
            return CheckResult(True, "Slack scopes", "all there")
        lost = "; ".join(f"{scope} (without it: {NEEDED_SCOPES[scope]})" for scope in missing)
        fix = "Add them under OAuth & Permissions and reinstall the app to the workspace."
        return CheckResult(False, "Slack scopes", f"missing {lost}. {fix}")

    async def clock(self) -> CheckResult:
        """By the Date header of Slack's answers. Slack signs its requests with the time, which holds for five
        minutes."""
        try:
            await self._identity.get()
        except RelayError as error:
            return CheckResult(False, "clock", _said(error))
        skew = self._identity.clock_skew
        if skew is None:
            return CheckResult(True, "clock", "not compared: Slack did not say its time")
        if abs(skew) <= MOST_CLOCK_SKEW:
            return CheckResult(True, "clock", "agrees with Slack's")
        way = "ahead of" if skew > timedelta() else "behind"
        seconds = f"{abs(skew).total_seconds():.0f} s"
        return CheckResult(
            False,
            "clock",
            f"{seconds} {way} Slack's: from 5 minutes on every request of Slack's is refused. Synchronise it (NTP).",
        )

    def signing_secret(self, *, is_set: bool) -> CheckResult:
        """No call of ours can test it."""
        if not is_set:
            return CheckResult(True, "Slack signing secret", "not set, and not needed with Socket Mode")
        return CheckResult(
            True,
            "Slack signing secret",
            "set, but only a request from Slack can show whether it is the right one: if the log says "
            "slack.signature_refused, copy it again from Basic Information.",
        )

    async def channel(self, channel: str, subject: str) -> CheckResult:
        """Whether the bot is in a channel that it is to read or to post in."""
        try:
            found = await self._directory.channel(channel)
        except RelayError as error:
            return CheckResult(False, subject, _said(error))
        if not found.is_member:
            return CheckResult(False, subject, f"the bot is not in #{found.name}. Type /invite in that channel.")
        if found.is_archived:
            return CheckResult(False, subject, f"#{found.name} is archived. Unarchive it, or use another channel.")
        return CheckResult(True, subject, f"good; #{found.name}")


def _said(error: RelayError) -> str:
    way = WORDS[error.remedy].replace("*", "").replace("`", "")
    code = f" [{error.code}]" if error.code else ""
    return " ".join(part for part in (f"{error.reason}{code}", way) if part)
