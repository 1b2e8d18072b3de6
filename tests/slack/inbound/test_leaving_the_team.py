"""Nothing leaves a channel without an explicit act: every recorded kind of message, held against the relay's policy."""

import pytest

from bot.relay.model import Message
from bot.relay.parts import Edit, Voice
from bot.relay.policy import allowed_parts
from bot.relay.rooms import Link, LinkSettings, Mode
from bot.slack.adapter import SlackAdapter
from bot.slack.ids import SlackRoom
from tests.slack.fake_relay import ANNS_CHAT, FakeRelay
from tests.slack.inbound.payloads import MESSAGES, body
from tests.slack.signed_requests import SignedRequests

ROOM = SlackRoom("T0AAA", "C0MAP").id


def link(mode: Mode) -> Link:
    return Link(ROOM, ANNS_CHAT.id, settings=LinkSettings(mode=mode))


@pytest.fixture
async def told(relay: FakeRelay, requests: SignedRequests, adapter: SlackAdapter) -> dict[str, list[Message]]:
    """What each recorded message tells the relay."""
    relay.links[ROOM] = link(Mode.VOICE)
    found = {}
    for name in (*MESSAGES, "reaction_added", "reaction_removed"):
        relay.messages.clear()
        assert (await requests.payload(body(name))).status == 200, name
        found[name] = list(relay.messages)
    return found


async def test_in_voice_mode_only_recordings_and_explicit_acts_leave(told: dict[str, list[Message]]) -> None:
    leaving = {}
    for name, messages in told.items():
        parts = [part for message in messages for part in allowed_parts(message, link(Mode.VOICE))]
        if any(not isinstance(part, Voice | Edit) for part in parts):
            leaving[name] = parts
    assert list(leaving) == ["message_bot_mention"]


async def test_in_conversation_mode_text_at_the_root_leaves_but_no_internal(
    told: dict[str, list[Message]],
) -> None:
    leaving = {
        name
        for name, messages in told.items()
        if any(allowed_parts(message, link(Mode.CONVERSATION)) for message in messages)
    }
    assert "message_rich_text" in leaving
    assert "message_thread_broadcast" in leaving
    assert leaving & {"message_internal", "message_channel_join", "message_forwarded"} == set()


async def test_recordings_are_told_whatever_the_mode(told: dict[str, list[Message]]) -> None:
    assert [part for message in told["file_share"] for part in message.parts if isinstance(part, Voice)]
