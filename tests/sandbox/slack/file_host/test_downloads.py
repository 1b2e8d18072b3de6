"""The file objects Slack makes, and what their URLs give."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import CLIPS, HIDDEN, PRIVATE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Shape, Upload
from bot.sandbox.slack.switches import Download
from bot.sandbox.wire import Wire
from tests.sandbox.slack.listener import Listener

WEBM = b"\x1aE\xdf\xa3 original"
AAC = b"ftypM4A copy"


async def dropped(slack: SlackServer, name: str, shape: Shape, **more: Any) -> dict[str, Any]:
    """The file object inside the message."""
    message = await slack.drop(CLIPS, Upload(name, WEBM, shape, **more))
    return message.files[0].in_message()


async def fetch(slack: SlackServer, http: aiohttp.ClientSession, url: str) -> aiohttp.ClientResponse:
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    response = await http.get(url, headers=headers, allow_redirects=False)
    await response.read()
    return response


async def test_plain_file_is_declared_rightly(slack: SlackServer) -> None:
    file = await dropped(slack, "song.mp3", "plain")
    assert (file["mimetype"], file["filetype"], file["size"]) == ("audio/mpeg", "mp3", len(WEBM))
    assert file["media_display_type"] == "audio"
    assert "subtype" not in file


async def test_transcoded_web_clip_leads_to_the_copy(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    file = await dropped(slack, "audio_message.webm", "web_clip_transcoded", copy=AAC)
    assert (file["mimetype"], file["size"], file["subtype"]) == ("audio/webm", len(WEBM), "slack_audio")
    for url in (file["url_private"], file["url_private_download"], file["aac"]):
        assert "/files-tmb/" in url
        assert await (await fetch(slack, http, url)).read() == AAC


async def test_web_clip_keeps_original_and_copy(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    file = await dropped(slack, "audio_message.webm", "web_clip", copy=AAC)
    assert await (await fetch(slack, http, file["url_private"])).read() == WEBM
    assert await (await fetch(slack, http, file["aac"])).read() == AAC


async def test_m4a_clip_has_no_copy(slack: SlackServer) -> None:
    file = await dropped(slack, "Audio clip (2022-08-22).m4a", "m4a_clip")
    assert (file["mimetype"], "aac" in file, "vtt" in file) == ("audio/mp4", False, True)


async def test_ios_clip_has_a_transcript(slack: SlackServer) -> None:
    assert (await dropped(slack, "clip.m4a", "ios_clip"))["transcription"]["status"] == "complete"


async def test_untyped_clip_has_empty_types(slack: SlackServer) -> None:
    file = await dropped(slack, "audio_message.m4a", "untyped_clip")
    assert (file["mimetype"], file["filetype"], file["subtype"]) == ("", "", "slack_audio")


async def test_mislabelled_clip_is_declared_video(slack: SlackServer) -> None:
    file = await dropped(slack, "audio_message.mp4", "mislabelled_clip")
    assert (file["mimetype"], file["subtype"]) == ("video/mp4", "slack_audio")


async def test_video_has_copy_and_original(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    file = await dropped(slack, "holiday.mp4", "video", copy=AAC)
    assert await (await fetch(slack, http, file["url_private"])).read() == AAC
    assert await (await fetch(slack, http, file["url_private_download"])).read() == WEBM


async def test_declared_fields_override(slack: SlackServer) -> None:
    file = await dropped(slack, "a.mp3", "plain", declared={"mimetype": "", "size": 5})
    assert (file["mimetype"], file["size"]) == ("", 5)


@pytest.mark.parametrize(("shape", "mode"), [("tombstone", "tombstone"), ("hidden_by_limit", "hidden_by_limit")])
async def test_tombstone_and_hidden_files_are_reduced(slack: SlackServer, shape: Shape, mode: str) -> None:
    file = await dropped(slack, "a.mp3", shape)
    assert file == {"id": file["id"], "mode": mode}


async def test_remote_file_is_on_another_host(slack: SlackServer, http: aiohttp.ClientSession, wire: Wire) -> None:
    file = await dropped(slack, "a.mp3", "remote")
    assert (file["is_external"], file["mode"], file["external_type"]) == (True, "external", "gdrive")
    assert not file["url_private"].startswith(slack.origin)
    await fetch(slack, http, file["url_private"])
    assert wire.named("foreign download")[0].facts["token_seen"]


async def test_connect_stub_is_resolved_by_files_info(slack: SlackServer, client: AsyncWebClient) -> None:
    stub = await dropped(slack, "a.mp3", "connect_stub")
    assert (stub["file_access"], "url_private" in stub) == ("check_file_info", False)
    file = (await client.files_info(file=stub["id"]))["file"]
    assert file["name"] == "a.mp3"
    assert CLIPS in file["shares"]["public"]


async def test_files_info_errors(slack: SlackServer, client: AsyncWebClient) -> None:
    stub = await dropped(slack, "a.mp3", "connect_stub", info_error="access_denied")
    hidden = await slack.drop(HIDDEN, Upload("b.mp3", b"x"))
    gone = await slack.drop(CLIPS, Upload("c.mp3", b"x"))
    await slack.delete_file(gone.files[0].id)
    errors = []
    for file_id in (stub["id"], hidden.files[0].id, gone.files[0].id, "F0NONE"):
        with pytest.raises(SlackApiError) as caught:
            await client.files_info(file=file_id)
        errors.append(caught.value.response["error"])
    assert errors == ["access_denied", "file_not_found", "file_deleted", "file_not_found"]


async def test_files_info_lists_shares(slack: SlackServer, client: AsyncWebClient) -> None:
    first = await slack.drop(CLIPS, Upload("a.mp3", b"x"))
    second = await slack.share(first.files[0].id, PRIVATE)
    file = (await client.files_info(file=first.files[0].id))["file"]
    assert (file["channels"], file["groups"]) == ([CLIPS], [PRIVATE])
    assert file["shares"]["private"][PRIVATE][0]["ts"] == second.ts


async def test_download_without_token_is_a_login_page(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    file = await dropped(slack, "a.mp3", "plain")
    async with http.get(file["url_private"]) as response:
        assert (response.status, response.content_type) == (200, "text/html")
    slack.switches.login = "redirect"
    async with http.get(file["url_private"], allow_redirects=False) as response:
        assert response.status == 302
        assert "?redir=%2Ffiles-pri%2F" in response.headers["Location"]


async def test_download_without_access_is_a_login_page(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    hidden = await slack.drop(HIDDEN, Upload("b.mp3", b"x"))
    file = await dropped(slack, "a.mp3", "plain")
    slack.switches.scopes.remove("files:read")
    for url in (file["url_private"], hidden.files[0].record["url_private"]):
        assert (await fetch(slack, http, url)).content_type == "text/html"


@pytest.mark.parametrize("kind", ["login", "redirect", "foreign", "not_ready"])
async def test_download_fault_for_some_attempts(slack: SlackServer, http: aiohttp.ClientSession, kind: Any) -> None:
    slack.switches.download = Download(kind, times=2)
    file = await dropped(slack, "a.mp3", "plain")
    tries = [await fetch(slack, http, file["url_private"]) for _ in range(3)]
    expected = {"login": 200, "redirect": 302, "foreign": 302, "not_ready": 404}[kind]
    assert [answer.status for answer in tries] == [expected, expected, 200]
    assert await tries[2].read() == WEBM


async def test_truncated_download(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    file = await dropped(slack, "a.mp3", "plain", download=Download("truncated"))
    with pytest.raises(aiohttp.ClientPayloadError):
        await fetch(slack, http, file["url_private"])


async def test_foreign_redirect_records_the_token(slack: SlackServer, http: aiohttp.ClientSession, wire: Wire) -> None:
    file = await dropped(slack, "a.mp3", "plain", download=Download("foreign"))
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with http.get(file["url_private"], headers=headers) as response:
        await response.read()
    assert wire.named("foreign download")[0].facts == {"token_seen": False}


async def test_slow_download(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    file = await dropped(slack, "a.mp3", "plain", download=Download("slow", bytes_per_s=50))
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with http.get(file["url_private"], headers=headers) as response:
        pieces = [piece async for piece in response.content.iter_any()]
    assert b"".join(pieces) == WEBM
    assert len(pieces) > 1


async def test_endless_download(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    file = await dropped(slack, "a.mp3", "plain", download=Download("endless"))
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with asyncio.timeout(10), http.get(file["url_private"], headers=headers) as response:
        assert response.content_length is None
        for _ in range(5_000_000 // len(WEBM) // 1000):
            assert await response.content.readexactly(10_000)


async def test_deleted_file_answers_404(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    message = await slack.drop(CLIPS, Upload("a.mp3", b"x"))
    await slack.delete_file(message.files[0].id)
    assert (await fetch(slack, http, message.files[0].record["url_private"])).status == 404


async def test_file_is_deleted_with_its_last_share(slack: SlackServer, client: AsyncWebClient) -> None:
    first = await slack.drop(CLIPS, Upload("a.mp3", b"x"))
    second = await slack.share(first.files[0].id, PRIVATE)
    await slack.delete(CLIPS, first.ts)
    assert (await client.files_info(file=first.files[0].id))["file"]["channels"] == []
    await slack.delete(PRIVATE, second.ts)
    with pytest.raises(SlackApiError) as caught:
        await client.files_info(file=first.files[0].id)
    assert caught.value.response["error"] == "file_deleted"


async def test_file_follows_a_moved_channel(slack: SlackServer, client: AsyncWebClient) -> None:
    message = await slack.drop(CLIPS, Upload("a.mp3", b"x"))
    new_id = await slack.move_channel(CLIPS)
    assert (await client.files_info(file=message.files[0].id))["file"]["channels"] == [new_id]


async def test_large_file_is_complete(slack: SlackServer, http: aiohttp.ClientSession, listener: Listener) -> None:
    content = bytes(range(256)) * 8192
    message = await slack.drop(CLIPS, Upload("a.wav", content))
    response = await fetch(slack, http, message.files[0].record["url_private"])
    assert await response.read() == content
    assert response.content_length == len(content)
