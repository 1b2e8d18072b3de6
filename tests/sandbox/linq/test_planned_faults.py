"""What the switches break, and that nothing else breaks with it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from linq import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncLinqAPIV3, InternalServerError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.switches import FaultWord
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import Caller, code_of

NEW = "+12025550199"


async def broken_send(caller: Caller, error: type[APIError]) -> None:
    attachment_id = await caller.upload()
    with pytest.raises(error):
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)


async def test_wrong_key_is_unauthorized(linq: LinqServer) -> None:
    async with AsyncLinqAPIV3(api_key="wrong", base_url=linq.base_url, max_retries=0) as api:
        with pytest.raises(APIStatusError) as refused:
            await api.phone_numbers.list()
    assert code_of(refused) == (401, 2004)


async def test_trace_id_is_in_headers_and_errors(caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.retrieve("00000000-0000-4000-8000-000000000000")

    trace_id = refused.value.response.headers["x-trace-id"]
    assert len(trace_id) == 32
    assert refused.value.response.json() == {
        "success": False,
        "error": {
            "status": 404,
            "code": 2001,
            "message": "Chat not found",
            "doc_url": "https://docs.linqapp.com/channel/imessage/error/codes/2xxx/2001/",
        },
        "trace_id": trace_id,
    }


@pytest.mark.parametrize("path", ["/v3/nothing", "/v3/attachments"])
async def test_unknown_path_is_refused_in_json(linq: LinqServer, caller: Caller, path: str) -> None:
    headers = {"Authorization": f"Bearer {linq.api_key}"}
    async with caller.http.get(linq.base_url + path, headers=headers) as answer:
        assert answer.status in (404, 405)
        assert (await answer.json())["success"] is False


async def test_lost_answer_leaves_the_memo_accepted(linq: LinqServer, caller: Caller) -> None:
    linq.switches.next("voicememo", "lose_answer")

    await broken_send(caller, APIConnectionError)

    assert len(linq.memos(Chats.ANN)) == 1


async def edit(caller: Caller, message_id: str) -> None:
    await caller.api.messages.update(message_id, text="later")


async def react(caller: Caller, message_id: str) -> None:
    await caller.api.messages.add_reaction(message_id, operation="add", type="love")


async def create(caller: Caller, message_id: str) -> None:
    number = (await caller.api.phone_numbers.list()).phone_numbers[0].phone_number
    await caller.api.chats.create(from_=number, to=[NEW], message={"parts": [{"type": "text", "value": "hi"}]})


def is_edited(linq: LinqServer, message_id: str) -> bool:
    return linq.account.messages[message_id].text == "later"


def has_reaction(linq: LinqServer, message_id: str) -> bool:
    return linq.account.messages[message_id].parts[0].reactions != []


def is_created(linq: LinqServer, message_id: str) -> bool:
    return any(NEW in {each.address for each in chat.handles} for chat in linq.account.chats.values())


@pytest.mark.parametrize(("fault", "expected"), [("drop", False), ("lose_answer", True)])
@pytest.mark.parametrize(
    ("endpoint", "call", "took_effect"),
    [("messages.edit", edit, is_edited), ("reactions", react, has_reaction), ("chats.create", create, is_created)],
)
async def test_answer_is_lost_before_or_after_the_effect(
    linq: LinqServer,
    caller: Caller,
    endpoint: str,
    call: Callable[[Caller, str], Awaitable[None]],
    took_effect: Callable[[LinqServer, str], bool],
    fault: FaultWord,
    expected: bool,
) -> None:
    parts: list[Any] = [{"type": "text", "value": "at 5"}]
    sent = (await caller.api.chats.messages.send(Chats.ANN, message={"parts": parts})).message
    linq.switches.next(endpoint, fault)

    with pytest.raises(APIConnectionError):
        await call(caller, sent.id)

    assert took_effect(linq, sent.id) is expected


async def test_accepted_memo_may_answer_500(linq: LinqServer, caller: Caller) -> None:
    linq.switches.next("voicememo", "act_then_500")

    await broken_send(caller, InternalServerError)

    assert len(linq.memos(Chats.ANN)) == 1


@pytest.mark.parametrize(
    ("fault", "error"), [("refuse_500", APIStatusError), ("html_502", APIStatusError), ("drop", APIConnectionError)]
)
async def test_refusal_accepts_nothing(linq: LinqServer, caller: Caller, fault: str, error: type[APIError]) -> None:
    linq.switches.next_answers = {"voicememo": [fault]}  # type: ignore[list-item] # a plain str from parametrize

    await broken_send(caller, error)

    assert linq.memos(Chats.ANN) == []


async def test_fault_may_be_any_linq_code(linq: LinqServer, caller: Caller) -> None:
    linq.switches.next("voicememo", 2027)
    attachment_id = await caller.upload()

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (403, 2027)


@pytest.mark.parametrize(("fault", "memos"), [("hang", 0), ("act_then_hang", 1)])
async def test_hanging_answer_ends_in_client_timeout(linq: LinqServer, caller: Caller, fault: str, memos: int) -> None:
    attachment_id = await caller.upload()
    linq.switches.next_answers = {"voicememo": [fault]}  # type: ignore[list-item] # a plain str from parametrize

    with pytest.raises(APITimeoutError):
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id, timeout=0.3)

    assert len(linq.memos(Chats.ANN)) == memos


@pytest.mark.parametrize(
    ("fault", "content_type", "body"),
    [("act_then_empty", "application/json", "{}"), ("act_then_text", "text/plain", "Accepted")],
)
async def test_accepted_memo_may_answer_nonsense(
    linq: LinqServer, caller: Caller, fault: str, content_type: str, body: str
) -> None:
    attachment_id = await caller.upload()
    linq.switches.next_answers = {"voicememo": [fault]}  # type: ignore[list-item] # a plain str from parametrize

    raw = await caller.api.chats.with_raw_response.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    assert (raw.status_code, await raw.text()) == (202, body)
    assert raw.headers["content-type"].startswith(content_type)
    assert len(linq.memos(Chats.ANN)) == 1


async def test_accepted_memo_may_answer_without_id(linq: LinqServer, caller: Caller) -> None:
    attachment_id = await caller.upload()
    linq.switches.next("voicememo", "act_then_no_id")

    raw = await caller.api.chats.with_raw_response.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    memo = json.loads(await raw.text())["voice_memo"]
    assert memo["status"] == "queued"
    assert "id" not in memo


async def test_faults_are_used_up_one_per_request(linq: LinqServer, caller: Caller) -> None:
    linq.switches.next("attachments.create", "refuse_500", "ok", "refuse_500")

    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(bool(await caller.ask()))
        except APIStatusError:
            outcomes.append(False)

    assert outcomes == [False, True, False, True]


async def test_closed_port_refuses_and_reopens(linq: LinqServer, caller: Caller) -> None:
    await caller.api.phone_numbers.list()
    where = linq.base_url

    linq.switches.down = "refused"
    with pytest.raises(APIConnectionError) as refused:
        await caller.api.phone_numbers.list()
    linq.switches.down = "no"

    assert "ConnectError" in repr(refused.value.__cause__)
    assert (await caller.api.phone_numbers.list()).phone_numbers
    assert linq.base_url == where


async def test_gateway_error_is_html(linq: LinqServer, caller: Caller) -> None:
    linq.switches.down = "503"

    with pytest.raises(APIStatusError) as refused:
        await caller.api.phone_numbers.list()

    assert code_of(refused) == (503, None)
    assert refused.value.response.text.startswith("<html>")


async def test_latency_delays_every_answer(linq: LinqServer, caller: Caller) -> None:
    linq.switches.latency_s = 0.05
    began = time.monotonic()

    await caller.api.phone_numbers.list()

    assert time.monotonic() - began >= 0.05


async def test_wire_log_has_every_request_and_no_secret(linq: LinqServer, caller: Caller, wire: Wire) -> None:
    linq.switches.next("voicememo", "lose_answer")
    await broken_send(caller, APIConnectionError)

    assert [(entry.what, entry.status) for entry in wire.entries] == [
        ("attachments.create", 200),
        ("upload", 200),
        ("voicememo", None),
    ]
    assert wire.named("voicememo")[0].facts["attachment_id"] == linq.memos(Chats.ANN)[0].attachment_id
    assert linq.api_key not in repr(wire.entries)
    assert "X-Amz" not in repr(wire.entries)


def test_unknown_switch_cannot_be_set(linq: LinqServer) -> None:
    with pytest.raises(ValueError, match="latencies"):
        linq.switches.latencies = 3


async def test_stop_ends_running_tasks(wire: Wire, time_scale: TimeScale) -> None:
    before = asyncio.all_tasks()
    side = LinqServer(wire, time_scale)
    await side.start()
    side.switches.next("phone_numbers.list", "hang")
    side.subscribe("http://127.0.0.1:1/linq/webhooks")
    side.admin.emit("message.sent", {})
    async with AsyncLinqAPIV3(api_key=side.api_key, base_url=side.base_url, max_retries=0) as api:
        with pytest.raises(APITimeoutError):
            await api.phone_numbers.list(timeout=0.2)

    await side.stop()

    assert asyncio.all_tasks() == before
