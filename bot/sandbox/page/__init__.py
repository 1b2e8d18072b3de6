"""The page: the toy world as a person sees it, Slack on the left, an iPhone on the right, the wire between them.

Nothing of the bot may come in: what the page tells of a delivery, it tells from the wire and from both sides.
"""

from bot.sandbox.page.controller import Director
from bot.sandbox.page.page import Page

__all__ = ["Director", "Page"]
