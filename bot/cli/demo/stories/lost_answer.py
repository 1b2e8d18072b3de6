"""Linq sends the memo, but its answer never reaches the bot: sending again would make two."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CLIPS


async def play(scene: Scene) -> None:
    await scene.narrate(
        "Linq will send the next memo, but its answer gets lost. The call has no key that says “only once”."
    )
    scene.set_fault("lose-memo", "on")
    message = await scene.drop(CLIPS)
    await scene.until(lambda: scene.crossed("voicememo") > 0, "the memo is sent")
    await scene.narrate("Sent, and no answer. Whoever just tries again puts a second memo on Ann’s phone.")
    await scene.until_word(message, "read")
    scene.prove_bubbles(Chats.ANN, 1, "One bubble, and the thread says read.")
    scene.prove(scene.crossed("voicememo") == 1, "The memo was sent once.", "The memo was sent more than once.")
    await scene.narrate("The bot did not try again: it knew its own memo by its attachment.")
