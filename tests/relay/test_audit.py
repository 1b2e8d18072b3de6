"""What people did is in the audit with who did it; what they were not allowed to do is not."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.relay.errors import OutcomeUnknown, Refused
from bot.relay.ids import PersonId, RoomId
from bot.relay.parts import Text
from bot.relay.rooms import Link, Membership
from tests.fakes import ANN, BASE, CHANNEL, CHAT, LINE, OTHER_CHANNEL, OTHER_CHAT, heard, said
from tests.relay.world import World

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
AUTOMATIC = ("accepted", "sent", "failed", "unconfirmed", "cancelled", "delivered", "read")
GUEST = PersonId("team:T0AAA@U0GUEST")


async def acts(world: World) -> list[tuple[str, str]]:
    """The acts of people, and whose they are."""
    found = [(row["act"], row["actor"]) async for row in world.database.audit.since(ALWAYS)]
    return [(act, actor) for act, actor in found if act not in AUTOMATIC]


async def test_linking_settings_and_unlinking_name_the_person(world: World) -> None:
    world.team.directory.admins.add(ANN)
    await world.links.unlink(CHANNEL, by=ANN)
    await world.links.link(OTHER_CHANNEL, OTHER_CHAT, by=ANN)
    await world.links.set(OTHER_CHANNEL, {"mode": ["conversation"]}, by=ANN)
    assert await acts(world) == [("unlink", ANN), ("link", ANN), ("set_link", ANN)]


async def test_operator_at_the_command_line_is_called_that(world: World) -> None:
    await world.links.set(CHANNEL, {"replies": ["off"]}, by=None)
    await world.links.part(CHANNEL, by=None)
    assert await acts(world) == [("set_link", "command line"), ("unlink", "command line")]


async def test_what_was_refused_is_no_act(world: World) -> None:
    with pytest.raises(Refused):
        await world.links.unlink(CHANNEL, by=GUEST)
    with pytest.raises(Refused):
        await world.links.set(CHANNEL, {"mode": ["shout"]}, by=None)
    assert await acts(world) == []


async def test_who_approved_and_who_dismissed_what_was_held(world: World) -> None:
    world.pass_by(timedelta(hours=2))
    [first] = await world.deliveries.accept_found(said("1"))
    [second] = await world.deliveries.accept_found(said("2"))
    await world.actions.approve(first, by=ANN)
    await world.actions.dismiss(second, by=ANN)
    assert await acts(world) == [("approve", ANN), ("dismiss", ANN)]


async def test_guest_who_may_not_approve_leaves_no_entry(world: World) -> None:
    world.team.directory.memberships[GUEST] = Membership.GUEST
    world.pass_by(timedelta(hours=2))
    [held] = await world.deliveries.accept_found(said("1"))
    with pytest.raises(Refused):
        await world.actions.approve(held, by=GUEST)
    assert await acts(world) == []


async def test_who_sent_again_and_who_said_that_it_arrived(world: World) -> None:
    for message in (said("1"), said("2")):
        world.chats.sender.trouble["send"] = [OutcomeUnknown("lost")]
        [delivery] = await world.deliveries.accept(message)
        await world.run()
        await (world.actions.resend if message.id.endswith("1") else world.actions.confirm_delivered)(delivery, by=ANN)
    assert await acts(world) == [("resend", ANN), ("confirm_delivered", ANN)]
    rows = [row async for row in world.database.audit.since(ALWAYS)]
    again = [row for row in rows if row["act"] == "accepted" and "replaces" in row["detail"]]
    assert [(row["actor"], row["peer"]) for row in again] == [(ANN, CHAT)]


async def test_acts_on_a_conversation_name_the_person_and_the_chat(world: World) -> None:
    inbox = RoomId("team:T0AAA/C0INBOX")
    await world.links.part(CHANNEL, by=None)
    await world.database.links.save(Link(inbox, LINE, "Our number", "test", is_inbox=True))
    world.execute("UPDATE links SET made_at = %s", BASE)
    await world.deliveries.accept(heard("1", Text("0", "Hello."), line=LINE))
    await world.run()
    [row] = world.execute("SELECT room FROM conversations")
    for act in ("take", "release", "close", "reopen", "block", "unblock"):
        await getattr(world.conversations, act)(row["room"], by=ANN)
    await world.conversations.move(row["room"], OTHER_CHANNEL, by=ANN)
    done = ["take", "release", "close", "reopen", "block", "unblock", "move"]
    assert (await acts(world))[1:] == [(act, ANN) for act in done]
    rows = [row async for row in world.database.audit.since(ALWAYS)]
    assert {row["peer"] for row in rows if row["act"] in done} == {CHAT}
