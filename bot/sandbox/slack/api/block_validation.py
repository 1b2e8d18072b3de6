"""What Block Kit accepts: the sizes and shapes past which Slack refuses a message or a view."""

from typing import Any

from bot.sandbox.json_types import Json
from bot.sandbox.slack.api.rich_text_validation import rich_text_faults
from bot.sandbox.slack.api_error import ApiError

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
_KNOWN = {
    "section", "divider", "image", "actions", "context", "context_actions", "input", "file", "call", "header",
    "markdown", "video", "rich_text", "table", "task_card", "plan", "alert", "card", "container", "carousel",
}  # fmt: skip
_ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}


def validate_blocks(blocks: Any, most: int = MESSAGE_BLOCKS) -> list[Json]:
    """Return the blocks, or raise ApiError ``invalid_blocks`` with a sentence per fault; None is no blocks."""
    if blocks is None:
        return []
    if not isinstance(blocks, list) or not all(isinstance(b, dict) for b in blocks):
        raise ApiError("invalid_blocks_format")
    if len(blocks) > most:
        raise _invalid([f"no more than {most} items allowed [json-pointer:/blocks]"])
    if faults := [f"{fault} [json-pointer:/blocks/{i}]" for i, b in enumerate(blocks) for fault in _faults(b)]:
        raise _invalid(faults)
    return blocks


def _invalid(faults: list[str]) -> ApiError:
    return ApiError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {f}" for f in faults]})


def _faults(block: Json) -> list[str]:
    kind = block.get("type")
    if kind not in _KNOWN:
        return [f"unsupported type: {kind}"]
    faults = [] if len(str(block.get("block_id", ""))) <= 255 else ["block_id longer than 255"]
    if kind == "section":
        faults += _section(block)
    elif kind == "header":
        faults += _text(block.get("text"), 150)
    elif kind == "rich_text":
        faults += rich_text_faults(block)
    elif kind in _ELEMENTS:
        faults += _elements(block.get("elements"), _ELEMENTS[kind])
    return faults


def _section(block: Json) -> list[str]:
    fields = block.get("fields") or []
    if not block.get("text") and not fields:
        return ["missing required field: text"]
    faults = _text(block["text"], 3000) if block.get("text") else []
    faults += [f"no more than 10 fields, not {len(fields)}"] if len(fields) > 10 else []
    faults += [fault for f in fields for fault in _text(f, 2000)]
    return faults + (_element(block["accessory"]) if block.get("accessory") else [])


def _elements(elements: Any, most: int) -> list[str]:
    if not isinstance(elements, list) or not elements:
        return ["missing required field: elements"]
    if len(elements) > most:
        return [f"no more than {most} elements, not {len(elements)}"]
    return [fault for e in elements for fault in _element(e)]


def _element(element: Json) -> list[str]:
    if element.get("type") == "button":
        faults = _text(element.get("text"), 75)
        return faults + (["value longer than 2000"] if len(str(element.get("value", ""))) > 2000 else [])
    if element.get("type") in ("mrkdwn", "plain_text"):
        return _text(element, 3000)
    return []


def _text(text: Any, most: int) -> list[str]:
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        return ["text must be a mrkdwn or plain_text object"]
    if not text.get("text"):
        return ["must be more than 0 characters"]
    return [f"must be less than {most + 1} characters"] if len(text["text"]) > most else []
