"""What a team writes reaches the contact by an explicit act, or by what the mode counts as one, and not else."""

import io

import pytest
from PIL import Image

from bot.sandbox.linq.state.models import Failure
from bot.sandbox.slack.fixtures import BEN
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories.system import SOUND, System

pytestmark = pytest.mark.asyncio(loop_scope="module")

DELIVERED, READ, FAILED = "white_check_mark", "eyes", "warning"


def picture(format_: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (20, 130, 60)).save(buffer, format_)
    return buffer.getvalue()


def texts(linked: System) -> list[str]:
    return [message.text for message in linked.sent()]


async def until_texts(linked: System, *wanted: str) -> None:
    await linked.until(lambda: texts(linked) == list(wanted))


# what leaves


async def test_mention_shortcut_and_command_send_a_text(linked: System) -> None:
    root = await linked.say("Shall we ask them?")
    mention = await linked.mention("Are you coming?")
    reply = await linked.mention("And when?", thread_ts=root.ts)
    await linked.until_marked(reply, DELIVERED, READ)
    said = await linked.slack.shortcut("send_to_imessage", linked.channel, root.ts, user=BEN)
    await linked.until(lambda: bool(said.later))
    assert "on the way" in said.later[-1]["text"]
    assert "on the way" in await linked.command("say See you at *six*")
    await until_texts(linked, "Are you coming?", "And when?", "Shall we ask them?", "See you at six")
    for message in (mention, reply, root):
        await linked.until_marked(message, DELIVERED, READ)
        assert linked.replies(message) == []
    assert linked.memos() == []


async def test_in_voice_mode_nothing_else_leaves(linked: System) -> None:
    root = await linked.say("only for us")
    await linked.say("// not this one")
    await linked.mention("// nor this")
    await linked.say(f"we could ask <@{linked.slack.bot_user}> about it")
    await linked.say("in a thread", thread_ts=root.ts, broadcast=True)
    await linked.drop(Upload("plan.png", picture("PNG")), text="a picture with words")
    await linked.slack.edit(root.channel, root.ts, f"<@{linked.slack.bot_user}> only for us")
    clip = await linked.drop(text="words beside a clip")
    await linked.until_shown(clip, "read")
    assert texts(linked) == []
    assert len(linked.memos()) == 1


async def test_in_conversation_mode_the_root_leaves_and_threads_stay(linked: System) -> None:
    await linked.configure("mode", "conversation")
    first = await linked.say("Hello from the team")
    await linked.say("// only for us")
    await linked.say("internal note", thread_ts=first.ts)
    shown = await linked.say("also for the channel", thread_ts=first.ts, broadcast=True)
    silent_clip = await linked.drop(Upload("aside.m4a", SOUND), thread_ts=first.ts)
    mention = await linked.mention("explicit in a thread", thread_ts=first.ts)
    clip = await linked.drop(Upload("last.m4a", SOUND))
    await linked.until_shown(clip, "read")
    await until_texts(linked, "Hello from the team", "also for the channel", "explicit in a thread")
    for message in (first, shown, mention):
        await linked.until_marked(message, DELIVERED, READ)
    assert linked.notices(silent_clip) == []
    assert [memo.filename for memo in linked.memos()] == ["last.m4a"]


async def test_text_goes_as_people_read_it(linked: System) -> None:
    await linked.mention("*Bold* and _italic_ :wave: <https://example.com/a?b=1|the plan> for <@U0BEN000001> &amp; all")
    await linked.until(lambda: bool(linked.sent()))
    [message] = linked.sent()
    assert message.text == "Bold and italic 👋 the plan (https://example.com/a?b=1) for @ben & all"
    styles = {(each["style"], message.text[slice(*each["range"])]) for each in message.parts[0].decorations}
    assert styles == {("bold", "Bold"), ("italic", "italic")}


async def test_files_go_with_their_text_in_one_message(linked: System) -> None:
    message = await linked.drop(
        Upload("plan.png", picture("PNG")),
        Upload("photo.webp", picture("WEBP")),
        text=f"<@{linked.slack.bot_user}> Our plan",
    )
    await linked.until_marked(message, DELIVERED, READ)
    [sent] = linked.sent()
    assert [(part.type, part.media.content_type if part.media else part.value) for part in sent.parts] == [
        ("text", "Our plan"),
        ("media", "image/png"),
        ("media", "image/png"),
    ]


async def test_texts_and_clips_keep_their_order(linked: System) -> None:
    await linked.configure("mode", "conversation")
    linked.sandbox.linq.switches.next("attachments.create", 4004)
    clip = await linked.drop(Upload("slow.m4a", SOUND))
    text = await linked.say("after the clip")
    last = await linked.drop(Upload("last.m4a", SOUND))
    await linked.until_shown(clip, "read")
    await linked.until_shown(last, "read")
    await linked.until_marked(text, DELIVERED, READ)
    said = [message.text or message.media[0].filename for message in linked.sandbox.linq.sent(linked.chat)]
    assert said == ["slow.m4a", "after the clip", "last.m4a"]


async def test_a_reply_names_the_message_that_it_answers(linked: System) -> None:
    said = linked.phone.send(linked.chat, "When do we meet?")
    [post] = await linked.until_posted("When do we meet?")
    reply = await linked.mention("At six", thread_ts=post.ts)
    await linked.until_marked(reply, DELIVERED, READ)
    [sent] = linked.sent()
    assert sent.reply_to is not None
    assert sent.reply_to.message_id == said.id


async def test_nothing_of_ours_comes_back_as_the_contacts(linked: System) -> None:
    """Linq tells of our own messages too; each is known by its key or its attachment."""
    linked.sandbox.linq.switches.webhook_before_answer = True
    text = await linked.mention("Only once, please")
    clip = await linked.drop()
    await linked.until_shown(clip, "read")
    await linked.until_marked(text, DELIVERED, READ)
    linked.phone.send(linked.chat, "Yes")
    await linked.until_posted("Yes")


# status and failures


async def test_a_failed_text_is_marked_and_resent_by_its_button(linked: System) -> None:
    linked.sandbox.linq.switches.fail_next(Failure())
    message = await linked.mention("Does this arrive?")
    await linked.until_marked(message, FAILED)
    await linked.until(lambda: bool(linked.replies(message)))
    [alert] = linked.replies(message)
    assert alert.text.startswith(f"<@{message.user}> ")
    await linked.slack.press(message.channel, alert.ts, "resend")
    await linked.until_marked(message, DELIVERED, READ)
    assert texts(linked) == ["Does this arrive?", "Does this arrive?"]
    assert len(linked.replies(message)) == 1


async def test_a_refused_text_says_why(linked: System) -> None:
    linked.phone.opt_out(linked.chat)
    await linked.until(lambda: len(linked.posts()) == 2)
    message = await linked.mention("Please stay")
    await linked.until_marked(message, FAILED)
    await linked.until(lambda: bool(linked.replies(message)))
    assert "asked for no more messages" in linked.replies(message)[0].text
    assert texts(linked) == []


@pytest.mark.parametrize("fault", ["drop", "lose_answer", "refuse_500", "act_then_500", "act_then_empty", "html_502"])
async def test_a_text_whose_answer_was_lost_is_repeated_under_its_key(linked: System, fault: str) -> None:
    linked.sandbox.linq.switches.apply({"next_answers": {"messages.send": [fault, fault]}})
    message = await linked.mention("Exactly once")
    after = await linked.mention("after it")
    await linked.until_marked(after, DELIVERED, READ)
    await linked.until_marked(message, DELIVERED, READ)
    assert texts(linked) == ["Exactly once", "after it"]


# edits and deletions


async def test_an_edit_is_carried_and_one_too_many_is_told(linked: System) -> None:
    message = await linked.mention("See you at five")
    await linked.until_marked(message, DELIVERED, READ)
    for hour in ("six", "seven", "eight", "nine", "ten"):
        await linked.slack.edit(message.channel, message.ts, f"<@{linked.slack.bot_user}> See you at {hour}")
        await until_texts(linked, f"See you at {hour}")
    await linked.slack.unfurl(message.channel, message.ts)
    await linked.slack.edit(message.channel, message.ts, f"<@{linked.slack.bot_user}> See you never")
    await linked.until(lambda: bool(linked.replies(message)))
    assert "within 15 minutes" in linked.replies(message)[0].text
    assert texts(linked) == ["See you at ten"]


async def test_an_edit_before_it_is_sent_replaces_the_text(linked: System) -> None:
    linked.sandbox.linq.switches.next("messages.send", 2009)
    message = await linked.mention("frist")
    await linked.until(lambda: bool(linked.sandbox.wire.named("messages.send")))
    await linked.slack.edit(message.channel, message.ts, f"<@{linked.slack.bot_user}> first")
    await linked.until_marked(message, DELIVERED, READ)
    assert texts(linked) == ["first"]


async def test_a_deleted_text_is_not_sent_and_a_sent_one_cannot_be_taken_back(linked: System) -> None:
    linked.sandbox.linq.admin.set_condition(linked.chat, "creating")  # what is sent now waits
    unsent = await linked.mention("a mistake")
    await linked.until(lambda: bool(linked.sandbox.wire.named("messages.send")))
    await linked.slack.delete(unsent.channel, unsent.ts)
    linked.sandbox.linq.admin.set_condition(linked.chat, "ready")
    root = await linked.say("a thread")
    sent = await linked.mention("said and done", thread_ts=root.ts)
    await linked.until_marked(sent, DELIVERED, READ)
    await linked.slack.delete(sent.channel, sent.ts)
    await linked.until(lambda: bool(linked.replies(root)))
    assert "cannot be taken back" in linked.replies(root)[0].text
    assert texts(linked) == ["said and done"]


async def test_replies_replayed_when_their_root_is_deleted_change_nothing(linked: System) -> None:
    root = await linked.say("a thread")
    reply = await linked.mention("in the thread", thread_ts=root.ts)
    await linked.until_marked(reply, DELIVERED, READ)
    await linked.slack.delete(root.channel, root.ts)
    await linked.slack.unfurl(reply.channel, reply.ts)
    last = await linked.mention("afterwards")
    await linked.until_marked(last, DELIVERED, READ)
    assert texts(linked) == ["in the thread", "afterwards"]
    assert [entry for entry in linked.sandbox.wire.named("messages.update") if entry.status] == []


# tapbacks


async def test_in_conversation_mode_a_reaction_is_a_tapback(linked: System) -> None:
    await linked.configure("mode", "conversation")
    linked.phone.send(linked.chat, "Shall we?")
    [post] = await linked.until_posted("Shall we?")

    def tapbacks() -> list[str]:
        parts = linked.sandbox.linq.account.messages_in(linked.chat)[0].parts
        return [each.custom_emoji or each.type for each in parts[0].reactions if each.person.is_me]

    await react(linked, post, "+1")
    await linked.until(lambda: tapbacks() == ["like"])
    await react(linked, post, "tada", user=BEN)
    await linked.until(lambda: tapbacks() == ["🎉"])
    await linked.slack.unreact(post.channel, post.ts, "tada", user=BEN)
    await linked.until(lambda: tapbacks() == ["like"])
    await linked.slack.unreact(post.channel, post.ts, "+1")
    await linked.until(lambda: tapbacks() == [])
    await linked.until_marked(post)


async def test_in_voice_mode_a_reaction_stays_here(linked: System) -> None:
    linked.phone.send(linked.chat, "Shall we?")
    [post] = await linked.until_posted("Shall we?")
    await react(linked, post, "+1")
    message = await linked.drop()
    await linked.until_shown(message, "read")
    assert linked.sandbox.linq.account.messages_in(linked.chat)[0].parts[0].reactions == []


async def react(linked: System, post: Message, name: str, **more: str) -> None:
    await linked.slack.react(post.channel, post.ts, name, **more)
