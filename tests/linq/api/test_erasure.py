"""Files are deleted at Linq, and those of a person are found, whoever sent them."""

import pytest

from bot.linq.adapter import LinqAdapter
from bot.relay.errors import Refused, RetryLater
from tests.linq.conftest import IDS
from tests.linq.fake_linq import Answer, FakeLinq
from tests.linq.local_linq import Chats, LocalLinq, PhoneFile

ANN = "+12025550123"


async def sent_by(server: LocalLinq, chat: str, name: str) -> None:
    """The contact sends a file."""
    server.phone.send(chat, files=[PhoneFile(b"picture", name, "image/png")])


async def media_in(adapter: LinqAdapter, chat: str, by: str = "") -> list[str]:
    person = IDS.person(by) if by else None
    return [each async for each in adapter.erasure.media_in(IDS.room(chat), by=person)]


async def test_deleted_file_is_gone_and_deleting_it_again_is_fine(adapter: LinqAdapter, server: LocalLinq) -> None:
    made = await adapter.uploads.create_upload("a.m4a", "audio/x-m4a", 4)
    assert await adapter.erasure.delete(made.media)
    assert not server.account.attachments
    assert not await adapter.erasure.delete(made.media)


async def test_file_that_has_only_an_address_is_passed_over(adapter: LinqAdapter) -> None:
    assert not await adapter.erasure.delete(IDS.media_at("https://cdn.example/a"))


async def test_unexplained_404_means_gone_too(scripted: LinqAdapter, fake: FakeLinq) -> None:
    fake.answer("DELETE /v3/attachments/a", Answer(404, b"<html>"))
    assert not await scripted.erasure.delete(IDS.media("a"))


@pytest.mark.parametrize(("status", "error"), [(403, Refused), (500, RetryLater), (429, RetryLater)])
async def test_other_errors_are_told(
    scripted: LinqAdapter, fake: FakeLinq, status: int, error: type[Exception]
) -> None:
    fake.answer("DELETE /v3/attachments/a", Answer(status, {"error": {"status": status}}))
    with pytest.raises(error):
        await scripted.erasure.delete(IDS.media("a"))


async def test_files_of_a_chat_are_found_page_by_page(scripted: LinqAdapter, fake: FakeLinq) -> None:
    def page(media: str, cursor: str) -> Answer:
        message = {"id": f"m-{media}", "parts": [{"type": "media", "id": media}, {"type": "text", "value": "hi"}]}
        return Answer(200, {"messages": [message], "next_cursor": cursor})

    fake.answer("GET /v3/chats/c/messages", page("a", "next"), page("b", ""))
    assert [each async for each in scripted.erasure.media_in(IDS.room("c"))] == [IDS.media("a"), IDS.media("b")]


async def test_files_of_one_person_are_found_in_a_group(adapter: LinqAdapter, server: LocalLinq) -> None:
    await sent_by(server, Chats.FAMILY, "cat.png")
    assert len(await media_in(adapter, Chats.FAMILY)) == 1
    [message] = [m for m in server.account.messages.values() if m.parts and m.parts[0].media]
    sender = message.sender.address
    assert len(await media_in(adapter, Chats.FAMILY, by=sender)) == 1
    assert await media_in(adapter, Chats.FAMILY, by="+19995550000") == []


async def test_person_is_in_direct_chats_and_groups(adapter: LinqAdapter) -> None:
    rooms = await adapter.erasure.rooms_of("+1 (202) 555-0123")
    assert {room.id: room.is_group for room in rooms} == {IDS.room(Chats.ANN): False, IDS.room(Chats.FAMILY): True}
    assert await adapter.erasure.rooms_of("+12025559999") == []


async def test_person_is_named_as_their_messages_name_them(adapter: LinqAdapter) -> None:
    assert adapter.erasure.person("+1 202-555-0123") == (IDS.person(ANN), (ANN, "+1 202-555-0123"))
    with pytest.raises(Refused, match="neither a phone number"):
        adapter.erasure.person("Ann")
