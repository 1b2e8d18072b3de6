"""Linq is down at night, and then the bot's machine restarts. In the morning everything is there, once and in order."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.page.samples import clip
from bot.sandbox.slack.state.files import Upload
from bot.sandbox.slack.state.workspace import CLIPS


def _named(name: str) -> Upload:
    return Upload(name, clip().content, "ios_clip")


async def play(scene: Scene) -> None:
    await scene.tell("It is night, and Linq answers nothing but 503. Maya drops two clips.")
    scene.flip("linq", "down")
    first, second = await scene.drop(CLIPS, _named("first.m4a")), await scene.drop(CLIPS, _named("second.m4a"))
    await scene.until_word(second, "queued")
    await scene.tell("The threads say queued. Now the bot’s machine restarts as well: kill −9.")
    await scene.kill_bot()
    await scene.tell("The bot is gone. Both clips are in its database, stored before Slack was answered.")
    await scene.start_bot()
    scene.flip("linq", "fine")
    await scene.tell("Morning: Linq is back, and so is the bot.")
    await scene.until_word(first, "read")
    await scene.until_word(second, "read")
    scene.check_bubbles(Chats.ANN, 2)
    names = [memo.filename for memo in scene.memos(Chats.ANN)]
    scene.check(names == ["first.m4a", "second.m4a"], f"They arrived as {', '.join(names)}.")
    await scene.tell("Both memos arrived, each once, in the order in which they were dropped.")
