"""The audit finds what is wrong, and nothing else."""

import asyncio

import pytest

from tests.crash.audit import audit
from tests.crash.campaigns import Bot
from tests.crash.processes.database_folder import database_folder
from tests.crash.traffic import traffic

pytestmark = pytest.mark.crash


async def test_edit_that_was_refused_in_the_open_is_not_lost() -> None:
    """The contact wants no more messages, as the refusal of a memo said, and the text's thread says so."""
    async with database_folder(is_shared=False) as database:
        settings = await asyncio.to_thread(database.settings)
        async with traffic("an edit", database.folder, settings) as people:
            await Bot(people).start()
            [conversation, _] = people.conversations
            view, text = conversation.view, await people.write(conversation)
            await view.until_marked(text.message, "white_check_mark", "eyes")
            people.sandbox.linq.switches.next("voicememo", 2024)
            drop = await people.drop(conversation)
            await view.until(lambda: "failed" in view.notice(drop.message))
            await people.edit_own(conversation)
            await view.until(lambda: bool(view.replies(text.message)) and audit(people).told == [])
            assert conversation.texts(text.label)[0].text == text.label


async def test_reaction_to_who_wants_no_more_is_not_untrue() -> None:
    async with database_folder(is_shared=False) as database:
        settings = await asyncio.to_thread(database.settings)
        async with traffic("a reaction", database.folder, settings) as people:
            await Bot(people).start()
            [conversation, _] = people.conversations
            view, said = conversation.view, await people.answer_with_text(conversation)
            await view.until(lambda: bool(conversation.posts(said.label)))
            people.sandbox.linq.switches.next("voicememo", 2024)
            drop = await people.drop(conversation)
            await view.until(lambda: "failed" in view.notice(drop.message))
            [post] = conversation.posts(said.label)
            await view.slack.react(post.channel, post.ts, "+1")
            conversation.reacted[said.label] = "+1"
            assert said.message.parts[0].reactions == []
            assert audit(people).told == []
