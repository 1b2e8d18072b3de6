"""Linq is down at night, and then the bot's machine restarts. In the morning everything is there, once and in order."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.page.samples import clip
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.state.models import Upload


def _named(name: str) -> Upload:
    return Upload(name, clip().content, "ios_clip")


async def play(scene: Scene) -> None:
    await scene.narrate("It is night, and Linq answers nothing but 503. Maya drops two clips.")
    scene.set_fault("linq", "down")
    first, second = await scene.drop(CLIPS, _named("first.m4a")), await scene.drop(CLIPS, _named("second.m4a"))
    await scene.until_word(second, "queued")
    await scene.narrate("The threads say queued. Now the bot’s machine restarts as well: kill −9.")
    await scene.kill_bot()
    await scene.narrate("The bot is gone. Both clips are in its database, stored before Slack was answered.")
    await scene.start_bot()
    scene.set_fault("linq", "fine")
    await scene.narrate("Morning: Linq is back, and so is the bot.")
    await scene.until_word(first, "read")
    await scene.until_word(second, "read")
    scene.check_bubbles(Chats.ANN, 2)
    names = [memo.filename for memo in scene.memos(Chats.ANN)]
    scene.check(names == ["first.m4a", "second.m4a"], f"They arrived as {', '.join(names)}.")
    await scene.narrate("Both memos arrived, each once, in the order in which they were dropped.")
