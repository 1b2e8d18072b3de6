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
from tests.sandbox.linq_callers import M4A, Caller, code_of

pytest_plugins = ["tests.sandbox.linq_fixtures"]


async def put(caller: Caller, where: AttachmentCreateResponse, body: bytes = M4A, **changed: str) -> tuple[int, str]:
    """(status, body) of an upload with some headers changed."""
    headers = {**where.required_headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    del headers["Content-Length"]
    async with caller.http.put(where.upload_url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_the_upload_link_lives_on_another_origin(linq_side: LinqServer, linq_caller: Caller) -> None:
    asked = await linq_caller.ask()

    assert not asked.upload_url.startswith(linq_side.base_url.removesuffix("/api/partner"))
    assert asked.required_headers == {"Content-Type": "audio/x-m4a", "Content-Length": str(len(M4A))}


async def test_an_upload_completes_the_attachment(linq_caller: Caller) -> None:
    asked = await linq_caller.ask()
    before = await linq_caller.api.attachments.retrieve(asked.attachment_id)

    assert await linq_caller.put(asked) == 200

    after = await linq_caller.api.attachments.retrieve(asked.attachment_id)
    assert (before.status, after.status) == ("pending", "complete")
    assert (after.filename, after.content_type, after.size_bytes) == ("memo.m4a", "audio/x-m4a", len(M4A))


async def test_another_content_type_breaks_the_signature(linq_caller: Caller) -> None:
    status, text = await put(linq_caller, await linq_caller.ask(), Content_Type="audio/mpeg")

    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text


async def test_another_length_breaks_the_signature(linq_caller: Caller) -> None:
    status, text = await put(linq_caller, await linq_caller.ask(), M4A + b"!")

    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text


async def test_an_authorization_header_is_one_too_many(linq_caller: Caller) -> None:
    status, text = await put(linq_caller, await linq_caller.ask(), Authorization="Bearer anything")

    assert status == 400
    assert "<Code>InvalidArgument</Code>" in text


async def test_an_unsigned_amazon_header_is_refused(linq_caller: Caller) -> None:
    status, text = await put(linq_caller, await linq_caller.ask(), x_amz_acl="public-read")

    assert status == 403
    assert "<Code>AccessDenied</Code>" in text


async def test_a_changed_signature_is_refused(linq_caller: Caller) -> None:
    asked = await linq_caller.ask()
    asked.upload_url += "0"

    assert (await put(linq_caller, asked))[0] == 403


async def test_a_chunked_upload_is_not_implemented(linq_caller: Caller) -> None:
    asked = await linq_caller.ask()

    headers = {"Content-Type": "audio/x-m4a"}
    async with linq_caller.http.put(asked.upload_url, data=M4A, headers=headers, chunked=True) as answer:
        assert answer.status == 501


async def test_an_upload_cut_short_leaves_the_attachment_pending(linq_caller: Caller, linq_wire: Wire) -> None:
    asked = await linq_caller.ask()
    url = URL(asked.upload_url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = f"PUT {url.raw_path_qs} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: audio/x-m4a\r\n"
    writer.write(f"{head}Content-Length: {len(M4A)}\r\n\r\n".encode() + M4A[:50])
    await writer.drain()
    writer.close()

    await linq_wire.until(lambda: bool(linq_wire.named("upload")))

    assert linq_wire.named("upload")[0].facts["code"] == "IncompleteBody"
    assert (await linq_caller.api.attachments.retrieve(asked.attachment_id)).status == "pending"


async def test_an_upload_link_expires(linq_side: LinqServer, linq_caller: Caller, linq_pace: TimeScale) -> None:
    linq_pace.scale = 0.0
    asked = await linq_caller.ask()

    status, text = await put(linq_caller, asked)

    assert status == 403
    assert "Request has expired" in text
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=asked.attachment_id)
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
async def test_a_file_outside_the_limits_gets_no_link(
    linq_caller: Caller, filename: str, content_type: str, size: int, code: int
) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.ask(filename, content_type, size)
    assert code_of(refused) == (400, code)


async def test_what_was_uploaded_can_be_downloaded(linq_caller: Caller) -> None:
    asked = await linq_caller.ask("two words.m4a")
    await linq_caller.put(asked)

    async with linq_caller.http.get(asked.download_url) as answer:
        assert (answer.content_type, await answer.read()) == ("audio/x-m4a", M4A)


async def test_deleting_an_attachment_breaks_its_address(linq_caller: Caller) -> None:
    asked = await linq_caller.ask()
    await linq_caller.put(asked)

    await linq_caller.api.attachments.delete(asked.attachment_id)

    async with linq_caller.http.get(asked.download_url) as answer:
        assert answer.status == 404
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.attachments.retrieve(asked.attachment_id)
    assert code_of(refused) == (404, 2003)


async def test_deleting_an_attachment_leaves_its_message_without_the_reference(linq_caller: Caller) -> None:
    accepted = await linq_caller.send(Chats.ANN)
    await linq_caller.api.attachments.delete(accepted.voice_memo.id)

    message = await linq_caller.api.messages.retrieve(accepted.id)

    assert message.parts
    assert (message.parts[0].type, getattr(message.parts[0], "id", None)) == ("media", "")


async def test_an_attachment_id_must_be_a_uuid(linq_caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.attachments.delete("memo")
    assert code_of(refused) == (400, 1005)


# aiohttp repeats a PUT once by itself when the server hangs up, so two faults are needed.
async def test_a_lost_upload_answer_leaves_the_file_stored(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.next("upload", "lose_answer", "lose_answer")
    asked = await linq_caller.ask()

    with pytest.raises(aiohttp.ClientConnectionError):
        await linq_caller.put(asked)

    assert (await linq_caller.api.attachments.retrieve(asked.attachment_id)).status == "complete"


async def test_a_failing_store_keeps_nothing(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.next("upload", "refuse_500", "drop", "drop")
    asked = await linq_caller.ask()

    assert (await put(linq_caller, asked))[0] == 500
    with pytest.raises(aiohttp.ClientConnectionError):
        await linq_caller.put(asked)

    assert (await linq_caller.api.attachments.retrieve(asked.attachment_id)).status == "pending"
