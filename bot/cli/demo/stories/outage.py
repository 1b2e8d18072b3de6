"""Linq is down at night, and then the bot's machine restarts. In the morning everything is there, once and in order."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.page.samples import clip
from bot.sandbox.slack.fixtures import CLIPS


async def play(scene: Scene) -> None:
    await scene.narrate("It is night, and Linq answers nothing but 503. Maya drops two clips.")
    scene.set_fault("linq", "down")
    first, second = await scene.drop(CLIPS, clip("first.m4a")), await scene.drop(CLIPS, clip("second.m4a"))
    await scene.until_word(second, "queued")
    await scene.narrate("The threads say queued. Now the bot’s machine restarts as well: kill −9.")
    await scene.kill_bot()
    await scene.narrate("The bot is gone. Both clips are in its database, stored before Slack was answered.")
    await scene.start_bot()
    scene.set_fault("linq", "fine")
    await scene.narrate("Morning: Linq is back, and so is the bot.")
    await scene.until_word(first, "read")
    await scene.until_word(second, "read")
    names = [memo.media[0].filename for memo in scene.memos(Chats.ANN)]
    scene.prove_order(names, ["first.m4a", "second.m4a"], "Two bubbles, in the order in which they were dropped.")
    await scene.narrate("Both memos arrived, and both threads say read.")
