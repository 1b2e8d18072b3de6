"""The page's own routes: what it serves, streams, flips, and whom it refuses."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.page.faults.fault_table import BY_NAME, FAULTS
from bot.sandbox.page.page import open_page
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.time_scale import TimeScale


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(time_scale=TimeScale(0.0001)) as sandbox:
        await open_page(sandbox)
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


async def test_content_security_policy(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/") as response:
        assert response.status == 200
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        page = await response.text()
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize("path", ["js/main.js", "css/base.css", "icons.svg", "mark.svg"])
async def test_static_files_are_served(sandbox: Sandbox, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(f"{sandbox.control_url}/static/{path}") as response:
        assert response.status == 200


async def test_other_local_origin_is_refused(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for origin in ("http://127.0.0.1:1", "http://localhost:3000", "null"):
        async with http.post(sandbox.control_url + "/page/reset", headers={"Origin": origin}) as response:
            assert response.status == 403


async def test_stream_begins_with_every_section(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/page/world") as response:
        parts = await next_parts(response.content)
    assert {"slack", "phone", "faults", f"channel:{CLIPS}", f"chat:{Chats.ANN}"} <= parts.keys()


async def test_stream_sends_changed_sections(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/page/world") as response:
        await next_parts(response.content)
        await sandbox.slack.say(CLIPS, "hello")
        parts = await next_parts(response.content)
    assert {"phone", "faults", f"chat:{Chats.ANN}"}.isdisjoint(parts)
    assert parts[f"channel:{CLIPS}"]["messages"][0]["text"] == "hello"


async def test_stream_polls_for_silent_changes(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.get(sandbox.control_url + "/page/world") as response:
        await next_parts(response.content)
        sandbox.linq.switches.webhooks_withheld = True
        parts = await next_parts(response.content)
    told = {fault["name"]: fault["value"] for fault in parts["faults"]["faults"]}
    assert told["withhold"] == "on"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
async def test_fault_reads_as_it_was_set(fault: Any, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for value in (*fault.values[::-1], fault.values[0]):
        status, _ = await post(http, sandbox, f"/page/faults/{fault.name}", value=value, chat=Chats.ANN)
        assert (status, fault.read(sandbox, Chats.ANN)) == (200, value)


async def test_fault_is_written_to_the_wire_log(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    await post(http, sandbox, "/page/faults/linq", value="down")
    assert [entry.what for entry in sandbox.wire.entries if entry.side == "world"] == ["Linq: down"]


async def test_unknown_faults_are_refused(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    assert (await post(http, sandbox, "/page/faults/gravity", value="on"))[0] == 404
    assert (await post(http, sandbox, "/page/faults/linq", value="upside down"))[0] == 400
    assert (await post(http, sandbox, "/page/faults/sms", value="on", chat="nobody"))[0] == 404


async def test_reset_puts_every_fault_back(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    own = [fault for fault in FAULTS if not fault.per_chat]
    for fault in own:
        fault.set(sandbox, fault.values[-1])
    await post(http, sandbox, "/page/reset")
    assert all(fault.read(sandbox, "") == fault.values[0] for fault in own)


async def test_single_shot_fault_is_used_up(sandbox: Sandbox) -> None:
    fault = BY_NAME["lose-memo"]
    fault.set(sandbox, "on")
    sandbox.linq.switches.take_fault("voicememo")
    assert fault.read(sandbox, "") == "off"


async def test_samples_are_dropped(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    for name in ("clip", "broken", "picture"):
        assert (await post(http, sandbox, "/page/sample", sample=name, channel=CLIPS))[0] == 200
    dropped = [message.files[0].upload.name for message in sandbox.slack.workspace.channels[CLIPS].messages.values()]
    assert dropped == ["hello.m4a", "broken.m4a", "parcel.jpg"]


async def test_bot_orders_need_a_controller(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    status, said = await post(http, sandbox, "/page/bot/kill")
    assert (status, "does not run the bot" in said["error"]) == (404, True)


async def test_stream_shows_both_directions(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    """Text, media, reactions and edits of either side, and whose name a post bears."""
    picture = PhoneFile(b"\xff\xd8\xff", "plan.jpg", "image/jpeg")
    message = sandbox.linq.phone.send(Chats.ANN, "see you at 5", files=[picture])
    sandbox.linq.phone.edit(message.id, "see you at 6", part_index=1)
    sandbox.linq.phone.react(message.id, "custom", emoji="🎉", part_index=1)
    client = AsyncWebClient(token=sandbox.slack.bot_token, base_url=sandbox.slack.api_url, retry_handlers=[])
    posted = await client.chat_postMessage(channel=CLIPS, text="see you at 5", username="Ann")
    await client.chat_update(channel=CLIPS, ts=posted["ts"], text="see you at 6")
    await sandbox.slack.react(CLIPS, posted["ts"], "tada")

    async with http.get(sandbox.control_url + "/page/world") as response:
        parts = await next_parts(response.content)

    [bubble] = parts[f"chat:{Chats.ANN}"]["messages"]
    assert [(part["type"], part["text"]) for part in bubble["parts"]] == [("media", ""), ("text", "see you at 6")]
    assert (bubble["parts"][0]["media"]["name"], bool(bubble["edited_at"])) == ("plan.jpg", True)
    [tapback] = bubble["parts"][1]["tapbacks"]
    assert (tapback["kind"], tapback["emoji"], tapback["from"]["name"]) == ("custom", "🎉", "Ann")
    [post] = parts[f"channel:{CLIPS}"]["messages"]
    assert (post["username"], post["text"], post["edited"]) == ("Ann", "see you at 6", True)
    assert [(each["name"], each["emoji"]) for each in post["reactions"]] == [("tada", "🎉")]
