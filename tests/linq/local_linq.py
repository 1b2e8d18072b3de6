"""The sandbox's Linq as these tests use it: the one place here that knows the sandbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.sandbox.linq import Chats, LinqSide, Subscription
from bot.sandbox.linq.switches import Fault
from bot.sandbox.pace import Pace
from bot.sandbox.wire import Wire

LocalLinq = LinqSide

__all__ = ["Chats", "Fault", "LocalLinq", "Subscription", "Wire", "open_local_linq", "write"]


@asynccontextmanager
async def open_local_linq(wire: Wire) -> AsyncIterator[LocalLinq]:
    server = LinqSide(wire, Pace())
    await server.start()
    yield server
    await server.stop()


def write(server: LocalLinq, chat: str, text: str) -> None:
    """The contact writes this."""
    server.phone.reply(chat, text)
