"""What Slack's own clients make of typed text: a ``rich_text`` block beside the text."""

import html
import re

from bot.sandbox.json_types import Json

_UNICODE = {"wave": "1f44b", "+1": "1f44d", "heart": "2764-fe0f", "joy": "1f602", "tada": "1f389", "eyes": "1f440"}
_TONES = {2: "1f3fb", 3: "1f3fc", 4: "1f3fd", 5: "1f3fe", 6: "1f3ff"}
_STYLES = {"*": "bold", "_": "italic", "~": "strike", "`": "code"}
_TOKEN = re.compile(
    r"<@(?P<user>\w+)(?:\|[^>]*)?>|<#(?P<channel>\w+)(?:\|[^>]*)?>|<!subteam\^(?P<group>\w+)(?:\|[^>]*)?>"
    r"|<!(?P<broadcast>here|channel|everyone)(?:\|[^>]*)?>|<(?P<url>https?://[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|:(?P<emoji>[a-z0-9_+-]+)(?:::skin-tone-(?P<tone>[2-6]))?:"
    r"|(?<!\w)(?P<mark>[*_~`])(?P<marked>\S(?:.*?\S)?)(?P=mark)(?!\w)"
)


def compose(text: str) -> list[Json]:
    """Return the blocks of a message that somebody typed; none for no text. Formatting does not nest."""
    if not text:
        return []
    elements: list[Json] = []
    end = 0
    for found in _TOKEN.finditer(text):
        elements += _plain(text[end : found.start()])
        elements.append(_element(found))
        end = found.end()
    elements += _plain(text[end:])
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]


def _plain(text: str) -> list[Json]:
    return [{"type": "text", "text": html.unescape(text)}] if text else []


def _element(found: re.Match[str]) -> Json:
    named = found.groupdict()
    if named["user"]:
        return {"type": "user", "user_id": named["user"]}
    if named["channel"]:
        return {"type": "channel", "channel_id": named["channel"]}
    if named["group"]:
        return {"type": "usergroup", "usergroup_id": named["group"]}
    if named["broadcast"]:
        return {"type": "broadcast", "range": named["broadcast"]}
    if named["url"]:
        return {"type": "link", "url": html.unescape(named["url"])} | (
            {"text": named["label"]} if named["label"] else {}
        )
    if named["emoji"]:
        return _emoji(named["emoji"], int(named["tone"] or 0))
    return {"type": "text", "text": html.unescape(named["marked"]), "style": {_STYLES[named["mark"]]: True}}


def _emoji(name: str, tone: int) -> Json:
    """Real clients send ``unicode`` with most standard emoji, and ``skin_tone`` from 2 to 6."""
    element: Json = {"type": "emoji", "name": name}
    if name in _UNICODE:
        element["unicode"] = _UNICODE[name] + (f"-{_TONES[tone]}" if tone else "")
    return element | ({"skin_tone": tone} if tone else {})
