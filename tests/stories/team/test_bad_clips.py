"""Files that can never be memos, and chats that take none: the notice says why, and nothing reaches the chat."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CREW
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories.system import SOUND, System

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(2000)


async def drop_and_fail(linked: System, upload: Upload) -> tuple[Message, str]:
    """The notice of a clip that fails, and the reply that notifies its sender, once."""
    message = await linked.drop(upload)
    await linked.until_shown(message, "failed")
    await linked.until(lambda: len(linked.replies(message)) == 2)
    notice, alert = linked.replies(message)
    assert alert.text.startswith(f"<@{message.user}> ")
    assert linked.memos() == []
    return notice, alert.text


def offers_resend(notice: Message) -> bool:
    return "resend" in [element.get("action_id") for block in notice.blocks for element in block.get("elements", [])]


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (Upload("silence.m4a", b""), "empty"),
        (Upload("half.m4a", SOUND[: len(SOUND) // 2]), "Send it as a new message"),
        (Upload("holiday.mp3", PICTURE), "not"),
        (Upload("epic.wav", bytes(100 * 1024 * 1024 + 1)), "100 MB is the most"),
    ],
    ids=["empty", "truncated", "no audio", "too large"],
)
async def test_a_file_that_never_becomes_a_memo_says_why(linked: System, upload: Upload, reason: str) -> None:
    """Resend is not offered: the same file would fail in the same way."""
    notice, alert = await drop_and_fail(linked, upload)
    assert reason in f"{notice.text} {alert}"
    assert not offers_resend(notice)


async def test_a_chat_that_our_number_left_says_what_to_do(linked: System) -> None:
    linked.sandbox.linq.admin.set_condition(linked.chat, "left")
    notice, alert = await drop_and_fail(linked, Upload("bye.m4a", SOUND))
    assert "/voicememo link" in alert
    assert "[2013]" in notice.text
    assert offers_resend(notice)


async def test_a_chat_that_linq_does_not_know_says_so(linked: System) -> None:
    del linked.sandbox.linq.account.chats[linked.chat]
    message = await linked.drop()
    await linked.until_shown(message, "failed")
    assert "[2001]" in linked.notice(message)


async def test_an_opt_out_is_told_and_never_overridden(linked: System) -> None:
    channel = linked.slack.new_channel("olga")
    await linked.link(channel, Chats.OLGA_OPTED_OUT)
    message = await linked.slack.drop(channel, Upload("please.m4a", SOUND))
    await linked.until_shown(message, "failed")
    assert "asked for no more messages" in linked.notice(message)
    assert "[2024]" in linked.notice(message)
    assert linked.sandbox.linq.memos(Chats.OLGA_OPTED_OUT) == []


async def test_what_is_no_audio_and_what_is_not_linked_has_no_notice(linked: System) -> None:
    """A clip dropped after them is through, so they had their time."""
    silent = [
        await linked.drop(Upload("cat.png", PICTURE)),
        await linked.drop(Upload("notes.txt", b"hello there")),
        await linked.drop(Upload("plan.canvas", b"", shape="canvas")),
        await linked.slack.drop(CREW, Upload("elsewhere.m4a", SOUND)),
        await linked.say("no file at all"),
    ]
    last = await linked.drop()
    await linked.until_shown(last, "read")
    assert [linked.replies(message) for message in silent] == [[], [], [], [], []]
    assert len(linked.memos()) == 1
    assert linked.sent() == []
