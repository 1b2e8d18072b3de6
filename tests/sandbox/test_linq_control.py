"""The local Linq steered over HTTP: the same acts, with mistakes answered instead of raised."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot.sandbox.control.application import control_application
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Failure
from bot.sandbox.local_server import LocalServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq_callers import CAF, M4A, Caller

pytest_plugins = ["tests.sandbox.linq_fixtures"]

Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def control(linq_side: LinqServer, linq_wire: Wire) -> AsyncIterator[str]:
    """The origin of the control port."""
    door = LocalServer(control_application(linq_wire, {}, linq_side.control_routes()))
    await door.start()
    yield door.origin
    await door.stop()


@pytest.fixture
def ask(control: str) -> Ask:
    """``ask(method, path, json)`` gives (status, JSON)."""

    async def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with aiohttp.request(method, control + path, json=body) as answer:
            return answer.status, await answer.json()

    return call


async def test_switches_are_shown_and_set(linq_side: LinqServer, ask: Ask) -> None:
    changes = {"latency_s": 1, "next_answers": {"voicememo": ["lose_answer", 2027]}, "pair_limit": None}

    status, shown = await ask("PATCH", "/linq/switches", changes)

    assert status == 200
    assert shown == (await ask("GET", "/linq/switches"))[1]
    assert (shown["latency_s"], shown["pair_limit"], shown["down"]) == (1, None, "no")
    assert linq_side.switches.next_answers == {"voicememo": ["lose_answer", 2027]}


async def test_a_failure_to_come_is_set_as_json(linq_side: LinqServer, ask: Ask) -> None:
    await ask("PATCH", "/linq/switches", {"next_failures": [{"code": 4002, "reason": "Phone not available"}]})

    assert linq_side.switches.next_failures == [Failure(4002, "Phone not available")]


@pytest.mark.parametrize(
    "changes",
    [
        {"latencies": 1},
        {"latency_s": "slow"},
        {"down": "maybe"},
        {"listed": 1},
        {"next_answers": {"voicememo": ["explode"]}},
        {"next_failures": [{"colour": "red"}]},
    ],
)
async def test_a_wrong_switch_changes_nothing(linq_side: LinqServer, ask: Ask, changes: dict[str, Any]) -> None:
    status, answer = await ask("PATCH", "/linq/switches", {"part_id_differs": True, **changes})

    assert status == 400
    assert next(iter(changes)) in answer["error"]
    assert not linq_side.switches.part_id_differs


async def test_memos_are_listed_with_their_audio_apart(linq_caller: Caller, linq_side: LinqServer, ask: Ask) -> None:
    accepted = await linq_caller.send(Chats.ANN)

    _, listed = await ask("GET", f"/linq/chats/{Chats.ANN}/memos")
    _, one = await ask("GET", f"/linq/memos/{accepted.id}")

    assert [memo["id"] for memo in listed["memos"]] == [one["id"]] == [accepted.id]
    assert (one["sha256"], one["size_bytes"]) == (linq_side.memo(accepted.id).sha256, len(M4A))
    assert "body" not in one


async def test_the_audio_of_a_memo_can_be_heard(linq_caller: Caller, control: str) -> None:
    accepted = await linq_caller.send(Chats.ANN)

    async with linq_caller.http.get(f"{control}/linq/memos/{accepted.id}/audio") as answer:
        assert (answer.content_type, await answer.read()) == ("audio/x-m4a", M4A)


async def test_the_person_acts_over_http(linq_caller: Caller, linq_side: LinqServer, ask: Ask) -> None:
    linq_side.switches.progresses_automatically = False
    accepted = await linq_caller.send(Chats.ANN)

    await ask("POST", f"/linq/memos/{accepted.id}/status", {"status": "sent"})
    assert (await ask("POST", f"/linq/memos/{accepted.id}/read"))[0] == 200
    assert (await ask("POST", f"/linq/memos/{accepted.id}/tapback", {"kind": "like"}))[0] == 200
    await ask("POST", f"/linq/chats/{Chats.ANN}/reply", {"text": "hello"})
    await ask("POST", f"/linq/chats/{Chats.ANN}/reply", {"audio": base64.b64encode(CAF).decode()})
    await ask("POST", f"/linq/chats/{Chats.ANN}/opt-out")

    assert linq_side.memo(accepted.id).status == "read"
    _, said = await ask("GET", f"/linq/chats/{Chats.ANN}/messages")
    assert [message["parts"][0].get("value") for message in said["messages"]] == [None, "hello", None, "STOP"]
    assert "+12025550123" in linq_side.account.opted_out


async def test_chats_are_added_and_changed(linq_side: LinqServer, ask: Ask) -> None:
    _, made = await ask("POST", "/linq/chats", {"people": ["+12025550188"], "service": "RCS"})
    await ask("POST", f"/linq/chats/{made['id']}/service", {"service": "SMS"})
    await ask("POST", f"/linq/chats/{made['id']}/condition", {"condition": "left"})

    _, listed = await ask("GET", "/linq/chats")
    assert made["id"] in [chat["id"] for chat in listed["chats"]]
    chat = linq_side.account.chats[made["id"]]
    assert (chat.service, chat.condition) == ("SMS", "left")


async def test_webhooks_are_pointed_withheld_and_made_up(linq_side: LinqServer, ask: Ask) -> None:
    _, subscription = await ask("POST", "/linq/subscriptions", {"target_url": "http://127.0.0.1:1/hook"})
    assert subscription["target_url"] == "http://127.0.0.1:1/hook"

    assert (await ask("POST", "/linq/webhooks", {"event_type": "x.y", "data": {}}))[1]["event_id"]
    assert (await ask("POST", f"/linq/chats/{Chats.ANN}/stray", {"kind": "read"}))[1]["event_id"]
    assert (await ask("POST", "/linq/webhooks/release"))[0] == 200
    assert (await ask("POST", "/linq/subscriptions/disable"))[0] == 200
    assert not any(each.is_active for each in linq_side.account.subscriptions.values())


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/linq/memos/none", None, 404),
        ("GET", "/linq/chats/none/memos", None, 404),
        ("POST", "/linq/chats/none/reply", {"text": "hello"}, 404),
        ("POST", f"/linq/chats/{Chats.ANN}/reply", {}, 400),
        ("POST", f"/linq/chats/{Chats.ANN}/reply", {"words": "hello"}, 400),
        ("POST", f"/linq/chats/{Chats.ANN}/service", {"service": "pigeon"}, 400),
        ("POST", "/linq/subscriptions", {}, 400),
    ],
)
async def test_a_callers_mistake_is_answered(ask: Ask, method: str, path: str, body: Any, status: int) -> None:
    answered, answer = await ask(method, path, body)

    assert answered == status
    assert answer["error"]
