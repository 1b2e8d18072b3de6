"""What others name and write never becomes Slack's own: no mention, no link, no formatting comes out of it."""

import json
from typing import Any

import pytest

from bot.sandbox.linq.state.models import Failure
from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, System

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL = "<!channel> <@U0BEN000001> <https://evil.example|invoice> *bold* _`&lt;!here&gt;"


def markup_of(linked: System) -> str:
    """Everything the bot shows in this channel that Slack reads as markup, to all and to single persons."""
    posts = [m for m in linked.slack.workspace.channels[linked.channel].messages.values() if m.bot_id]
    seen = linked.slack.ephemerals(linked.channel)
    shown = [[m.text, m.blocks, m.username] for m in posts] + [[e.text, e.blocks] for e in seen]
    return json.dumps(shown, ensure_ascii=False)


def without_plain_text(shown: Any) -> Any:
    """Slack shows objects of type ``plain_text`` as they stand."""
    if isinstance(shown, list):
        return [without_plain_text(each) for each in shown]
    if isinstance(shown, dict):
        return {} if shown.get("type") == "plain_text" else {k: without_plain_text(v) for k, v in shown.items()}
    return shown


def assert_harmless(text: str) -> None:
    assert "invoice" in text
    for markup in ("<!channel", "<!here", "<@U0BEN", "<https://evil"):
        assert markup not in text


async def test_a_file_name_is_only_a_name(linked: System) -> None:
    message = await linked.drop(Upload(f"{EVIL}.m4a", SOUND))
    await linked.until_shown(message, "read")
    assert_harmless(markup_of(linked))


async def test_a_file_name_in_an_alert_is_only_a_name(linked: System) -> None:
    linked.sandbox.linq.switches.next("voicememo", 2026)
    message = await linked.drop(Upload(f"{EVIL}\n\u202egpj.m4a", SOUND))
    await linked.until_shown(message, "failed")
    await linked.until(lambda: len(linked.replies(message)) == 2)
    assert_harmless(markup_of(linked))
    assert "\u202e" not in markup_of(linked)


async def test_linqs_reason_is_only_a_reason(linked: System) -> None:
    linked.sandbox.linq.switches.fail_next(Failure(code=4008, reason=EVIL))
    message = await linked.drop()
    await linked.until_shown(message, "failed")
    assert_harmless(markup_of(linked))


async def test_a_chat_name_is_only_a_name(linked: System) -> None:
    linked.sandbox.linq.account.chats[linked.chat].display_name = EVIL
    await linked.command("unlink")
    await linked.link(linked.channel, linked.chat)
    for command in ("status", "list", "unlink"):
        await linked.command(command)
    assert_harmless(markup_of(linked))


async def test_what_is_typed_after_a_command_is_only_text(linked: System) -> None:
    answers = [await linked.slack.command(linked.channel, f"{verb} {EVIL}") for verb in ("link", "send", EVIL)]
    for answer in answers:
        assert "<!channel" not in answer.text
        assert "<https://evil" not in json.dumps(answer.blocks)


async def test_a_contacts_words_and_name_are_only_text(linked: System) -> None:
    """Slack reads no markup in rich text; elsewhere it is escaped. What looks like an address leads where it says."""
    [handle] = linked.sandbox.linq.account.chats[linked.chat].addresses
    linked.phone.share_contact(handle, EVIL)
    await linked.until(lambda: bool(linked.sandbox.wire.named("webhook contact_card.received")))
    said = linked.phone.send(linked.chat, EVIL)
    [post] = await linked.until_posted(EVIL)
    assert [element["type"] for element in post.blocks[0]["elements"][0]["elements"]] == ["text", "link", "text"]
    assert post.blocks[0]["elements"][0]["elements"][1] == {"type": "link", "url": "https://evil.example|invoice"}
    assert_harmless(json.dumps([post.text, without_plain_text(post.blocks[1:])]))
    linked.phone.edit(said.id, f"{EVIL} again")
    await linked.until_posted(f"{EVIL} again")
    assert_harmless(json.dumps([post.text, without_plain_text(post.blocks[1:])]))
