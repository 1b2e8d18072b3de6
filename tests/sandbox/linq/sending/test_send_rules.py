"""Whom Linq lets you send to, and how often."""

from typing import Literal

import pytest
from linq import APIStatusError, RateLimitError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.time_scale import TimeScale
from tests.sandbox.linq.clients import Caller


async def refusal(caller: Caller, chat_id: str, *, override_optout: bool = False) -> tuple[int, int | None]:
    """(HTTP status, Linq code) of a send to this chat."""
    attachment_id = await caller.upload()
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(chat_id, attachment_id=attachment_id, override_optout=override_optout)
    return refused.value.status_code, refused.value.code


async def test_unknown_chat_is_not_found(caller: Caller) -> None:
    assert await refusal(caller, "00000000-0000-4000-8000-000000000000") == (404, 2001)


async def test_chat_id_must_be_a_uuid(caller: Caller) -> None:
    assert await refusal(caller, "general") == (400, 1005)


async def test_left_chat_is_unavailable(caller: Caller) -> None:
    assert await refusal(caller, Chats.CLUB_WE_LEFT) == (409, 2013)


async def test_chat_being_created_answers_2009(caller: Caller) -> None:
    assert await refusal(caller, Chats.STILL_CREATING) == (409, 2009)


async def test_opted_out_recipient_is_refused(caller: Caller) -> None:
    assert await refusal(caller, Chats.OLGA_OPTED_OUT) == (403, 2024)


async def test_optout_override_holds_for_one_send(linq: LinqServer, caller: Caller) -> None:
    attachment_id = await caller.upload()
    await caller.api.chats.send_voicememo(Chats.OLGA_OPTED_OUT, attachment_id=attachment_id, override_optout=True)

    assert linq.memos(Chats.OLGA_OPTED_OUT)[0].override_optout
    assert await refusal(caller, Chats.OLGA_OPTED_OUT) == (403, 2024)


async def test_optout_holds_in_every_chat_of_the_person(linq: LinqServer, caller: Caller) -> None:
    linq.add_chat("+12025550151", chat_id="11111111-2222-4333-8444-555555555555")

    assert await refusal(caller, "11111111-2222-4333-8444-555555555555") == (403, 2024)


async def test_optout_never_blocks_a_group(linq: LinqServer, caller: Caller) -> None:
    group = linq.add_chat("+12025550151", "+12025550123")

    assert (await caller.send(group.id)).status == "queued"


async def test_blocked_handle_is_refused(linq: LinqServer, caller: Caller) -> None:
    await caller.api.blocked_handles.block(handle="+12025550123", reason="spam")

    assert await refusal(caller, Chats.ANN) == (403, 2026)


async def test_ineligible_line_is_refused(linq: LinqServer, caller: Caller) -> None:
    linq.switches.line_ineligible = True

    assert await refusal(caller, Chats.ANN) == (403, 2027)


async def test_trial_account_recipient_must_text_first(linq: LinqServer, caller: Caller) -> None:
    linq.switches.recipient_must_text_first = True
    assert await refusal(caller, Chats.ANN) == (403, 2008)

    linq.phone.send(Chats.ANN, "hello")

    assert (await caller.send(Chats.ANN)).status == "queued"


async def test_sms_accepts_memo_as_attachment(caller: Caller) -> None:
    assert (await caller.send(Chats.SAM_BY_SMS)).service == "SMS"


@pytest.mark.parametrize(("answer", "status"), [("2017", 409), ("4005", 422)])
async def test_sms_memo_refusal_switch(
    linq: LinqServer, caller: Caller, answer: Literal["2017", "4005"], status: int
) -> None:
    linq.switches.sms_answer = answer

    assert await refusal(caller, Chats.SAM_BY_SMS) == (status, int(answer))


async def test_pair_limit_answers_retry_after(linq: LinqServer, caller: Caller) -> None:
    linq.switches.pair_limit = 1
    await caller.send(Chats.ANN)
    attachment_id = await caller.upload()

    with pytest.raises(RateLimitError) as refused:
        await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    assert refused.value.code == 1007
    assert (refused.value.retry_after or 0) in range(1, 61)
    assert refused.value.response.headers["retry-after"] == str(refused.value.retry_after)


async def test_pair_limit_counts_each_pair(linq: LinqServer, caller: Caller) -> None:
    linq.switches.pair_limit = 1
    await caller.send(Chats.ANN)

    assert (await caller.send(Chats.BEN)).status == "queued"
    assert await refusal(caller, Chats.FAMILY) == (429, 1007)


async def test_pair_limit_ends_with_its_window(linq: LinqServer, caller: Caller, time_scale: TimeScale) -> None:
    linq.switches.pair_limit = 1
    await caller.send(Chats.ANN)
    attachment_id = await caller.upload()

    time_scale.scale = 0.0

    again = await caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert again.voice_memo.status == "queued"


async def test_daily_cap_lasts_until_midnight(linq: LinqServer, caller: Caller) -> None:
    linq.switches.daily_cap = 1
    await caller.send(Chats.ANN)
    attachment_id = await caller.upload()

    with pytest.raises(RateLimitError) as refused:
        await caller.api.chats.send_voicememo(Chats.BEN, attachment_id=attachment_id)

    assert refused.value.code == 1007
    assert (refused.value.retry_after or 0) in range(1, 24 * 3600 + 1)
