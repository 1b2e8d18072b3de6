"""Blocked contacts: Linq drops what they write. Done twice is done."""

import pytest

from bot.linq.adapter import LinqAdapter
from bot.relay.errors import Refused
from tests.linq.conftest import IDS
from tests.linq.local_linq import Chats, LocalLinq


async def test_contact_of_a_chat_is_blocked_and_unblocked(adapter: LinqAdapter, server: LocalLinq) -> None:
    for _ in range(2):
        await adapter.blocking.block(IDS.room(Chats.ANN))
    assert list(server.account.blocked) == ["+12025550123"]
    for _ in range(2):
        await adapter.blocking.unblock(IDS.room(Chats.ANN))
    assert not server.account.blocked


async def test_group_is_refused(adapter: LinqAdapter) -> None:
    with pytest.raises(Refused, match="one person"):
        await adapter.blocking.block(IDS.room(Chats.FAMILY))
