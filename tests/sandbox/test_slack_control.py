"""Steering the toy world over HTTP, as the page and other processes do."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS
from bot.sandbox.time_scale import TimeScale
from tests.sandbox.slack_listener import Listener, says


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(control_port=0, pace=TimeScale(0.0001)) as sandbox:
        yield sandbox


@pytest.fixture
async def ask(sandbox: Sandbox, http: aiohttp.ClientSession) -> Any:
    """``await ask(path, body)``: POST with a body, GET without; the status and the JSON."""

    async def call(path: str, body: Any = None) -> tuple[int, Any]:
        method = "GET" if body is None else "POST"
        async with http.request(method, sandbox.control_url + path, json=body) as response:
            return response.status, await response.json()

    return call


async def test_a_drop_as_json_appears_in_its_thread(sandbox: Sandbox, ask: Any) -> None:
    sound = {"name": "a.m4a", "base64": base64.b64encode(b"sound").decode(), "shape": "untyped_clip"}
    status, message = await ask("/slack/drop", {"channel": CLIPS, "user": BEN, "text": "listen", "files": [sound]})
    assert (status, message["user"], message["files"][0]["mimetype"]) == (200, BEN, "")
    _, thread = await ask(f"/slack/thread?channel={CLIPS}&ts={message['ts']}")
    assert [m["text"] for m in thread["messages"]] == ["listen"]
    assert sandbox.slack.message(CLIPS, message["ts"]).files[0].upload.content == b"sound"


async def test_a_drop_as_a_form_carries_the_file_itself(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("channel", CLIPS)
    form.add_field("file", b"sound", filename="b.mp3", content_type="audio/mpeg")
    async with http.post(f"{sandbox.control_url}/slack/drop", data=form) as response:
        dropped = await response.json()
    async with http.get(f"{sandbox.control_url}/slack/files/{dropped['files'][0]['id']}") as response:
        assert (await response.read(), response.content_type) == (b"sound", "audio/mpeg")


async def test_people_act_through_their_names(sandbox: Sandbox, ask: Any, listener: Listener) -> None:
    _, verified = await ask("/slack/connect", {"url": listener.url})
    assert verified == {"verified": False}
    listener.answer = says("pong")
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
        ("/slack/switches", {"latancy_s": 1}, 400),
        ("/slack/switches", {"latency_s": "much"}, 400),
        ("/slack/switches", {"faults": {"auth.test": {"eror": "x"}}}, 400),
        ("/slack/switches", [], 400),
        ("/slack/dorp", {}, 404),
    ],
)
async def test_a_mistake_is_named(ask: Any, path: str, body: Any, status: int) -> None:
    answered, said = await ask(path, body)
    assert (answered, bool(said["error"])) == (status, True)


async def test_a_drop_that_is_too_large_is_told_as_such(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("channel", CLIPS)
    form.add_field("file", bytes(256 * 1024 * 1024 + 1), filename="day.wav")
    async with http.post(f"{sandbox.control_url}/slack/drop", data=form) as response:
        assert (response.status, await response.json()) == (413, {"error": "Request Entity Too Large"})


async def test_switches_are_set_all_or_none(sandbox: Sandbox, ask: Any) -> None:
    wishes = {"latency_s": 1, "faults": {"auth.test": {"error": "fatal_error", "times": 2}}, "scopes": ["chat:write"]}
    _, shown = await ask("/slack/switches", wishes | {"download": {"kind": "login"}})
    assert (shown["latency_s"], shown["scopes"], shown["download"]["kind"]) == (1.0, ["chat:write"], "login")
    assert sandbox.slack.switches.faults["auth.test"].times == 2
    await ask("/slack/switches", {"deaf": True, "nonsense": 1})
    assert not sandbox.slack.switches.deaf


async def test_the_wire_can_be_waited_on(sandbox: Sandbox, ask: Any) -> None:
    waiting = asyncio.create_task(ask("/wire?after=0&wait=20"))
    await sandbox.slack.say(CLIPS, "hello")
    _, told = await waiting
    assert told["entries"][0]["what"] == "say"
    _, later = await ask(f"/wire?after={told['next'] + 1000}")
    assert later["entries"] == []


async def test_the_wire_streams_on_where_a_page_left_off(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await sandbox.slack.say(CLIPS, "one")
    await sandbox.slack.say(CLIPS, "two")
    async with http.get(f"{sandbox.control_url}/wire/stream", headers={"Last-Event-ID": "0"}) as response:
        assert await response.content.readline() == b"id: 1\n"
        entry = json.loads((await response.content.readline()).removeprefix(b"data: "))
    assert entry["what"] == "say"


async def test_strange_pages_steer_nothing(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}):
        async with http.post(f"{sandbox.control_url}/slack/uninstall", headers=headers) as response:
            assert response.status == 403
    assert sandbox.slack.switches.faults == {}


async def test_more_pages_can_join(http: aiohttp.ClientSession) -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="a page")

    async with (
        Sandbox(control_port=0, pages=[web.get("/", page)]) as sandbox,
        http.get(sandbox.control_url) as response,
    ):
        assert await response.text() == "a page"


async def test_the_linq_side_is_steered_on_the_same_port(ask: Any) -> None:
    status, _ = await ask("/linq/chats")
    assert status == 200
