"""Opening a chat: offered where there is none, written in a modal, never done by anything else."""

from bot.relay.errors import NO_ROOM, Refused
from bot.slack.ids import SlackRoom
from tests.slack.fake_overviews import FakeOpenings
from tests.slack.fake_relay import FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import CLIPS, TEAM
from tests.slack.signed_requests import SignedRequests

CHANNEL = SlackRoom(TEAM, CLIPS)


async def test_link_to_somebody_without_a_chat_offers_to_open_one(
    requests: SignedRequests, relay: FakeRelay, openings: FakeOpenings
) -> None:
    relay.trouble = Refused("There is no chat with +12025550177 yet.", code=NO_ROOM)
    answer = await requests.command("link +12025550177")
    buttons = answer.body["blocks"][-1]["elements"]
    assert (buttons[0]["action_id"], buttons[0]["value"]) == ("open_chat", "+12025550177")
    assert openings.opened == []


async def test_button_asks_for_the_first_text_and_sends_nothing(
    requests: SignedRequests, slack: FakeSlack, openings: FakeOpenings
) -> None:
    await requests.click("open_chat", "+12025550177")
    [view] = slack.views
    assert "goes out at once" in str(view["blocks"])
    assert "What they answer appears in this channel" in str(view["blocks"])
    assert openings.opened == []


async def test_conversation_is_begun_from_the_home(
    requests: SignedRequests, slack: FakeSlack, openings: FakeOpenings
) -> None:
    actions = [{"action_id": "new_conversation", "value": CHANNEL.id, "type": "button"}]
    await requests.in_view("block_actions", {"type": "home"}, actions=actions)
    values = {
        "line": {"line": {"selected_option": {"value": "linq:default/line/1"}}},
        "handle": {"handle": {"value": "+12025550177"}},
        "first_text": {"first_text": {"value": "Hello"}},
    }
    await requests.submit(slack.views[0], values)
    assert openings.opened == [(CHANNEL.id, "linq:default/line/1", "+12025550177", "Hello")]


async def test_submitted_text_opens_the_chat(
    requests: SignedRequests, slack: FakeSlack, openings: FakeOpenings
) -> None:
    await requests.click("open_chat", "+12025550177")
    values = {
        "line": {"line": {"selected_option": {"value": "linq:default/line/1"}}},
        "first_text": {"first_text": {"value": "Hello"}},
    }
    answer = await requests.submit(slack.views[0], values)
    assert "Linked to" in answer.text
    assert openings.opened == [(CHANNEL.id, "linq:default/line/1", "+12025550177", "Hello")]
