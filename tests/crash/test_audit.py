"""The audit finds what is wrong, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.crash.audit import OPTED_OUT, audit
from tests.crash.campaigns import Bot
from tests.crash.conversation import Conversation
from tests.crash.processes.database_folder import database_folder
from tests.crash.traffic import Traffic, traffic

pytestmark = pytest.mark.crash


@asynccontextmanager
async def people_talking(name: str) -> AsyncIterator[Traffic]:
    async with database_folder(is_shared=False) as database:
        settings = await asyncio.to_thread(database.settings)
        async with traffic(name, database.folder, settings) as people:
            await Bot(people).start()
            yield people


async def opt_out(people: Traffic, conversation: Conversation) -> None:
    """The contact wants no more messages, as the refusal of a memo says."""
    people.sandbox.linq.switches.next("voicememo", OPTED_OUT)
    drop = await people.drop(conversation)
    await conversation.view.until(lambda: "failed" in conversation.view.notice(drop.message))


async def test_edit_that_was_refused_in_the_open_is_not_lost() -> None:
    """The text's thread says so."""
    async with people_talking("an edit") as people:
        [conversation, _] = people.conversations
        view, text = conversation.view, await people.write(conversation)
        await view.until_marked(text.message, "white_check_mark", "eyes")
        await opt_out(people, conversation)
        await people.edit_own(conversation)
        await view.until(lambda: bool(view.replies(text.message)) and audit(people).told == [])
        assert conversation.texts(text.label)[0].text == text.label


async def test_reaction_to_who_wants_no_more_is_not_untrue() -> None:
    async with people_talking("a reaction") as people:
        [conversation, _] = people.conversations
        view, said = conversation.view, await people.answer_with_text(conversation)
        await view.until(lambda: bool(conversation.posts(said.label)))
        await opt_out(people, conversation)
        [post] = conversation.posts(said.label)
        await view.slack.react(post.channel, post.ts, "+1")
        conversation.reacted[said.label] = "+1"
        assert said.message.parts[0].reactions == []
        assert audit(people).told == []
