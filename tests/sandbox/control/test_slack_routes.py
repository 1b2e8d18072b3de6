"""The control routes of the Slack side."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS
from bot.sandbox.time_scale import TimeScale
from tests.sandbox.slack.listener import Listener, answers


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(time_scale=TimeScale(0.0001)) as sandbox:
        await sandbox.open_control()
        yield sandbox


@pytest.fixture
async def ask(sandbox: Sandbox, http: aiohttp.ClientSession) -> Any:
    """``await ask(path, body)``: POST with a body, GET without; the status and the JSON."""

    async def call(path: str, body: Any = None) -> tuple[int, Any]:
        method = "GET" if body is None else "POST"
        async with http.request(method, sandbox.control_url + path, json=body) as response:
            return response.status, await response.json()

    return call


async def test_drop_as_json(sandbox: Sandbox, ask: Any) -> None:
    sound = {"name": "a.m4a", "base64": base64.b64encode(b"sound").decode(), "shape": "untyped_clip"}
    status, message = await ask("/slack/drop", {"channel": CLIPS, "user": BEN, "text": "listen", "files": [sound]})
    assert (status, message["user"], message["files"][0]["mimetype"]) == (200, BEN, "")
    _, thread = await ask(f"/slack/thread?channel={CLIPS}&ts={message['ts']}")
    assert [m["text"] for m in thread["messages"]] == ["listen"]
    assert sandbox.slack.message(CLIPS, message["ts"]).files[0].upload.content == b"sound"


async def test_drop_as_form(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("channel", CLIPS)
    form.add_field("file", b"sound", filename="b.mp3", content_type="audio/mpeg")
    async with http.post(f"{sandbox.control_url}/slack/drop", data=form) as response:
        dropped = await response.json()
    async with http.get(f"{sandbox.control_url}/slack/files/{dropped['files'][0]['id']}") as response:
        assert (await response.read(), response.content_type) == (b"sound", "audio/mpeg")


async def test_acts_take_json_arguments(sandbox: Sandbox, ask: Any, listener: Listener) -> None:
    _, verified = await ask("/slack/connect", {"url": listener.url})
    assert verified == {"verified": False}
    listener.answer = answers("pong")
    _, said = await ask("/slack/command", {"channel": CLIPS, "text": "help", "user": BEN})
    assert said["text"] == "pong"
    _, message = await ask("/slack/say", {"channel": CLIPS, "text": "hello"})
    _, answer = await ask("/slack/shortcut", {"callback_id": "resend", "channel": CLIPS, "ts": message["ts"]})
    assert (answer["status"], message["user"]) == (200, ANN)
    _, seen = await ask(f"/slack/ephemerals?channel={CLIPS}&user={BEN}")
    assert [m["text"] for m in seen["messages"]] == ["pong"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/slack/say", {"channel": "C0", "text": "x"}, 404),
        ("/slack/say", {"chanel": CLIPS}, 400),
        ("/slack/press", {"channel": CLIPS, "ts": "1.000001", "action_id": "x"}, 404),
        ("/slack/drop", {"channel": CLIPS}, 400),
        ("/slack/drop", {"channel": CLIPS, "files": [{"name": "a", "base64": "", "shape": "odd"}]}, 400),
        ("/slack/dorp", {}, 404),
    ],
)
async def test_invalid_request_is_named(ask: Any, path: str, body: Any, status: int) -> None:
    answered, said = await ask(path, body)
    assert (answered, bool(said["error"])) == (status, True)


async def test_too_large_drop_answers_413(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("channel", CLIPS)
    form.add_field("file", bytes(256 * 1024 * 1024 + 1), filename="day.wav")
    async with http.post(f"{sandbox.control_url}/slack/drop", data=form) as response:
        assert response.status == 413
        assert "Too Large" in (await response.json())["error"]  # Python 3.13 has other words before these


async def test_switches_are_set_all_or_none(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async def patch(changes: Any) -> tuple[int, Any]:
        async with http.patch(f"{sandbox.control_url}/slack/switches", json=changes) as response:
            return response.status, await response.json()

    wishes = {"latency_s": 1, "faults": {"auth.test": {"error": "fatal_error", "times": 2}}, "scopes": ["chat:write"]}
    _, shown = await patch(wishes | {"download": {"kind": "login"}})
    assert (shown["latency_s"], shown["scopes"], shown["download"]["kind"]) == (1.0, ["chat:write"], "login")
    assert sandbox.slack.switches.faults["auth.test"].times == 2
    for wrong in ({"nonsense": 1}, {"latency_s": "much"}, {"faults": {"auth.test": {"eror": "x"}}}):
        status, told = await patch({"deaf": True} | wrong)
        assert (status, next(iter(wrong)) in told["error"]) == (400, True)
    assert (await patch([]))[0] == 400
    assert not sandbox.slack.switches.deaf


async def test_people_and_channels_over_http(sandbox: Sandbox, ask: Any) -> None:
    _, guest = await ask("/slack/new_user", {"name": "gus", "guest": "single_channel"})
    _, shared = await ask("/slack/new_channel", {"name": "partners", "shared": True, "members": [guest["id"], ANN]})
    _, said = await ask("/slack/say", {"channel": shared["id"], "text": "*hi* <@U0BEN000001>", "user": guest["id"]})
    await ask("/slack/react", {"channel": shared["id"], "ts": said["ts"], "name": "eyes", "user": BEN})
    await ask("/slack/edit", {"channel": shared["id"], "ts": said["ts"], "text": "hello"})

    message = sandbox.slack.message(shared["id"], said["ts"])
    assert (message.text, message.reactions) == ("hello", {"eyes": [BEN]})
    assert said["blocks"][0]["elements"][0]["elements"][0] == {"type": "text", "text": "hi", "style": {"bold": True}}
    _, workspace = await ask("/slack/workspace")
    assert {u["id"]: u["is_ultra_restricted"] for u in workspace["users"]}[guest["id"]]


async def test_wire_is_polled_with_wait(sandbox: Sandbox, ask: Any) -> None:
    waiting = asyncio.create_task(ask("/wire?after=0&wait=20"))
    await sandbox.slack.say(CLIPS, "hello")
    _, told = await waiting
    assert told["entries"][0]["what"] == "say"
    _, later = await ask(f"/wire?after={told['next'] + 1000}")
    assert later["entries"] == []


async def test_wire_stream_resumes_from_last_event_id(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await sandbox.slack.say(CLIPS, "one")
    await sandbox.slack.say(CLIPS, "two")
    async with http.get(f"{sandbox.control_url}/wire/stream", headers={"Last-Event-ID": "0"}) as response:
        assert await response.content.readline() == b"id: 1\n"
        entry = json.loads((await response.content.readline()).removeprefix(b"data: "))
    assert entry["what"] == "say"


async def test_foreign_origin_is_refused(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}):
        async with http.post(f"{sandbox.control_url}/slack/uninstall", headers=headers) as response:
            assert response.status == 403
    assert sandbox.slack.switches.faults == {}


async def test_linq_routes_are_on_the_same_port(ask: Any) -> None:
    status, _ = await ask("/linq/chats")
    assert status == 200
