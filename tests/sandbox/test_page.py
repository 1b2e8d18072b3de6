"""The page's own routes: what it serves, streams, flips, and whom it refuses."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.page.faults.fault_table import BY_NAME, FAULTS
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.time_scale import TimeScale


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(control_port=0, pace=TimeScale(0.0001)) as sandbox:
        yield sandbox


async def post(http: aiohttp.ClientSession, sandbox: Sandbox, path: str, **body: Any) -> tuple[int, Any]:
    async with http.post(sandbox.control_url + path, json=body) as response:
        return response.status, await response.json()


async def next_parts(stream: aiohttp.StreamReader) -> dict[str, Any]:
    """The next change of the world."""
    while not (line := await stream.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
    return found


async def test_the_page_may_load_nothing_from_elsewhere(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/") as response:
        assert response.status == 200
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        page = await response.text()
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize("path", ["js/main.js", "css/base.css", "icons.svg", "mark.svg"])
async def test_its_parts_are_served(sandbox: Sandbox, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(f"{sandbox.control_url}/static/{path}") as response:
        assert response.status == 200


async def test_a_page_of_another_program_of_this_machine_steers_nothing(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for origin in ("http://127.0.0.1:1", "http://localhost:3000", "null"):
        async with http.post(sandbox.control_url + "/page/calm", headers={"Origin": origin}) as response:
            assert response.status == 403


async def test_the_stream_begins_with_the_whole_world(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/page/world") as response:
        parts = await next_parts(response.content)
    assert {"slack", "phone", "faults", f"channel:{CLIPS}", f"chat:{Chats.ANN}"} <= parts.keys()


async def test_the_stream_tells_only_what_changes(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/page/world") as response:
        await next_parts(response.content)
        await sandbox.slack.say(CLIPS, "hello")
        parts = await next_parts(response.content)
    assert list(parts) == [f"channel:{CLIPS}"]
    assert parts[f"channel:{CLIPS}"]["messages"][0]["text"] == "hello"


async def test_the_stream_sees_what_crosses_no_wire(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/page/world") as response:
        await next_parts(response.content)
        sandbox.linq.switches.webhooks_withheld = True
        parts = await next_parts(response.content)
    told = {fault["name"]: fault["value"] for fault in parts["faults"]["faults"]}
    assert told["withhold"] == "on"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
async def test_every_fault_reads_as_it_was_set_and_back(
    fault: Any, sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    for value in (*fault.values[::-1], fault.values[0]):
        status, _ = await post(http, sandbox, f"/page/faults/{fault.name}", value=value, chat=Chats.ANN)
        assert (status, fault.read(sandbox, Chats.ANN)) == (200, value)


async def test_a_flipped_fault_stands_on_the_wire(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await post(http, sandbox, "/page/faults/linq", value="down")
    assert [entry.what for entry in sandbox.wire.entries if entry.side == "world"] == ["Linq: down"]


async def test_faults_that_do_not_exist_are_refused(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    assert (await post(http, sandbox, "/page/faults/gravity", value="on"))[0] == 404
    assert (await post(http, sandbox, "/page/faults/linq", value="upside down"))[0] == 400
    assert (await post(http, sandbox, "/page/faults/sms", value="on", chat="nobody"))[0] == 404


async def test_calm_ends_every_fault_that_belongs_to_no_chat(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    own = [fault for fault in FAULTS if not fault.per_chat]
    for fault in own:
        fault.set(sandbox, fault.values[-1])
    await post(http, sandbox, "/page/calm")
    assert all(fault.read(sandbox, "") == fault.values[0] for fault in own)


async def test_a_lost_answer_is_armed_until_it_is_used_up(sandbox: Sandbox) -> None:
    fault = BY_NAME["lose-memo"]
    fault.set(sandbox, "on")
    sandbox.linq.switches.take_fault("voicememo")
    assert fault.read(sandbox, "") == "off"


async def test_samples_are_dropped_as_a_person_would(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for name in ("clip", "broken", "picture"):
        assert (await post(http, sandbox, "/page/sample", sample=name, channel=CLIPS))[0] == 200
    dropped = [message.files[0].upload.name for message in sandbox.slack.workspace.channels[CLIPS].messages.values()]
    assert dropped == ["hello.m4a", "broken.m4a", "holiday.gif"]


async def test_without_a_director_there_is_no_bot_to_kill(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    status, said = await post(http, sandbox, "/page/bot/kill")
    assert (status, "does not run the bot" in said["error"]) == (404, True)
