"""Send later: what the modals ask, and what the relay is asked once they are submitted."""

from datetime import timedelta
from typing import Any

import pytest

from bot.relay.parts import Text, Voice
from bot.slack.ids import SlackRoom, person_id
from tests.slack.fake_relay import FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, CLIPS, ELSEWHERE, TEAM
from tests.slack.signed_requests import SignedRequests
from tests.slack.times import NOON

CHANNEL = SlackRoom(TEAM, CLIPS)
LATER = NOON + timedelta(days=2)


def opened(slack: FakeSlack) -> dict[str, Any]:
    """The modal that was opened last."""
    view: dict[str, Any] = slack.named("views.open")[-1].args["view"]
    return view


def entered(at: float, text: str = "") -> dict[str, Any]:
    values: dict[str, Any] = {"at": {"at": {"type": "datetimepicker", "selected_date_time": int(at)}}}
    return values | ({"text": {"text": {"type": "plain_text_input", "value": text}}} if text else {})


async def test_shortcut_asks_for_an_hour_and_offers_tomorrow_at_nine(
    requests: SignedRequests, slack: FakeSlack
) -> None:
    slack.users[ANN]["tz"] = "America/New_York"
    message = slack.drop(slack.add_file())
    assert (await requests.shortcut("send_later", message)).status == 200
    picker = opened(slack)["blocks"][-1]["element"]
    assert picker["type"] == "datetimepicker"
    nine = NOON.replace(hour=14) + timedelta(days=1)
    assert picker["initial_date_time"] == nine.timestamp()


async def test_submitted_message_is_accepted_for_that_hour(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    message = slack.drop(slack.add_file("memo.m4a"), text="for later")
    await requests.shortcut("send_later", message)
    assert (await requests.submit(opened(slack), entered(LATER.timestamp()))).text == ""
    [accepted] = relay.messages
    assert (accepted.send_at, accepted.sender) == (LATER, person_id(TEAM, ANN))
    assert [type(part) for part in accepted.parts] == [Voice]
    assert accepted.id == CHANNEL.message(message["ts"])
    assert accepted.command


async def test_message_scheduled_in_two_modals_is_one_act(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    """A modal that took long is opened and submitted again, and then both go through."""
    message = slack.drop(slack.add_file("memo.m4a"))
    act = await relay.next_schedule(CHANNEL.message(message["ts"]))
    await requests.shortcut("send_later", message)
    await requests.submit(opened(slack), entered(LATER.timestamp()))
    assert relay.messages[0].command == act


async def test_message_without_a_recording_goes_as_it_is(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    message = slack.say(text="see you at six")
    await requests.shortcut("send_later", message)
    await requests.submit(opened(slack), entered(LATER.timestamp()))
    assert relay.messages[0].parts == (Text("text", "see you at six"),)


async def test_message_that_is_held_already_gets_the_hour_instead(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    message = slack.drop(slack.add_file())
    relay.messages_held.append(CHANNEL.message(message["ts"]))
    await requests.shortcut("send_later", message)
    await requests.submit(opened(slack), entered(LATER.timestamp()))
    assert relay.messages == []
    assert relay.acts[0][:2] == ("reschedule message", CHANNEL.message(message["ts"]))


async def test_hour_that_is_over_is_refused_in_the_modal(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    await requests.shortcut("send_later", slack.say(text="hello"))
    answer = await requests.submit(opened(slack), entered(NOON.timestamp() - 60))
    assert answer.body["response_action"] == "update"
    assert "lies ahead" in answer.text
    assert relay.messages == []


@pytest.mark.parametrize("within_s", [0.0])
async def test_modal_that_takes_long_does_not_pass_for_done(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    await requests.shortcut("send_later", message := slack.drop(slack.add_file()))
    await slack.until(lambda: bool(slack.named("views.open")))
    relay.messages_held.append(CHANNEL.message(message["ts"]))
    relay.held.clear()
    answer = await requests.submit(opened(slack), entered(LATER.timestamp()))
    assert "takes longer" in str(answer.body)


@pytest.mark.parametrize(("typed", "text"), [("later 15:00 See you", "See you"), ("later See you", "See you")])
async def test_command_takes_the_time_and_the_text_into_the_modal(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay, typed: str, text: str
) -> None:
    await requests.command(typed)
    [written, _] = opened(slack)["blocks"]
    assert written["element"]["initial_value"] == text
    await requests.submit(opened(slack), entered(LATER.timestamp(), text))
    [accepted] = relay.messages
    assert (accepted.parts, accepted.send_at, accepted.room) == ((Text("text", text),), LATER, CHANNEL.id)


async def test_channel_without_a_link_is_told_so(requests: SignedRequests, slack: FakeSlack) -> None:
    answer = await requests.command("later 15:00 Hi", channel=ELSEWHERE)
    assert "not linked" in answer.text
    assert not slack.named("views.open")


async def test_change_of_time_begins_with_the_hour_that_it_has(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    await requests.click("reschedule", f"d1 {int(LATER.timestamp())}")
    assert opened(slack)["blocks"][0]["element"]["initial_date_time"] == LATER.timestamp()
    later = LATER + timedelta(hours=1)
    await requests.submit(opened(slack), entered(later.timestamp()))
    assert relay.acts == [("reschedule", "d1", later.isoformat(), person_id(TEAM, ANN))]
