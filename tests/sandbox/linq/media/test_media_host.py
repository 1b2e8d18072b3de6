"""The media of messages: served without authentication, at addresses that may expire, in all the wrong ways."""

import asyncio

import aiohttp
import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.linq.server import LinqServer
from bot.sandbox.linq.state.models import Message
from bot.sandbox.linq.switches import MediaFault
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.linq.clients import CAF, Caller, Receiver


def voice(linq: LinqServer) -> Message:
    return linq.phone.send(Chats.ANN, files=[PhoneFile(CAF)])


async def address(caller: Caller, message: Message) -> str:
    """The address that the API shows of the message's first part."""
    parts = (await caller.api.messages.retrieve(message.id)).parts
    assert parts
    return str(parts[0].url)  # type: ignore[union-attr]


async def status(http: aiohttp.ClientSession, url: str) -> int:
    async with http.get(url, allow_redirects=False) as answer:
        return answer.status


async def test_media_needs_no_key(linq: LinqServer, caller: Caller, http: aiohttp.ClientSession, wire: Wire) -> None:
    async with http.get(await address(caller, voice(linq))) as answer:
        assert (await answer.read(), answer.content_type) == (CAF, "audio/x-caf")
    assert wire.named("media")[0].facts["authorized"] is False


async def test_media_is_at_the_apis_origin_or_its_own(linq: LinqServer, caller: Caller) -> None:
    message, origin = voice(linq), linq.base_url.removesuffix("/api/partner")
    assert (await address(caller, message)).startswith(f"{origin}/attachments/partners/partner-1/")

    linq.switches.media_origin = "own"
    elsewhere = await address(caller, message)
    assert not elsewhere.startswith(origin)
    assert await status(caller.http, elsewhere) == 200


async def test_expired_address_is_renewed(linq: LinqServer, caller: Caller, time_scale: TimeScale) -> None:
    linq.switches.media_addresses = "expiring"
    message = voice(linq)
    works = await address(caller, message)
    assert await status(caller.http, works) == 200

    time_scale.scale = 0.0
    expired = await address(caller, message)
    assert await status(caller.http, expired) == 403

    time_scale.scale = 1.0
    renewed = (await caller.api.attachments.retrieve(message.media[0].id)).download_url
    assert renewed
    assert await status(caller.http, renewed) == 200


async def test_stale_address_works_only_when_renewed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    linq.switches.media_addresses = "stale"
    message = voice(linq)
    [body] = await receiver.until("message.received")
    assert await status(caller.http, body["data"]["parts"][0]["url"]) == 403

    renewed = (await caller.api.attachments.retrieve(message.media[0].id)).download_url
    assert renewed
    assert await status(caller.http, renewed) == 200


async def test_changed_address_is_refused(linq: LinqServer, caller: Caller) -> None:
    linq.switches.media_addresses = "expiring"
    url = await address(caller, voice(linq))
    assert await status(caller.http, url + "0") == 403
    assert await status(caller.http, url.partition("?")[0]) == 403


async def test_deleted_media_is_gone(linq: LinqServer, caller: Caller) -> None:
    message = voice(linq)
    url = await address(caller, message)
    await caller.api.attachments.delete(message.media[0].id)

    assert await status(caller.http, url) == 404
    assert await address(caller, message) == ""


@pytest.mark.parametrize(
    ("fault", "expected"), [("missing", 404), ("redirect", 302), ("html", 200), ("mislabelled", 200)]
)
async def test_media_fault_for_one_download(linq: LinqServer, caller: Caller, fault: str, expected: int) -> None:
    url = await address(caller, voice(linq))
    linq.switches.media_fault = MediaFault(fault, times=1)  # type: ignore[arg-type] # a plain str from parametrize

    async with caller.http.get(url, allow_redirects=False) as answer:
        assert (answer.status, answer.content_type == "audio/x-caf") == (expected, False)
    async with caller.http.get(url) as answer:
        assert await answer.read() == CAF


async def test_truncated_media_breaks_off(linq: LinqServer, caller: Caller) -> None:
    url = await address(caller, voice(linq))
    linq.switches.media_fault = MediaFault("truncated")
    async with caller.http.get(url) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_slow_media_arrives_in_pieces(linq: LinqServer, caller: Caller) -> None:
    url = await address(caller, voice(linq))
    linq.switches.media_fault = MediaFault("slow", bytes_per_s=1000)
    async with caller.http.get(url) as answer:
        pieces = [piece async for piece in answer.content.iter_any()]
    assert b"".join(pieces) == CAF
    assert len(pieces) > 1


async def test_endless_media_states_no_length(linq: LinqServer, caller: Caller) -> None:
    url = await address(caller, voice(linq))
    linq.switches.media_fault = MediaFault("endless")
    async with asyncio.timeout(10), caller.http.get(url) as answer:
        assert answer.content_length is None
        assert await answer.content.readexactly(1_000_000)
