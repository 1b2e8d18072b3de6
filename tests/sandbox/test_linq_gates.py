"""Whom Linq lets you send to, and how often."""

from typing import Literal

import pytest
from linq import APIStatusError, RateLimitError

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.time_scale import TimeScale
from tests.sandbox.linq_callers import Caller

pytest_plugins = ["tests.sandbox.linq_fixtures"]


async def refusal(caller: Caller, chat_id: str, *, override_optout: bool = False) -> tuple[int, int | None]:
    """(HTTP status, Linq code) of a send to this chat."""
    attachment_id = await caller.upload()
    with pytest.raises(APIStatusError) as refused:
        await caller.api.chats.send_voicememo(chat_id, attachment_id=attachment_id, override_optout=override_optout)
    return refused.value.status_code, refused.value.code


async def test_an_unknown_chat_is_not_found(linq_caller: Caller) -> None:
    assert await refusal(linq_caller, "00000000-0000-4000-8000-000000000000") == (404, 2001)


async def test_a_chat_id_must_be_a_uuid(linq_caller: Caller) -> None:
    assert await refusal(linq_caller, "general") == (400, 1005)


async def test_a_chat_you_left_is_unavailable(linq_caller: Caller) -> None:
    assert await refusal(linq_caller, Chats.CLUB_WE_LEFT) == (409, 2013)


async def test_a_chat_still_being_created_asks_for_patience(linq_caller: Caller) -> None:
    assert await refusal(linq_caller, Chats.STILL_CREATING) == (409, 2009)


async def test_somebody_who_opted_out_gets_nothing(linq_caller: Caller) -> None:
    assert await refusal(linq_caller, Chats.OLGA_OPTED_OUT) == (403, 2024)


async def test_an_override_passes_one_send_only(linq_side: LinqServer, linq_caller: Caller) -> None:
    attachment_id = await linq_caller.upload()
    await linq_caller.api.chats.send_voicememo(Chats.OLGA_OPTED_OUT, attachment_id=attachment_id, override_optout=True)

    assert linq_side.memos(Chats.OLGA_OPTED_OUT)[0].override_optout
    assert await refusal(linq_caller, Chats.OLGA_OPTED_OUT) == (403, 2024)


async def test_an_opt_out_holds_on_every_chat_with_that_person(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.add_chat("+12025550151", chat_id="11111111-2222-4333-8444-555555555555")

    assert await refusal(linq_caller, "11111111-2222-4333-8444-555555555555") == (403, 2024)


async def test_an_opt_out_never_stops_a_group(linq_side: LinqServer, linq_caller: Caller) -> None:
    group = linq_side.add_chat("+12025550151", "+12025550123")

    assert (await linq_caller.send(group.id)).status == "queued"


async def test_a_blocked_handle_is_refused(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.account.blocked.add("+12025550123")

    assert await refusal(linq_caller, Chats.ANN) == (403, 2026)


async def test_an_ineligible_line_sends_nothing(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.line_ineligible = True

    assert await refusal(linq_caller, Chats.ANN) == (403, 2027)


async def test_in_a_trial_account_the_recipient_must_text_first(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.recipient_must_text_first = True
    assert await refusal(linq_caller, Chats.ANN) == (403, 2008)

    linq_side.phone.send(Chats.ANN, "hello")

    assert (await linq_caller.send(Chats.ANN)).status == "queued"


async def test_sms_takes_a_memo_as_plain_attachment(linq_caller: Caller) -> None:
    assert (await linq_caller.send(Chats.SAM_BY_SMS)).service == "SMS"


@pytest.mark.parametrize(("answer", "status"), [("2017", 409), ("4005", 422)])
async def test_sms_can_be_told_to_refuse_memos(
    linq_side: LinqServer, linq_caller: Caller, answer: Literal["2017", "4005"], status: int
) -> None:
    linq_side.switches.sms_answer = answer

    assert await refusal(linq_caller, Chats.SAM_BY_SMS) == (status, int(answer))


async def test_beyond_the_pair_limit_the_answer_says_how_long_to_wait(
    linq_side: LinqServer, linq_caller: Caller
) -> None:
    linq_side.switches.pair_limit = 1
    await linq_caller.send(Chats.ANN)
    attachment_id = await linq_caller.upload()

    with pytest.raises(RateLimitError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)

    assert refused.value.code == 1007
    assert (refused.value.retry_after or 0) in range(1, 61)
    assert refused.value.response.headers["retry-after"] == str(refused.value.retry_after)


async def test_the_pair_limit_counts_each_pair_alone(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.pair_limit = 1
    await linq_caller.send(Chats.ANN)

    assert (await linq_caller.send(Chats.BEN)).status == "queued"
    assert await refusal(linq_caller, Chats.FAMILY) == (429, 1007)


async def test_the_pair_limit_is_over_after_its_window(
    linq_side: LinqServer, linq_caller: Caller, linq_pace: TimeScale
) -> None:
    linq_side.switches.pair_limit = 1
    await linq_caller.send(Chats.ANN)
    attachment_id = await linq_caller.upload()

    linq_pace.scale = 0.0

    again = await linq_caller.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment_id)
    assert again.voice_memo.status == "queued"


async def test_beyond_the_daily_cap_the_wait_lasts_until_midnight(linq_side: LinqServer, linq_caller: Caller) -> None:
    linq_side.switches.daily_cap = 1
    await linq_caller.send(Chats.ANN)
    attachment_id = await linq_caller.upload()

    with pytest.raises(RateLimitError) as refused:
        await linq_caller.api.chats.send_voicememo(Chats.BEN, attachment_id=attachment_id)

    assert refused.value.code == 1007
    assert (refused.value.retry_after or 0) in range(1, 24 * 3600 + 1)
