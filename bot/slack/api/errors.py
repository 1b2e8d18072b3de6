"""Slack's errors, sorted by what may be done next: the one table of codes, with a sentence for people each.

Codes: https://docs.slack.dev/reference/methods, the errors of each method. ``effect`` marks a call that must not be
repeated blindly (a post): where its answer was lost, it is OutcomeUnknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, Remedy, RetryLater
from bot.relay.retry import parse_retry_after
from bot.slack.api.rate_limit import BUSY, RATE_LIMITED
from bot.slack.fields import text


@dataclass(frozen=True)
class TokenKind:
    """What is said when Slack does not take one of the two tokens, or misses ``{scope}`` in it."""

    refused: str
    lacking: str


BOT_TOKEN = TokenKind(
    refused="Slack no longer accepts the bot's token: reinstall the app and set SLACK_BOT_TOKEN again.",
    lacking="The Slack app lacks the scope {scope}: add it and reinstall the app.",
)
APP_TOKEN = TokenKind(
    refused="Slack does not accept the app-level token: make one with connections:write and set SLACK_APP_TOKEN again.",
    lacking="The app-level token lacks the scope {scope}: make one that has it and set SLACK_APP_TOKEN again.",
)

_ADDRESS_REFUSED = (
    "Slack rejects requests from this IP address: allow the bot's address in the settings of the app or the workspace."
)
_RULES = "The rules of this channel or workspace do not let the bot post here: ask an admin."
_NOT_VISIBLE = "Slack does not let this app see the file; it may belong to another organisation."
_NO_MORE_EDITS = "The message can no longer be edited in Slack"

DELETED = "The file was deleted from Slack before it could be fetched."
HIDDEN = "Slack hides this file behind the history limit of the workspace's plan."

REFUSALS: Mapping[str, tuple[str, Remedy]] = {
    "channel_not_found": ("Slack does not show this channel to the bot.", Remedy.INVITE_BOT),
    "not_in_channel": ("The bot is not in this channel.", Remedy.INVITE_BOT),
    "is_archived": ("The channel is archived.", Remedy.RESTORE_ROOM),
    "restricted_action": (_RULES, Remedy.RESEND),
    "restricted_action_read_only_channel": (_RULES, Remedy.RESEND),
    "restricted_action_thread_only_channel": (_RULES, Remedy.RESEND),
    "restricted_action_non_threadable_channel": (_RULES, Remedy.RESEND),
    "restricted_action_thread_locked": ("The thread is locked: ask an admin to unlock it.", Remedy.RESEND),
    "thread_locked": ("The thread is locked: ask an admin to unlock it.", Remedy.RESEND),
    "cannot_reply_to_message": ("Slack allows no replies to this message.", Remedy.NONE),
    "thread_not_found": ("The thread no longer exists in Slack.", Remedy.NONE),
    "message_not_found": ("The message no longer exists in Slack.", Remedy.NONE),
    "cant_update_message": (f"{_NO_MORE_EDITS}.", Remedy.NONE),
    "edit_window_closed": (f"{_NO_MORE_EDITS}: this workspace limits the time for edits.", Remedy.NONE),
    "user_not_found": ("Slack does not know this person.", Remedy.NONE),
    "not_allowed_token_type": (
        "This is the wrong kind of Slack token: the bot's begins with xoxb-, the app's with xapp-.",
        Remedy.NONE,
    ),
    "file_not_found": (DELETED, Remedy.SEND_FILE_AGAIN),
    "file_deleted": (DELETED, Remedy.SEND_FILE_AGAIN),
    "access_denied": (_NOT_VISIBLE, Remedy.SEND_FILE_AGAIN),
    "not_visible": (_NOT_VISIBLE, Remedy.SEND_FILE_AGAIN),
    "file_uploads_disabled": ("This workspace does not allow files to be uploaded.", Remedy.NONE),
    "file_uploads_except_images_disabled": ("This workspace allows only pictures to be uploaded.", Remedy.NONE),
    "file_type_not_allowed": ("This workspace does not allow files of this type.", Remedy.NONE),
    "file_upload_size_restricted": ("The file is larger than this workspace allows.", Remedy.NONE),
    "storage_limit_reached": ("The workspace has no storage left for files.", Remedy.NONE),
    "too_many_reactions": ("The message has as many reactions as Slack allows.", Remedy.NONE),
    "too_many_emoji": ("The message has as many different reactions as Slack allows.", Remedy.NONE),
    "not_reactable": ("Slack allows no reactions to this message.", Remedy.NONE),
    "invalid_name": ("Slack does not know this emoji.", Remedy.NONE),
}
TRANSIENT = frozenset(
    {RATE_LIMITED, "rate_limited", "message_limit_exceeded", "request_timeout"}
    | {"team_added_to_org", "org_login_required"}  # while the workspace moves to an organisation
)
# An operator has to mend it, and it works again afterwards: no delivery must fail for it.
TOKEN_REFUSED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
AMBIGUOUS = frozenset({"fatal_error", "internal_error", "service_unavailable"})  # "some aspect may have succeeded"
DELETED_CODES = frozenset({"file_deleted", "file_not_found"})
BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})

_TROUBLE = "Slack is having trouble."
_UNREACHABLE = "Slack cannot be reached."
_LONGEST_PAUSE = timedelta(days=1)


def sort_error(error: Exception, *, effect: bool, token: TokenKind) -> RelayError:
    """Any failure of a Web API call as Refused, RetryLater or OutcomeUnknown. ``token``: the one it was made with."""
    if isinstance(error, SlackApiError):
        return _sort_answer(error.response, effect=effect, token=token)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return RetryLater(_UNREACHABLE)
    return _lost("Slack's answer was lost.", "", effect=effect)


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """What the Retry-After header asks for; a second when it says nothing sensible."""
    asked = parse_retry_after(headers.get("Retry-After", ""), headers.get("Date", ""), at_most=_LONGEST_PAUSE)
    return max(asked or timedelta(), timedelta(seconds=1))


def _sort_answer(response: Any, *, effect: bool, token: TokenKind) -> RelayError:
    """``response`` is the SDK's, or aiohttp's own where the body was no JSON."""
    status: int = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    body = getattr(response, "data", None)
    code = text(body, "error") if isinstance(body, dict) else ""
    if status == 429:
        return RetryLater(BUSY, after=retry_after(response.headers), code=RATE_LIMITED)
    if code in TOKEN_REFUSED:
        return RetryLater(token.refused, after=timedelta(minutes=1), code=code)
    if code == "accesslimited":
        return RetryLater(_ADDRESS_REFUSED, after=timedelta(minutes=1), code=code)
    if code in TRANSIENT:
        return RetryLater(BUSY if code.startswith("rate") else _TROUBLE, after=timedelta(seconds=30), code=code)
    if status >= 500 or code in AMBIGUOUS or not code:
        return _lost(_TROUBLE, code, effect=effect)
    return _refusal(code, body, token)


def _refusal(code: str, body: Any, token: TokenKind) -> Refused:
    if code == "missing_scope":
        return Refused(token.lacking.format(scope=text(body, "needed")), code=code, remedy=Remedy.RESEND)
    unknown = f"Slack refused ({code}). Try again; if it stays so, show this code to whoever runs the bot."
    reason, remedy = REFUSALS.get(code, (unknown, Remedy.RESEND))
    return Refused(reason, code=code, remedy=remedy)


def _lost(reason: str, code: str, *, effect: bool) -> RelayError:
    return OutcomeUnknown(reason, code=code) if effect else RetryLater(reason, code=code)
