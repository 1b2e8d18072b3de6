"""What can be looked up, in pages, and what the switches hide for a while."""

import asyncio

import pytest
from linq import APIStatusError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Failure
from bot.sandbox.wire import Wire
from tests.sandbox.linq_callers import Caller, Receiver, code_of

pytest_plugins = ["tests.sandbox.linq_fixtures"]


async def listed(caller: Caller, chat_id: str = Chats.ANN) -> list[str]:
    """Ids of the messages a chat lists, over all pages of two."""
    return [message.id async for message in caller.api.chats.messages.list(chat_id, limit=2)]


async def test_every_chat_is_listed_over_pages(linq_side: LinqServer, linq_caller: Caller) -> None:
    for number in range(20):
        linq_side.add_chat(f"+1202555{number:04}")

    found = [chat async for chat in linq_caller.api.chats.list_chats(limit=10)]

    assert [chat.id for chat in found] == list(linq_side.account.chats)


async def test_chats_are_found_by_a_persons_handle(linq_caller: Caller) -> None:
    found = [chat.id async for chat in linq_caller.api.chats.list_chats(to="+12025550123")]

    assert found == [Chats.ANN, Chats.FAMILY]


async def test_chats_are_found_by_line(linq_side: LinqServer, linq_caller: Caller) -> None:
    other = linq_side.account.add_chat("+12025550199", line="+12025550101")

    assert [chat.id async for chat in linq_caller.api.chats.list_chats(from_="+12025550101")] == [other.id]


@pytest.mark.parametrize(("line", "refusal"), [("5550100", (400, 1002)), ("+12025559999", (403, 2006))])
async def test_chats_of_a_line_that_is_not_yours_are_refused(
    linq_caller: Caller, line: str, refusal: tuple[int, int]
) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.list_chats(from_=line)
    assert code_of(refused) == refusal


async def test_a_chat_shows_who_is_in_it_and_how_it_is(linq_caller: Caller) -> None:
    chat = await linq_caller.api.chats.retrieve(Chats.OLGA_OPTED_OUT)

    assert [(handle.handle, handle.is_me) for handle in chat.handles] == [
        ("+12025550100", True),
        ("+12025550151", False),
    ]
    assert chat.health_status.status == "OPTED_OUT"
    assert chat.display_name == "+12025550151"


@pytest.mark.parametrize("limit", [0, 101])
async def test_a_page_holds_one_to_a_hundred(linq_caller: Caller, limit: int) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.messages.list(Chats.ANN, limit=limit)
    assert code_of(refused) == (400, 1005)


async def test_messages_come_newest_first_over_pages(linq_caller: Caller) -> None:
    sent = [(await linq_caller.send()).id for _ in range(5)]

    assert await listed(linq_caller) == sent[::-1]


async def test_messages_can_be_told_to_come_oldest_first(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.messages_order = "oldest"
    sent = [(await linq_caller.send()).id for _ in range(3)]

    assert await listed(linq_caller) == sent


async def test_a_listed_memo_is_a_media_part_under_its_attachment_id(
    linq_side: LinqServer, linq_caller: Caller
) -> None:
    accepted = await linq_caller.send()

    message = await linq_caller.api.messages.retrieve(accepted.id)

    assert message.parts
    assert (message.parts[0].type, getattr(message.parts[0], "id", "")) == ("media", accepted.voice_memo.id)
    assert message.is_from_me


async def test_a_part_can_be_told_to_bear_another_id(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.part_id_differs = True
    accepted = await linq_caller.send()

    message = await linq_caller.api.messages.retrieve(accepted.id)

    assert message.parts
    assert getattr(message.parts[0], "id", "") not in ("", accepted.voice_memo.id)


async def test_a_memo_can_be_listed_late_by_looks(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.listed_after_looks = 2
    accepted = await linq_caller.send()

    looks = [await listed(linq_caller) for _ in range(3)]

    assert looks == [[], [], [accepted.id]]


async def test_a_memo_can_be_listed_late_by_time(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.listed_after_s = 0.2
    accepted = await linq_caller.send()
    assert await listed(linq_caller) == []

    async with asyncio.timeout(10):
        while await listed(linq_caller) != [accepted.id]:
            pass


async def test_a_memo_can_be_listed_never(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.listed = False
    await linq_caller.send()

    assert await listed(linq_caller) == []


@pytest.mark.parametrize("chat", [Chats.ANN, Chats.FAMILY])
async def test_a_message_tells_its_delivery_status(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire, chat: str
) -> None:
    linq_side.switches.reads_automatically = False
    last = "webhook message.sent" if chat == Chats.FAMILY else "webhook message.delivered"
    accepted = await linq_caller.send(chat)
    await linq_wire.until(lambda: bool(linq_wire.named(last)))

    message = await linq_caller.api.messages.retrieve(accepted.id)

    expected = "sent" if chat == Chats.FAMILY else "delivered"
    assert (message.delivery_status, message.is_delivered, message.is_read) == (
        expected,
        expected == "delivered",
        False,
    )


async def test_a_failed_message_says_so(
    linq_side: LinqServer, linq_caller: Caller, linq_receiver: Receiver, linq_wire: Wire
) -> None:
    linq_side.switches.fail_next(Failure())
    accepted = await linq_caller.send()
    await linq_wire.until(lambda: bool(linq_wire.named("webhook message.failed")))

    assert (await linq_caller.api.messages.retrieve(accepted.id)).delivery_status == "failed"


async def test_an_unknown_message_is_not_found(linq_caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.messages.retrieve("00000000-0000-4000-8000-000000000000")
    assert code_of(refused) == (404, 2002)


async def test_lines_are_listed_with_their_reputation(linq_caller: Caller) -> None:
    lines = (await linq_caller.api.phone_numbers.list()).phone_numbers

    assert [line.phone_number for line in lines] == ["+12025550100", "+12025550101"]
    assert {line.reputation.status for line in lines} == {"HEALTHY"}


async def test_read_marks_and_typing_are_taken(linq_caller: Caller, linq_wire: Wire) -> None:
    await linq_caller.api.chats.mark_as_read(Chats.ANN)
    await linq_caller.api.chats.typing.start(Chats.ANN)
    await linq_caller.api.chats.typing.stop(Chats.ANN)

    assert [(entry.what, entry.status) for entry in linq_wire.entries] == [
        ("chats.read", 204),
        ("typing.start", 204),
        ("typing.stop", 204),
    ]
