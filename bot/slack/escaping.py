"""Making user-made text safe inside Slack's markup: no mention, link or formatting may come out of it."""

from bot.slack.fields import shown

_BOLD_STAR = str.maketrans("*", "∗")


def escape(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(value: str) -> str:
    """What Slack itself escapes, and nothing else: ``&times`` in an address is no multiplication sign."""
    return value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def quoted(value: str, most: int) -> str:
    """One line of at most ``most`` characters after escaping; what does not fit ends in an ellipsis."""
    line = shown(value, most + 1)
    if len(escape(line)) <= most:
        return escape(line)
    while len(escape(line)) >= most:
        line = line[:-1]
    return escape(line) + "…"


def bold(value: str, most: int) -> str:
    """As ``quoted``, in bold: a star of its own would end the bold early."""
    return f"*{quoted(value.translate(_BOLD_STAR), most)}*"
