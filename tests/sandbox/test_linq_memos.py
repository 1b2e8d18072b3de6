"""A memo's way through the local Linq, as Linq's own library sees it."""

import hashlib

import pytest
from linq import APIStatusError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from tests.sandbox.linq_callers import CAF, M4A, Caller, code_of

pytest_plugins = ["tests.sandbox.linq_fixtures"]

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_an_accepted_memo_is_kept_with_its_bytes_and_hash(linq_side: LinqServer, linq_caller: Caller) -> None:
    accepted = await linq_caller.send(Chats.ANN)

    memo = linq_side.memo(accepted.id)
    assert linq_side.memos(Chats.ANN) == [memo]
    assert (memo.body, memo.sha256, memo.size_bytes) == (M4A, hashlib.sha256(M4A).hexdigest(), len(M4A))
    assert (memo.filename, memo.content_type, memo.service) == ("memo.m4a", "audio/x-m4a", "iMessage")


async def test_the_answer_names_the_message_the_attachment_and_the_people(linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload()

    answer = await linq_caller.api.chats.send_voicememo(Chats.FAMILY, attachment_id=attachment_id)

    accepted = answer.voice_memo
    assert accepted.voice_memo.id == attachment_id != accepted.id
    assert (accepted.status, accepted.from_) == ("queued", "+12025550100")
    assert accepted.to == ["+12025550123", "+12025550130", "cleo@example.com"]
    assert accepted.chat.is_group


async def test_the_trace_id_of_the_answer_stays_with_the_memo(linq_side: LinqServer, linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload()

    raw = await linq_caller.api.chats.with_raw_response.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    assert raw.headers["x-trace-id"] == linq_side.memos(Chats.ANN)[0].trace_id


async def test_caf_is_delivered_as_mp4(linq_side: LinqServer, linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload(CAF, "memo.caf", "audio/x-caf")

    answer = await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    assert answer.voice_memo.voice_memo.mime_type == "audio/mp4"


async def test_without_keep_bytes_only_hash_and_size_remain(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.keep_bytes = False

    accepted = await linq_caller.send()

    memo = linq_side.memo(accepted.id)
    assert (memo.body, memo.sha256) == (None, hashlib.sha256(M4A).hexdigest())


async def test_neither_source_is_refused(linq_caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN)
    assert code_of(refused) == (400, 1001)


async def test_both_sources_are_refused(linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload()

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(
            Chats.ANN, attachment_id=attachment_id, voice_memo_url="https://example.com/a.m4a"
        )
    assert code_of(refused) == (400, 1003)


async def test_unknown_fields_are_refused(linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload()

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(
            Chats.ANN, attachment_id=attachment_id, extra_body={"from": "+12025550100"}
        )
    assert code_of(refused) == (400, 1003)


async def test_unknown_fields_pass_when_the_switch_is_off(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.refuse_unknown_fields = False
    attachment_id = await linq_caller.upload()

    answer = await linq_caller.api.chats.send_voicememo(
        Chats.ANN, attachment_id=attachment_id, extra_body={"from": "+12025550100"}
    )

    assert answer.voice_memo.status == "queued"


async def test_a_send_before_the_upload_is_not_ready(linq_caller: Caller) -> None:
    asked = await linq_caller.ask()

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=asked.attachment_id)
    assert code_of(refused) == (404, 2007)


async def test_a_send_right_after_the_upload_is_not_ready_while_the_delay_lasts(
    linq_side: LinqServer, linq_caller: Caller
) -> None:
    linq_side.switches.ready_after_s = 60
    attachment_id = await linq_caller.upload()

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (404, 2007)


async def test_an_attachment_never_asked_for_is_not_found(linq_caller: Caller) -> None:
    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=UNKNOWN)
    assert code_of(refused) == (404, 2003)


async def test_a_deleted_attachment_is_not_found(linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload()
    await linq_caller.api.attachments.delete(attachment_id)

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (404, 2003)


async def test_bytes_that_are_no_audio_are_refused(linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload(b"OggS" + bytes(100))

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (400, 5004)


async def test_bytes_of_another_format_than_declared_are_refused(linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload(CAF, "memo.m4a", "audio/x-m4a")

    with pytest.raises(APIStatusError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert code_of(refused) == (400, 5006)


async def test_a_refused_send_creates_nothing(linq_side: LinqServer, linq_caller: Caller) -> None:
    with pytest.raises(APIStatusError):
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=UNKNOWN)

    assert linq_side.memos(Chats.ANN) == []
