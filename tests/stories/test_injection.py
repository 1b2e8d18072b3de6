"""What others name and write never becomes Slack's own: no mention, no link, no formatting comes out of it."""

import json

import pytest

from bot.sandbox.linq.state.models import Failure
from bot.sandbox.slack.state.models import Upload
from tests.stories.conftest import SOUND, Town

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL = "<!channel> <@U0BEN000001> <https://evil.example|invoice> *bold* _`&lt;!here&gt;"


def said(place: Town) -> str:
    """Everything the bot shows in this channel, to all and to single persons: texts and blocks."""
    workspace = place.sandbox.slack.workspace
    own = [m for m in workspace.channels[place.channel].messages.values() if m.bot_id]
    seen = place.sandbox.slack.ephemerals(place.channel)
    shown = [[m.text, m.blocks] for m in own] + [[e.text, e.blocks] for e in seen]
    return json.dumps(shown, ensure_ascii=False)


def assert_harmless(text: str) -> None:
    assert "invoice" in text
    for markup in ("<!channel", "<!here", "<@U0BEN", "<https://evil"):
        assert markup not in text


async def test_a_file_name_is_only_a_name(place: Town) -> None:
    message = await place.drop(Upload(f"{EVIL}.m4a", SOUND))
    await place.until_shown(message, "read")
    assert_harmless(said(place))


async def test_a_file_name_in_a_failure_that_is_said_aloud_is_only_a_name(place: Town) -> None:
    place.sandbox.linq.switches.next("voicememo", 2026)
    message = await place.drop(Upload(f"{EVIL}\n\u202egpj.m4a", SOUND))
    await place.until_shown(message, "failed")
    await place.until(lambda: len(place.replies(message)) == 2)
    assert_harmless(said(place))
    assert "\u202e" not in said(place)


async def test_a_reason_of_linqs_is_only_a_reason(place: Town) -> None:
    place.sandbox.linq.switches.fail_next(Failure(code=4008, reason=EVIL))
    message = await place.drop()
    await place.until_shown(message, "failed")
    assert_harmless(said(place))


async def test_a_chat_name_is_only_a_name(place: Town) -> None:
    chat = place.sandbox.linq.account.chats[place.chat]
    chat.display_name = EVIL
    await place.sandbox.slack.command(place.channel, "unlink")
    await place.link(place.channel, place.chat)
    for command in ("status", "list", "unlink"):
        await place.sandbox.slack.command(place.channel, command)
    assert_harmless(said(place))


async def test_what_is_typed_after_a_command_is_only_text(place: Town) -> None:
    answers = [await place.sandbox.slack.command(place.channel, f"{verb} {EVIL}") for verb in ("link", "send", EVIL)]
    for answer in answers:
        assert "<!channel" not in answer.text
        assert "<https://evil" not in json.dumps(answer.blocks)
