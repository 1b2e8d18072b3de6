"""The store alone: a real database, and in place of the engine a list of the errands it was handed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.relay.model import Announce, Errand, NoticeId, Work
from bot.store.database import Database


@dataclass
class Line:
    """Where errands end up.

    ``is_broken`` makes enqueueing fail, as an engine's bug would; ``is_clear`` holds up whoever enqueues, and with it
    the transaction it is in.
    """

    errands: list[Errand] = field(default_factory=list)
    is_broken: bool = False
    is_clear: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_clear.set()

    async def enqueue(self, connection: object, errands: Sequence[Errand]) -> None:
        await self.is_clear.wait()
        if self.is_broken:
            raise RuntimeError("the engine is broken")
        self.errands += errands

    @property
    def chats(self) -> list[str]:
        return [errand.chat for errand in self.errands if isinstance(errand, Work)]

    @property
    def notices(self) -> list[NoticeId]:
        return [errand.notice for errand in self.errands if isinstance(errand, Announce)]


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def memory(database_url: str, line: Line) -> AsyncIterator[Database]:
    opened = await Database.open(database_url, enqueue=line.enqueue)
    yield opened
    await opened.close()
