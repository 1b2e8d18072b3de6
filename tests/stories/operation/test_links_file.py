"""Links that an operator keeps in a file."""

from pathlib import Path

from bot.cli.child import BotProcess
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CREW
from bot.sandbox.slack.state.models import Upload
from tests.stories.system import SOUND, system_with


async def test_a_file_link_is_covered_by_one_made_in_slack_and_survives(tmp_path: Path, database_url: str) -> None:
    """It cannot be unlinked in Slack, and a process that was given no file leaves it as it is."""
    links = tmp_path / "links.toml"
    links.write_text(f'[[link]]\nchannel = "{CREW}"\nchat = "{Chats.ANN}"\n')
    async with system_with(database_url, LINKS_FILE=str(links)) as system:
        slack, linq = system.slack, system.sandbox.linq
        first = await slack.drop(CREW, Upload("to-ann.m4a", SOUND))
        await system.until_shown(first, "read")
        assert "LINKS_FILE" in (await slack.command(CREW, "unlink")).text
        await system.link(CREW, Chats.BEN)
        second = await slack.drop(CREW, Upload("to-ben.m4a", SOUND))
        await system.until_shown(second, "read")
        assert "No longer linked" in (await slack.command(CREW, "unlink")).text

        without_file = {name: value for name, value in system.settings.items() if name != "LINKS_FILE"}
        async with BotProcess(without_file):
            third = await slack.drop(CREW, Upload("to-ann-again.m4a", SOUND))
            await system.until_shown(third, "read")
        assert [memo.filename for memo in linq.memos(Chats.ANN)] == ["to-ann.m4a", "to-ann-again.m4a"]
        assert [memo.filename for memo in linq.memos(Chats.BEN)] == ["to-ben.m4a"]
