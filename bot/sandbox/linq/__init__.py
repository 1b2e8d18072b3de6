"""A local Linq: the API, the file store behind its upload links, its webhooks, and the person at the phone.

Nothing of the bot may come in, nor Linq's own library: this is written from the documentation alone.
"""

from .cast import Chats
from .model import Chat, Failure, Memo, Message, Subscription
from .side import LinqSide
from .switches import Switches

__all__ = ["Chat", "Chats", "Failure", "LinqSide", "Memo", "Message", "Subscription", "Switches"]
