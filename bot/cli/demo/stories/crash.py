"""The bot is killed between the send and its answer: the worst moment there is."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CLIPS

HANGS_S = 1.0


async def play(scene: Scene) -> None:
    await scene.narrate("Linq will be slow to answer the next send. In that moment the bot is going to be killed.")
    switches = scene.sandbox.linq.switches
    switches.hang_s = HANGS_S
    switches.next("voicememo", "act_then_hang")
    message = await scene.drop(CLIPS)
    await scene.until(lambda: bool(scene.memos(Chats.ANN)), "Linq has taken the memo")
    await scene.kill_bot()
    await scene.narrate(
        "Killed. The memo is out, and no process knows. But “about to send” was stored before the send."
    )
    await scene.start_bot()
    await scene.narrate("The new process meets “about to send”, so it looks before it acts.")
    await scene.until_word(message, "read")
    scene.prove_bubbles(Chats.ANN, 1, "One bubble, and the thread says read.")
    await scene.narrate("It found the memo in the chat, and took it as its own.")
