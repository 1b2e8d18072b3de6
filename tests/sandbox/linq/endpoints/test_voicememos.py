"""A memo's way through the local Linq, as Linq's own library sees it."""

import hashlib

import pytest
from linq import APIStatusError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from tests.sandbox.linq.clients import CAF, M4A, Caller, code_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_accepted_memo_keeps_bytes_and_hash(linq: LinqServer, caller: Caller) -> None:
    accepted = await caller.send(Chats.ANN)

    memo = linq.memo(accepted.id)
    assert linq.memos(Chats.ANN) == [memo]
    assert (memo.body, memo.sha256, memo.size_bytes) == (M4A, hashlib.sha256(M4A).hexdigest(), len(M4A))
    assert (memo.filename, memo.content_type, memo.service) == ("memo.m4a", "audio/x-m4a", "iMessage")


async def test_answer_names_message_attachment_and_people(caller: Caller) -> None:
    attachment_id = await caller.upload()

    answer = await caller.api.chats.send_voicememo(Chats.FAMILY, attachment_id=attachment_id)

    accepted = answer.voice_memo
    assert accepted.voice_memo.id == attachment_id != accepted.id
    assert (accepted.status, accepted.from_) == ("queued", "+12025550100")
    assert accepted.to == ["+12025550123", "+12025550130", "cleo@example.com"]
    assert accepted.chat.is_group


async def test_memo_keeps_the_trace_id(linq: LinqServer, caller: Caller) -> None:
    attachment_id = await caller.upload()

    raw = await caller.api.chats.with_raw_response.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    assert raw.headers["x-trace-id"] == linq.memos(Chats.ANN)[0].trace_id


async def test_caf_is_delivered_as_mp4(linq: LinqServer, caller: Caller) -> None:
    attachment_id = await caller.upload(CAF, "memo.caf", "audio/x-caf")

    answer = await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    assert answer.voice_memo.voice_memo.mime_type == "audio/mp4"


async def test_keep_bytes_off_keeps_hash_and_size(linq: LinqServer, caller: Caller) -> None:
    linq.switches.keep_bytes = False

    accepted = await caller.send()

    memo = linq.memo(accepted.id)
    assert (memo.body, memo.sha256) == (None, hashlib.sha256(M4A).hexdigest())


async def test_memo_without_source_is_refused(caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN)
    assert code_of(refused) == (400, 1001)


async def test_memo_with_both_sources_is_refused(caller: Caller) -> None:
    attachment_id = await caller.upload()

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(
            Chats.ANN, attachment_id=attachment_id, voice_memo_url="https://example.com/a.m4a"
        )
    assert code_of(refused) == (400, 1003)


async def test_unknown_field_is_refused(caller: Caller) -> None:
    attachment_id = await caller.upload()

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(
            Chats.ANN, attachment_id=attachment_id, extra_body={"from": "+12025550100"}
        )
    assert code_of(refused) == (400, 1003)


async def test_unknown_field_passes_when_switched_off(linq: LinqServer, caller: Caller) -> None:
    linq.switches.refuse_unknown_fields = False
    attachment_id = await caller.upload()

    answer = await caller.api.chats.send_voicememo(
        Chats.ANN, attachment_id=attachment_id, extra_body={"from": "+12025550100"}
    )

    assert answer.voice_memo.status == "queued"


async def test_send_before_upload_answers_2007(caller: Caller) -> None:
    asked = await caller.ask()

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=asked.attachment_id)
    assert code_of(refused) == (404, 2007)


async def test_send_during_ready_delay_answers_2007(linq: LinqServer, caller: Caller) -> None:
    linq.switches.ready_after_s = 60
    attachment_id = await caller.upload()

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (404, 2007)


async def test_unknown_attachment_is_not_found(caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=UNKNOWN)
    assert code_of(refused) == (404, 2003)


async def test_deleted_attachment_cannot_be_sent(caller: Caller) -> None:
    attachment_id = await caller.upload()
    await caller.api.attachments.delete(attachment_id)

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (404, 2003)


async def test_non_audio_bytes_are_refused(caller: Caller) -> None:
    attachment_id = await caller.upload(b"OggS" + bytes(100))

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (400, 5004)


async def test_bytes_of_another_format_are_refused(caller: Caller) -> None:
    attachment_id = await caller.upload(CAF, "memo.m4a", "audio/x-m4a")

    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (400, 5006)


async def test_refused_send_creates_nothing(linq: LinqServer, caller: Caller) -> None:
    with pytest.raises(APIStatusError):
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=UNKNOWN)

    assert linq.memos(Chats.ANN) == []
