"""The workflow step: accepted once for an execution, ended as its delivery ends, refused with the reason."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.model import DeliveryWithReceipts, HeldFor, ReceiptKind
from bot.relay.parts import Voice
from bot.slack.adapter import SlackAdapter
from bot.slack.ids import SlackRoom
from tests.slack.deliveries import AT, failed, notice, told, unconfirmed
from tests.slack.fake_relay import FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import CLIPS, ELSEWHERE, TEAM
from tests.slack.signed_requests import Response, SignedRequests

CHANNEL = SlackRoom(TEAM, CLIPS)
EXECUTION = "Fx0001"


async def execute(requests: SignedRequests, callback: str = "send_voice_memo", **inputs: Any) -> Response:
    function = {"id": "Fn0001", "callback_id": callback, "type": "app"}
    return await requests.event(
        {"type": "function_executed", "function": function, "inputs": inputs, "function_execution_id": EXECUTION}
    )


def rich_text(*words: str) -> list[Any]:
    """A variable in an input of rich text: as a rich text of its own, as Workflow Builder fills it in."""
    inner = {"type": "rich_text", "elements": [{"type": "text", "text": each} for each in words]}
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [inner]}]}]


@pytest.mark.parametrize("given", [str, lambda file: [file], rich_text, lambda file: rich_text(f" {file}\n", file)])
async def test_execution_is_accepted_as_an_act_of_its_own(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay, given: Callable[[str], Any]
) -> None:
    file = slack.add_file("memo.m4a").id
    await execute(requests, file=given(file), channel=CLIPS)
    [message] = relay.messages
    assert (message.id, message.command, message.room) == (CHANNEL.step(EXECUTION), EXECUTION, CHANNEL.id)
    assert [type(part) for part in message.parts] == [Voice]
    assert slack.ended_steps == {}


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"channel": CLIPS}, "needs a file"),
        ({"file": "F000000", "channel": ELSEWHERE}, "not linked"),
        ({"file": "F000001", "channel": CLIPS}, "neither audio nor video"),
        ({"file": 7, "channel": CLIPS}, "needs a file"),
        ({"file": rich_text("hello"), "channel": CLIPS}, "needs a file"),
        ({"file": rich_text("F000000", "F000001"), "channel": CLIPS}, "needs a file"),
    ],
)
async def test_what_can_never_be_sent_ends_the_step_with_the_reason(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay, inputs: dict[str, Any], says: str
) -> None:
    slack.add_file("memo.m4a")
    slack.add_file("cat.png", b"PICT")
    assert (await execute(requests, **inputs)).status == 200
    assert says in slack.ended_steps[EXECUTION]
    assert relay.messages == []


async def test_step_into_an_inbox_is_told_that_no_contact_is_named(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    await requests.command("inbox all", CLIPS)
    await execute(requests, file=slack.add_file().id, channel=CLIPS)
    assert "Choose a channel that is linked to one chat." in slack.ended_steps[EXECUTION]
    assert relay.messages == []


async def test_refusal_of_the_relay_ends_the_step(requests: SignedRequests, slack: FakeSlack, relay: FakeRelay) -> None:
    relay.trouble = Refused("Only the people whom the link's admins chose may send from here.")
    await execute(requests, file=slack.add_file().id, channel=CLIPS)
    assert "Only the people" in slack.ended_steps[EXECUTION]


async def test_trouble_makes_slack_deliver_the_event_again(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    relay.trouble = RetryLater("The database cannot be reached.")
    assert (await execute(requests, file=slack.add_file().id, channel=CLIPS)).status == 500
    assert slack.ended_steps == {}


async def test_step_of_another_name_is_none_of_ours(requests: SignedRequests, relay: FakeRelay) -> None:
    assert (await execute(requests, "something_else", file="F1", channel=CLIPS)).status == 200
    assert relay.messages == []


@pytest.mark.parametrize(
    ("shown", "ended"),
    [
        (told("memo.m4a"), None),
        (told("memo.m4a", not_before=AT, held_for=HeldFor.QUIET), None),
        (told("memo.m4a", ReceiptKind.SENT), {"status": "sent", "delivery_id": "d-memo.m4a"}),
        (failed("memo.m4a"), "The recipient opted out."),
        (unconfirmed("memo.m4a"), "The answer was lost."),
    ],
)
async def test_step_ends_as_its_delivery_does(
    adapter: SlackAdapter, slack: FakeSlack, shown: DeliveryWithReceipts, ended: object
) -> None:
    of_step = notice(shown, ts=f"step-{EXECUTION}")
    rendered = adapter.board.render(of_step)
    assert rendered.marks == frozenset()
    for _ in range(2):  # told twice, ended once
        await adapter.board.mark(of_step, frozenset())
    assert slack.ended_steps.get(EXECUTION) == ended
