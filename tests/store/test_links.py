"""Links: one peer for each room; a person's lies over the links file's; marks begin with them."""

import asyncio
from dataclasses import replace

from bot.relay.ids import RoomId
from bot.relay.rooms import Link, LinkSettings, Mode, RoomHealth
from bot.store.database import Database
from tests.fakes import BASE, CHANNEL, CHAT, OTHER_CHANNEL, OTHER_CHAT, SECOND
from tests.store.rows import ask, claimed, delivery, record

HERE = Link(
    CHANNEL, CHAT, label="Ann", made_by="U1", settings=LinkSettings(Mode.CONVERSATION, False, ("team:T0AAA@U1",))
)
FILED = Link(CHANNEL, OTHER_CHAT, label="from the file")
THREAD = RoomId(f"{CHANNEL}/100")


async def test_room_has_one_link_the_last_one_made(database: Database) -> None:
    await database.links.save(Link(CHANNEL, OTHER_CHAT))
    await database.links.save(HERE)
    assert await database.links.of([CHANNEL]) == [HERE]
    assert await database.links.all() == [HERE]


async def test_removed_link_is_given_back_once(database: Database) -> None:
    await database.links.save(HERE)
    assert await database.links.remove(CHANNEL) == HERE
    assert await database.links.remove(CHANNEL) is None
    assert await database.links.of([CHANNEL]) == ()


async def test_link_of_a_person_lies_over_the_files(database: Database) -> None:
    await database.links.replace_file_links([FILED])
    await database.links.save(HERE)
    assert await database.links.all() == [HERE]
    assert await database.links.of([OTHER_CHAT]) == ()
    await database.links.remove(CHANNEL)
    assert await database.links.of([CHANNEL]) == [FILED]
    assert await database.links.of([OTHER_CHAT]) == [FILED]


async def test_file_links_are_replaced_as_a_whole(database: Database) -> None:
    await database.links.replace_file_links([FILED, replace(FILED, room=OTHER_CHANNEL)])
    await database.links.replace_file_links([replace(FILED, room=THREAD)])
    assert [link.room for link in await database.links.all()] == [THREAD]


async def test_most_particular_room_decides(database: Database) -> None:
    thread = Link(THREAD, OTHER_CHAT)
    for link in (HERE, thread):
        await database.links.save(link)
    assert await database.links.of([THREAD, CHANNEL]) == [thread]
    assert await database.links.of([RoomId(f"{CHANNEL}/9"), CHANNEL]) == [HERE]


async def test_chat_knows_every_room_that_leads_to_it(database: Database) -> None:
    other = replace(HERE, room=OTHER_CHANNEL)
    for link in (HERE, other):
        await database.links.save(link)
    assert sorted(link.room for link in await database.links.of([CHAT])) == sorted([CHANNEL, OTHER_CHANNEL])


async def test_links_asked_for_together_are_answered_each_for_itself(database: Database) -> None:
    await database.links.save(HERE)
    asked = [[CHANNEL], [OTHER_CHANNEL], [CHAT], [THREAD, CHANNEL], [OTHER_CHAT]]
    answers = await asyncio.gather(*(database.links.of(rooms) for rooms in asked))
    assert [list(answer) for answer in answers] == [[HERE], [], [HERE], [HERE], []]


async def test_link_keeps_its_time_while_it_leads_to_the_same_peer(database: Database) -> None:
    await database.links.save(HERE)
    [before] = await database.links.all()
    await database.links.save(replace(HERE, label="Ann B."))
    [same] = await database.links.all()
    await database.links.save(replace(HERE, peer=OTHER_CHAT))
    [other] = await database.links.all()
    assert before.made_at is not None
    assert other.made_at is not None
    assert same.made_at == before.made_at < other.made_at


async def test_marks_of_both_ends_begin_with_the_link(database: Database, database_url: str) -> None:
    await database.links.save(HERE)
    marks = ask(
        database_url, "SELECT room, read_up_to > now() - interval '1 minute' AS is_new FROM marks ORDER BY room"
    )
    assert marks == [{"room": room, "is_new": True} for room in sorted([CHANNEL, CHAT])]


async def test_mark_of_a_room_linked_again_begins_anew(database: Database, database_url: str) -> None:
    """Nothing of the time between the two links is carried."""
    await database.links.save(HERE)
    await database.links.remove(CHANNEL)
    ask(database_url, "UPDATE marks SET read_up_to = now() - interval '1 day'")
    await database.links.save(HERE)
    assert ask(database_url, "SELECT room FROM marks WHERE read_up_to < now() - interval '1 hour'") == []


async def test_mark_of_a_chat_that_is_linked_already_stays(database: Database, database_url: str) -> None:
    await database.links.save(HERE)
    ask(database_url, "UPDATE marks SET read_up_to = now() - interval '1 day'")
    await database.links.save(replace(HERE, room=OTHER_CHANNEL))
    behind = ask(database_url, "SELECT room FROM marks WHERE read_up_to < now() - interval '1 hour' ORDER BY room")
    assert [row["room"] for row in behind] == sorted([CHANNEL, CHAT])


async def test_what_is_still_on_its_way_into_a_room_is_counted(database: Database) -> None:
    await database.deliveries.accept([delivery("a"), delivery("b"), delivery("c", target=OTHER_CHAT)])
    held = await claimed(database)
    await record(database, held.id, "M1")
    assert await database.links.count_open(CHAT) == 1


async def test_health_is_kept_until_a_newer_fact_tells_another(database: Database) -> None:
    await database.links.save(HERE)
    await database.links.learn_health(CHAT, RoomHealth.OPTED_OUT, BASE)
    await database.links.learn_health(CHAT, RoomHealth.FINE, BASE - SECOND)
    [link] = await database.links.of([CHANNEL])
    assert (link.health, link.health_at) == (RoomHealth.OPTED_OUT, BASE)
    await database.links.learn_health(CHAT, RoomHealth.FINE, BASE + SECOND)
    assert (await database.links.of([CHANNEL]))[0].health is RoomHealth.FINE
    await database.links.learn_health(CHAT, RoomHealth.AT_RISK, BASE + 2 * SECOND)
    await database.links.save(replace(HERE, peer=OTHER_CHAT))
    assert (await database.links.of([CHANNEL]))[0].health is RoomHealth.FINE


async def test_link_knows_when_its_peer_was_first_spoken_to(database: Database) -> None:
    await database.links.save(HERE)
    assert (await database.links.of([CHANNEL]))[0].spoken_at is None
    await database.deliveries.accept([delivery("a")])
    await record(database, "a", "M1")
    assert (await database.links.of([CHANNEL]))[0].spoken_at is not None
    await database.links.save(HERE)  # settings changed
    assert (await database.links.of([CHANNEL]))[0].spoken_at is not None
    await database.links.save(replace(HERE, peer=OTHER_CHAT))
    assert (await database.links.of([CHANNEL]))[0].spoken_at is None
