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
from tests.sandbox.slack.listener import Listener, Received, answers, status

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


async def test_command_is_a_signed_form(slack: SlackServer, listener: Listener) -> None:
    listener.answer = answers({"response_type": "ephemeral", "text": "linked"})
    said = await slack.command(PRIVATE, "link +15551230001", user=BEN)
    [received] = listener.received
    assert SignatureVerifier(slack.signing_secret).is_valid_request(received.raw, dict(received.headers))
    named = ("command", "text", "user_id", "channel_id", "channel_name", "is_enterprise_install")
    assert [received.body[name] for name in named] == [
        "/voicememo",
        "link +15551230001",
        BEN,
        PRIVATE,
        "privategroup",
        "false",
    ]
    assert (said.status, said.text) == (200, "linked")
    assert [e.text for e in slack.ephemerals(PRIVATE, BEN)] == ["linked"]


async def test_plain_text_answer_is_shown(slack: SlackServer, listener: Listener) -> None:
    listener.answer = answers("just words")
    assert (await slack.command(CLIPS, "help")).text == "just words"
    assert slack.ephemerals(CLIPS)[0].text == "just words"


async def test_in_channel_answer_is_a_message(slack: SlackServer, listener: Listener) -> None:
    listener.answer = answers({"response_type": "in_channel", "text": "for all"})
    await slack.command(CLIPS, "status")
    assert [m.text for m in slack.workspace.channels[CLIPS].messages.values()] == ["for all"]


async def test_refused_command_is_not_retried(slack: SlackServer, listener: Listener) -> None:
    listener.answer = status(500)
    assert (await slack.command(CLIPS, "help")).error == "dispatch_failed"
    await slack.settled()
    assert len(listener.received) == 1


async def test_late_command_answer_is_a_timeout(slack: SlackServer, listener: Listener) -> None:
    listener.released.clear()
    assert (await slack.command(CLIPS, "help")).error == "operation_timeout"


async def test_response_url_takes_five_posts(
    slack: SlackServer, listener: Listener, http: aiohttp.ClientSession
) -> None:
    said = await slack.command(CLIPS, "help", user=BEN)
    url = listener.received[0].body["response_url"]
    assert [await post(http, url, text=str(n)) for n in range(6)] == [200, 200, 200, 200, 200, 404]
    assert [each["text"] for each in said.later] == ["0", "1", "2", "3", "4"]
    assert len(slack.ephemerals(CLIPS, BEN)) == 5


async def test_response_url_expires(
    slack: SlackServer, listener: Listener, http: aiohttp.ClientSession, wire: Wire
) -> None:
    await slack.command(CLIPS, "help")
    born = slack.workspace.now()
    slack.workspace.now = lambda: born + TTL_S
    assert await post(http, listener.received[0].body["response_url"], text="late") == 404
    assert wire.named("response_url")[0].facts == {"error": "expired_url"}


async def test_shortcut_carries_the_message(slack: SlackServer, listener: Listener) -> None:
    message = await slack.drop(CLIPS, Upload("a.m4a", b"x"))
    await slack.settled()
    await slack.shortcut("send_as_voice_memo", CLIPS, message.ts, user=BEN)
    said = listener.received[-1].body
    assert (said["type"], said["callback_id"], said["message_ts"]) == (
        "message_action",
        "send_as_voice_memo",
        message.ts,
    )
    assert (said["channel"]["id"], said["user"]["id"]) == (CLIPS, BEN)
    assert said["message"]["files"][0]["name"] == "a.m4a"


async def test_button_carries_value_and_replaces_message(
    slack: SlackServer, listener: Listener, client: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    posted = await client.chat_postMessage(channel=CLIPS, text="failed", blocks=ACTIONS)
    await slack.settled()
    await slack.press(CLIPS, posted["ts"], "retry")
    said = listener.received[-1].body
    assert (said["type"], said["container"]["message_ts"]) == ("block_actions", posted["ts"])
    assert (said["actions"][0]["value"], said["actions"][0]["block_id"]) == ("d1", "acts")
    assert await post(http, said["response_url"], replace_original=True, text="queued") == 200
    assert slack.message(CLIPS, posted["ts"]).text == "queued"


async def test_ephemeral_button_is_pressed_and_deleted(
    slack: SlackServer, listener: Listener, http: aiohttp.ClientSession
) -> None:
    listener.answer = answers({"text": "sure?", "blocks": ACTIONS})
    await slack.command(CLIPS, "link x")
    [question] = slack.ephemerals(CLIPS, ANN)
    listener.answer = status(200)
    await slack.press(CLIPS, question.ts, "retry")
    said = listener.received[-1].body
    assert (said["container"]["is_ephemeral"], "message" in said) == (True, False)
    await post(http, said["response_url"], delete_original=True)
    assert slack.ephemerals(CLIPS) == []
    with pytest.raises(LookupError):
        await slack.press(CLIPS, question.ts, "retry")


async def opened(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> dict[str, Any]:
    """The modal opened by a command's trigger."""
    await slack.command(CLIPS, "link")
    answer = await client.views_open(trigger_id=listener.received[-1].body["trigger_id"], view=MODAL)
    view: dict[str, Any] = answer["view"]
    return view


async def test_trigger_opens_one_modal(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    view = await opened(slack, listener, client)
    assert [v["id"] for v in slack.views(ANN)] == [view["id"]]
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=listener.received[-1].body["trigger_id"], view=MODAL)
    assert caught.value.response["error"] == "exchanged_trigger_id"


async def test_trigger_expires_after_three_seconds(
    slack: SlackServer, listener: Listener, client: AsyncWebClient
) -> None:
    await slack.command(CLIPS, "link")
    born = slack.workspace.now()
    slack.workspace.now = lambda: born + 4
    with pytest.raises(SlackApiError) as caught:
        await client.views_open(trigger_id=listener.received[-1].body["trigger_id"], view=MODAL)
    assert caught.value.response["error"] == "expired_trigger_id"


async def test_modal_with_errors_stays_open(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    view = await opened(slack, listener, client)
    listener.answer = answers({"response_action": "errors", "errors": {"b": "no such chat"}})
    await slack.submit(view["id"], {"b": {"chat": {"type": "external_select"}}})
    assert len(slack.views(ANN)) == 1
    listener.answer = status(200)
    await slack.submit(view["id"], {})
    assert slack.views(ANN) == []
    assert listener.received[-1].body["view"]["callback_id"] == "pick"


async def test_external_select_asks_for_options(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    view = await opened(slack, listener, client)
    listener.answer = answers({"options": []})
    said = await slack.suggest(view["id"], "chat", "mo")
    assert said.body == {"options": []}
    asked = listener.received[-1].body
    assert (asked["type"], asked["value"], asked["action_id"]) == ("block_suggestion", "mo", "chat")


async def test_home_tab_is_published_per_person(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
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


async def test_deaf_slack_sends_no_command(slack: SlackServer, listener: Listener) -> None:
    slack.switches.deaf = True
    assert (await slack.command(CLIPS, "help")).error == "operation_timeout"
    assert listener.received == []


async def test_command_fails_without_a_bot(wire: Wire) -> None:
    side = SlackServer(wire, TimeScale())
    await side.start()
    said = await side.command(CLIPS, "help")
    await side.stop()
    assert (said.status, said.error) == (None, "dispatch_failed")


async def test_each_interaction_has_its_trigger(slack: SlackServer, listener: Listener) -> None:
    await slack.command(CLIPS, "one")
    await slack.command(CLIPS, "two")
    triggers: set[Received | str] = {received.body["trigger_id"] for received in listener.received}
    assert len(triggers) == 2


async def test_modal_is_updated_with_its_hash(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    view = await opened(slack, listener, client)
    changed = MODAL | {"callback_id": "second"}
    answer = await client.views_update(view_id=view["id"], hash=view["hash"], view=changed)
    assert [v["callback_id"] for v in slack.views(ANN)] == ["second"]
    assert answer["view"]["hash"] != view["hash"]
    for wish, error in (
        ({"view_id": view["id"], "hash": view["hash"]}, "hash_conflict"),
        ({"view_id": "V0"}, "not_found"),
    ):
        with pytest.raises(SlackApiError) as caught:
            await client.views_update(**wish, view=changed)
        assert caught.value.response["error"] == error


async def test_modal_is_found_by_external_id(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    await slack.command(CLIPS, "link")
    trigger = listener.received[-1].body["trigger_id"]
    await client.views_open(trigger_id=trigger, view=MODAL | {"external_id": "pick-1"})
    await client.views_update(external_id="pick-1", view=MODAL | {"callback_id": "second"})
    assert [v["callback_id"] for v in slack.views(ANN)] == ["second"]


async def test_submission_may_update_its_modal(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    view = await opened(slack, listener, client)
    listener.answer = answers({"response_action": "update", "view": MODAL | {"callback_id": "sure"}})
    await slack.submit(view["id"], {})
    assert [v["callback_id"] for v in slack.views(ANN)] == ["sure"]


async def test_home_tab_button_carries_its_view(slack: SlackServer, listener: Listener, client: AsyncWebClient) -> None:
    menu = {"type": "overflow", "action_id": "more", "options": [{"value": "block"}, {"value": "move"}]}
    home = {"type": "home", "blocks": [*ACTIONS, {"type": "actions", "elements": [menu]}]}
    view = (await client.views_publish(user_id=ANN, view=home))["view"]
    await slack.press_in_view(view["id"], "retry", values={"b": {}})
    body = listener.received[-1].body
    assert (body["type"], body["view"]["id"], body["container"]) == (
        "block_actions",
        view["id"],
        {"type": "view", "view_id": view["id"]},
    )
    await slack.press_in_view(view["id"], "more", value="move")
    assert listener.received[-1].body["actions"][0]["selected_option"] == {"value": "move"}
    with pytest.raises(LookupError):
        await slack.press_in_view(view["id"], "nothing")


async def test_home_tab_is_updated_by_its_id(slack: SlackServer, client: AsyncWebClient) -> None:
    view = (await client.views_publish(user_id=ANN, view={"type": "home", "blocks": []}))["view"]
    await client.views_update(view_id=view["id"], view={"type": "home", "blocks": [{"type": "divider"}]})
    home = slack.home(ANN)
    assert home
    assert home["blocks"] == [{"type": "divider"}]
