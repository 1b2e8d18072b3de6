"""Links that an operator keeps in a file."""

from pathlib import Path

from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CREW
from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, system_with


async def test_a_link_from_the_file_lies_under_one_made_in_slack_and_cannot_be_unlinked_there(
    tmp_path: Path, database_url: str
) -> None:
    links = tmp_path / "links.toml"
    links.write_text(f'[[link]]\nchannel = "{CREW}"\nchat = "{Chats.ANN}"\n')
    async with system_with(database_url, LINKS_FILE=str(links)) as system:
        slack, linq = system.sandbox.slack, system.sandbox.linq
        first = await slack.drop(CREW, Upload("to-ann.m4a", SOUND))
        await system.until_shown(first, "read")
        assert "LINKS_FILE" in (await slack.command(CREW, "unlink")).text
        await system.link(CREW, Chats.BEN)
        second = await slack.drop(CREW, Upload("to-ben.m4a", SOUND))
        await system.until_shown(second, "read")
        assert "No longer linked" in (await slack.command(CREW, "unlink")).text
        third = await slack.drop(CREW, Upload("to-ann-again.m4a", SOUND))
        await system.until_shown(third, "read")
        assert [memo.filename for memo in linq.memos(Chats.ANN)] == ["to-ann.m4a", "to-ann-again.m4a"]
        assert [memo.filename for memo in linq.memos(Chats.BEN)] == ["to-ben.m4a"]
