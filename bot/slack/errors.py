"""Slack's errors, sorted by what may be done next: the one table of codes, with a sentence for people each.

``effect`` marks a call that must not be repeated blindly (a post): where the answer was lost, it is OutcomeUnknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, RetryLater
from bot.slack.fields import text


@dataclass(frozen=True)
class Token:
    """What is said when Slack does not take one of the two tokens, or misses ``{scope}`` in it."""

    refused: str
    lacking: str


BOT_TOKEN = Token(
    refused="Slack no longer accepts the bot's token: reinstall the app and set SLACK_BOT_TOKEN anew.",
    lacking="The Slack app lacks the scope {scope}: add it and reinstall the app.",
)
APP_TOKEN = Token(
    refused="Slack does not accept the app-level token: make one with connections:write and set SLACK_APP_TOKEN anew.",
    lacking="The app-level token lacks the scope {scope}: make one that has it and set SLACK_APP_TOKEN anew.",
)

_WALLED = "Slack lets nobody in from this network: allow the bot's address in the settings of the app or the workspace."
_INVITE = "The bot is not in this channel: invite it with /invite."
_CLOSED = "The rules of this channel or workspace do not let the bot post here: ask an admin."
_UNSEEN = "Slack does not let this app see the file (it may belong to another organisation): upload a copy of it here."
DELETED = "The file was deleted from Slack before it could go out: upload it again if it is still wanted."

REFUSALS = {
    "channel_not_found": "Slack does not show this channel to the bot: invite it with /invite.",
    "not_in_channel": _INVITE,
    "is_archived": "The channel is archived: unarchive it, then press Resend.",
    "restricted_action": _CLOSED,
    "restricted_action_read_only_channel": _CLOSED,
    "restricted_action_thread_only_channel": _CLOSED,
    "restricted_action_non_threadable_channel": _CLOSED,
    "restricted_action_thread_locked": "The thread is locked, so the bot cannot post in it: ask an admin to unlock it.",
    "cannot_reply_to_message": "Slack allows no replies to this message.",
    "thread_not_found": "The thread is gone.",
    "message_not_found": "The notice was deleted in Slack.",
    "cant_update_message": "The notice can no longer be edited.",
    "edit_window_closed": "The notice can no longer be edited: this workspace limits the time for edits.",
    "user_not_found": "Slack does not know this person.",
    "not_allowed_token_type": "This is the wrong kind of Slack token: the bot's begins xoxb-, the app's xapp-.",
    "file_not_found": DELETED,
    "file_deleted": DELETED,
    "access_denied": _UNSEEN,
    "not_visible": _UNSEEN,
}
PASSING = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "request_timeout"}
    | {"team_added_to_org", "org_login_required"}  # while the workspace moves to an organisation
)
# The operator's trouble, which passes when it is mended: no clip must fail for it.
TOKEN_REFUSED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
DOUBTFUL = frozenset({"fatal_error", "internal_error", "service_unavailable"})  # "some aspect may have succeeded"

_BUSY = "Slack is rate limiting the bot."
_AILING = "Slack is having trouble."
_UNREACHED = "Slack cannot be reached."


def sorted_error(error: Exception, *, effect: bool, token: Token) -> RelayError:
    """Any failure of a Web API call as Refused, RetryLater or OutcomeUnknown. ``token``: the one it was made with."""
    if isinstance(error, SlackApiError):
        return _answered(error.response, effect=effect, token=token)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return RetryLater(_UNREACHED)
    return _lost("Slack's answer was lost.", "", effect=effect)


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """What the Retry-After header asks for; a second when it says nothing sensible."""
    asked = headers.get("Retry-After", "")
    return timedelta(seconds=max(1, min(int(asked), 86_400)) if asked.isascii() and asked.isdigit() else 1)


def _answered(response: Any, *, effect: bool, token: Token) -> RelayError:
    """``response`` is the SDK's, or aiohttp's own where the body was no JSON."""
    status: int = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    body = getattr(response, "data", None)
    code = text(body, "error") if isinstance(body, dict) else ""
    if status == 429:
        return RetryLater(_BUSY, after=retry_after(response.headers), code="ratelimited")
    if code in TOKEN_REFUSED:
        return RetryLater(token.refused, after=timedelta(minutes=1), code=code)
    if code == "accesslimited":
        return RetryLater(_WALLED, after=timedelta(minutes=1), code=code)
    if code in PASSING:
        return RetryLater(_BUSY if code.startswith("rate") else _AILING, after=timedelta(seconds=30), code=code)
    if status >= 500 or code in DOUBTFUL or not code:
        return _lost(_AILING, code, effect=effect)
    return Refused(_refusal(code, body, token), code=code)


def _refusal(code: str, body: Any, token: Token) -> str:
    if code == "missing_scope":
        return token.lacking.format(scope=text(body, "needed"))
    unknown = f"Slack refused ({code}). Try again; if it stays so, show this code to whoever runs the bot."
    return REFUSALS.get(code, unknown)


def _lost(reason: str, code: str, *, effect: bool) -> RelayError:
    return OutcomeUnknown(reason, code=code) if effect else RetryLater(reason, code=code)
