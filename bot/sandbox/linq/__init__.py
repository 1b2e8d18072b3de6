"""A local Linq: the API, the file store behind its upload links, its webhooks, and the person at the phone.

Nothing of the bot may come in, nor Linq's own library: this is written from the documentation alone.
"""

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Chat, Failure, Memo, Message, Subscription
from bot.sandbox.linq.switches import Switches

__all__ = ["Chat", "Chats", "Failure", "LinqServer", "Memo", "Message", "Subscription", "Switches"]
