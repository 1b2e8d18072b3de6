"""What a ``rich_text`` block accepts: one empty element in it, and Slack refuses the whole message."""

from typing import Any

from bot.sandbox.json_types import Json

_INLINE = {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}
_NEEDED = {
    "text": "text",
    "link": "url",
    "emoji": "name",
    "user": "user_id",
    "channel": "channel_id",
    "usergroup": "usergroup_id",
    "broadcast": "range",
    "date": "timestamp",
    "color": "value",
}
"""The field of each inline element that must be there, and not be empty."""


def rich_text_faults(block: Json) -> list[str]:
    """Return a sentence per fault, none for a good block."""
    return _children(block, _container)


def _container(element: Json) -> list[str]:
    kind = element.get("type")
    if kind == "rich_text_list":
        faults = [] if element.get("style") in ("bullet", "ordered") else ["style must be bullet or ordered"]
        return faults + _children(element, _list_item)
    return _children(element, _inline) if kind in _INLINE else [f"unsupported type: {kind}"]


def _list_item(element: Json) -> list[str]:
    if element.get("type") != "rich_text_section":
        return [f"unsupported type in a list: {element.get('type')}"]
    return _children(element, _inline)


def _inline(element: Json) -> list[str]:
    kind = str(element.get("type"))
    if kind not in _NEEDED:
        return [f"unsupported type: {kind}"]
    if not element.get(_NEEDED[kind]):
        return [f"{kind}: must be more than 0 characters: {_NEEDED[kind]}"]
    return []


def _children(parent: Json, check: Any) -> list[str]:
    elements = parent.get("elements")
    if not isinstance(elements, list) or not elements:
        return [f"{parent.get('type')}: missing required field: elements"]
    if not all(isinstance(element, dict) for element in elements):
        return [f"{parent.get('type')}: elements must be objects"]
    return [fault for element in elements for fault in check(element)]
