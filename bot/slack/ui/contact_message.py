"""A contact's message as it looks in Slack: rich text, in which nothing that people write becomes markup, a mention or
a preview. Pure.

Slack refuses a whole message for one empty element of rich text (hermes-agent#59621), so none is ever made.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from grapheme import safe_split_index

from bot.relay.ids import DeliveryId
from bot.relay.model import Delivery, PreparedPart
from bot.relay.parts import Announcement, Edit, Media, Part, Span, Style, Text, Voice
from bot.slack.fields import Body, children, prose, text
from bot.slack.ui.announcements import sentence
from bot.slack.ui.blocks import BLOCKS_MOST, CONTEXT_MOST, ID_MOST, TEXT_MOST, Block, context
from bot.slack.ui.mrkdwn import bold, cut, quoted, unescape
from bot.slack.ui.notice_text import NAME_MOST, REASON_MOST, length

EVENT_TYPE, PAYLOAD_KEY = "memobridge_message", "delivery"
FALLBACK_MOST = 3900  # an edit takes 4000
TEXT_ID, EARLIER_ID = "memobridge text", "memobridge earlier"
EARLIER_MOST = CONTEXT_MOST - 1
TEXT_BLOCKS_MOST = BLOCKS_MOST - 5
EMPTY = "(an empty message)"

_STYLES = {Style.BOLD: "bold", Style.ITALIC: "italic", Style.STRIKETHROUGH: "strike", Style.UNDERLINE: "underline"}
_URL = re.compile(r"https?://[^\s<>\"]{1,2000}[^\s<>\".,;:!?')\]}]")
_BREAK_WITHIN = 200  # a long text is cut at a space or a line break, if there is one so near to the limit


@dataclass(frozen=True)
class Content:
    """What a message shows. ``text`` is its fallback, in markup."""

    text: str
    blocks: tuple[Block, ...]


def message_mark(delivery: DeliveryId) -> str:
    """The block id by which a message that we posted is found again."""
    return f"memobridge message {delivery}"[:ID_MOST]


def content_of(delivery: Delivery, *, author: str = "") -> Content:
    """What a delivery shows. ``author`` stands in front where Slack does not show it as the author's name."""
    made: list[Block] = []
    written = [part for part in delivery.parts if isinstance(part, Text) and prose(part.text).strip()]
    shown = "\n".join(prose(part.text) for part in written).strip()
    for part in written:
        made += text_blocks(part.text, part.spans, number=len(made))
    made = made[:TEXT_BLOCKS_MOST]
    lines = [sentence(part) for part in delivery.parts if isinstance(part, Announcement)]
    if not made and not lines:
        lines.append(captions(delivery) or EMPTY)
    parts = zip(delivery.parts, delivery.prepared or (), strict=False)
    lines += [refusal_line(part, prepared.refused) for part, prepared in parts if prepared.refused]
    if lines:
        made.append(context(*lines[:CONTEXT_MOST]))
    made[0]["block_id"] = message_mark(delivery.id)
    if author:
        made.insert(0, context(bold(author, NAME_MOST)))
    return Content(cut(shown, FALLBACK_MOST) or "\n".join(lines[:CONTEXT_MOST])[:FALLBACK_MOST], tuple(made))


def captions(delivery: Delivery) -> str:
    """What files a message holds, in markup, for one without words of its own."""
    files = zip(delivery.parts, delivery.prepared or [PreparedPart()] * len(delivery.parts), strict=False)
    named = [_caption(part, prepared) for part, prepared in files if isinstance(part, Voice | Media)]
    return "  ·  ".join(named[:10])


def refusal_line(part: Part, why: str) -> str:
    """Names a file that Slack does not take, in markup."""
    name = part.name if isinstance(part, Voice | Media) else ""
    return f":warning: {bold(name or 'A file', NAME_MOST)} could not be shown: {quoted(why, REASON_MOST)}"


def text_blocks(written: str, spans: Sequence[Span], *, number: int = 0) -> list[Block]:
    """Rich text in as many blocks as it takes, none empty, each within Slack's size; numbered from ``number``."""
    made: list[Block] = []
    for start, end in _chunks(written):
        if elements := list(_elements(written, spans, start, end)):
            section = {"type": "rich_text_section", "elements": elements}
            made.append({"type": "rich_text", "block_id": f"{TEXT_ID} {number + len(made)}", "elements": [section]})
    return made


def edited(message: Body, edit: Edit) -> Content | None:
    """The message as it is in Slack now, with its new text, and its earlier words in a line below. None when it shows
    that text already."""
    before = children(message, "blocks")
    texts = [block for block in before if text(block, "type") == "rich_text"]
    words = "\n".join(_words(block) for block in texts) if before else unescape(text(message, "text"))
    new = text_blocks(edit.text, edit.spans)
    if words == "\n".join(_words(block) for block in new):
        return None
    kept = [dict(block) for block in before if block not in texts and text(block, "block_id") != EARLIER_ID]
    earlier = [words, *_earlier(before)] if words else _earlier(before)
    if texts and new:
        new[0]["block_id"] = text(texts[0], "block_id") or new[0]["block_id"]
    at = before.index(texts[0]) if texts else 0
    below = [_earlier_block(earlier)] if earlier else []
    shown = [*kept[:at], *new, *below, *kept[at:]]
    return Content(cut(prose(edit.text).strip(), FALLBACK_MOST) or EMPTY, tuple(shown))


def _chunks(written: str) -> Iterator[tuple[int, int]]:
    """Where to cut, never within a character as people see it. Slack counts UTF-16 units, as its clients do."""
    start = 0
    for _ in range(TEXT_BLOCKS_MOST):
        if start >= len(written):
            return
        units = written[start : start + TEXT_MOST].encode("utf-16-le", "replace")[: 2 * TEXT_MOST]
        end = start + len(units.decode("utf-16-le", "ignore"))
        if end < len(written):
            end = _cut_at(written, start, end)
        yield start, end
        start = end


def _cut_at(written: str, start: int, end: int) -> int:
    space = max(written.rfind(sign, max(start + 1, end - _BREAK_WITHIN), end) for sign in " \n")
    if space > 0:
        return space + 1
    return start + (safe_split_index(written[start : end + 100], end - start) or end - start)


def _elements(written: str, spans: Sequence[Span], start: int, end: int) -> Iterator[Block]:
    edges = {start, end, *(edge for span in spans for edge in (span.start, span.end) if start < edge < end)}
    for left, right in pairwise(sorted(edges)):
        styles = {_STYLES[span.style]: True for span in spans if span.start <= left and right <= span.end}
        for element in _linked(prose(written[left:right])):
            yield element | ({"style": styles} if styles else {})


def _linked(piece: str) -> Iterator[Block]:
    """Addresses can be clicked, and lead where they say."""
    at = 0
    for found in _URL.finditer(piece):
        if found.start() > at:
            yield {"type": "text", "text": piece[at : found.start()]}
        yield {"type": "link", "url": found[0]}
        at = found.end()
    if piece[at:]:
        yield {"type": "text", "text": piece[at:]}


def _words(block: Body) -> str:
    """The text of a rich text block, as it was written. Slack may give it back escaped."""
    sections = children(block, "elements")
    elements = [element for section in sections for element in children(section, "elements")]
    return "".join(unescape(text(each, "text") or text(each, "url")) for each in elements)


def _earlier(blocks: Sequence[Body]) -> list[str]:
    lines = [block for block in blocks if text(block, "block_id") == EARLIER_ID]
    return [unescape(text(each, "text")) for line in lines for each in children(line, "elements")[1:]]


def _earlier_block(words: Sequence[str]) -> Block:
    """Plain text, so that nothing in it is markup; the latest first."""
    shown = [prose(each).strip()[: TEXT_MOST - 1] for each in words]
    elements = [{"type": "plain_text", "text": each, "emoji": False} for each in shown if each][:EARLIER_MOST]
    return {"type": "context", "block_id": EARLIER_ID, "elements": [{"type": "mrkdwn", "text": "_Before:_"}, *elements]}


def _caption(part: Voice | Media, prepared: PreparedPart) -> str:
    if prepared.audio is not None and not prepared.audio.is_sound_of_video:
        return f"Voice memo ({length(prepared.audio.duration_s)})"
    return "Voice memo" if isinstance(part, Voice) else quoted(part.name, NAME_MOST) or "A file"
