"""Presigned uploads: exactly what was signed, within its time, and nothing else."""

import asyncio

import aiohttp
import pytest
from linq import APIStatusError
from linq.types import AttachmentCreateResponse
from yarl import URL

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import M4A, Caller, code_of


async def put(caller: Caller, where: AttachmentCreateResponse, body: bytes = M4A, **changed: str) -> tuple[int, str]:
    """(status, body) of an upload with some headers changed."""
    headers = {**where.required_headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    del headers["Content-Length"]
    async with caller.http.put(where.upload_url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_upload_url_has_its_own_origin(linq: LinqServer, caller: Caller) -> None:
    asked = await caller.ask()

    assert not asked.upload_url.startswith(linq.base_url.removesuffix("/api/partner"))
    assert asked.required_headers == {"Content-Type": "audio/x-m4a", "Content-Length": str(len(M4A))}


async def test_upload_completes_the_attachment(caller: Caller) -> None:
    asked = await caller.ask()
    before = await caller.api.attachments.retrieve(asked.attachment_id)

    assert await caller.put(asked) == 200

    after = await caller.api.attachments.retrieve(asked.attachment_id)
    assert (before.status, after.status) == ("pending", "complete")
    assert (after.filename, after.content_type, after.size_bytes) == ("memo.m4a", "audio/x-m4a", len(M4A))


async def test_wrong_content_type_breaks_signature(caller: Caller) -> None:
    status, text = await put(caller, await caller.ask(), Content_Type="audio/mpeg")

    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text


async def test_wrong_length_breaks_signature(caller: Caller) -> None:
    status, text = await put(caller, await caller.ask(), M4A + b"!")

    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text


async def test_authorization_header_is_refused(caller: Caller) -> None:
    status, text = await put(caller, await caller.ask(), Authorization="Bearer anything")

    assert status == 400
    assert "<Code>InvalidArgument</Code>" in text


async def test_unsigned_amz_header_is_refused(caller: Caller) -> None:
    status, text = await put(caller, await caller.ask(), x_amz_acl="public-read")

    assert status == 403
    assert "<Code>AccessDenied</Code>" in text


async def test_changed_signature_is_refused(caller: Caller) -> None:
    asked = await caller.ask()
    asked.upload_url += "0"

    assert (await put(caller, asked))[0] == 403


async def test_chunked_upload_is_refused(caller: Caller) -> None:
    asked = await caller.ask()

    headers = {"Content-Type": "audio/x-m4a"}
    async with caller.http.put(asked.upload_url, data=M4A, headers=headers, chunked=True) as answer:
        assert answer.status == 501


async def test_truncated_upload_leaves_attachment_pending(caller: Caller, wire: Wire) -> None:
    asked = await caller.ask()
    url = URL(asked.upload_url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = f"PUT {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: audio/x-m4a\r\n"
    writer.write(f"{head}Content-Length: {len(M4A)}\r\n\r\n".encode() + M4A[:50])
    await writer.drain()
    writer.close()

    await wire.until(lambda: bool(wire.named("upload")))

    assert wire.named("upload")[0].facts["code"] == "IncompleteBody"
    assert (await caller.api.attachments.retrieve(asked.attachment_id)).status == "pending"


async def test_upload_url_expires(linq: LinqServer, caller: Caller, time_scale: TimeScale) -> None:
    time_scale.scale = 0.0
    asked = await caller.ask()

    status, text = await put(caller, asked)

    assert status == 403
    assert "Request has expired" in text
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=asked.attachment_id)
    assert code_of(refused) == (404, 2003)


@pytest.mark.parametrize(
    ("filename", "content_type", "size", "code"),
    [
        ("", "audio/x-m4a", 1, 1001),
        ("x" * 256, "audio/x-m4a", 1, 1005),
        ("a.ogg", "audio/ogg", 1, 5004),
        ("a.wav", "audio/wav", 1, 5004),
        ("a.m4a", "audio/x-m4a", -1, 1005),
        ("a.m4a", "audio/x-m4a", 104_857_601, 5005),
    ],
)
async def test_file_outside_limits_is_refused(
    caller: Caller, filename: str, content_type: str, size: int, code: int
) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.ask(filename, content_type, size)
    assert code_of(refused) == (400, code)


async def test_uploaded_file_can_be_downloaded(caller: Caller) -> None:
    asked = await caller.ask("two words.m4a")
    await caller.put(asked)

    async with caller.http.get(asked.download_url) as answer:
        assert (answer.content_type, await answer.read()) == ("audio/x-m4a", M4A)


async def test_deleted_attachment_has_no_address(caller: Caller) -> None:
    asked = await caller.ask()
    await caller.put(asked)

    await caller.api.attachments.delete(asked.attachment_id)

    async with caller.http.get(asked.download_url) as answer:
        assert answer.status == 404
    with pytest.raises(APIStatusError) as refused:
        await caller.api.attachments.retrieve(asked.attachment_id)
    assert code_of(refused) == (404, 2003)


async def test_deleted_attachment_leaves_part_without_reference(caller: Caller) -> None:
    accepted = await caller.send(Chats.ANN)
    await caller.api.attachments.delete(accepted.voice_memo.id)

    message = await caller.api.messages.retrieve(accepted.id)

    assert message.parts
    assert (message.parts[0].type, getattr(message.parts[0], "id", None)) == ("media", "")


async def test_attachment_id_must_be_a_uuid(caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.attachments.delete("memo")
    assert code_of(refused) == (400, 1005)


# aiohttp repeats a PUT once by itself when the server hangs up, so two faults are needed.
async def test_lost_upload_answer_leaves_file_stored(linq: LinqServer, caller: Caller) -> None:
    linq.switches.next("upload", "lose_answer", "lose_answer")
    asked = await caller.ask()

    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.put(asked)

    assert (await caller.api.attachments.retrieve(asked.attachment_id)).status == "complete"


async def test_failed_upload_stores_nothing(linq: LinqServer, caller: Caller) -> None:
    linq.switches.next("upload", "refuse_500", "drop", "drop")
    asked = await caller.ask()

    assert (await put(caller, asked))[0] == 500
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.put(asked)

    assert (await caller.api.attachments.retrieve(asked.attachment_id)).status == "pending"
