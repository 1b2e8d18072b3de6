"""conversations.*: channels, their members and what was said in them, page by page."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import TypeVar

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.access import joined_channel, require_scope, visible_channel
from bot.sandbox.slack.api.arguments import Arguments
from bot.sandbox.slack.api.context import ApiContext
from bot.sandbox.slack.api_error import ApiError
from bot.sandbox.slack.state.models import Message
from bot.sandbox.slack.state.serializers import channel_body, listed_body

_RESTRICTED_PAGE = 15
Item = TypeVar("Item")


def info(context: ApiContext, arguments: Arguments) -> Json:
    channel = visible_channel(context, arguments)
    require_scope(context, channel, "read")
    return {"channel": channel_body(channel, arguments.flag("include_num_members"))}


def members(context: ApiContext, arguments: Arguments) -> Json:
    channel = visible_channel(context, arguments)
    require_scope(context, channel, "read")
    page, more = _page(sorted(channel.members), arguments, str)
    return {"members": page, **more}


def history(context: ApiContext, arguments: Arguments) -> Json:
    """List a channel, newest first; replies are left out unless they were also sent to the channel."""
    channel = joined_channel(context, arguments)
    require_scope(context, channel, "history")
    shown = (m for m in reversed(channel.messages.values()) if not m.thread_ts or m.subtype == "thread_broadcast")
    page, more = _page(_within(list(shown), arguments), arguments, _ts, *_page_sizes(context, 100))
    return {"messages": _listed(context, arguments, page), "has_more": _has_more(more), "pin_count": 0, **more}


def replies(context: ApiContext, arguments: Arguments) -> Json:
    """List a thread: the root first, on every first page, then the replies, oldest first."""
    channel = joined_channel(context, arguments)
    require_scope(context, channel, "history")
    if not (thread := context.workspace.thread(channel.id, arguments.text("ts"))):
        raise ApiError("thread_not_found")
    root, *rest = thread if not thread[0].thread_ts else [None, *thread]
    shown = [*([root] if root else []), *_within([m for m in rest if m], arguments)]
    page, more = _page(shown, arguments, _ts, *_page_sizes(context, 1000))
    return {"messages": _listed(context, arguments, page), "has_more": _has_more(more), **more}


def _ts(message: Message) -> str:
    return message.ts


def _page_sizes(context: ApiContext, default: int) -> tuple[int, int]:
    """Return the default and the largest number of messages on a page."""
    return (_RESTRICTED_PAGE, _RESTRICTED_PAGE) if context.switches.history_restricted else (default, 999)


def _listed(context: ApiContext, arguments: Arguments, page: list[Message]) -> list[Json]:
    with_metadata = arguments.flag("include_all_metadata") and not context.switches.hide_metadata
    return [listed_body(context.workspace, m, with_metadata) for m in page]


def _within(messages: list[Message], arguments: Arguments) -> list[Message]:
    """Select those between ``oldest`` and ``latest``; the bounds themselves only with ``inclusive``."""
    oldest, latest = _bound(arguments, "oldest"), _bound(arguments, "latest")
    if oldest is None and latest is None:
        return messages
    inclusive = arguments.flag("inclusive")

    def inside(message: Message) -> bool:
        at = _micros(message.ts)
        low, high = oldest if oldest is not None else -1, latest if latest is not None else at + 1
        return low <= at <= high if inclusive else low < at < high

    return [m for m in messages if inside(m)]


def _bound(arguments: Arguments, name: str) -> int | None:
    if not (text := arguments.text(name)):
        return None
    if not re.fullmatch(r"\d+(\.\d*)?", text):
        raise ApiError(f"invalid_ts_{name}")
    return _micros(text)


def _micros(ts: str) -> int:
    """Return a ts as whole microseconds: floats cannot tell adjacent ones apart."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0") or 0)


def _page(
    items: list[Item], arguments: Arguments, key: Callable[[Item], str], default: int = 100, most: int = 1000
) -> tuple[list[Item], Json]:
    """Return a page and its cursor, which names the next item, so that new ones do not shift the pages."""
    limit = min(arguments.number("limit", default, 1000), most)
    start = _position(items, arguments.text("cursor"), key)
    following = items[start + limit] if start + limit < len(items) else None
    cursor = base64.b64encode(f"next:{key(following)}".encode()).decode() if following is not None else ""
    return items[start : start + limit], {"response_metadata": {"next_cursor": cursor}}


def _position(items: list[Item], cursor: str, key: Callable[[Item], str]) -> int:
    if not cursor:
        return 0
    try:
        wanted = base64.b64decode(cursor, validate=True).decode().removeprefix("next:")
    except (ValueError, binascii.Error):
        raise ApiError("invalid_cursor") from None
    position = next((i for i, item in enumerate(items) if key(item) == wanted), None)
    if position is None:
        raise ApiError("invalid_cursor")
    return position


def _has_more(more: Json) -> bool:
    return bool(more["response_metadata"]["next_cursor"])
