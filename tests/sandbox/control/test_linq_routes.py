"""The local Linq steered over HTTP: the same acts, with mistakes answered instead of raised."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot.sandbox.control.application import control_application
from bot.sandbox.control.linq_routes import LinqRoutes
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Failure
from bot.sandbox.local_server import LocalServer
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import CAF, M4A, Caller

Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def control(linq: LinqServer, wire: Wire) -> AsyncIterator[str]:
    """The origin of the control port."""
    server = LocalServer(control_application(wire, {}, LinqRoutes(linq).routes()))
    await server.start()
    yield server.origin
    await server.stop()


@pytest.fixture
def ask(control: str) -> Ask:
    """``ask(method, path, json)`` gives (status, JSON)."""

    async def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with aiohttp.request(method, control + path, json=body) as answer:
            return answer.status, await answer.json()

    return call


async def test_switches_are_read_and_patched(linq: LinqServer, ask: Ask) -> None:
    changes = {"latency_s": 1, "next_answers": {"voicememo": ["lose_answer", 2027]}, "pair_limit": None}

    status, shown = await ask("PATCH", "/linq/switches", changes)

    assert status == 200
    assert shown == (await ask("GET", "/linq/switches"))[1]
    assert (shown["latency_s"], shown["pair_limit"], shown["down"]) == (1, None, "no")
    assert linq.switches.next_answers == {"voicememo": ["lose_answer", 2027]}


async def test_planned_failure_is_set_as_json(linq: LinqServer, ask: Ask) -> None:
    await ask("PATCH", "/linq/switches", {"next_failures": [{"code": 4002, "reason": "Phone not available"}]})

    assert linq.switches.next_failures == [Failure(4002, "Phone not available")]


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
async def test_invalid_switch_changes_nothing(linq: LinqServer, ask: Ask, changes: dict[str, Any]) -> None:
    status, answer = await ask("PATCH", "/linq/switches", {"part_id_differs": True, **changes})

    assert status == 400
    assert next(iter(changes)) in answer["error"]
    assert not linq.switches.part_id_differs


async def test_memos_are_listed_without_bytes(caller: Caller, linq: LinqServer, ask: Ask) -> None:
    accepted = await caller.send(Chats.ANN)

    _, listed = await ask("GET", f"/linq/chats/{Chats.ANN}/memos")
    _, one = await ask("GET", f"/linq/memos/{accepted.id}")

    assert [memo["id"] for memo in listed["memos"]] == [one["id"]] == [accepted.id]
    assert (one["sha256"], one["size_bytes"]) == (linq.memo(accepted.id).sha256, len(M4A))
    assert "body" not in one


async def test_media_of_a_message_is_served(caller: Caller, control: str) -> None:
    accepted = await caller.send(Chats.ANN)

    async with caller.http.get(f"{control}/linq/media/{accepted.id}/0") as answer:
        assert (answer.content_type, await answer.read()) == ("audio/x-m4a", M4A)


async def test_phone_acts_over_http(caller: Caller, linq: LinqServer, ask: Ask) -> None:
    linq.switches.progresses_automatically = False
    accepted = await caller.send(Chats.ANN)
    voice = {"base64": base64.b64encode(CAF).decode()}

    await ask("POST", "/linq/advance", {"message_id": accepted.id, "status": "sent"})
    assert (await ask("POST", "/linq/read", {"message_id": accepted.id}))[0] == 200
    assert (await ask("POST", "/linq/react", {"message_id": accepted.id, "kind": "like"}))[0] == 200
    _, hello = await ask("POST", "/linq/send", {"chat_id": Chats.ANN, "text": "hello"})
    await ask("POST", "/linq/edit", {"message_id": hello["id"], "text": "good morning"})
    await ask("POST", "/linq/send", {"chat_id": Chats.ANN, "files": [voice], "reply_to": accepted.id})
    await ask("POST", "/linq/opt_out", {"chat_id": Chats.ANN})

    assert linq.memo(accepted.id).status == "read"
    _, listed = await ask("GET", f"/linq/chats/{Chats.ANN}/messages")
    assert [each["parts"][0].get("value") for each in listed["messages"]] == [None, "good morning", None, "STOP"]
    assert listed["messages"][2]["reply_to"]["message_id"] == accepted.id
    assert "+12025550123" in linq.account.opted_out


async def test_files_are_sent_as_a_form(linq: LinqServer, control: str, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("sender", "+12025550188")
    form.add_field("text", "listen")
    form.add_field("file", CAF, filename="note.caf", content_type="audio/x-caf")
    async with http.post(f"{control}/linq/write_to_line", data=form) as answer:
        sent = await answer.json()

    [media] = linq.account.messages[sent["id"]].media
    assert (media.filename, media.content_type, media.size_bytes) == ("note.caf", "audio/x-caf", len(CAF))


async def test_groups_and_contacts_over_http(linq: LinqServer, ask: Ask) -> None:
    assert (await ask("POST", "/linq/join", {"chat_id": Chats.FAMILY, "address": "+12025550199"}))[0] == 200
    assert (await ask("POST", "/linq/rename", {"chat_id": Chats.FAMILY, "name": "Holidays"}))[0] == 200
    photo = {"person": "+12025550123", "first_name": "Ann", "picture_base64": base64.b64encode(b"jpeg").decode()}
    assert (await ask("POST", "/linq/share_contact", photo))[0] == 200

    chat = linq.account.chats[Chats.FAMILY]
    assert (chat.display_name, "+12025550199" in chat.addresses) == ("Holidays", True)


async def test_chats_are_added_and_changed(linq: LinqServer, ask: Ask) -> None:
    _, made = await ask("POST", "/linq/add_chat", {"people": ["+12025550188"], "service": "RCS"})
    await ask("POST", "/linq/switch_service", {"chat_id": made["id"], "service": "SMS"})
    await ask("POST", "/linq/set_condition", {"chat_id": made["id"], "condition": "left"})
    _, moved = await ask("POST", "/linq/move_chat", {"chat_id": Chats.ANN, "line": "+12025550101"})

    _, listed = await ask("GET", "/linq/chats")
    assert {made["id"], moved["id"]} < {chat["id"] for chat in listed["chats"]}
    chat = linq.account.chats[made["id"]]
    assert (chat.service, chat.condition) == ("SMS", "left")


async def test_webhooks_are_subscribed_emitted_and_released(linq: LinqServer, ask: Ask) -> None:
    _, subscription = await ask("POST", "/linq/subscribe", {"target_url": "http://127.0.0.1:1/hook"})
    assert subscription["target_url"] == "http://127.0.0.1:1/hook"

    assert (await ask("POST", "/linq/emit", {"event_type": "x.y", "data": {}}))[1]["id"]
    assert (await ask("POST", "/linq/stray", {"chat_id": Chats.ANN, "kind": "read"}))[1]["id"]
    assert (await ask("POST", "/linq/release_webhooks", {"order": "reversed"}))[0] == 200
    assert (await ask("POST", "/linq/disable_subscriptions"))[0] == 200
    assert not any(each.is_active for each in linq.account.subscriptions.values())


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/linq/memos/none", None, 404),
        ("GET", "/linq/chats/none/memos", None, 404),
        ("GET", "/linq/media/none/0", None, 404),
        ("POST", "/linq/send", {"chat_id": "none", "text": "hello"}, 404),
        ("POST", "/linq/send", {"chat_id": Chats.ANN}, 400),
        ("POST", "/linq/send", {"chat_id": Chats.ANN, "words": "hello"}, 400),
        ("POST", "/linq/send", {"chat_id": Chats.ANN, "files": [{"base64": "%"}]}, 400),
        ("POST", "/linq/switch_service", {"chat_id": Chats.ANN, "service": "pigeon"}, 400),
        ("POST", "/linq/subscribe", {}, 400),
    ],
)
async def test_invalid_request_is_named(ask: Ask, method: str, path: str, body: Any, status: int) -> None:
    answered, answer = await ask(method, path, body)

    assert answered == status
    assert answer["error"]
