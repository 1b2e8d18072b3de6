"""What people wrote in Slack → plain text with styled ranges, as people read it. Pure; no input raises.

What was written is in ``blocks`` (rich_text); ``text`` is a rendering of it in Slack's own markup, and for newer
elements it may say no more than that there are some. Either may come without the other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.relay.parts import Span, Style
from bot.slack import emoji
from bot.slack.fields import Body, child, children, identifier, integer, prose, text
from bot.slack.ui.mrkdwn import unescape

_STYLES = {
    "bold": Style.BOLD,
    "italic": Style.ITALIC,
    "strike": Style.STRIKETHROUGH,
    "underline": Style.UNDERLINE,
}
_MENTIONS = {"user": "user_id", "channel": "channel_id", "usergroup": "usergroup_id"}
_SIGNS = {"C": "#", "G": "#"}
_PLACEHOLDER = "This message contains interactive elements."
_NOBODY = "somebody"

_TAG = re.compile(r"<([^<>\n]{1,3000})>")
_MENTION = re.compile(r"(?:[@#]|!subteam\^)([A-Z0-9]{2,30})(?:\|(.*))?")
_EMOJI = re.compile(r":([a-z0-9_+'-]{1,100}(?:::skin-tone-[2-6])?):")
_TAG_MARK = "\x00"  # stands for a tag while styles are looked for; no text has one after ``prose``
# Signs of style count only at the edges of words (slack-markdown#4): never inside one, nor in an address.
_STYLED = re.compile(
    r"```(?P<block>.+?)```|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<italic>[^\s_](?:[^\n]{0,500}?\S)??)_(?!\w)"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])",
    re.DOTALL,
)


@dataclass(frozen=True)
class Fragment:
    """A piece of text in one style. ``mention``: whom or what it names by its id; ``text`` is then Slack's label."""

    text: str = ""
    styles: frozenset[Style] = frozenset()
    mention: str = ""


@dataclass(frozen=True)
class StyledText:
    text: str
    spans: tuple[Span, ...] = ()


def fragments_of(message: Body) -> tuple[Fragment, ...]:
    """What somebody wrote, in pieces, without space around it."""
    blocks = children(message, "blocks")
    pieces = tuple(_of_blocks(blocks))
    if not any(piece.text.strip() or piece.mention for piece in pieces):
        written = text(message, "text")
        pieces = () if blocks and written.strip() == _PLACEHOLDER else tuple(of_markup(written))
    return _stripped(pieces)


def of_markup(written: str) -> Iterator[Fragment]:
    """Slack's markup, as in ``text`` and in what follows a command."""
    tags: list[str] = []

    def keep(found: re.Match[str]) -> str:
        tags.append(found[1])
        return f"{_TAG_MARK}{len(tags) - 1}{_TAG_MARK}"

    yield from _styled(_TAG.sub(keep, prose(written)), frozenset(), tags)


def mentions_in(fragments: Iterable[Fragment]) -> frozenset[str]:
    """The ids of whom and what is mentioned."""
    return frozenset(fragment.mention for fragment in fragments if fragment.mention)


def without_address(fragments: tuple[Fragment, ...], user: str) -> tuple[Fragment, ...] | None:
    """What follows a mention of this user at the very beginning; None where there is no such mention."""
    if not fragments or fragments[0].mention != user:
        return None
    rest = fragments[1:]
    if rest and not rest[0].mention:
        rest = (replace(rest[0], text=rest[0].text.lstrip(" \t\n:,")), *rest[1:])
    return _stripped(rest)


def render(fragments: Iterable[Fragment], names: Mapping[str, str]) -> StyledText:
    """As people read it. ``names``: of those who are mentioned; without one, Slack's own label has to do."""
    parts: list[str] = []
    spans: list[Span] = []
    length = 0
    for fragment in fragments:
        shown = _mention(fragment, names) if fragment.mention else fragment.text
        spans += [Span(length, length + len(shown), style) for style in sorted(fragment.styles) if shown.strip()]
        parts.append(shown)
        length += len(shown)
    return StyledText("".join(parts), tuple(_joined(spans)))


# rich text


def _of_blocks(blocks: Iterable[Body]) -> Iterator[Fragment]:
    """People write rich text; the other kinds of text blocks come from bots that an operator allowed."""
    has_before = False
    for block in blocks:
        pieces = tuple(_of_block(block))
        if pieces and has_before:
            yield Fragment("\n")
        yield from pieces
        has_before = has_before or bool(pieces)


def _of_block(block: Body) -> Iterator[Fragment]:
    match text(block, "type"):
        case "rich_text":
            yield from _of_rich_text(children(block, "elements"))
        case "section" | "header":
            yield from _of_text_object(child(block, "text"))
            for field in children(block, "fields"):
                yield Fragment("\n")
                yield from _of_text_object(field)
        case "markdown":
            yield Fragment(prose(text(block, "text")))


def _of_text_object(body: Body) -> Iterator[Fragment]:
    if text(body, "type") == "mrkdwn":
        yield from of_markup(text(body, "text"))
    else:
        yield Fragment(prose(text(body, "text")))


def _of_rich_text(elements: Iterable[Body]) -> Iterator[Fragment]:
    """Sections, quotes, code and lists, each beginning a line of its own; one list item is a line."""
    ends_line = True
    for element in elements:
        pieces = tuple(_of_element(element))
        if not pieces:
            continue
        if not ends_line:
            yield Fragment("\n")
        yield from pieces
        ends_line = pieces[-1].text.endswith("\n")


def _of_element(element: Body) -> Iterator[Fragment]:
    match text(element, "type"):
        case "rich_text_list":
            yield from _of_list(element)
        case "rich_text_quote":
            yield Fragment("> ")
            for piece in _inline(element):
                yield replace(piece, text=piece.text.replace("\n", "\n> "))
        case _:
            yield from _inline(element)


def _of_list(element: Body) -> Iterator[Fragment]:
    is_ordered = text(element, "style") == "ordered"
    indent = "    " * min(integer(element, "indent"), 8)
    for number, item in enumerate(children(element, "elements"), 1 + integer(element, "offset")):
        yield Fragment(f"{indent}{f'{number}.' if is_ordered else '•'} ")
        yield from _inline(item)
        yield Fragment("\n")


def _inline(section: Body) -> Iterator[Fragment]:
    for element in children(section, "elements"):
        piece = _of_inline(element)
        if piece.text or piece.mention:
            style = child(element, "style")
            yield replace(piece, styles=frozenset(ours for name, ours in _STYLES.items() if style.get(name) is True))


def _of_inline(element: Body) -> Fragment:
    kind = text(element, "type")
    match kind:
        case "user" | "channel" | "usergroup":
            return Fragment(mention=identifier(element, _MENTIONS[kind]))
        case "link":
            return Fragment(_link(prose(text(element, "url")), prose(unescape(text(element, "text")))))
        case "emoji":
            return Fragment(_emoji(element))
        case "broadcast":
            return Fragment(f"@{prose(text(element, 'range'))}")
        case "color":
            return Fragment(prose(text(element, "value")))
    # Some of Slack's payloads escape the text of elements, some do not (bolt-python#513).
    return Fragment(prose(unescape(text(element, "text") or text(element, "fallback"))))


def _emoji(element: Body) -> str:
    tone = integer(element, "skin_tone")
    name = text(element, "name")
    if found := emoji.from_code_points(text(element, "unicode"), tone):
        return found
    return emoji.to_unicode(f"{name}::skin-tone-{tone}" if 2 <= tone <= 6 and "::" not in name else name)


# Slack's markup


def _styled(written: str, styles: frozenset[Style], tags: list[str]) -> Iterator[Fragment]:
    at = 0
    for found in _STYLED.finditer(written):
        yield from _plain(written[at : found.start()], styles, tags)
        kind = found.lastgroup or ""
        if kind in ("block", "code"):
            yield from _plain(found[kind], styles, tags, is_code=True)
        else:
            yield from _styled(found[kind], styles | {_STYLES[kind]}, tags)
        at = found.end()
    yield from _plain(written[at:], styles, tags)


def _plain(written: str, styles: frozenset[Style], tags: list[str], *, is_code: bool = False) -> Iterator[Fragment]:
    """Between the marks of tags, in turn: text, the number of a tag, text, and so on."""
    for index, piece in enumerate(written.split(_TAG_MARK)):
        if index % 2:
            yield replace(_of_tag(tags[int(piece)]), styles=styles)
        elif piece:
            shown = piece if is_code else _EMOJI.sub(lambda found: emoji.to_unicode(found[1]), piece)
            yield Fragment(unescape(shown), styles)


def _of_tag(tag: str) -> Fragment:
    """What stands between angle brackets: a mention, a date, a broadcast or a link."""
    if found := _MENTION.fullmatch(tag):
        return Fragment(unescape(found[2] or ""), mention=found[1])
    address, _, label = tag.partition("|")
    if address.startswith("!"):
        return Fragment(unescape(label) or f"@{address[1:].partition('^')[0]}")
    return Fragment(_link(unescape(address), unescape(label)))


def _link(url: str, label: str) -> str:
    """Its text and its address, unless one says what the other does."""
    bare = re.sub(r"^(?:https?://|mailto:|tel:)", "", url)
    if not label or label in (url, bare):
        return url if url.startswith("http") else bare
    return f"{label} ({bare if url.startswith(('mailto:', 'tel:')) else url})"


# both


def _mention(fragment: Fragment, names: Mapping[str, str]) -> str:
    sign = _SIGNS.get(fragment.mention[:1], "@")
    return sign + (names.get(fragment.mention) or fragment.text.lstrip("@#") or _NOBODY)


def _stripped(fragments: tuple[Fragment, ...]) -> tuple[Fragment, ...]:
    pieces = list(fragments)
    while pieces and not pieces[0].mention and not pieces[0].text.strip():
        pieces.pop(0)
    while pieces and not pieces[-1].mention and not pieces[-1].text.strip():
        pieces.pop()
    if pieces and not pieces[0].mention:
        pieces[0] = replace(pieces[0], text=pieces[0].text.lstrip())
    if pieces and not pieces[-1].mention:
        pieces[-1] = replace(pieces[-1], text=pieces[-1].text.rstrip())
    return tuple(pieces)


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Spans that touch and mean the same are one."""
    for style in Style:
        last: Span | None = None
        for span in (each for each in spans if each.style is style):
            if last is not None and last.end == span.start:
                last = replace(last, end=span.end)
                continue
            if last is not None:
                yield last
            last = span
        if last is not None:
            yield last
