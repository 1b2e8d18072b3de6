"""Voice memos against the sandbox: what each answer, and each missing answer, allows to be done next."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from bot.linq.adapter import LinqAdapter
from bot.linq.api.limits import MEMOS_PER_PAIR
from bot.linq.ids import attachment_of, message_of
from bot.relay.errors import OutcomeUnknown, Refused, RelayError, RetryLater
from bot.relay.model import ReceiptKind, ReceiptSource, Sent
from bot.relay.ports.networks import Outgoing
from tests.linq.conftest import IDS, now
from tests.linq.local_linq import Chats, Fault, LocalLinq, Wire
from tests.linq.made import MESSAGE, memo

SOUND = b"\x00\x00\x00\x1cftypM4A \x00\x00\x00\x00" + b"sound" * 400
ANN = str(Chats.ANN)


async def in_chunks(body: bytes = SOUND) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 512):
        yield body[start : start + 512]


async def uploaded(adapter: LinqAdapter, name: str = "memo.m4a") -> str:
    upload = await adapter.uploads.create_upload(name, "audio/x-m4a", len(SOUND))
    await adapter.uploads.upload(upload, in_chunks())
    return attachment_of(upload.media)


async def send(adapter: LinqAdapter, attachment: str = "", chat: str = ANN, url: str = "") -> Sent:
    return await adapter.sender.send(Outgoing(memo(attachment, chat=chat), url))


async def sent(adapter: LinqAdapter, chat: str = ANN) -> Sent:
    return await send(adapter, await uploaded(adapter), chat)


async def test_uploaded_recording_arrives_as_the_memo(adapter: LinqAdapter, server: LocalLinq) -> None:
    memo = await sent(adapter)
    there = server.memo(message_of(memo.message))
    assert (there.body, there.filename, there.chat_id) == (SOUND, "memo.m4a", ANN)
    assert memo.trace_id == there.trace_id
    assert memo.receipt
    assert memo.receipt.attachments == (IDS.media(there.attachment_id),)
    assert (memo.receipt.kind, memo.receipt.source) == (ReceiptKind.QUEUED, ReceiptSource.SEND)


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
        3007,
        4001,
        4002,
    ],
)
async def test_send_that_may_have_happened_is_unknown_and_was_asked_for_once(
    adapter: LinqAdapter, server: LocalLinq, wire: Wire, fault: Fault
) -> None:
    attachment = await uploaded(adapter)
    server.switches.next("voicememo", fault)
    with pytest.raises(OutcomeUnknown):
        await send(adapter, attachment)
    assert len(wire.named("voicememo")) == 1


async def test_answer_that_never_comes_is_unknown(server: LocalLinq, session: aiohttp.ClientSession) -> None:
    hasty = LinqAdapter(server.api_key, server.base_url, session, now=now, answer_s=0.5)
    attachment = await uploaded(hasty)
    server.switches.next("voicememo", "act_then_hang")
    with pytest.raises(OutcomeUnknown):
        await send(hasty, attachment)
    assert len(server.memos(ANN)) == 1
    await hasty.close()


async def test_linq_that_accepts_no_connection_did_nothing(adapter: LinqAdapter, server: LocalLinq) -> None:
    server.switches.down = "refused"
    with pytest.raises(RetryLater):
        await send(adapter, "a")


@pytest.mark.parametrize("address", ["http://linq.invalid/api/partner", "http://127.0.0.1:1/api/partner"])
async def test_address_that_nobody_answers_at_is_later(session: aiohttp.ClientSession, address: str) -> None:
    adapter = LinqAdapter("key", address, session, now=now)
    with pytest.raises(RetryLater):
        await send(adapter, "a")
    await adapter.close()


@pytest.mark.parametrize(
    ("chat", "code"),
    [
        (Chats.OLGA_OPTED_OUT, "2024"),
        (Chats.CLUB_WE_LEFT, "2013"),
        (MESSAGE, "2001"),
    ],
)
async def test_sure_no_is_refused_with_linqs_code_and_its_trace(adapter: LinqAdapter, chat: str, code: str) -> None:
    attachment = await uploaded(adapter)
    with pytest.raises(Refused) as refused:
        await send(adapter, attachment, str(chat))
    assert refused.value.code == code
    assert len(refused.value.trace_id) == 32


@pytest.mark.parametrize("code", [2007, 2009, 2027, 2004])
async def test_no_that_passes_is_later(adapter: LinqAdapter, server: LocalLinq, code: int) -> None:
    attachment = await uploaded(adapter)
    server.switches.next("voicememo", code)
    with pytest.raises(RetryLater) as later:
        await send(adapter, attachment)
    assert later.value.code == str(code)


async def test_wrong_key_fails_no_memo_but_is_seen_by_the_ping(
    server: LocalLinq, session: aiohttp.ClientSession
) -> None:
    stranger = LinqAdapter("wrong", server.base_url, session, now=now)
    with pytest.raises(RetryLater, match="LINQ_API_V3_API_KEY"):
        await send(stranger, "a")
    with pytest.raises(RetryLater, match="LINQ_API_V3_API_KEY"):
        await stranger.ping()
    await stranger.close()


async def test_pair_limit_is_waited_out_as_long_as_linq_says(adapter: LinqAdapter) -> None:
    attachment = await uploaded(adapter)
    for _ in range(MEMOS_PER_PAIR):
        await send(adapter, attachment)
    with pytest.raises(RetryLater) as later:
        await send(adapter, attachment)
    assert later.value.after
    assert timedelta(seconds=1) <= later.value.after <= timedelta(seconds=60)


async def test_day_that_is_used_up_is_waited_out_until_midnight(adapter: LinqAdapter, server: LocalLinq) -> None:
    server.switches.daily_cap = 1
    attachment = await uploaded(adapter)
    await send(adapter, attachment)
    with pytest.raises(RetryLater) as later:
        await send(adapter, attachment)
    asked_at = now()
    midnight = asked_at.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    assert later.value.after
    assert abs(asked_at + later.value.after - midnight) < timedelta(minutes=2)


@pytest.mark.parametrize("fault", ["drop", "refuse_500", "html_502", "act_then_no_id", "act_then_text", 3006])
async def test_what_may_be_repeated_is_later_instead(adapter: LinqAdapter, server: LocalLinq, fault: Fault) -> None:
    server.switches.next("attachments.create", fault)
    with pytest.raises(RetryLater):
        await adapter.uploads.create_upload("memo.m4a", "audio/x-m4a", 7)


@pytest.mark.parametrize("fault", ["refuse_500", "drop", "lose_answer"])
async def test_upload_that_did_not_end_well_is_tried_again_later(
    adapter: LinqAdapter, server: LocalLinq, fault: Fault
) -> None:
    server.switches.next("upload", fault)
    with pytest.raises(RetryLater):
        await uploaded(adapter)


@pytest.mark.parametrize(("order", "others"), [("newest", 120), ("oldest", 120), ("shuffled", 60)])
async def test_memo_whose_answer_was_lost_is_found_by_its_attachment(
    adapter: LinqAdapter, server: LocalLinq, order: str, others: int
) -> None:
    server.switches.pair_limit = None
    server.switches.messages_order = order  # type: ignore[assignment]  # one of its three words
    other, attachment, since = await uploaded(adapter), await uploaded(adapter), now()
    server.switches.next("voicememo", "lose_answer")
    with pytest.raises(OutcomeUnknown):
        await send(adapter, attachment)
    for _ in range(others):
        await send(adapter, other)
    found = await adapter.sender.find(memo(attachment, chat=ANN, since=since))
    assert found
    assert found.receipt
    assert found.receipt.attachments == (IDS.media(attachment),)
    assert found.receipt.source is ReceiptSource.POLL


@pytest.fixture
async def lender() -> AsyncIterator[str]:
    """An origin that serves the sound under every name."""

    async def lend(_: web.Request) -> web.Response:
        return web.Response(body=SOUND, content_type="audio/x-m4a")

    app = web.Application()
    app.router.add_get("/clips/{token}/{name:.+}", lend)  # a plain {name} takes no braces
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("name", ["für dich.m4a", "{braces}.m4a", "100%.m4a", "50%25.m4a", "日本.m4a"])
async def test_memo_sent_by_url_is_found_by_the_name_in_it(
    adapter: LinqAdapter, server: LocalLinq, lender: str, name: str
) -> None:
    public = memo(chat=ANN, media=f"web:{lender}/clips/token/{quote(name)}", since=now())
    server.switches.next("voicememo", "act_then_500")
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(Outgoing(public))
    found = await adapter.sender.find(public)
    assert found
    assert message_of(found.message) == server.memos(ANN)[0].id


async def test_lent_memo_is_found_by_its_temporary_name(adapter: LinqAdapter, server: LocalLinq, lender: str) -> None:
    lent = memo(chat=ANN, since=now())
    server.switches.next("voicememo", "act_then_500")
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(Outgoing(lent, f"{lender}/clips/token/{quote(lent.temporary_name)}"))
    found = await adapter.sender.find(lent)
    assert found
    assert message_of(found.message) == server.memos(ANN)[0].id


@pytest.mark.parametrize(("order", "others"), [("newest", 120), ("oldest", 120), ("shuffled", 60)])
async def test_earlier_memo_from_the_same_address_is_not_taken_for_it(
    adapter: LinqAdapter, server: LocalLinq, lender: str, order: str, others: int
) -> None:
    server.switches.pair_limit = None
    server.switches.messages_order = order  # type: ignore[assignment]  # one of its three words
    url, other = f"{lender}/clips/token/memo.m4a", await uploaded(adapter, "other.m4a")
    earlier = await send(adapter, url=url)
    for _ in range(others):
        await send(adapter, other)
    public = memo(chat=ANN, media=f"web:{url}", since=now())
    server.switches.next("voicememo", "act_then_500")
    with pytest.raises(OutcomeUnknown):
        await adapter.sender.send(Outgoing(public))
    listed = {each.id for each in server.memos(ANN) if each.filename == "memo.m4a"}
    found = await adapter.sender.find(public)
    assert found
    assert {message_of(found.message)} == listed - {message_of(earlier.message)}


async def test_memo_that_is_not_there_is_not_found(adapter: LinqAdapter) -> None:
    await sent(adapter)
    assert await adapter.sender.find(memo("other", chat=ANN, since=now())) is None


async def test_poll_follows_the_memo(adapter: LinqAdapter, server: LocalLinq) -> None:
    server.switches.progresses_automatically = False
    memo = await sent(adapter)
    assert memo.message
    for status, kind in (("sent", ReceiptKind.SENT), ("delivered", ReceiptKind.DELIVERED), ("read", ReceiptKind.READ)):
        server.advance(message_of(memo.message), status)  # type: ignore[arg-type]  # one of its words
        receipt = await adapter.sender.poll(memo.message)
        assert receipt
        assert (receipt.kind, receipt.source) == (kind, ReceiptSource.POLL)
        assert receipt.id == f"status:{message_of(memo.message)}:{kind}"


async def test_poll_of_a_message_that_linq_does_not_know_gives_nothing(adapter: LinqAdapter) -> None:
    assert await adapter.sender.poll(IDS.message(MESSAGE)) is None


async def test_nothing_private_is_logged(
    adapter: LinqAdapter, server: LocalLinq, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "memobridge")
    server.switches.next("chats.list", 3006)
    for attempt in (
        adapter.rooms.find_rooms("+12025550123"),
        send(adapter, chat=str(Chats.OLGA_OPTED_OUT), url="https://a.example/x"),
    ):
        with pytest.raises(RelayError):
            await attempt
    records = [record for record in caplog.records if record.name == "memobridge.linq"]
    said = " ".join(str(vars(record)) for record in records)
    assert [record.msg for record in records] == ["linq.call_refused", "linq.call_refused"]
    assert not any(secret in said for secret in ("2025550", "http", server.api_key, server.base_url))


async def test_cancelled_call_is_not_swallowed(adapter: LinqAdapter, server: LocalLinq, wire: Wire) -> None:
    server.switches.next("phone_numbers.list", "hang")
    call = asyncio.create_task(adapter.ping())
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
