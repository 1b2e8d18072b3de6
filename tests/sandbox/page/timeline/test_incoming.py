"""The timelines of what contacts say: each exchange is sorted to its message, and the verdict is true."""

from collections.abc import Mapping

import pytest

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.page.timeline.words import begins_alike, likeness, short
from bot.sandbox.slack.fixtures import CLIPS, CREW
from tests.sandbox.page.timeline.scripted_bot import ScriptedBot


async def test_text_is_followed_into_the_channel(bot: ScriptedBot) -> None:
    said = bot.sandbox.linq.phone.send(Chats.ANN, "See you at *5* & bring <cake>")
    assert bot.answer_verdict(said) == "waiting"
    ts = await bot.post("See you at *5* &amp; bring &lt;cake&gt;")
    assert [row.title for row in bot.answer(said).rows] == ["The contact sends it", "Posted in the channel"]
    assert (bot.answer(said).posts, bot.answer(said).channel, bot.answer_verdict(said)) == ([ts], CLIPS, "true")


async def test_equal_texts_are_told_apart_by_order(bot: ScriptedBot) -> None:
    first, second = (bot.sandbox.linq.phone.send(Chats.ANN, "ok") for _ in range(2))
    posts = [await bot.post("ok"), await bot.post("ok")]
    assert [bot.answer(said).posts for said in (first, second)] == [[posts[0]], [posts[1]]]


async def test_second_post_of_one_message_is_reported(bot: ScriptedBot) -> None:
    said = bot.sandbox.linq.phone.send(Chats.ANN, "only once, please")
    for _ in range(2):
        await bot.post("only once, please")
    assert bot.answer_verdict(said) == "twice"


async def test_words_of_another_chat_are_not_taken(bot: ScriptedBot) -> None:
    """Once it is known which chat a channel shows, equal words of another chat belong elsewhere."""
    bot.sandbox.linq.phone.send(Chats.ANN, "hello from Ann")
    await bot.post("hello from Ann")
    family = bot.sandbox.linq.phone.send(Chats.FAMILY, "good morning")
    ann = bot.sandbox.linq.phone.send(Chats.ANN, "good morning")
    ts = await bot.post("good morning")
    there = await bot.post("good morning", channel=CREW)
    assert (bot.answer(ann).posts, bot.answer(family).posts) == ([ts], [there])


async def test_channel_may_show_several_chats_each_in_its_thread(bot: ScriptedBot) -> None:
    """As an inbox does: two contacts say the same, and go on in their own threads."""
    ann, sam = (bot.sandbox.linq.phone.send(chat, "hello") for chat in (Chats.ANN, Chats.SAM_BY_SMS))
    root_of_sam = await bot.post("hello", name="Sam")
    root_of_ann = await bot.post("hello")
    more = bot.sandbox.linq.phone.send(Chats.SAM_BY_SMS, files=[PhoneFile(b"caff sound")])
    memo = await bot.post("Voice memo (0:03)", name="Sam", thread_ts=root_of_sam)
    assert [bot.answer(said).posts for said in (ann, sam, more)] == [[root_of_ann], [root_of_sam], [memo]]


async def test_thread_leads_to_its_own_chat(bot: ScriptedBot) -> None:
    roots = [await bot.post("hello"), await bot.post("hello", name="Sam")]
    told = [
        await bot.sandbox.slack.say(CLIPS, f"Good morning, {number}", thread_ts=root)
        for number, root in enumerate(roots)
    ]
    for text, chat in ((told[0].text, Chats.ANN), (told[1].text, Chats.SAM_BY_SMS)):
        bot.timeline(told[0])
        await bot.send_text(text, chat=chat)
    assert [len(bot.timeline(each).sent) for each in told] == [1, 1]


async def test_uploads_are_sorted_once_they_are_shown(bot: ScriptedBot) -> None:
    said = bot.sandbox.linq.phone.send(Chats.ANN, files=[PhoneFile(b"caff sound")])
    ts = await bot.post("Voice memo (0:03)")
    await bot.upload(ts, b"m4a sound")
    titles = [row.title for row in bot.answer(said).rows]
    steps = ["Upload prepared", "File uploaded", "Message updated"]
    assert titles == ["The contact sends it", "Posted in the channel", *steps]
    assert bot.answer_verdict(said) == "true"


async def test_edit_counts_once_slack_shows_it(bot: ScriptedBot) -> None:
    said = bot.sandbox.linq.phone.send(Chats.ANN, "see you at 5")
    ts = await bot.post("see you at 5")
    assert bot.answer_verdict(said) == "true"
    bot.sandbox.linq.phone.edit(said.id, "see you at 6")
    assert bot.answer_verdict(said) == "behind"
    await bot.slack.chat_update(channel=CLIPS, ts=ts, text="see you at 6")
    assert bot.answer_verdict(said) == "true"
    assert [row.title for row in bot.answer(said).rows][-2:] == ["The contact edits it", "Message updated"]


async def test_notice_is_no_answer(bot: ScriptedBot) -> None:
    said = bot.sandbox.linq.phone.send(Chats.ANN, "memo.m4a: queued")
    message = await bot.drop()
    bot.timeline(message)
    await bot.announce(message, "memo.m4a: queued")
    assert (bot.answer_verdict(said), bot.verdict(message)) == ("waiting", "true")


async def test_reaction_of_the_team_belongs_to_the_answer(bot: ScriptedBot) -> None:
    said = bot.sandbox.linq.phone.send(Chats.ANN, "done")
    ts = await bot.post("done")
    bot.answer(said)
    await bot.sandbox.slack.react(CLIPS, ts, "heart")
    await bot.linq.api.messages.add_reaction(said.id, operation="add", type="love")
    assert [row.title for row in bot.answer(said).rows][-2:] == ["A person reacts", "Tapback sent"]


async def test_text_of_the_team_is_followed_to_the_phone(bot: ScriptedBot) -> None:
    message = await bot.sandbox.slack.say(CLIPS, "<@U0MEMOBOT01> see *you* at six")
    assert bot.verdict(message) == "silent"
    sent = await bot.send_text("see you at six")
    assert (bot.timeline(message).sent, bot.verdict(message)) == ([sent], "behind")
    bot.sandbox.linq.advance(sent, "sent")
    assert bot.verdict(message) == "true"
    bot.sandbox.linq.advance(sent, "delivered")
    assert bot.verdict(message) == "behind"
    await bot.slack.reactions_add(channel=CLIPS, timestamp=message.ts, name="white_check_mark")
    assert bot.verdict(message) == "true"
    assert [row.title for row in bot.timeline(message).rows] == ["A person writes", "Message sent", "Reaction added"]


async def test_text_that_stays_inside_is_silent(bot: ScriptedBot) -> None:
    inside, outside = await bot.sandbox.slack.say(CLIPS, "// who packs it?"), await bot.sandbox.slack.say(CLIPS, "Maya")
    await bot.send_text("Maya")
    assert (bot.verdict(inside), bool(bot.timeline(outside).sent)) == ("silent", True)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"Yes, *thank you*! :tada:": "Yes, thank you! 🎉"}, True),
        ({"memo please": "Voice memo (0:06)"}, False),
        ({"a &lt;b&gt;": "a <b>"}, True),
        ({"": ""}, True),
    ],
)
def test_likeness_of_texts(texts: Mapping[str, str], expected: bool) -> None:
    assert [likeness(one, other) >= 0.5 for one, other in texts.items()] == [expected]


def test_beginning_is_compared_by_letters() -> None:
    assert begins_alike("Héllo, *you* & me", "héllo you &amp; me, and more")
    assert not begins_alike("see you at 6", "see you at 5")


def test_name_of_a_text_is_short() -> None:
    assert short("  two\nlines ") == "“two lines”"
    assert short("much too long for the name of a tab") == "“much too long for the…”"
