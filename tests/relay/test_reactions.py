"""Reactions: what each person holds on a message is told to the other end once, in the state in which it is now."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import psycopg
import pytest

from bot.relay.ids import MessageId, PersonId
from bot.relay.model import DeliveryState, Message, Status
from bot.relay.parts import Announcement, Reaction, Text
from bot.relay.ports.networks import Outgoing
from bot.relay.rooms import LinkSettings, Mode
from tests.fakes import ANN, BASE, CONTACT, OTHER_CHANNEL, OTHER_CHAT, heard, said, until
from tests.relay.world import World

OTHER_CONTACT = PersonId("chat:default@other")
CONVERSATION = LinkSettings(mode=Mode.CONVERSATION)


def tapback(
    second: int, emoji: str, *, removed: bool = False, sender: PersonId = CONTACT, about: MessageId, part: str = ""
) -> Message:
    """The contact's, at that second."""
    reaction = Reaction("r", emoji, is_removed=removed, part=part)
    told = heard(f"{second}-{emoji}-{removed}-{sender}", reaction, about=about, at=BASE + timedelta(seconds=second))
    return replace(told, sender=sender)


def emoji(second: int, name: str, *, removed: bool = False, sender: PersonId = ANN, about: MessageId) -> Message:
    """A team member's."""
    number = f"{second}-{name}-{removed}-{sender}"
    return said(
        number, Reaction("r", name, is_removed=removed), about=about, sender=sender, at=BASE + timedelta(seconds=second)
    )


async def carried_out(world: World) -> MessageId:
    """A message of the team that the contact has."""
    [delivery] = await world.deliveries.accept(said())
    await world.run()
    sent_as = (await world.row(delivery)).sent_as
    assert sent_as is not None
    return sent_as


async def carried_in(world: World) -> MessageId:
    """A message of the contact that the team has."""
    await world.link(settings=CONVERSATION)
    await world.deliveries.accept(heard())
    await world.run()
    return world.team.sender.message(1)


def changes(sent: list[Outgoing]) -> list[tuple[str, bool]]:
    return [
        (part.emoji, part.is_removed)
        for outgoing in sent
        for part in outgoing.delivery.parts
        if isinstance(part, Reaction)
    ]


async def test_reaction_is_told_on_the_counterpart_of_its_message(world: World) -> None:
    about = await carried_out(world)
    await world.deliveries.accept(tapback(2, "❤️", about=about))
    await world.run()
    [outgoing] = world.team.sender.sent
    assert (outgoing.about, outgoing.held) == (said().id, ("❤️",))


async def test_reaction_told_twice_is_told_on_once(world: World) -> None:
    about = await carried_out(world)
    assert len(await world.deliveries.accept(tapback(2, "❤️", about=about))) == 1
    assert not await world.deliveries.accept(tapback(2, "❤️", about=about))


async def test_reaction_replaces_the_former_one_where_a_person_holds_one(world: World) -> None:
    about = await carried_out(world)
    await world.deliveries.accept(tapback(2, "❤️", about=about))
    await world.deliveries.accept(tapback(3, "👍", about=about))
    await world.run()
    assert sorted(changes(world.team.sender.sent)) == sorted([("❤️", False), ("❤️", True), ("👍", False)])
    assert world.team.sender.sent[-1].held == ("👍",)


async def test_reactions_on_two_parts_do_not_replace_each_other(world: World) -> None:
    about = await carried_out(world)
    await world.deliveries.accept(tapback(2, "❤️", about=about, part="0"))
    await world.deliveries.accept(tapback(3, "👍", about=about, part="1"))
    await world.run()
    assert changes(world.team.sender.sent) == [("❤️", False), ("👍", False)]


async def test_reactions_add_up_where_a_person_may_hold_several(world: World) -> None:
    about = await carried_in(world)
    await world.deliveries.accept(emoji(2, "❤️", about=about))
    await world.deliveries.accept(emoji(3, "👍", about=about))
    await world.run()
    assert changes(world.chats.sender.sent) == [("❤️", False), ("👍", False)]
    assert world.chats.sender.sent[-1].held == ("👍", "❤️")


async def test_reaction_removed_is_told(world: World) -> None:
    about = await carried_out(world)
    await world.deliveries.accept(tapback(2, "❤️", about=about))
    await world.deliveries.accept(tapback(3, "❤️", removed=True, about=about))
    await world.run()
    assert changes(world.team.sender.sent) == [("❤️", False), ("❤️", True)]
    assert world.team.sender.sent[-1].held == ()


async def test_reaction_put_back_is_told_again(world: World) -> None:
    about = await carried_out(world)
    for second, removed in ((2, False), (3, True), (4, False)):
        await world.deliveries.accept(tapback(second, "❤️", removed=removed, about=about))
    await world.run()
    assert changes(world.team.sender.sent) == [("❤️", False), ("❤️", True), ("❤️", False)]


async def test_one_emoji_of_two_people_is_held_until_both_removed_it(world: World) -> None:
    about = await carried_out(world)
    for second, sender in ((2, CONTACT), (3, OTHER_CONTACT)):
        await world.deliveries.accept(tapback(second, "❤️", sender=sender, about=about))
    await world.deliveries.accept(tapback(4, "❤️", removed=True, sender=CONTACT, about=about))
    await world.run()
    assert list(world.team.sender.sent[-1].held) == ["❤️"]
    await world.deliveries.accept(tapback(5, "❤️", removed=True, sender=OTHER_CONTACT, about=about))
    await world.run()
    assert list(world.team.sender.sent[-1].held) == []


async def test_removal_of_what_was_never_held_is_not_told(world: World) -> None:
    about = await carried_out(world)
    assert not await world.deliveries.accept(tapback(2, "❤️", removed=True, about=about))


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_reactions_told_out_of_order_end_as_they_were_made(world: World, order: tuple[int, ...]) -> None:
    """Put there, replaced, removed: nothing is left, whichever is told first."""
    about = await carried_out(world)
    made = (
        tapback(2, "❤️", about=about),
        tapback(3, "👍", about=about),
        tapback(4, "👍", removed=True, about=about),
    )
    for index in order:
        await world.deliveries.accept(made[index])
    await world.run()
    assert await world.database.deliveries.held_emoji(about) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_several_reactions_out_of_order_end_as_they_were_made(world: World, order: tuple[int, ...]) -> None:
    about = await carried_in(world)
    made = (emoji(2, "👍", about=about), emoji(3, "👍", removed=True, about=about), emoji(4, "👍", about=about))
    for index in order:
        await world.deliveries.accept(made[index])
    await world.run()
    assert await world.database.deliveries.held_emoji(about) == ["👍"]


async def test_reaction_to_an_unknown_message_waits_and_blocks_nobody(world: World) -> None:
    [delivery] = await world.deliveries.accept(tapback(2, "❤️", about=MessageId("chat:default#later")))
    await world.deliveries.accept(heard("3", Text("0", "Next.")))
    await world.run(during=timedelta(seconds=30))
    assert len(world.team.sender.sent) == 1
    row = await world.row(delivery)
    assert (row.state, row.is_late) == (DeliveryState.WAITING, True)


async def test_reaction_follows_a_message_that_is_carried_later(world: World) -> None:
    later = heard("3", Text("0", "Next."))
    await world.deliveries.accept(tapback(2, "❤️", about=later.id))
    await world.run(during=timedelta(seconds=30))
    await world.deliveries.accept(later)
    await world.run()
    assert world.team.sender.sent[-1].about == world.team.sender.message(1)


async def test_reaction_to_an_unknown_message_fails_in_the_end(world: World) -> None:
    [delivery] = await world.deliveries.accept(tapback(2, "❤️", about=MessageId("chat:default#never")))
    await world.run()
    assert await world.status(delivery) is Status.FAILED


async def test_teams_reaction_is_told_only_on_what_the_contact_said(world: World) -> None:
    theirs = await carried_in(world)
    await world.deliveries.accept(said("5", Text("t", "Ours.")))
    await world.run()
    assert not await world.deliveries.accept(emoji(6, "👍", about=said("5").id))
    assert await world.deliveries.accept(emoji(7, "👍", about=theirs))


async def test_teams_reaction_is_told_once_its_message_is_known(world: World) -> None:
    """A post is seen before its files are attached and its id is stored. A history tells of the same reaction again."""
    await world.link(settings=CONVERSATION)
    await world.deliveries.accept(heard())
    reaction = emoji(7, "👍", about=world.team.sender.message(1))
    assert not await world.deliveries.accept(reaction)
    await world.run()
    assert changes(world.chats.sender.sent) == [("👍", False)]
    assert not await world.deliveries.accept_found(reaction)


async def test_teams_reaction_waits_for_the_record_of_its_message(world: World) -> None:
    """Neither transaction sees what the other one has not committed."""
    await world.link(settings=CONVERSATION)
    [delivery] = await world.deliveries.accept(heard())
    message = world.team.sender.message(1)
    with psycopg.connect(world.url) as recording:
        recording.execute("SELECT record_sent(%s, %s, NULL, '', '[]', false)", (delivery, message))
        reacting = asyncio.create_task(world.deliveries.accept(emoji(7, "👍", about=message)))
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        await until(lambda: bool(world.execute(waits)))
        recording.commit()
    assert await reacting


async def test_teams_reaction_that_is_gone_by_then_is_not_told(world: World) -> None:
    await world.link(settings=CONVERSATION)
    await world.deliveries.accept(heard())
    for number, removed in ((7, False), (8, True)):
        await world.deliveries.accept(emoji(number, "👍", about=world.team.sender.message(1), removed=removed))
    await world.run()
    assert changes(world.chats.sender.sent) == []


async def test_teams_reaction_stays_internal_in_voice_mode(world: World) -> None:
    about = await carried_in(world)
    await world.link(settings=LinkSettings(mode=Mode.VOICE))
    assert not await world.deliveries.accept(emoji(6, "👍", about=about))


async def test_contacts_reaction_is_told_in_voice_mode(world: World) -> None:
    about = await carried_out(world)
    assert await world.deliveries.accept(tapback(2, "❤️", about=about))


async def test_reaction_is_told_in_every_room_that_the_chat_leads_to(world: World) -> None:
    about = await carried_out(world)
    await world.link(OTHER_CHANNEL)
    assert len(await world.deliveries.accept(tapback(2, "❤️", about=about))) == 2


async def test_reaction_of_a_chat_without_link_is_not_stored(world: World) -> None:
    strange = replace(tapback(2, "❤️", about=MessageId("chat:default#1")), room=OTHER_CHAT)
    assert not await world.deliveries.accept(strange)
    assert world.execute("SELECT * FROM reactions") == []


async def test_two_processes_that_are_told_one_reaction_tell_it_once(world: World, other_process: World) -> None:
    about = await carried_out(world)
    told = [
        process.deliveries.accept(tapback(2, "❤️", about=about)) for process in (world, other_process) for _ in "123"
    ]
    assert sum(len(new) for new in await asyncio.gather(*told)) == 1


# In words


def lines(world: World) -> list[tuple[str, tuple[str, ...]]]:
    parts = [part for outgoing in world.team.sender.sent for part in outgoing.delivery.parts]
    return [(part.text, part.names) for part in parts if isinstance(part, Announcement)]


async def test_reaction_in_a_group_is_also_told_in_words(world: World) -> None:
    about = await carried_out(world)
    await world.deliveries.accept(heard("2", is_in_group=True))
    await world.deliveries.accept(tapback(3, "❤️", about=about))
    await world.run()
    assert changes(world.team.sender.sent) == [("❤️", False)]
    assert lines(world) == [("❤️", ("+12025550123",))]


async def test_reaction_of_the_only_contact_needs_no_words(world: World) -> None:
    await world.deliveries.accept(tapback(3, "❤️", about=await carried_out(world)))
    await world.run()
    assert lines(world) == []


async def test_reaction_that_the_target_cannot_show_is_told_in_words(world: World) -> None:
    world.team.unknown_emoji = {"🫨"}
    await world.deliveries.accept(tapback(3, "🫨", about=await carried_out(world)))
    await world.run()
    assert lines(world) == [("🫨", ("Ann",))]


async def test_words_are_said_once_for_each_person_and_emoji(world: World) -> None:
    about = await carried_out(world)
    await world.deliveries.accept(heard("2", is_in_group=True))
    for second, removed in ((3, False), (4, True), (5, False)):
        await world.deliveries.accept(tapback(second, "❤️", removed=removed, about=about))
    await world.deliveries.accept(tapback(6, "❤️", sender=OTHER_CONTACT, about=about))
    await world.run()
    assert len(lines(world)) == 2


async def test_words_stand_where_the_message_stands_that_they_are_about(world: World) -> None:
    about = await carried_out(world)
    await world.deliveries.accept(heard("2", is_in_group=True))
    await world.deliveries.accept(tapback(3, "❤️", about=about))
    await world.run()
    line = next(each for each in world.team.sender.sent if isinstance(each.delivery.parts[0], Announcement))
    assert line.about == said().id
