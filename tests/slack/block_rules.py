"""What Slack refuses in blocks, as far as the bot could come near it (docs.slack.dev, hermes-agent#59621)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Block = dict[str, Any]


def invalid_blocks(blocks: list[Block], most: int = 50) -> str:
    """Why Slack would refuse these blocks; "" if it takes them."""
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(blocks) > most:
        return f"more than {most}"
    if len(set(ids)) < len(ids) or any(not 0 < len(each) <= 255 for each in ids):
        return "block ids"
    return next((why for block in blocks for why in _faults(block)), "")


def invalid_view(view: Block) -> str:
    """Why Slack would refuse this modal; "" if it takes it."""
    texts = {"title": 24, "submit": 24, "close": 24}
    if any(not 0 < len(view[key]["text"]) <= most for key, most in texts.items() if key in view):
        return "a title or a button that is empty or too long"
    if len(view.get("callback_id", "")) > 255 or len(view.get("private_metadata", "")) > 3000:
        return "callback_id or private_metadata"
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if has_input and "submit" not in view:
        return "an input that nobody can submit"
    return invalid_blocks([block for block in view["blocks"] if block["type"] != "input"])


def _faults(block: Block) -> Iterator[str]:
    match block.get("type"):
        case "section":
            yield from _text(block["text"], 3000)
            yield from _button(block["accessory"]) if "accessory" in block else ()
        case "context":
            yield from _elements(block, 10, lambda element: _text(element, 3000))
        case "actions":
            yield from _elements(block, 25, _action)
        case "header":
            yield from _text(block["text"], 150)
        case "rich_text":
            yield from _elements(block, 100, _rich)
        case other:
            yield f"type {other}"


def _elements(block: Block, most: int, check: Callable[[Block], Iterable[str]]) -> Iterator[str]:
    if not 0 < len(block["elements"]) <= most:
        yield "no elements, or too many"
    for element in block["elements"]:
        yield from check(element)


def _rich(section: Block) -> Iterator[str]:
    if not section["elements"]:
        yield "an empty section"
    length = 0
    for element in section["elements"]:
        content = element.get("text") or element.get("url") or ""
        length += len(content.encode("utf-16-le")) // 2
        if not content:
            yield "an empty element"
    if length > 3000:
        yield "a section that is too long"


def _text(body: Block, most: int) -> Iterator[str]:
    if body["type"] not in ("mrkdwn", "plain_text") or not 0 < len(body["text"]) <= most:
        yield "a text that is empty or too long"


def _action(body: Block) -> Iterator[str]:
    if body["type"] != "overflow":
        yield from _button(body)
    elif not 0 < len(body["options"]) <= 5 or any(
        not 0 < len(option["text"]["text"]) <= 75 or len(option["value"]) > 150 for option in body["options"]
    ):
        yield "a menu"


def _button(body: Block) -> Iterator[str]:
    if body["type"] != "button" or not 0 < len(body["text"]["text"]) <= 75 or len(body["value"]) > 2000:
        yield "a button"
    confirm = body.get("confirm")
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    if confirm and any(not 0 < len(confirm[key]["text"]) <= most for key, most in limits.items()):
        yield "a confirmation"
