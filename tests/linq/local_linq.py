"""The sandbox's Linq as these tests use it: the one place here that knows the sandbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Subscription
from bot.sandbox.linq.switches import Fault, MediaFault
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire

LocalLinq = LinqServer

__all__ = [
    "Chats",
    "Fault",
    "LocalLinq",
    "MediaFault",
    "PhoneFile",
    "Subscription",
    "Wire",
    "open_local_linq",
    "write",
]


@asynccontextmanager
async def open_local_linq(wire: Wire) -> AsyncIterator[LocalLinq]:
    server = LinqServer(wire, TimeScale())
    await server.start()
    yield server
    await server.stop()


def write(server: LocalLinq, chat: str, text: str) -> None:
    """The contact writes this."""
    server.phone.send(chat, text)
