"""An inbox as its operator meets it: made, listed, checked, and what waits or is heard by nobody is named."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from bot.linq.ids import LinqIds
from bot.relay.errors import Remedy
from bot.relay.ids import DeliveryId, PersonId, RoomId
from bot.relay.model import Message
from bot.relay.parts import Text
from bot.relay.rooms import Link
from bot.sandbox.linq.fixtures import LINE, SECOND_LINE, Chats
from bot.sandbox.slack.fixtures import ARCHIVED, CLIPS, CREW, TEAM
from bot.slack.ids import SlackRoom
from bot.store.database import Database
from tests.cli.shell import Ran, Shell
from tests.fakes import BASE
from tests.store.rows import delivery

IDS = LinqIds()
CONTACT = IDS.person("+12025550123")


def wrong(ran: Ran) -> list[str]:
    """The lines of ``check`` that say what is wrong."""
    return [line for line in ran.out.splitlines() if line.startswith("✗")]


def first_words(chat: Chats = Chats.ANN) -> Message:
    """What a contact says in a chat of the first line."""
    return Message(
        id=IDS.message(f"{chat}-1"),
        room=IDS.room(chat),
        sender=CONTACT,
        sent_at=BASE,
        parts=(Text("0", "Hello."),),
        within=(IDS.line(LINE), IDS.all_lines()),
        line="+1 202-555-0100",
    )


async def begin_conversation(database: Database) -> RoomId:
    """#clips is the inbox of the first line, and a contact has written."""
    inbox, thread = SlackRoom(TEAM, CLIPS), SlackRoom(TEAM, CLIPS).new_thread("abc").id
    await database.links.save(Link(inbox.id, IDS.line(LINE), "+1 202-555-0100", "test", is_inbox=True))
    await database.conversations.go_on(first_words(), inbox.id, thread)
    await database.people.save_handle(CONTACT, "+12025550123")
    return thread


async def test_inbox_is_made_listed_and_ended(shell: Shell) -> None:
    made = await shell.run("links", "add", CLIPS, f"line:{LINE}")
    assert made.code == 0
    assert made.out.startswith(f"{CLIPS} is the inbox of +1 202-555-0100 now. It has ")
    assert "nothing from before is carried" in made.out
    assert "(an inbox)" in (await shell.run("links", "list")).out
    assert (await shell.run("links", "remove", CLIPS)).code == 0
    assert "No channel is linked yet" in (await shell.run("links", "list")).out


async def test_second_inbox_of_a_line_is_told_where_the_first_is(shell: Shell) -> None:
    await shell.run("links", "add", CLIPS, "line:all")
    ran = await shell.run("links", "add", CREW, "line:all")
    assert (ran.code, ran.err) == (
        1,
        f"memobridge: all numbers has an inbox already, and a line has one. It is {CLIPS}.\n",
    )


async def test_line_that_is_none_of_ours_names_those_that_are(shell: Shell) -> None:
    ran = await shell.run("links", "add", CLIPS, "line:+12025559999")
    assert ran.code == 1
    assert "+1 202-555-0100, +1 202-555-0101" in ran.err


async def test_conversations_are_no_links_in_the_list_or_the_check(shell: Shell, database: Database) -> None:
    await begin_conversation(database)
    listed = (await shell.run("links", "list")).out
    assert (listed.count(CLIPS), Chats.ANN in listed) == (1, False)
    ran = await shell.run("check")
    assert (ran.code, wrong(ran)) == (0, [])
    assert f"✓ inbox {CLIPS}: #clips → +1 202-555-0100" in ran.out


async def test_check_names_a_line_that_is_not_ours_any_more(shell: Shell, database: Database) -> None:
    room = SlackRoom(TEAM, CLIPS).id
    await database.links.save(Link(room, IDS.line("+12025559999"), "+1 202-555-9999", "test", is_inbox=True))
    [line] = wrong(await shell.run("check"))
    assert line.startswith(f"✗ inbox {CLIPS}: +1 202-555-9999 is no line of this account")


async def test_check_and_list_count_chats_that_nobody_hears(shell: Shell, database: Database) -> None:
    await database.conversations.note_unheard(first_words())
    [line] = wrong(await shell.run("check"))
    assert line.startswith("✗ unheard chats: 1 chats wrote and nobody listens: 1 messages")
    assert "1 chats wrote and nobody listens" in (await shell.run("links", "list")).err
    assert Chats.ANN not in line
    made = await shell.run("links", "add", CLIPS, "line:all")
    assert "1 of our chats wrote lately and were heard by nobody." in made.out


async def test_check_names_the_channel_that_messages_wait_for(shell: Shell, database: Database) -> None:
    thread = await begin_conversation(database)
    name = DeliveryId("d1")
    await database.deliveries.accept([delivery(name, target=thread), delivery("d2", target=thread)])
    claim = await database.deliveries.claim(thread)
    assert claim is not None
    await database.deliveries.postpone(
        name,
        claim.delivery.fence,
        wait=timedelta(),
        reason="The channel is archived.",
        code="is_archived",
        remedy=Remedy.RESTORE_ROOM,
        counts=False,
        is_late=False,
    )
    [line] = wrong(await shell.run("check"))
    assert line == f"✗ waiting messages: 2 messages wait for {CLIPS}. The channel is archived."


async def test_deliveries_name_their_conversation(shell: Shell, database: Database) -> None:
    thread = await begin_conversation(database)
    both = [
        delivery("in", source="m1", origin=IDS.room(Chats.ANN), target=thread, sender=CONTACT),
        delivery("out", source="m2", origin=thread, target=IDS.room(Chats.ANN), sender=PersonId("slack:T@U")),
    ]
    await database.deliveries.accept(both)
    listed = (await shell.run("deliveries")).out
    assert listed.count("+12025550123 on +1 202-555-0100") == 2
    shown = (await shell.run("deliveries", "show", "out")).out
    assert "in the conversation with +12025550123 on +1 202-555-0100, " in shown


async def test_deliveries_of_made_links_have_no_such_column(shell: Shell, database: Database) -> None:
    await database.deliveries.accept([delivery("d1")])
    assert "conversation" not in (await shell.run("deliveries")).out


# the file


async def test_line_in_the_links_file_is_an_inbox(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "links.toml"
    path.write_text(f'[[link]]\nchannel = "{CLIPS}"\nline = "+1 202 555 0100"\n')
    ran = await shell.run("check", LINKS_FILE=str(path))
    assert ran.code == 0
    assert f"✓ inbox {CLIPS}: #clips → +1 202-555-0100" in ran.out


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ('line = "{line}"\n[[link]]\nchannel = "C2"\nline = "{line}"', "has more than one inbox"),
        ('line = "12"', 'or line = "+1…"'),
        ('line = "{line}"\nchat = "{chat}"', 'or line = "+1…"'),
    ],
)
async def test_wrong_lines_of_the_file_are_named(shell: Shell, tmp_path: Path, tables: str, problem: str) -> None:
    path = tmp_path / "links.toml"
    path.write_text('[[link]]\nchannel = "C1"\n' + tables.format(line=SECOND_LINE, chat=Chats.ANN))
    ran = await shell.run("check", LINKS_FILE=str(path))
    assert problem in ran.out


async def test_archived_channel_is_told_when_it_becomes_an_inbox(shell: Shell) -> None:
    ran = await shell.run("links", "add", ARCHIVED, "line:all")
    assert ran.code == 0
    assert "archived" in ran.err


def test_unheard_table_keeps_no_number_and_no_words(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'unheard'"
        ).fetchall()
    assert {name for (name,) in columns} == {"room", "line", "first_at", "last_at", "messages", "last"}
