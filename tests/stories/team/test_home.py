"""The App Home of a running bot: what it shows, what its buttons do, links made and changed in it."""

from typing import Any

import pytest

from bot.sandbox.slack.fixtures import ANN
from tests.stories.system import System

pytestmark = pytest.mark.asyncio(loop_scope="module")


def home(system: System) -> str:
    return str(system.slack.home())


async def open_home(system: System, *said: str) -> dict[str, Any]:
    """Open it, and wait until it shows all of this."""
    await system.slack.open_home()
    await system.until(lambda: all(each in home(system) for each in said))
    view = system.slack.home()
    assert view is not None
    return view


def publishes(system: System) -> int:
    return len(system.sandbox.wire.named("views.publish"))


async def test_held_clip_is_decided_in_the_home(linked: System) -> None:
    await linked.configure("confirm", "always")
    clip = await linked.drop()
    await linked.until_shown(clip, "held")
    view = await open_home(linked, "held", "confirm: *always*", f"<#{linked.channel}>")
    value = next(
        element["value"]
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == "approve"
    )
    await linked.slack.press_in_view(view["id"], "approve", value=value)
    await linked.until_shown(clip, "read")
    await linked.until(lambda: "Nothing is held" in home(linked))


async def test_home_that_did_not_change_is_not_published_again(linked: System) -> None:
    await open_home(linked, "Links")
    before = publishes(linked)
    await linked.slack.open_home()
    clip = await linked.drop()
    await linked.until_shown(clip, "read")
    assert publishes(linked) - before <= 4  # its changes while it was open, at most one each


async def test_admin_makes_a_link_and_changes_its_settings_in_the_home(linked: System) -> None:
    channel = linked.slack.new_channel(f"fresh-{linked.channel.lower()}")
    chat = linked.sandbox.linq.add_chat("+12025570099")
    view = await open_home(linked, "New link")
    await linked.slack.press_in_view(view["id"], "new_link")
    modal = linked.slack.views()[-1]
    found = await linked.slack.suggest(modal["id"], "contact", "557 0099")
    option = found.body["options"][0]
    assert option["value"].endswith(chat.id)
    chosen = {
        "channel": {"channel": {"type": "conversations_select", "selected_conversation": channel}},
        "contact": {"contact": {"type": "external_select", "selected_option": option}},
    }
    answer = await linked.slack.submit(modal["id"], chosen)
    assert "Linked to" in str(answer.body)
    view = await open_home(linked, f"<#{channel}>")
    room = next(b["accessory"]["value"] for b in view["blocks"] if f"<#{channel}>" in str(b) and "accessory" in b)
    await linked.slack.press_in_view(view["id"], "edit_link", value=room)
    modal = linked.slack.views()[-1]
    values = {name: {name: {"selected_option": {"value": value}}} for name, value in SETTINGS.items()}
    await linked.slack.submit(modal["id"], values | {"quiet": {"quiet": {"value": "22:00-08:00 Europe/Berlin"}}})
    await linked.until(lambda: "22:00-08:00 Europe/Berlin" in home(linked))
    said = (await linked.slack.command(channel, "status", user=ANN)).text
    assert "mode: *conversation*" in said


SETTINGS = {"mode": "conversation", "replies": "on", "confirm": "first", "senders": "members"}
