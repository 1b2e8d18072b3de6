"""Old uploads are deleted at Linq, at its pace; a person's files are deleted before the rows that name them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from bot.app.erasure import TRIES, Erasure
from bot.linq.adapter import LinqAdapter
from bot.relay.errors import RelayError, RetryLater
from bot.relay.ids import DeliveryId, RoomId
from bot.relay.model import PreparedPart
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.sandbox import Sandbox
from bot.store.database import Database
from tests.linq.conftest import IDS, now
from tests.linq.fake_linq import Answer, FakeLinq, open_fake_linq
from tests.store.rows import ask, claimed, close, delivery

ANN = "+12025550123"
DAY = timedelta(days=1)
ROOM = IDS.room(Chats.ANN)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def linq(sandbox: Sandbox) -> AsyncIterator[LinqAdapter]:
    environment = sandbox.environment()
    async with aiohttp.ClientSession() as session:
        key, base_url = environment["LINQ_API_V3_API_KEY"], environment["LINQ_API_V3_BASE_URL"]
        adapter = LinqAdapter(key, base_url, session, now=now)
        yield adapter
        await adapter.close()


async def uploaded(database: Database, linq: LinqAdapter, name: str, room: RoomId = ROOM) -> None:
    """A delivery that has failed after its upload."""
    upload = await linq.uploads.create_upload(f"{name}.m4a", "audio/x-m4a", 4)
    await database.deliveries.accept([delivery(name, id=DeliveryId(name), target=room)])
    held = await claimed(database, room)
    await database.deliveries.mark_sending(held.id, held.fence, (PreparedPart((upload.media,)),))
    await close(database, held)


async def test_old_uploads_are_deleted_at_linq_one_after_the_other(
    sandbox: Sandbox, linq: LinqAdapter, database: Database, database_url: str
) -> None:
    for name in ("a", "b", "young"):
        await uploaded(database, linq, name)
    ask(database_url, "UPDATE uploads SET uploaded_at = now() - interval '2 days' WHERE delivery <> 'young'")
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    erasure = Erasure(linq.erasure, database.erasure, pause=pause)
    assert await erasure.delete_uploads_older_than(DAY) == 2
    assert [each.filename for each in sandbox.linq.account.attachments.values()] == ["young.m4a"]
    assert pauses == [1.0, 1.0]
    assert await erasure.delete_uploads_older_than(DAY) == 0


async def test_upload_that_could_not_be_deleted_is_tried_again_later(database: Database, database_url: str) -> None:
    async with open_fake_linq() as fake, aiohttp.ClientSession() as session:
        adapter = LinqAdapter("key", fake.base_url, session, now=now)
        erasure = await _with_one_old_upload(database, database_url, fake, adapter)
        fake.answer("DELETE /v3/attachments/a", Answer(500))
        with pytest.raises(RetryLater):
            await erasure.delete_uploads_older_than(DAY)
        assert len(fake.asked("DELETE /v3/attachments/a")) == TRIES
        fake.answer("DELETE /v3/attachments/a", Answer(204))
        assert await erasure.delete_uploads_older_than(DAY) == 1
        await adapter.close()


async def test_short_trouble_of_linq_is_waited_out(database: Database, database_url: str) -> None:
    async with open_fake_linq() as fake, aiohttp.ClientSession() as session:
        adapter = LinqAdapter("key", fake.base_url, session, now=now)
        erasure = await _with_one_old_upload(database, database_url, fake, adapter)
        fake.answer("DELETE /v3/attachments/a", Answer(429, headers={"retry-after": "7"}), Answer(204))
        assert await erasure.delete_uploads_older_than(DAY) == 1
        await adapter.close()


async def _with_one_old_upload(database: Database, url: str, fake: FakeLinq, adapter: LinqAdapter) -> Erasure:
    fake.answer(
        "POST /v3/attachments", Answer(200, {"attachment_id": "a", "upload_url": "http://x", "required_headers": {}})
    )
    await uploaded(database, adapter, "one")
    ask(url, "UPDATE uploads SET uploaded_at = now() - interval '2 days'")
    return Erasure(adapter.erasure, database.erasure, pause=lambda _: asyncio.sleep(0))


async def test_files_of_both_sides_go_with_a_forgotten_person(
    sandbox: Sandbox, linq: LinqAdapter, database: Database
) -> None:
    sandbox.linq.phone.send(Chats.ANN, files=[PhoneFile(b"picture", "cat.png", "image/png")])
    await uploaded(database, linq, "ours")
    await uploaded(database, linq, "to-ben", IDS.room(Chats.BEN))
    forgotten = await Erasure(linq.erasure, database.erasure, pause=lambda _: asyncio.sleep(0)).forget(
        "+1 202 555 0123"
    )
    assert (forgotten.deliveries, forgotten.files) == (1, 2)
    assert [each.filename for each in sandbox.linq.account.attachments.values()] == ["to-ben.m4a"]


async def test_rows_stay_while_linq_cannot_be_reached(database: Database, database_url: str) -> None:
    """They name the files: without them nobody would find those again."""
    async with open_fake_linq() as fake, aiohttp.ClientSession() as session:
        adapter = LinqAdapter("key", fake.base_url, session, now=now)
        erasure = await _with_one_old_upload(database, database_url, fake, adapter)
        fake.answer("GET /v3/chats", Answer(500))
        with pytest.raises(RelayError):
            await erasure.forget(ANN)
        assert len(ask(database_url, "SELECT id FROM deliveries")) == 1
        await adapter.close()
