"""Making user-made text safe inside Slack's markup: no mention, link or formatting may come out of it."""

from bot.slack.fields import one_line

_BOLD_STAR = str.maketrans("*", "∗")


def escape(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(value: str) -> str:
    """What Slack itself escapes, and nothing else: ``&times`` in an address is no multiplication sign."""
    return value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def quoted(value: str, most: int) -> str:
    """One line of at most ``most`` characters after escaping; what does not fit ends in an ellipsis."""
    return cut(one_line(value, most + 1), most)


def cut(value: str, most: int) -> str:
    """The text, escaped, in at most ``most`` characters; what does not fit ends in an ellipsis."""
    if len(escape(value)) <= most:
        return escape(value)
    value = value[:most]
    while len(escape(value)) >= most:
        value = value[:-1]
    return escape(value) + "…"


def bold(value: str, most: int) -> str:
    """As ``quoted``, in bold: a star of its own would end the bold early."""
    return f"*{quoted(value.translate(_BOLD_STAR), most)}*"
