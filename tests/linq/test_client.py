"""The client against the local Linq: what each answer, and each missing answer, allows to be done next."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from bot.linq.client import LinqClient, open_api
from bot.linq.limits import MEMOS_PER_PAIR
from bot.relay.errors import OutcomeUnknown, Refused, RelayError, RetryLater
from bot.relay.model import AttachmentId, ChatId, Memo, MemoId, ReceiptKind
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.switches import Fault
from bot.sandbox.wire import Wire
from tests.linq.conftest import now

SOUND = b"\x00\x00\x00\x1cftypM4A \x00\x00\x00\x00" + b"sound" * 400
ANN = ChatId(Chats.ANN)


async def in_chunks(body: bytes = SOUND) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 512):
        yield body[start : start + 512]


async def uploaded(client: LinqClient, name: str = "memo.m4a") -> AttachmentId:
    upload = await client.create_attachment(name, "audio/x-m4a", len(SOUND))
    await client.upload(upload, in_chunks())
    return upload.attachment


async def sent(client: LinqClient, chat: ChatId = ANN) -> Memo:
    return await client.send(chat, attachment=await uploaded(client))


async def test_a_clip_goes_up_and_out_and_is_what_arrives(client: LinqClient, side: LinqServer) -> None:
    memo = await sent(client)
    there = side.memo(memo.id)
    assert (there.body, there.filename, there.chat_id) == (SOUND, "memo.m4a", ANN)
    assert memo.attachments == (there.attachment_id,)
    assert memo.trace_id == there.trace_id


async def test_a_memo_tells_at_once_whether_it_went_to_a_group(client: LinqClient) -> None:
    memo = await sent(client, ChatId(Chats.FAMILY))
    assert memo.receipt
    assert memo.receipt.is_group


async def test_a_memo_has_exactly_one_source(client: LinqClient) -> None:
    for source in ({}, {"attachment": AttachmentId("a"), "url": "https://example.com/a.m4a"}):
        with pytest.raises(AssertionError):
            await client.send(ANN, **source)  # type: ignore[arg-type]  # the very thing that types cannot forbid


@pytest.mark.parametrize(
    "fault",
    [
        "drop",
        "lose_answer",
        "refuse_500",
        "act_then_500",
        "act_then_empty",
        "act_then_no_id",
        "act_then_text",
        "html_502",
        3005,
        4001,
    ],
)
async def test_a_send_that_may_have_happened_is_unknown_and_was_asked_for_once(
    client: LinqClient, side: LinqServer, wire: Wire, fault: Fault
) -> None:
    attachment = await uploaded(client)
    side.switches.next("voicememo", fault)
    with pytest.raises(OutcomeUnknown):
        await client.send(ANN, attachment=attachment)
    assert len(wire.named("voicememo")) == 1


async def test_an_answer_that_never_comes_is_unknown(side: LinqServer, session: aiohttp.ClientSession) -> None:
    hasty = LinqClient(open_api(side.api_key, side.base_url, session, answer_s=0.5), session, now=now)
    attachment = await uploaded(hasty)
    side.switches.next("voicememo", "act_then_hang")
    with pytest.raises(OutcomeUnknown):
        await hasty.send(ANN, attachment=attachment)
    assert len(side.memos(ANN)) == 1


async def test_a_linq_that_lets_nobody_in_did_nothing(client: LinqClient, side: LinqServer) -> None:
    side.switches.down = "refused"
    with pytest.raises(RetryLater):
        await client.send(ANN, attachment=AttachmentId("a"))


@pytest.mark.parametrize("address", ["http://linq.invalid/api/partner", "http://127.0.0.1:1/api/partner"])
async def test_an_address_nobody_answers_at_is_later(session: aiohttp.ClientSession, address: str) -> None:
    client = LinqClient(open_api("key", address, session), session, now=now)
    with pytest.raises(RetryLater):
        await client.send(ANN, attachment=AttachmentId("a"))


@pytest.mark.parametrize(
    ("chat", "code"),
    [
        (Chats.OLGA_OPTED_OUT, "2024"),
        (Chats.CLUB_WE_LEFT, "2013"),
        ("6f0c2a1e-8a77-4a0b-9d0e-3a5b1d7c9e10", "2001"),
    ],
)
async def test_a_sure_no_is_refused_with_linqs_code_and_its_trace(client: LinqClient, chat: str, code: str) -> None:
    attachment = await uploaded(client)
    with pytest.raises(Refused) as refused:
        await client.send(ChatId(chat), attachment=attachment)
    assert refused.value.code == code
    assert len(refused.value.trace_id) == 32


@pytest.mark.parametrize("code", [2007, 2009, 2027, 2004])
async def test_a_no_that_passes_is_later(client: LinqClient, side: LinqServer, code: int) -> None:
    attachment = await uploaded(client)
    side.switches.next("voicememo", code)
    with pytest.raises(RetryLater) as later:
        await client.send(ANN, attachment=attachment)
    assert later.value.code == str(code)


@pytest.mark.parametrize("code", [3007, 4002])
async def test_a_no_that_does_not_deny_the_memo_is_unknown(client: LinqClient, side: LinqServer, code: int) -> None:
    attachment = await uploaded(client)
    side.switches.next("voicememo", code)
    with pytest.raises(OutcomeUnknown):
        await client.send(ANN, attachment=attachment)


async def test_a_wrong_key_fails_no_memo_but_is_seen_by_the_ping(
    side: LinqServer, session: aiohttp.ClientSession
) -> None:
    stranger = LinqClient(open_api("wrong", side.base_url, session), session, now=now)
    with pytest.raises(RetryLater, match="LINQ_API_V3_API_KEY"):
        await stranger.send(ANN, attachment=AttachmentId("a"))
    with pytest.raises(RetryLater, match="LINQ_API_V3_API_KEY"):
        await stranger.ping()


async def test_the_pair_limit_is_waited_out_as_long_as_linq_says(client: LinqClient) -> None:
    attachment = await uploaded(client)
    for _ in range(MEMOS_PER_PAIR):
        await client.send(ANN, attachment=attachment)
    with pytest.raises(RetryLater) as later:
        await client.send(ANN, attachment=attachment)
    assert later.value.after
    assert timedelta(seconds=30) < later.value.after <= timedelta(seconds=60)


async def test_a_day_that_is_used_up_is_waited_out_until_midnight(client: LinqClient, side: LinqServer) -> None:
    side.switches.daily_cap = 1
    attachment = (await sent(client)).attachments[0]
    with pytest.raises(RetryLater) as later:
        await client.send(ANN, attachment=attachment)
    midnight = now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
    assert later.value.after
    assert abs(now() + later.value.after - midnight) < timedelta(seconds=10)


@pytest.mark.parametrize("fault", ["drop", "refuse_500", "html_502", "act_then_no_id", "act_then_text", 3006])
async def test_what_may_be_repeated_is_later_instead(client: LinqClient, side: LinqServer, fault: Fault) -> None:
    side.switches.next("attachments.create", fault)
    with pytest.raises(RetryLater):
        await client.create_attachment("memo.m4a", "audio/x-m4a", 7)


@pytest.mark.parametrize("size", [0, 100 * 1024 * 1024 + 1])
async def test_a_size_linq_never_takes_is_refused_without_asking(client: LinqClient, wire: Wire, size: int) -> None:
    with pytest.raises(Refused):
        await client.create_attachment("memo.m4a", "audio/x-m4a", size)
    assert not wire.entries


@pytest.mark.parametrize("fault", ["refuse_500", "drop", "lose_answer"])
async def test_an_upload_that_did_not_end_well_is_tried_again_later(
    client: LinqClient, side: LinqServer, fault: Fault
) -> None:
    side.switches.next("upload", fault)
    with pytest.raises(RetryLater):
        await uploaded(client)


@pytest.mark.parametrize(("order", "others"), [("newest", 120), ("oldest", 120), ("shuffled", 60)])
async def test_a_memo_whose_answer_was_lost_is_found_by_its_attachment(
    client: LinqClient, side: LinqServer, order: str, others: int
) -> None:
    side.switches.pair_limit = None
    side.switches.messages_order = order  # type: ignore[assignment]  # one of its three words
    other = await uploaded(client)
    attachment = await uploaded(client)
    since = now()
    side.switches.next("voicememo", "lose_answer")
    with pytest.raises(OutcomeUnknown):
        await client.send(ANN, attachment=attachment)
    for _ in range(others):
        await client.send(ANN, attachment=other)
    memo = await client.find_memo(ANN, since, attachment=attachment, filename="")
    assert memo
    assert memo.attachments == (attachment,)
    assert memo.receipt


@pytest.fixture
async def lender() -> AsyncIterator[str]:
    """An origin that serves the sound under every name."""

    async def lend(_: web.Request) -> web.Response:
        return web.Response(body=SOUND, content_type="audio/x-m4a")

    app = web.Application()
    app.router.add_get("/clips/{token}/{name}", lend)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_memo_sent_by_url_is_found_by_the_name_in_it(client: LinqClient, side: LinqServer, lender: str) -> None:
    since, name = now(), "für dich 7f3a.m4a"
    side.switches.next("voicememo", "act_then_500")
    with pytest.raises(OutcomeUnknown):
        await client.send(ANN, url=f"{lender}/clips/token/{quote(name)}")
    memo = await client.find_memo(ANN, since, attachment=None, filename=name)
    assert memo
    assert memo.id == side.memos(ANN)[0].id


@pytest.mark.parametrize(("order", "others"), [("newest", 120), ("oldest", 120), ("shuffled", 60)])
async def test_an_earlier_memo_from_the_same_address_is_not_taken_for_it(
    client: LinqClient, side: LinqServer, lender: str, order: str, others: int
) -> None:
    side.switches.pair_limit = None
    side.switches.messages_order = order  # type: ignore[assignment]  # one of its three words
    url, other = f"{lender}/clips/token/memo.m4a", await uploaded(client, "other.m4a")
    earlier = await client.send(ANN, url=url)
    for _ in range(others):
        await client.send(ANN, attachment=other)
    since = now()
    side.switches.next("voicememo", "act_then_500")
    with pytest.raises(OutcomeUnknown):
        await client.send(ANN, url=url)
    [mine] = {memo.id for memo in side.memos(ANN) if memo.filename == "memo.m4a"} - {earlier.id}
    memo = await client.find_memo(ANN, since, attachment=None, filename="memo.m4a")
    assert memo
    assert memo.id == mine


async def test_a_memo_that_is_not_there_is_not_found(client: LinqClient) -> None:
    await sent(client)
    assert await client.find_memo(ANN, now(), attachment=AttachmentId("other"), filename="memo.m4a") is None


async def test_looking_follows_the_memo(client: LinqClient, side: LinqServer) -> None:
    side.switches.progresses_automatically = False
    memo = await sent(client)
    for status, kind in (("sent", ReceiptKind.SENT), ("delivered", ReceiptKind.DELIVERED), ("read", ReceiptKind.READ)):
        side.advance(memo.id, status)  # type: ignore[arg-type]  # one of its words
        receipt = await client.look(memo.id)
        assert receipt
        assert (receipt.kind, receipt.id) == (kind, f"look:{memo.id}:{kind}")


async def test_a_memo_linq_does_not_know_gives_nothing(client: LinqClient) -> None:
    assert await client.look(MemoId("6f0c2a1e-8a77-4a0b-9d0e-3a5b1d7c9e10")) is None


async def test_a_chat_is_shown_with_its_people(client: LinqClient) -> None:
    chat = await client.chat(ChatId(Chats.FAMILY))
    assert chat.people == ("+12025550123", "+12025550130", "cleo@example.com")
    assert (chat.is_group, chat.name) == (True, "Family")


@pytest.mark.parametrize("nonsense", ["", ".", "..", "%2e", "a/../b", "ü", "a\nb", "not-a-uuid"])
async def test_what_is_no_chat_id_is_refused(client: LinqClient, nonsense: str) -> None:
    with pytest.raises(Refused):
        await client.chat(ChatId(nonsense))


@pytest.mark.parametrize(
    ("handle", "found"),
    [
        ("+12025550123", [Chats.ANN, Chats.FAMILY]),
        (" +1 (202) 555-0123 ", [Chats.ANN, Chats.FAMILY]),
        ("ben@example.com", [Chats.BEN]),
        ("Ben@Example.com", [Chats.BEN]),
        ("+12025559999", []),
        ("+12025550100", []),
    ],
)
async def test_a_persons_chats_are_found_by_number_or_email(client: LinqClient, handle: str, found: list[str]) -> None:
    assert [str(chat.id) for chat in await client.chats_with(handle)] == found


async def test_all_chats_of_a_person_are_found_over_many_pages(client: LinqClient, side: LinqServer) -> None:
    for number in range(205):
        side.add_chat("+12025550199", f"guest{number}@example.com")
    assert len(await client.chats_with("+12025550199")) == 205


async def test_the_accounts_numbers_are_known(client: LinqClient) -> None:
    assert list(await client.lines()) == ["+12025550100", "+12025550101"]


async def test_nothing_private_is_logged(
    client: LinqClient, side: LinqServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "memobridge")
    side.switches.next("chats.list", 3006)
    for attempt in (
        client.chats_with("+12025550123"),
        client.send(ChatId(Chats.OLGA_OPTED_OUT), url="https://a.example/x"),
    ):
        with pytest.raises(RelayError):
            await attempt
    records = [r for r in caplog.records if r.name == "memobridge.linq"]
    said = " ".join(str(vars(record)) for record in records)
    assert [record.msg for record in records] == ["linq refused", "linq refused"]
    assert not any(secret in said for secret in ("2025550", "http", side.api_key, side.base_url))


async def test_giving_up_in_the_middle_is_not_swallowed(client: LinqClient, side: LinqServer, wire: Wire) -> None:
    side.switches.next("phone_numbers.list", "hang")
    call = asyncio.create_task(client.ping())
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
