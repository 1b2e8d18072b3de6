"""DeliveryService that can never be memos, and chats that take none: one story for each, told by its notice."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CREW
from bot.sandbox.slack.state.models import Upload
from tests.stories.conftest import SOUND, Town

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(2000)


async def failure_of(place: Town, upload: Upload) -> str:
    """What the notice says of a clip that fails; the uploader is told aloud, once, and nothing reached Linq's chat."""
    message = await place.drop(upload)
    await place.until_shown(message, "failed")
    await place.until(lambda: len(place.replies(message)) == 2)
    notice, aloud = place.replies(message)
    assert aloud.text.startswith(f"<@{message.user}> ")
    assert [block["type"] for block in notice.blocks].count("actions") == 1
    assert place.memos() == []
    return notice.text


async def test_an_empty_file_fails_with_its_reason(place: Town) -> None:
    assert "empty" in await failure_of(place, Upload("silence.m4a", b""))


async def test_a_truncated_file_fails_with_its_reason(place: Town) -> None:
    said = await failure_of(place, Upload("half.m4a", SOUND[: len(SOUND) // 2]))
    assert "Send it again" in said or "again" in said


async def test_a_picture_in_disguise_fails_with_its_reason(place: Town) -> None:
    said = await failure_of(place, Upload("holiday.mp3", PICTURE))
    assert "not" in said


async def test_a_file_of_more_than_100_mb_fails_before_it_is_read(place: Town) -> None:
    said = await failure_of(place, Upload("epic.wav", bytes(100 * 1024 * 1024 + 1)))
    assert "100 MB is the most" in said


async def test_a_chat_that_is_gone_fails_with_what_to_do(place: Town) -> None:
    place.sandbox.linq.account.chats[place.chat].condition = "left"
    said = await failure_of(place, Upload("bye.m4a", SOUND))
    assert "/voicememo link" in said
    assert "[2013]" in said


async def test_a_chat_that_linq_forgot_fails_with_what_to_do(place: Town) -> None:
    del place.sandbox.linq.account.chats[place.chat]
    message = await place.drop()
    await place.until_shown(message, "failed")
    assert "[2001]" in place.notice(message)


async def test_a_person_who_opted_out_is_told_of_and_never_overridden(place: Town) -> None:
    channel = place.sandbox.slack.new_channel("olga")
    await place.link(channel, Chats.OLGA_OPTED_OUT)
    message = await place.sandbox.slack.drop(channel, Upload("please.m4a", SOUND))
    await place.until_shown(message, "failed")
    assert "asked for no more messages" in place.notice(message)
    assert "[2024]" in place.notice(message)
    assert place.sandbox.linq.memos(Chats.OLGA_OPTED_OUT) == []


async def test_what_is_not_audio_and_what_is_not_linked_meet_silence(place: Town) -> None:
    """A clip dropped after them is through, so they had their time."""
    silent = [
        await place.drop(Upload("cat.png", PICTURE)),
        await place.drop(Upload("notes.txt", b"hello there")),
        await place.drop(Upload("plan.canvas", b"", shape="canvas")),
        await place.sandbox.slack.drop(CREW, Upload("elsewhere.m4a", SOUND)),
        await place.sandbox.slack.say(place.channel, "no file at all"),
    ]
    last = await place.drop()
    await place.until_shown(last, "read")
    assert [place.replies(message) for message in silent] == [[], [], [], [], []]
    assert len(place.memos()) == 1
