"""Tapbacks and edits of contacts become reactions and edits in Slack, held and shown as long as they are true."""

from datetime import timedelta

import pytest

from bot.linq.ids import shown_handle
from bot.sandbox.slack.state.models import Message, Upload
from tests.stories.system import SOUND, System, said_in, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

SETTINGS = {"BACKFILL_INTERVAL_SECONDS": "5"}


async def exchange(linked: System, text: str = "Well?") -> tuple[Message, str, Message, str]:
    """A clip of the team and a text of a contact, each as both sides have it."""
    clip = await linked.drop(Upload("question.m4a", SOUND))
    await linked.until(lambda: shown(linked.notice(clip)) in (["read"], ["sent"]))
    said = linked.phone.send(linked.chat, text)
    await linked.until(lambda: text in [said_in(post) for post in linked.posts()])
    return clip, linked.memos()[-1].id, linked.post(text), said.id


# tapbacks


@pytest.mark.parametrize("change", ["added", "removed_and_added"])
async def test_a_tapback_is_a_reaction_and_changes_with_it(linked: System, change: str) -> None:
    """On the team's message and on the contact's own, however Linq tells of a change, which is not documented."""
    linked.sandbox.linq.switches.apply({"tapback_change": change, "webhook_copies": 2})
    clip, memo, post, said = await exchange(linked)
    for message, target in ((clip, memo), (post, said)):
        linked.phone.react(target, "love")
        await linked.until_marked(message, "heart")
        linked.phone.react(target, "custom", emoji="🎉")
        await linked.until_marked(message, "tada")
        linked.phone.unreact(target)
        await linked.until_marked(message)


async def test_each_kind_of_tapback_has_its_reaction(linked: System) -> None:
    clip, memo, _, _ = await exchange(linked)
    kinds = {
        "love": "heart",
        "like": "+1",
        "dislike": "-1",
        "laugh": "joy",
        "emphasize": "bangbang",
        "question": "question",
    }
    for kind, name in kinds.items():
        linked.phone.react(memo, kind)  # type: ignore[arg-type]  # the keys are Linq's words
        await linked.until_marked(clip, name)


def lines_under(group: System, clip: Message) -> list[str]:
    return [post.text for post in group.posts() if post.thread_ts == clip.ts]


async def test_a_reaction_stays_as_long_as_one_person_holds_it(group: System) -> None:
    """One bot is one user in Slack; the thread says whose each of them is."""
    first, second, _ = group.sandbox.linq.account.chats[group.chat].addresses
    clip, memo, _, _ = await exchange(group)
    group.phone.react(memo, "love", person=first)
    group.phone.react(memo, "love", person=second)
    await group.until_marked(clip, "heart")
    await group.until(lambda: len(lines_under(group, clip)) == 2)
    names = [shown_handle(each) for each in (first, second)]
    assert [any(name in line for name in names) for line in lines_under(group, clip)] == [True, True]
    group.phone.unreact(memo, person=first)
    group.phone.react(memo, "like", person=first)
    await group.until_marked(clip, "heart", "+1")
    group.phone.unreact(memo, person=second)
    await group.until_marked(clip, "+1")
    group.phone.unreact(memo, person=first)
    await group.until_marked(clip)


async def test_missed_changes_are_found_in_the_chats_list(linked: System) -> None:
    """Events that never came, and one that named neither its message nor its chat."""
    clip, memo, post, said = await exchange(linked)
    linked.sandbox.linq.switches.reactions_name_no_message = True
    linked.phone.react(said, "laugh")
    linked.sandbox.linq.switches.reactions_name_no_message = False
    linked.sandbox.linq.switches.lose_webhooks = 2
    linked.phone.react(memo, "love")
    edited = linked.sandbox.linq.account.messages[said]
    edited.created_at = edited.sent_at = edited.created_at - timedelta(seconds=10)  # an edit shows by its time alone
    linked.phone.edit(said, "Well, then?")
    await linked.until_marked(clip, "heart")
    await linked.until_marked(post, "joy")
    await linked.until(lambda: said_in(post) == "Well, then?")
    linked.sandbox.linq.switches.lose_webhooks = 1
    linked.phone.unreact(memo)
    await linked.until_marked(clip)


# edits


async def test_an_edit_changes_the_message_and_keeps_its_earlier_words(linked: System) -> None:
    linked.sandbox.linq.switches.webhook_copies = 2
    said = linked.phone.send(linked.chat, "See you at five")
    [post] = await linked.until_posted("See you at five")
    linked.phone.edit(said.id, "See you at six")
    await linked.until_posted("See you at six")
    linked.phone.edit(said.id, "See you at seven")
    await linked.until_posted("See you at seven")
    earlier = [element["text"] for element in post.blocks[-1]["elements"][1:]]
    assert earlier == ["See you at six", "See you at five"]
    assert [element["type"] for element in post.blocks[-1]["elements"][1:]] == ["plain_text", "plain_text"]


async def test_an_edit_that_comes_before_its_message_waits_for_it(linked: System) -> None:
    linked.sandbox.linq.switches.webhooks_withheld = True
    said = linked.phone.send(linked.chat, "frist")
    linked.phone.edit(said.id, "first")
    linked.sandbox.linq.switches.webhooks_withheld = False
    linked.sandbox.linq.admin.release_webhooks("reversed")
    await linked.until_posted("first")


async def test_an_edit_of_a_message_deleted_in_slack_is_let_go(linked: System) -> None:
    said = linked.phone.send(linked.chat, "Forget this")
    [post] = await linked.until_posted("Forget this")
    await linked.slack.delete(post.channel, post.ts)
    linked.phone.edit(said.id, "Remember this")
    linked.phone.react(said.id, "like")
    linked.phone.send(linked.chat, "Something new")
    await linked.until_posted("Something new")
