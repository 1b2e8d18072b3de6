"""``TRANSFER=url``: Linq fetches a clip under a temporary address of the bot's, which opens for one delivery."""

import hashlib
import io
import random
import re
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import psycopg
import pytest

from bot.sandbox.slack.state.models import Message, Upload
from tests.audio.sounds import record
from tests.stories.system import SOUND, System, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

PORT = free_port()
SETTINGS = {
    "TRANSFER": "url",
    "PORT": str(PORT),
    "PUBLIC_URL": f"http://127.0.0.1:{PORT}",
    "SEND_CONFIRM_SECONDS": "2",
}


async def drop_and_hold(linked: System) -> tuple[Message, str]:
    """A clip whose memo stays queued at Linq, so that its address is still open; the message and the address."""
    linked.sandbox.linq.switches.progresses_automatically = False
    message = await linked.drop()
    await linked.until(lambda: bool(linked.memos()))
    return message, linked.sandbox.linq.fetcher.asked[-1]


async def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers) as answer:
        return answer.status, dict(answer.headers), await answer.read()


def noise(size_bytes: int) -> bytes:
    """A WAV file of about that size."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(random.Random(1).randbytes(size_bytes))
    return buffer.getvalue()


async def test_linq_fetches_the_clip_byte_for_byte_and_nothing_is_uploaded(linked: System) -> None:
    message = await linked.drop()
    await linked.until_shown(message, "read")
    [memo] = linked.memos()
    assert memo.sha256 == hashlib.sha256(SOUND).hexdigest()
    assert re.fullmatch(r"memo-[0-9a-f]{6}\.m4a", memo.filename)
    assert memo.content_type == "audio/x-m4a"
    assert linked.sandbox.wire.named("upload", "linq") == []


@pytest.mark.parametrize("style", ["head", "ranges"])
async def test_linq_may_ask_for_the_head_first_or_for_ranges(linked: System, style: str) -> None:
    linked.sandbox.linq.switches.apply({"fetch_style": style})
    message = await linked.drop(Upload("long.wav", noise(2_500_000)))
    await linked.until_shown(message, "read")
    assert len(linked.memos()) == 1


async def test_the_address_gives_type_and_length_and_honours_ranges(linked: System) -> None:
    _, url = await drop_and_hold(linked)
    status, headers, body = await fetch(url)
    assert (status, headers["Content-Type"], body) == (200, "audio/x-m4a", SOUND)
    status, headers, body = await fetch(url, "HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(SOUND)), b"")
    status, headers, body = await fetch(url, Range="bytes=10-19")
    assert (status, headers["Content-Range"], body) == (206, f"bytes 10-19/{len(SOUND)}", SOUND[10:20])
    status, headers, body = await fetch(url, Range="bytes=-5")
    assert (status, body) == (206, SOUND[-5:])
    status, headers, _ = await fetch(url, Range=f"bytes={len(SOUND)}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(SOUND)}")


async def test_the_address_cannot_be_guessed_and_opens_nothing_else(linked: System) -> None:
    _, url = await drop_and_hold(linked)
    origin, _, token, name = url.rsplit("/", 3)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43,}", token)
    wrong = [f"{token[:-1]}_/{name}", f"{token}/other.m4a", f"{token}/../{name}", f"{'A' * 43}/{name}", f"%00/{name}"]
    for path in wrong:
        assert (await fetch(f"{origin}/clips/{path}"))[0] == 404, path


async def test_a_finished_delivery_closes_its_address(linked: System) -> None:
    message, url = await drop_and_hold(linked)
    linked.sandbox.linq.advance(linked.memos()[0].id, "sent")
    await linked.until_shown(message, "sent")
    assert (await fetch(url))[0] == 404


async def test_an_address_expires_after_a_quarter_of_an_hour(linked: System) -> None:
    message, url = await drop_and_hold(linked)
    source = f"%#{message.ts}"
    with psycopg.connect(linked.settings["DATABASE_URL"], autocommit=True) as connection:
        query = "SELECT url_expires_at FROM deliveries WHERE source LIKE %s"
        [until] = connection.execute(query, (source,)).fetchone() or (None,)
        connection.execute("UPDATE deliveries SET url_expires_at = now() WHERE source LIKE %s", (source,))
    assert until is not None
    assert until - datetime.now(UTC) <= timedelta(minutes=15)
    assert (await fetch(url))[0] == 404


async def test_a_clip_that_must_be_converted_is_uploaded(linked: System, tmp_path: Path) -> None:
    recorded = record(tmp_path / "web.ogg", "ogg", "libopus", source_rate=48_000)
    message = await linked.drop(Upload("web.ogg", recorded.read_bytes()))
    await linked.until_shown(message, "read")
    [memo] = linked.memos()
    assert memo.filename == "web.m4a"
    assert linked.sandbox.wire.named("upload", "linq")[-1].facts["attachment_id"] == memo.attachment_id


async def test_a_clip_too_large_to_be_fetched_is_uploaded(linked: System) -> None:
    """Linq fetches no more than 10 MB."""
    sound = noise(11 * 1024 * 1024)
    message = await linked.drop(Upload("long.wav", sound))
    await linked.until_shown(message, "read")
    assert linked.memos()[0].sha256 == hashlib.sha256(sound).hexdigest()
    assert linked.sandbox.wire.named("upload", "linq")[-1].facts["attachment_id"] == linked.memos()[0].attachment_id


async def test_that_linq_fetched_the_clip_is_told_when_its_answer_was_lost(linked: System) -> None:
    switches = linked.sandbox.linq.switches
    switches.progresses_automatically = switches.listed = False
    switches.next("voicememo", "lose_answer")
    message = await linked.drop()
    await linked.until_shown(message, "unconfirmed")
    assert "has probably arrived" in linked.notice(message)
