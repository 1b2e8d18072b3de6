"""Our own tapbacks: doing it twice changes nothing, and the subscribers are told."""

from typing import Any

import pytest
from linq import APIStatusError
from linq.types import ReactionAddedWebhookEvent

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.server import LinqServer
from tests.sandbox.linq.clients import Caller, Receiver, code_of


async def test_reaction_is_accepted_told_and_listed(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    theirs = linq.phone.send(Chats.ANN, "see you at 5")

    answer = await caller.api.messages.add_reaction(theirs.id, operation="add", type="love")

    assert answer.status == "accepted"
    [body] = await receiver.until("reaction.added")
    ReactionAddedWebhookEvent.model_validate(body)
    assert (body["data"]["is_from_me"], body["data"]["message_id"]) == (True, theirs.id)
    listed = (await caller.api.messages.retrieve(theirs.id)).parts
    assert listed
    assert listed[0].reactions
    assert (listed[0].reactions[0].is_me, listed[0].reactions[0].type) == (True, "love")


async def test_repeated_reaction_changes_nothing(linq: LinqServer, caller: Caller, receiver: Receiver) -> None:
    theirs = linq.phone.send(Chats.ANN, "see you at 5")
    for _ in range(2):
        await caller.api.messages.add_reaction(theirs.id, operation="add", type="love")
    for _ in range(2):
        await caller.api.messages.add_reaction(theirs.id, operation="remove", type="love")
    await receiver.until("reaction.removed")

    told = [body["event_type"] for body in receiver.bodies() if body["event_type"].startswith("reaction")]
    assert told == ["reaction.added", "reaction.removed"]
    assert linq.account.messages[theirs.id].parts[0].reactions == []


async def test_other_peoples_tapbacks_stay(linq: LinqServer, caller: Caller) -> None:
    theirs = linq.phone.send(Chats.FAMILY, "see you at 5")
    linq.phone.react(theirs.id, "love", person="cleo@example.com")
    await caller.api.messages.add_reaction(theirs.id, operation="add", type="love")
    await caller.api.messages.add_reaction(theirs.id, operation="remove", type="love")

    assert [each.person.address for each in linq.account.messages[theirs.id].parts[0].reactions] == ["cleo@example.com"]


@pytest.mark.parametrize(
    ("wish", "refused"),
    [
        ({"operation": "add", "type": "custom"}, (400, 1001)),
        ({"operation": "add", "type": "hug"}, (400, 1005)),
        ({"operation": "hold", "type": "love"}, (400, 1005)),
        ({"operation": "add", "type": "love", "part_index": 1}, (400, 1005)),
        ({"operation": "remove", "type": "sticker"}, (403, 2011)),
        ({"operation": "add"}, (400, 1001)),
    ],
)
async def test_reaction_fields_are_checked(
    linq: LinqServer, caller: Caller, wish: dict[str, Any], refused: tuple[int, int]
) -> None:
    theirs = linq.phone.send(Chats.ANN, "see you at 5")
    with pytest.raises(APIStatusError) as error:
        await caller.api.messages.add_reaction(
            theirs.id, operation="add", type="love", extra_body={"type": None} | wish
        )
    assert code_of(error) == refused


async def test_reaction_needs_an_eligible_line(linq: LinqServer, caller: Caller) -> None:
    theirs = linq.phone.send(Chats.ANN, "see you at 5")
    linq.switches.line_ineligible = True
    with pytest.raises(APIStatusError) as error:
        await caller.api.messages.add_reaction(theirs.id, operation="add", type="love")
    assert code_of(error) == (403, 2027)
