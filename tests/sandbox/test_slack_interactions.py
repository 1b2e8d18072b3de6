"""Commands, shortcuts, buttons and modals: sent once, answered within 3 s."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.fixtures import ANN, BEN, CLIPS, PRIVATE
from bot.sandbox.slack.interactions.response_urls import TTL_S
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.time_scale import TimeScale
from bot.sandbox.wire import Wire
from tests.sandbox.slack_listener import Heard, Listener, says, status

RETRY = {"type": "button", "action_id": "retry", "value": "d1", "text": {"type": "plain_text", "text": "Retry"}}
ACTIONS = [{"type": "actions", "block_id": "acts", "elements": [RETRY]}]
MODAL = {
    "type": "modal",
    "callback_id": "pick",
    "title": {"type": "plain_text", "text": "Pick"},
    "blocks": [{"type": "input", "block_id": "b", "element": {"type": "external_select", "action_id": "chat"}}],
}


async def post(http: aiohttp.ClientSession, url: str, **said: Any) -> int:
    async with http.post(url, json=said) as response:
        return response.status


async def test_a_command_is_a_signed_form(slack: SlackServer, listener: Listener) -> None:
    listener.answer = says({"response_type": "ephemeral", "text": "linked"})
    said = await slack.command(PRIVATE, "link +15551230001", user=BEN)
    [heard] = listener.heard
    assert SignatureVerifier(slack.signing_secret).is_valid_request(heard.raw, dict(heard.headers))
    named = ("command", "text", "user_id", "channel_id", "channel_name", "is_enterprise_install")
    assert [heard.said[name] for name in named] == [
        "/voicememo",
        "link +15551230001",
        BEN,
        PRIVATE,
        "privategroup",
        "false",
    ]
    assert (said.status, said.text) == (200, "linked")
    assert [e.text for e in slack.ephemerals(PRIVATE, BEN)] == ["linked"]


async def test_a_plain_text_answer_is_shown_too(slack: SlackServer, listener: Listener) -> None:
    listener.answer = says("just words")
    assert (await slack.command(CLIPS, "help")).text == "just words"
    assert slack.ephemerals(CLIPS)[0].text == "just words"


async def test_an_answer_for_all_is_a_message(slack: SlackServer, listener: Listener) -> None:
    listener.answer = says({"response_type": "in_channel", "text": "for all"})
    await slack.command(CLIPS, "status")
    assert [m.text for m in slack.workspace.channels[CLIPS].messages.values()] == ["for all"]


async def test_a_refused_command_is_not_sent_again(slack: SlackServer, listener: Listener) -> None:
    listener.answer = status(500)
    assert (await slack.command(CLIPS, "help")).error == "dispatch_failed"
    await slack.settled()
    assert len(listener.heard) == 1


async def test_a_command_without_an_answer_in_time_failed(slack: SlackServer, listener: Listener) -> None:
    listener.held.clear()
    assert (await slack.command(CLIPS, "help")).error == "operation_timeout"


async def test_a_response_url_takes_five_posts(
    slack: SlackServer, listener: Listener, http: aiohttp.ClientSession
) -> None:
    said = await slack.command(CLIPS, "help", user=BEN)
    url = listener.heard[0].said["response_url"]
    assert [await post(http, url, text=str(n)) for n in range(6)] == [200, 200, 200, 200, 200, 404]
    assert [each["text"] for each in said.later] == ["0", "1", "2", "3", "4"]
    assert len(slack.ephemerals(CLIPS, BEN)) == 5


async def test_a_response_url_grows_old(
    slack: SlackServer, listener: Listener, http: aiohttp.ClientSession, wire: Wire
) -> None:
    await slack.command(CLIPS, "help")
    born = slack.workspace.now()
    slack.workspace.now = lambda: born + TTL_S
    assert await post(http, listener.heard[0].said["response_url"], text="late") == 404
    assert wire.named("response_url")[0].facts == {"error": "expired_url"}


async def test_a_message_shortcut_brings_the_message(slack: SlackServer, listener: Listener) -> None:
    message = await slack.drop(CLIPS, Upload("a.m4a", b"x"))
    await slack.settled()
    await slack.shortcut("send_as_voice_memo", CLIPS, message.ts, user=BEN)
    said = listener.heard[-1].said
    assert (said["type"], said["callback_id"], said["message_ts"]) == (
        "message_action",
        "send_as_voice_memo",
        message.ts,
    )
    assert (said["channel"]["id"], said["user"]["id"]) == (CLIPS, BEN)
    assert said["message"]["files"][0]["name"] == "a.m4a"


async def test_a_pressed_button_brings_its_value_and_may_replace_its_message(
    slack: SlackServer, listener: Listener, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="failed", blocks=ACTIONS)
    await slack.settled()
    await slack.press(CLIPS, posted["ts"], "retry")
    said = listener.heard[-1].said
    assert (said["type"], said["container"]["message_ts"]) == ("block_actions", posted["ts"])
    assert (said["actions"][0]["value"], said["actions"][0]["block_id"]) == ("d1", "acts")
    assert await post(http, said["response_url"], replace_original=True, text="queued") == 200
    assert slack.message(CLIPS, posted["ts"]).text == "queued"


async def test_a_button_only_one_person_sees_can_be_pressed_and_taken_away(
    slack: SlackServer, listener: Listener, http: aiohttp.ClientSession
) -> None:
    listener.answer = says({"text": "sure?", "blocks": ACTIONS})
    await slack.command(CLIPS, "link x")
    [question] = slack.ephemerals(CLIPS, ANN)
    listener.answer = status(200)
    await slack.press(CLIPS, question.ts, "retry")
    said = listener.heard[-1].said
    assert (said["container"]["is_ephemeral"], "message" in said) == (True, False)
    await post(http, said["response_url"], delete_original=True)
    assert slack.ephemerals(CLIPS) == []
    with pytest.raises(LookupError):
        await slack.press(CLIPS, question.ts, "retry")


async def opened(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> dict[str, Any]:
    """The modal opened by a command's trigger."""
    await slack.command(CLIPS, "link")
    answer = await client.views_open(trigger_id=listener.heard[-1].said["trigger_id"], view=MODAL)
    view: dict[str, Any] = answer["view"]
    return view


async def test_a_trigger_opens_one_modal(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    view = await opened(slack, listener, client)
    assert [v["id"] for v in slack.views(ANN)] == [view["id"]]
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=listener.heard[-1].said["trigger_id"], view=MODAL)
    assert caught.value.response["error"] == "exchanged_trigger_id"


async def test_a_trigger_lives_three_seconds(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    await slack.command(CLIPS, "link")
    born = slack.workspace.now()
    slack.workspace.now = lambda: born + 4
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=listener.heard[-1].said["trigger_id"], view=MODAL)
    assert caught.value.response["error"] == "expired_trigger_id"


async def test_a_modal_stays_open_while_it_has_errors(
    slack: SlackServer, listener: Listener, client: AsyncWebClient
) -> None:
    view = await opened(slack, listener, client)
    listener.answer = says({"response_action": "errors", "errors": {"b": "no such chat"}})
    await slack.submit(view["id"], {"b": {"chat": {"type": "external_select"}}})
    assert len(slack.views(ANN)) == 1
    listener.answer = status(200)
    await slack.submit(view["id"], {})
    assert slack.views(ANN) == []
    assert listener.heard[-1].said["view"]["callback_id"] == "pick"


async def test_typing_into_an_external_select_asks_for_options(
    slack: SlackServer, listener: Listener, client: AsyncWebClient
) -> None:
    view = await opened(slack, listener, client)
    listener.answer = says({"options": []})
    said = await slack.suggest(view["id"], "chat", "mo")
    assert said.body == {"options": []}
    asked = listener.heard[-1].said
    assert (asked["type"], asked["value"], asked["action_id"]) == ("block_suggestion", "mo", "chat")


async def test_a_home_tab_is_published_per_person(
    slack: SlackServer, listener: Listener, client: AsyncWebClient
) -> None:
    slack.switches.subscribed.add("app_home_opened")
    await slack.open_home(BEN)
    await slack.settled()
    assert listener.events("app_home_opened")[0]["user"] == BEN
    await client.views_publish(user_id=BEN, view={"type": "home", "blocks": [{"type": "divider"}]})
    home = slack.home(BEN)
    assert home
    assert home["blocks"] == [{"type": "divider"}]
    with pytest.raises(SlackApiError) as caught:
        await client.views_publish(user_id=BEN, hash="old", view={"type": "home", "blocks": []})
    assert caught.value.response["error"] == "hash_conflict"


async def test_a_deaf_slack_passes_no_command_on(slack: SlackServer, listener: Listener) -> None:
    slack.switches.deaf = True
    assert (await slack.command(CLIPS, "help")).error == "operation_timeout"
    assert listener.heard == []


async def test_nobody_answers_when_the_bot_is_nowhere(wire: Wire) -> None:
    side = SlackServer(wire, TimeScale())
    await side.start()
    said = await side.command(CLIPS, "help")
    await side.stop()
    assert (said.status, said.error) == (None, "dispatch_failed")


async def test_interactions_carry_a_trigger_each(slack: SlackServer, listener: Listener) -> None:
    await slack.command(CLIPS, "one")
    await slack.command(CLIPS, "two")
    triggers: set[Heard | str] = {heard.said["trigger_id"] for heard in listener.heard}
    assert len(triggers) == 2
