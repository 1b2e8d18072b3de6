"""Uploads in their three steps, and files attached to a message that exists already."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import CLIPS, ELSEWHERE, PRIVATE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.wire import Wire
from tests.sandbox.slack.listener import Listener

SOUND = b"sound" * 100


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def uploaded(client: AsyncWebClient, http: aiohttp.ClientSession, name: str = "memo.m4a") -> str:
    """The id of a file whose bytes are there, but which is not complete."""
    place = await client.files_getUploadURLExternal(filename=name, length=len(SOUND))
    async with http.post(place["upload_url"], data=SOUND) as answer:
        assert answer.status == 200
    return str(place["file_id"])


async def private_file(client: AsyncWebClient, http: aiohttp.ClientSession, name: str = "memo.m4a") -> str:
    file_id = await uploaded(client, http, name)
    await client.files_completeUploadExternal(files=[{"id": file_id}])
    return file_id


async def test_private_upload_is_shared_nowhere(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession, listener: Listener
) -> None:
    file_id = await uploaded(client, http)
    answer = await client.files_completeUploadExternal(files=[{"id": file_id, "title": "A voice memo"}])
    await slack.settled()

    assert answer["files"] == [{"id": file_id, "title": "A voice memo"}]
    assert (slack.workspace.files[file_id].upload.content, slack.workspace.files[file_id].shares) == (SOUND, [])
    file = (await client.files_info(file=file_id))["file"]
    assert (file["mimetype"], file["media_display_type"], file["size"]) == ("audio/mp4", "audio", len(SOUND))
    assert listener.received == []


async def test_official_client_uploads_in_one_call(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.say(CLIPS, "any news?")
    files = [{"content": SOUND, "filename": f"{n}.m4a", "title": f"Memo {n}"} for n in range(2)]
    await client.files_upload_v2(file_uploads=files, channel=CLIPS, thread_ts=root.ts, initial_comment="two of them")

    [_, reply] = slack.thread(CLIPS, root.ts)
    assert reply.text == "two of them"
    assert [(file.upload.name, file.upload.content) for file in reply.files] == [("0.m4a", SOUND), ("1.m4a", SOUND)]


async def test_own_file_can_be_downloaded(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    url = (await client.files_info(file=await private_file(client, http)))["file"]["url_private"]
    async with http.get(url, headers={"Authorization": f"Bearer {slack.bot_token}"}) as answer:
        assert await answer.read() == SOUND


async def test_upload_is_shared_in_a_thread_under_a_name(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession, listener: Listener
) -> None:
    root = await slack.say(PRIVATE, "listen")
    file_id = await uploaded(client, http)

    answer = await client.files_completeUploadExternal(
        files=[{"id": file_id}], channel_id=PRIVATE, thread_ts=root.ts, initial_comment="hello", username="Ann"
    )

    assert {"ok", "files"} >= answer.data.keys() - {"response_metadata"}  # type: ignore[union-attr] # it is JSON
    [_, reply] = slack.thread(PRIVATE, root.ts)
    assert (reply.text, reply.username, reply.files[0].id) == ("hello", "Ann", file_id)
    shares = (await client.files_info(file=file_id))["file"]["shares"]
    assert shares["private"][PRIVATE][0]["thread_ts"] == root.ts
    await slack.settled()
    assert [event.get("files") is not None for event in listener.events()] == [False, True]


async def test_share_may_appear_late(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession, wire: Wire
) -> None:
    slack.switches.share_after_s = 0.2
    file_id = await uploaded(client, http)
    await client.files_completeUploadExternal(files=[{"id": file_id}], channel_id=CLIPS)

    assert (await client.files_info(file=file_id))["file"]["shares"] == {}
    await slack.settled()
    assert CLIPS in (await client.files_info(file=file_id))["file"]["shares"]["public"]


async def test_upload_needs_its_bytes(slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession) -> None:
    place = await client.files_getUploadURLExternal(filename="memo.m4a", length=len(SOUND))
    complete = client.files_completeUploadExternal(files=[{"id": place["file_id"]}])
    assert await refused(complete) == "file_update_failed"
    async with http.post(place["upload_url"], data=SOUND + b"!") as answer:
        assert answer.status == 400
    async with http.post(f"{slack.origin}/upload/v1/unknown", data=SOUND) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"files": [{"id": "F0NONE"}]}, "file_not_found"),
        ({"files": []}, "invalid_arguments"),
        ({"channel_id": ELSEWHERE}, "not_in_channel"),
        ({"channel_id": "C0NOWHERE"}, "channel_not_found"),
    ],
)
async def test_completion_is_checked(
    client: AsyncWebClient, http: aiohttp.ClientSession, wish: dict[str, Any], error: str
) -> None:
    wish = {"files": [{"id": await uploaded(client, http)}]} | wish
    assert await refused(client.files_completeUploadExternal(**wish)) == error


async def test_upload_needs_a_name_and_a_length(client: AsyncWebClient) -> None:
    assert await refused(client.files_getUploadURLExternal(filename="", length=5)) == "invalid_arguments"
    assert await refused(client.files_getUploadURLExternal(filename="a", length=0)) == "invalid_arguments"
    assert await refused(client.files_getUploadURLExternal(filename="a", length=1024**3 + 1)) == "invalid_arguments"


async def test_uploads_need_their_scope(slack: SlackServer, client: AsyncWebClient) -> None:
    slack.switches.scopes.remove("files:write")
    assert await refused(client.files_getUploadURLExternal(filename="a", length=5)) == "missing_scope"


async def test_lost_answers_of_an_upload_leave_their_effect(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    slack.switches.fault("files.upload", drop=True, done=True, times=2)  # aiohttp repeats it once by itself
    place = await client.files_getUploadURLExternal(filename="memo.m4a", length=len(SOUND))
    with pytest.raises(aiohttp.ClientError):
        await http.post(place["upload_url"], data=SOUND)
    slack.switches.fault("files.completeUploadExternal", drop=True, done=True, times=1)
    with pytest.raises(aiohttp.ClientError):
        await client.files_completeUploadExternal(files=[{"id": place["file_id"]}])

    assert slack.workspace.files[place["file_id"]].completed_at is not None


async def test_refused_bytes_are_not_kept(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    slack.switches.fault("files.upload", status=500, times=1)
    place = await client.files_getUploadURLExternal(filename="memo.m4a", length=len(SOUND))
    async with http.post(place["upload_url"], data=SOUND) as answer:
        assert answer.status == 500
    assert slack.workspace.files[place["file_id"]].upload.content == b""


async def test_bytes_may_come_as_a_form(client: AsyncWebClient, http: aiohttp.ClientSession) -> None:
    place = await client.files_getUploadURLExternal(filename="memo.m4a", length=len(SOUND))
    form = aiohttp.FormData()
    form.add_field("file", SOUND, filename="memo.m4a")
    async with http.post(place["upload_url"], data=form) as answer:
        assert answer.status == 200


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
async def test_update_attaches_and_replaces_files(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession, listener: Listener
) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="(voice memo follows)", username="Ann")
    first, second = await private_file(client, http), await private_file(client, http, "two.m4a")
    await client.chat_update(channel=CLIPS, ts=posted["ts"], file_ids=[first])
    message = slack.message(CLIPS, posted["ts"])
    assert (message.text, message.username, [f.id for f in message.files]) == ("(voice memo follows)", "Ann", [first])

    await client.chat_update(channel=CLIPS, ts=posted["ts"], text="here", file_ids=[second])
    await client.chat_update(channel=CLIPS, ts=posted["ts"], text="there")

    assert (message.text, [f.id for f in message.files]) == ("there", [second])
    assert slack.workspace.files[first].is_deleted
    listed = (await client.conversations_history(channel=CLIPS))["messages"][0]
    assert [file["id"] for file in listed["files"]] == [second]
    await slack.settled()
    assert [event["subtype"] for event in listener.events()] == ["bot_message"] + ["message_changed"] * 3


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
async def test_only_own_complete_files_can_be_attached(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="follows")
    theirs = (await slack.drop(CLIPS, Upload("a.m4a", b"x"))).files[0].id
    unfinished = await uploaded(client, http)
    for file_id, error in ((theirs, "file_not_found"), ("F0NONE", "file_not_found"), (unfinished, "missing_file_data")):
        update = client.chat_update(channel=CLIPS, ts=posted["ts"], text="x", file_ids=[file_id])
        assert await refused(update) == error
    slack.switches.files_ready_after_s = 60
    update = client.chat_update(channel=CLIPS, ts=posted["ts"], file_ids=[await private_file(client, http)])
    assert await refused(update) == "missing_file_data"
    assert slack.message(CLIPS, posted["ts"]).files == []


async def test_file_ids_on_update_switch(
    slack: SlackServer, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    posted, file_id = await client.chat_postMessage(channel=CLIPS, text="x"), await private_file(client, http)
    slack.switches.file_ids_on_update = "refused"
    update: dict[str, Any] = {"channel": CLIPS, "ts": posted["ts"], "text": "x", "file_ids": [file_id]}
    assert await refused(client.chat_update(**update)) == "invalid_arguments"
    slack.switches.file_ids_on_update = "ignored"
    await client.chat_update(**update)
    assert slack.message(CLIPS, posted["ts"]).files == []
