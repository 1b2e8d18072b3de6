"""Opening chats, group members, and blocked handles."""

from typing import Any

import pytest
from linq import APIStatusError
from linq.types import ChatCreatedWebhookEvent

from bot.sandbox.linq.fixtures import LINE, SECOND_LINE, Chats
from bot.sandbox.linq.server import LinqServer
from tests.sandbox.linq.clients import Caller, Receiver, code_of

NEW = "+12025550188"


def saying(text: str, **more: Any) -> Any:
    return {"parts": [{"type": "text", "value": text}], **more}


async def refusal(caller: Caller, **wish: Any) -> tuple[int, int | None]:
    wish = {"from_": LINE, "to": [NEW], "message": saying("hello")} | wish
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.create(**wish)
    return code_of(refused)


async def test_chat_is_created_with_its_first_message(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    made = (await caller.api.chats.create(from_=SECOND_LINE, to=[NEW], message=saying("hello"))).chat

    assert (made.is_group, [handle.handle for handle in made.handles]) == (False, [SECOND_LINE, NEW])
    assert [message.text for message in linq.sent(made.id)] == ["hello"]
    [body] = await receiver.until("chat.created")
    ChatCreatedWebhookEvent.model_validate(body)
    assert body["data"]["id"] == made.id


async def test_chat_with_the_same_people_is_reused(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    first = (await caller.api.chats.create(from_=LINE, to=[NEW], message=saying("one"))).chat
    second = (await caller.api.chats.create(from_=LINE, to=[NEW], message=saying("https://two.example"))).chat
    other_line = (await caller.api.chats.create(from_=SECOND_LINE, to=[NEW], message=saying("three"))).chat

    assert first.id == second.id != other_line.id
    assert len(await receiver.until("chat.created", 2)) == 2


async def test_named_group_is_not_reused(linq: LinqServer, caller: Caller) -> None:
    family = ["+12025550123", "+12025550130", "cleo@example.com"]
    made = (await caller.api.chats.create(from_=LINE, to=family, message=saying("hello"))).chat

    assert made.id != Chats.FAMILY
    assert made.is_group


async def test_repeated_key_creates_one_chat(linq: LinqServer, caller: Caller) -> None:
    wish: Any = {"from_": LINE, "to": [NEW], "message": saying("hello", idempotency_key="c1")}
    first, again = await caller.api.chats.create(**wish), await caller.api.chats.create(**wish)

    assert first.chat.message.id == again.chat.message.id
    assert len(linq.sent(first.chat.id)) == 1


@pytest.mark.parametrize(
    ("wish", "refused"),
    [
        ({"from_": "5550100"}, (400, 1002)),
        ({"from_": "+12025559999"}, (403, 2006)),
        ({"to": []}, (400, 1001)),
        ({"to": ["202 555"]}, (400, 1002)),
        ({"to": [NEW] * 32}, (400, 1003)),
        ({"message": saying("see https://example.com")}, (400, 1005)),
        ({"message": {"parts": [{"type": "link", "value": "https://example.com"}]}}, (400, 1005)),
        ({"message": saying("hello", effect={"type": "screen", "name": "confetti"})}, (400, 1005)),
        ({"to": ["+12025550151"]}, (403, 2024)),
    ],
)
async def test_first_message_rules(
    linq: LinqServer, caller: Caller, wish: dict[str, Any], refused: tuple[int, int]
) -> None:
    linq.admin.set_condition(Chats.OLGA_OPTED_OUT, "left")
    before = list(linq.account.chats)

    assert await refusal(caller, **wish) == refused
    assert list(linq.account.chats) == before


async def test_trial_account_cannot_open_a_chat(linq: LinqServer, caller: Caller) -> None:
    linq.switches.recipient_must_text_first = True
    assert await refusal(caller) == (403, 2008)


async def test_participants_are_added_and_removed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    await caller.api.chats.participants.add(Chats.FAMILY, handle=NEW)
    await caller.api.chats.participants.remove(Chats.FAMILY, handle="cleo@example.com")

    assert (await receiver.until("participant.added"))[0]["data"]["handle"] == NEW
    assert (await receiver.until("participant.removed"))[0]["data"]["participant"]["status"] == "removed"
    assert linq.account.chats[Chats.FAMILY].addresses == ["+12025550123", "+12025550130", NEW]


async def test_participants_need_a_group(caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.participants.add(Chats.ANN, handle=NEW)
    assert code_of(refused) == (409, 1006)
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.participants.remove(Chats.FAMILY, handle=NEW)
    assert code_of(refused) == (409, 2015)


async def test_blocked_handles_are_listed_newest_first(caller: Caller) -> None:
    first = await caller.api.blocked_handles.block(handle="+12025550123", reason="spam")
    again = await caller.api.blocked_handles.block(handle="+12025550123", reason="other")
    await caller.api.blocked_handles.block(handle="Ben@Example.com")

    assert first.blocked_handle == again.blocked_handle
    listed = (await caller.api.blocked_handles.list()).blocked_handles
    assert [(each.handle, each.reason) for each in listed] == [("ben@example.com", None), ("+12025550123", "spam")]


async def test_unblocked_sender_is_received(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    await caller.api.blocked_handles.block(handle="+12025550123")
    linq.phone.send(Chats.ANN, "dropped")
    await caller.api.blocked_handles.unblock(handle="+12025550123")
    linq.phone.send(Chats.ANN, "received")

    assert [body["data"]["parts"][0]["value"] for body in await receiver.until("message.received")] == ["received"]
