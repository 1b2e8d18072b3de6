"""People: handles and names of the contacts stand in one table and nowhere else."""

import pytest

from bot.relay.ids import PersonId
from bot.relay.model import Author
from bot.relay.rooms import Link
from bot.store.database import Database
from tests.fakes import CHANNEL, CHAT, OTHER_CHANNEL, OTHER_CHAT
from tests.store.rows import ask

CONTACT = PersonId("chat:default@contact")


async def test_handle_is_stored_with_the_first_message(database: Database, database_url: str) -> None:
    for _ in range(2):
        await database.people.save_handle(CONTACT, "+12025550123")
    assert ask(database_url, "SELECT id, handle, name FROM people") == [
        {"id": CONTACT, "handle": "+12025550123", "name": ""}
    ]


async def test_author_is_the_handle_until_a_name_is_known(database: Database) -> None:
    assert await database.people.author(CONTACT, CHAT) is None
    await database.people.save_handle(CONTACT, "+12025550123")
    assert await database.people.author(CONTACT, CHAT) == Author("+12025550123")
    await database.people.save_card(CONTACT, "+12025550123", "Ann")
    assert await database.people.author(CONTACT, CHAT) == Author("Ann")


async def test_names_are_those_of_cards_only(database: Database) -> None:
    await database.people.save_handle(CONTACT, "+12025550123")
    assert await database.people.names([CONTACT]) == {}
    await database.people.save_card(CONTACT, "+12025550123", "Ann")
    assert await database.people.names([CONTACT, PersonId("chat:default@nobody")]) == {CONTACT: "Ann"}


async def test_new_card_replaces_the_name(database: Database) -> None:
    for name in ("Ann", "Ann B."):
        await database.people.save_card(CONTACT, "+12025550123", name)
    assert await database.people.author(CONTACT, CHAT) == Author("Ann B.")


@pytest.mark.parametrize("name", ["Ann\x00", "\ud83d"])
async def test_name_that_the_database_has_no_room_for_is_cleaned(database: Database, name: str) -> None:
    await database.people.save_card(CONTACT, "+12025550123", name)
    author = await database.people.author(CONTACT, CHAT)
    assert author is not None
    assert author.name in ("Ann\ufffd", "?")


async def test_only_contact_of_a_link_goes_by_its_label_until_a_name_is_known(database: Database) -> None:
    await database.links.save(Link(CHANNEL, CHAT, "Ann (leads)"))
    await database.links.save(Link(OTHER_CHANNEL, OTHER_CHAT, "Leads", is_group=True))
    await database.people.save_handle(CONTACT, "+12025550123")
    assert await database.people.author(CONTACT, CHAT) == Author("Ann (leads)")
    assert await database.people.author(CONTACT, OTHER_CHAT) == Author("+12025550123")
    await database.people.save_card(CONTACT, "+12025550123", "Ann")
    assert await database.people.author(CONTACT, CHAT) == Author("Ann")
