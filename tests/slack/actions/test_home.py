"""The App Home: when it is published, and what its buttons and modals do."""

from typing import Any

import pytest

from bot.relay.errors import Refused
from bot.relay.overview import Overview
from bot.relay.rooms import Confirm, Link, Mode
from bot.slack.dispatch import Dispatcher
from bot.slack.ids import SlackRoom, group_id, person_id
from tests.slack.conftest import Seconds
from tests.slack.deliveries import failed
from tests.slack.fake_overviews import FakeOverviews
from tests.slack.fake_relay import ANNS_CHAT, FakeRelay
from tests.slack.fake_slack import FakeSlack
from tests.slack.fake_workspace import ANN, BEN, CLIPS, CREW, GUEST, TEAM
from tests.slack.signed_requests import SignedRequests

CHANNEL = SlackRoom(TEAM, CLIPS)


def published(slack: FakeSlack) -> list[dict[str, Any]]:
    return [call.args for call in slack.named("views.publish")]


async def open_home(requests: SignedRequests, user: str = ANN, **more: Any) -> None:
    event = {"type": "app_home_opened", "user": user, "channel": "D0HOME", "tab": "home", **more}
    assert (await requests.event(event)).status == 200


async def click(requests: SignedRequests, action: str, value: str, user: str = ANN) -> None:
    actions = [{"action_id": action, "value": value, "type": "button"}]
    assert (await requests.in_view("block_actions", {"type": "home"}, user, actions=actions)).status == 200


async def test_home_is_published_to_who_opens_it(requests: SignedRequests, slack: FakeSlack) -> None:
    await open_home(requests)
    [args] = published(slack)
    assert (args["user_id"], args["view"]["type"]) == (ANN, "home")


async def test_contact_with_a_card_is_shown_by_name_and_number(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay, overviews: FakeOverviews
) -> None:
    overviews.shown = Overview(links=[Link(CHANNEL.id, ANNS_CHAT.id, "+12025550123")])
    relay.shown_as["+12025550123"] = "Ann Lee (+12025550123)"
    for user in (ANN, GUEST):
        await open_home(requests, user)
    shown = {args["user_id"]: "*Ann Lee (+12025550123)*" in str(args["view"]) for args in published(slack)}
    assert shown == {ANN: True, GUEST: False}


async def test_home_that_shows_it_already_is_not_published_again(requests: SignedRequests, slack: FakeSlack) -> None:
    await open_home(requests)
    await open_home(requests, view=published(slack)[0]["view"])
    assert len(published(slack)) == 1
    await open_home(requests)  # Slack has lost it
    assert len(published(slack)) == 2


async def test_messages_tab_is_none_of_ours(requests: SignedRequests, slack: FakeSlack) -> None:
    await open_home(requests, tab="messages")
    assert published(slack) == []


async def test_home_that_is_open_follows_what_changes(
    requests: SignedRequests, slack: FakeSlack, dispatcher: Dispatcher, overviews: FakeOverviews, clock: Seconds
) -> None:
    await open_home(requests)
    await dispatcher.home.refresh_open()
    assert len(published(slack)) == 1
    overviews.shown = Overview(attention=[failed()])
    await dispatcher.home.refresh_open()
    assert len(published(slack)) == 2
    clock.now += 601
    overviews.shown = Overview()
    await dispatcher.home.refresh_open()
    assert len(published(slack)) == 2


async def test_home_tells_of_channels_that_the_person_is_in(
    requests: SignedRequests, slack: FakeSlack, overviews: FakeOverviews
) -> None:
    slack.channels[CLIPS].people = frozenset({ANN})
    await open_home(requests, ANN)
    await open_home(requests, BEN)
    assert overviews.asked == [{CHANNEL.id}, set()]


async def test_button_of_the_home_acts_and_shows_what_came_of_it(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay, overviews: FakeOverviews
) -> None:
    await open_home(requests)
    overviews.shown = Overview(attention=[failed()])
    await click(requests, "resend", "d1")
    assert relay.acts == [("resend", "d1", person_id(TEAM, ANN))]
    assert len(published(slack)) == 2


async def test_refused_button_of_the_home_opens_a_modal_that_says_why(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    relay.links.clear()
    await click(requests, "edit_link", CHANNEL.id)
    assert "not linked any more" in str(slack.named("views.open")[0].args)


async def test_contact_picker_offers_chats_as_somebody_types(requests: SignedRequests, relay: FakeRelay) -> None:
    asked = {"action_id": "contact", "block_id": "contact", "value": "202555"}
    found = await requests.in_view("block_suggestion", {"type": "modal"}, ANN, **asked)
    [option] = found.body["options"]
    assert (option["value"], option["text"]["text"]) == (ANNS_CHAT.id, "+12025550123")
    relay.trouble = Refused("Only admins may.")
    assert (await requests.in_view("block_suggestion", {"type": "modal"}, BEN, **asked)).body["options"] == []


async def test_new_link_is_made_from_the_modal(requests: SignedRequests, slack: FakeSlack, relay: FakeRelay) -> None:
    await click(requests, "new_link", "new_link")
    view = slack.named("views.open")[0].args["view"]
    assert "What is said in the chat appears in the channel" in str(view["blocks"][-1])
    values = {
        "channel": {"channel": {"selected_conversation": CREW}},
        "contact": {"contact": {"selected_option": {"value": ANNS_CHAT.id}}},
    }
    assert "Linked to" in (await requests.submit(view, values)).text
    assert relay.links[SlackRoom(TEAM, CREW).id].peer == ANNS_CHAT.id


def chosen(view: dict[str, Any], **changed: str) -> dict[str, Any]:
    """What a person submits who changes only this."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        element = block.get("element", {})
        name = element.get("action_id", "")
        option = {"value": changed.get(name, element.get("initial_option", {}).get("value"))}
        if element.get("type") == "static_select":
            values[name] = {name: {"selected_option": option}}
        elif element.get("type") == "plain_text_input":
            values[name] = {name: {"value": changed.get(name, element.get("initial_value"))}}
        elif element.get("type") == "multi_users_select":
            values[name] = {name: {"selected_users": changed.get(name, "").split() or element.get("initial_users", [])}}
    return values


async def test_edit_begins_with_what_is_set_and_changes_what_was_changed(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay
) -> None:
    before = relay.links[CHANNEL.id].settings
    await click(requests, "edit_link", CHANNEL.id)
    view = slack.named("views.open")[0].args["view"]
    await requests.submit(view, chosen(view))
    assert relay.links[CHANNEL.id].settings == before
    quiet = "22:00-08:00 Europe/Berlin"
    await requests.submit(view, chosen(view, mode="conversation", confirm="first", quiet=quiet))
    after = relay.links[CHANNEL.id].settings
    assert (after.mode, after.confirm, after.quiet) == (Mode.CONVERSATION, Confirm.FIRST, quiet)


async def test_edit_lists_people_and_keeps_groups(requests: SignedRequests, slack: FakeSlack, relay: FakeRelay) -> None:
    group = group_id(TEAM, "S0SALES")
    await relay.set(CHANNEL.id, {"senders": [group]}, by=None)
    await click(requests, "edit_link", CHANNEL.id)
    view = slack.named("views.open")[0].args["view"]
    await requests.submit(view, chosen(view, people=f"{ANN} {BEN}"))
    assert relay.links[CHANNEL.id].settings.senders == (person_id(TEAM, ANN), person_id(TEAM, BEN), group)


@pytest.mark.parametrize("quiet", ["at night", "22:00-08:00 Mars"])
async def test_wrong_hours_are_refused_in_the_modal(
    requests: SignedRequests, slack: FakeSlack, relay: FakeRelay, quiet: str
) -> None:
    await click(requests, "edit_link", CHANNEL.id)
    view = slack.named("views.open")[0].args["view"]
    answer = await requests.submit(view, chosen(view, quiet=quiet))
    assert "22:00-08:00 Europe/Berlin" in answer.text
    assert relay.links[CHANNEL.id].settings.quiet == ""
