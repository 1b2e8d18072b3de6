"""A local Linq: the API, the file store behind its upload links, its webhooks, and the person at the phone.

Nothing of the bot may come in, nor Linq's own library: this is written from the documentation alone.
"""

from bot.sandbox.linq.cast import Chats
from bot.sandbox.linq.model import Chat, Failure, Memo, Message, Subscription
from bot.sandbox.linq.side import LinqSide
from bot.sandbox.linq.switches import Switches

__all__ = ["Chat", "Chats", "Failure", "LinqSide", "Memo", "Message", "Subscription", "Switches"]
