"""The timelines: each entry of the wire log is sorted to its clip, and the verdict is true."""

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.page.timeline.truth import verdict, word_in
from bot.sandbox.slack.fixtures import CLIPS, CREW
from bot.sandbox.slack.state.models import Upload
from tests.sandbox.page.timeline.scripted_bot import ScriptedBot


async def test_clip_is_followed_across_both_sides(bot: ScriptedBot) -> None:
    message = await bot.drop()
    await bot.carry(message)
    ts = await bot.announce(message, "memo.m4a: queued")
    await bot.slack.chat_update(channel=CLIPS, ts=ts, text="memo.m4a: sent")
    titles = ["A person drops the file", "File fetched", "Upload prepared", "File uploaded", "Voice memo sent"]
    assert bot.titles(message) == [*titles, "Posted in thread", "Message updated"]
    assert [row.detail for row in bot.timeline(message).rows[-2:]] == ["“queued”", "“sent”"]


async def test_clips_of_one_name_are_kept_apart(bot: ScriptedBot) -> None:
    first, second = await bot.drop(), await bot.drop()
    memos = [await bot.carry(first), await bot.carry(second)]
    assert [bot.timeline(message).sent for message in (first, second)] == [[memos[0]], [memos[1]]]


async def test_clips_of_the_same_bytes_are_told_apart_by_name(bot: ScriptedBot) -> None:
    """Both are under way at once, and the second is uploaded first."""
    one, two = await bot.drop("one.m4a"), await bot.drop("two.m4a")
    await bot.fetch(one)
    await bot.fetch(two)
    uploads = [await bot.linq.upload(filename=name) for name in ("two.m4a", "one.m4a")]
    assert [bot.timeline(message).attachments for message in (two, one)] == [[each] for each in uploads]


async def test_upload_requested_before_fetch_is_matched(bot: ScriptedBot) -> None:
    message = await bot.drop()
    place = await bot.linq.ask()
    assert bot.timeline(message).attachments == []
    await bot.fetch(message)
    await bot.linq.put(place)
    assert bot.timeline(message).attachments == [place.attachment_id]
    assert bot.titles(message) == ["A person drops the file", "Upload prepared", "File fetched", "File uploaded"]


async def test_unlinked_clip_gets_no_upload_of_another(bot: ScriptedBot) -> None:
    """The same file in a channel without a link, then in a linked one."""
    unlinked, linked = await bot.drop(channel=CREW), await bot.drop()
    memo = await bot.carry(linked)
    await bot.announce(linked, "memo.m4a: queued")
    assert (bot.timeline(unlinked).sent, bot.verdict(unlinked)) == ([], "silent")
    assert bot.timeline(linked).sent == [memo]


async def test_clip_of_a_dead_bot_gets_no_upload_of_the_next(bot: ScriptedBot) -> None:
    """A clip that nobody fetched, because the bot was killed, and the same file after its restart."""
    missed, taken = await bot.drop(), await bot.drop()
    memo = await bot.carry(taken)
    assert bot.timeline(taken).sent == [memo]
    late = await bot.carry(missed)
    assert bot.timeline(missed).sent == [late]


async def test_equal_clips_of_two_channels_follow_their_chats(bot: ScriptedBot) -> None:
    for channel, chat in ((CLIPS, Chats.ANN), (CREW, Chats.FAMILY)):
        await bot.carry(await bot.drop("first.m4a", channel), chat)
    here, there = await bot.drop(), await bot.drop(channel=CREW)
    await bot.fetch(here)
    await bot.fetch(there)
    uploads = [await bot.linq.upload(filename="memo.m4a") for _ in range(2)]
    for upload, chat in zip(uploads, (Chats.FAMILY, Chats.ANN), strict=True):
        await bot.linq.api.chats.send_voicememo(chat, attachment_id=upload)
    assert (bot.timeline(here).chat, bot.timeline(there).chat) == (Chats.ANN, Chats.FAMILY)
    assert [len(bot.timeline(each).sent) for each in (here, there)] == [1, 1]


async def test_converted_upload_is_matched_by_name(bot: ScriptedBot) -> None:
    message = await bot.sandbox.slack.drop(CLIPS, Upload("memo.webm", b"webm"))
    await bot.fetch(message)
    attachment = await bot.linq.upload(filename="memo.m4a")
    assert bot.timeline(message).attachments == [attachment]


async def test_login_page_is_no_fetch(bot: ScriptedBot) -> None:
    message = await bot.drop()
    bot.sandbox.slack.switches.download.kind = "login"
    await bot.fetch(message)
    assert not bot.timeline(message).is_fetched


async def test_post_for_a_contact_is_no_notice(bot: ScriptedBot) -> None:
    message = await bot.drop()
    await bot.slack.chat_postMessage(channel=CLIPS, thread_ts=message.ts, text="sent: thanks", username="Ann")
    assert bot.verdict(message) == "silent"
    await bot.announce(message, "memo.m4a: queued")
    assert bot.verdict(message) == "true"


async def test_unnamed_failure_goes_to_the_waiting_clip(bot: ScriptedBot) -> None:
    mine, other = await bot.drop("mine.m4a"), await bot.drop("other.m4a", CREW)
    await bot.fetch(mine)
    attachment = await bot.linq.upload(filename="mine.m4a")
    bot.sandbox.linq.switches.next("voicememo", "drop")
    with pytest.raises(Exception, match="Connection"):
        await bot.linq.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment)
    assert bot.timeline(mine).rows[-1].status == "no answer"
    assert "Voice memo sent" not in bot.titles(other)


async def test_equal_rows_are_counted(bot: ScriptedBot) -> None:
    message = await bot.drop()
    await bot.fetch(message)
    bot.sandbox.linq.switches.down = "503"
    for _ in range(3):
        with pytest.raises(Exception, match="503"):
            await bot.linq.ask()
    rows = [(row.title, row.status, row.count) for row in bot.timeline(message).rows[1:]]
    assert rows == [("File fetched", "200", 1), ("Upload prepared", "503", 3)]


async def test_sandbox_changes_head_the_next_clip(bot: ScriptedBot) -> None:
    bot.sandbox.wire.write("world", "person", "Linq: down")
    message = await bot.drop()
    assert bot.titles(message) == ["Linq: down", "A person drops the file"]


async def test_verdict_needs_both_sides(bot: ScriptedBot) -> None:
    message = await bot.drop()
    assert bot.verdict(message) == "silent"
    ts = await bot.announce(message, "memo.m4a: queued")
    assert bot.verdict(message) == "true"
    memo = await bot.carry(message)
    bot.sandbox.linq.advance(memo, "sent")
    assert bot.verdict(message) == "behind"
    await bot.slack.chat_update(channel=CLIPS, ts=ts, text="memo.m4a: sent")
    assert bot.verdict(message) == "true"


async def test_verdict_reports_a_second_memo(bot: ScriptedBot) -> None:
    message = await bot.drop()
    await bot.announce(message, "memo.m4a: sent")
    await bot.carry(message)
    attachment = bot.timeline(message).attachments[0]
    await bot.linq.api.chats.send_voicememo(Chats.ANN, attachment_id=attachment)
    assert bot.verdict(message) == "twice"


@pytest.mark.parametrize(
    ("word", "phone", "wishes", "expected"),
    [
        ("read", ["read"], 1, "true"),
        ("sent", ["read"], 1, "behind"),
        ("queued", [], 1, "true"),
        ("queued", ["queued"], 1, "behind"),
        ("failed", ["failed"], 1, "true"),
        ("failed", [], 1, "true"),
        ("unconfirmed", ["sent"], 1, "asks"),
        ("read", ["failed", "read"], 2, "true"),
        ("read", ["read", "sent"], 1, "twice"),
        ("", [], 1, "silent"),
        ("", ["sent"], 1, "behind"),
    ],
)
def test_verdicts(word: str, phone: list[str], wishes: int, expected: str) -> None:
    assert verdict(word, phone, wishes) == expected


def test_word_of_one_clip_among_several() -> None:
    assert word_in("one.m4a: sent\ntwo.m4a (0:06): failed – no", "two.m4a") == "failed"
    assert word_in("read.m4a: queued", "read.m4a") == "queued"
    assert word_in("", "memo.m4a") == ""


@pytest.mark.parametrize(
    ("text", "name", "word"),
    [
        ("read &amp; weep &lt;3.m4a: queued", "read & weep <3.m4a", "queued"),
        ("memo.m4a: sent\nvoice memo.m4a: failed", "memo.m4a", "sent"),
        ("memo: sent\nmemo two (0:06): failed", "memo", "sent"),
        ("one: read.m4a: queued\none (0:06): sent", "one: read.m4a", "queued"),
        ("memo.m4a: failed – no\nmemo.m4a (1:00:06): queued", "memo.m4a", "queued"),
        ("read …: queued", "read much too long a name.m4a", "queued"),
    ],
)
def test_word_is_not_taken_from_a_name(text: str, name: str, word: str) -> None:
    assert word_in(text, name) == word
