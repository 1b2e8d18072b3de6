"""What can be looked up, in pages, and what the switches hide for a while."""

import asyncio

import pytest
from linq import APIStatusError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Failure
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import Caller, Receiver, code_of


async def listed(caller: Caller, chat_id: str = Chats.ANN) -> list[str]:
    """Ids of the messages a chat lists, over all pages of two."""
    return [message.id async for message in caller.api.chats.messages.list(chat_id, limit=2)]


async def test_chats_are_listed_over_pages(linq: LinqServer, caller: Caller) -> None:
    for number in range(20):
        linq.add_chat(f"+1202555{number:04}")

    found = [chat async for chat in caller.api.chats.list_chats(limit=10)]

    newest_first = sorted(linq.account.chats.values(), key=lambda chat: chat.updated_at, reverse=True)
    assert [chat.id for chat in found] == [chat.id for chat in newest_first]


async def test_chats_are_filtered_by_handle(caller: Caller) -> None:
    found = [chat.id async for chat in caller.api.chats.list_chats(to="+12025550123")]

    assert found == [Chats.ANN, Chats.FAMILY]


async def test_chats_are_filtered_by_line(linq: LinqServer, caller: Caller) -> None:
    other = linq.account.add_chat("+12025550199", line="+12025550101")

    assert [chat.id async for chat in caller.api.chats.list_chats(from_="+12025550101")] == [other.id]


@pytest.mark.parametrize(("line", "refusal"), [("5550100", (400, 1002)), ("+12025559999", (403, 2006))])
async def test_foreign_line_is_refused(caller: Caller, line: str, refusal: tuple[int, int]) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.list_chats(from_=line)
    assert code_of(refused) == refusal


async def test_chat_shows_handles_and_health(caller: Caller) -> None:
    chat = await caller.api.chats.retrieve(Chats.OLGA_OPTED_OUT)

    assert [(handle.handle, handle.is_me) for handle in chat.handles] == [
        ("+12025550100", True),
        ("+12025550151", False),
    ]
    assert chat.health_status.status == "OPTED_OUT"
    assert chat.display_name == "+12025550151"


@pytest.mark.parametrize("limit", [0, 101])
async def test_page_limit_is_1_to_100(caller: Caller, limit: int) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.messages.list(Chats.ANN, limit=limit)
    assert code_of(refused) == (400, 1005)


async def test_a_message_moves_its_chat_to_the_top(linq: LinqServer, caller: Caller) -> None:
    linq.phone.send(Chats.BEN, "hello")

    assert (await caller.api.chats.list_chats(limit=1)).chats[0].id == Chats.BEN


async def test_chats_order_switch(linq: LinqServer, caller: Caller) -> None:
    linq.switches.chats_order = "oldest"

    assert [chat.id async for chat in caller.api.chats.list_chats()] == list(linq.account.chats)


async def test_messages_are_listed_newest_first(caller: Caller) -> None:
    sent = [(await caller.send()).id for _ in range(5)]

    assert await listed(caller) == sent[::-1]


async def test_messages_order_switch(linq: LinqServer, caller: Caller) -> None:
    linq.switches.messages_order = "oldest"
    sent = [(await caller.send()).id for _ in range(3)]

    assert await listed(caller) == sent


async def test_memo_is_listed_under_its_attachment_id(linq: LinqServer, caller: Caller) -> None:
    accepted = await caller.send()

    message = await caller.api.messages.retrieve(accepted.id)

    assert message.parts
    assert (message.parts[0].type, getattr(message.parts[0], "id", "")) == ("media", accepted.voice_memo.id)
    assert message.is_from_me


async def test_part_id_differs_switch(linq: LinqServer, caller: Caller) -> None:
    linq.switches.part_id_differs = True
    accepted = await caller.send()

    message = await caller.api.messages.retrieve(accepted.id)

    assert message.parts
    assert getattr(message.parts[0], "id", "") not in ("", accepted.voice_memo.id)


async def test_memo_listed_after_looks(linq: LinqServer, caller: Caller) -> None:
    linq.switches.listed_after_looks = 2
    accepted = await caller.send()

    looks = [await listed(caller) for _ in range(3)]

    assert looks == [[], [], [accepted.id]]


async def test_memo_listed_after_seconds(linq: LinqServer, caller: Caller) -> None:
    linq.switches.listed_after_s = 0.2
    accepted = await caller.send()
    assert await listed(caller) == []

    async with asyncio.timeout(10):
        while await listed(caller) != [accepted.id]:
            pass


async def test_memo_never_listed(linq: LinqServer, caller: Caller) -> None:
    linq.switches.listed = False
    await caller.send()

    assert await listed(caller) == []


@pytest.mark.parametrize("chat", [Chats.ANN, Chats.FAMILY])
async def test_message_shows_delivery_status(
    linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire, chat: str
) -> None:
    linq.switches.reads_automatically = False
    last = "webhook message.sent" if chat == Chats.FAMILY else "webhook message.delivered"
    accepted = await caller.send(chat)
    await wire.until(lambda: bool(wire.named(last)))

    message = await caller.api.messages.retrieve(accepted.id)

    expected = "sent" if chat == Chats.FAMILY else "delivered"
    assert (message.delivery_status, message.is_delivered, message.is_read) == (
        expected,
        expected == "delivered",
        False,
    )


async def test_failed_message_shows_failed(linq: LinqServer, caller: Caller, receiver: Receiver, wire: Wire) -> None:
    linq.switches.fail_next(Failure())
    accepted = await caller.send()
    await wire.until(lambda: bool(wire.named("webhook message.failed")))

    assert (await caller.api.messages.retrieve(accepted.id)).delivery_status == "failed"


async def test_unknown_message_is_not_found(caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.messages.retrieve("00000000-0000-4000-8000-000000000000")
    assert code_of(refused) == (404, 2002)


async def test_lines_are_listed_with_reputation(caller: Caller) -> None:
    lines = (await caller.api.phone_numbers.list()).phone_numbers

    assert [line.phone_number for line in lines] == ["+12025550100", "+12025550101"]
    assert {line.reputation.status for line in lines} == {"HEALTHY"}


async def test_read_and_typing_are_accepted(caller: Caller, wire: Wire) -> None:
    await caller.api.chats.mark_as_read(Chats.ANN)
    await caller.api.chats.typing.start(Chats.ANN)
    await caller.api.chats.typing.stop(Chats.ANN)

    assert [(entry.what, entry.status) for entry in wire.entries] == [
        ("chats.read", 204),
        ("typing.start", 204),
        ("typing.stop", 204),
    ]
