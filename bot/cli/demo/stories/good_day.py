"""A clip is dropped, heard, and the thread says so."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CLIPS


async def play(scene: Scene) -> None:
    await scene.narrate("Maya drops a voice clip into #clips. The channel is linked to an iMessage chat with Ann.")
    message = await scene.drop(CLIPS)
    await scene.until(lambda: bool(scene.memos(Chats.ANN)), "the memo is on the phone")
    await scene.narrate("It is on the phone as a real voice memo.")
    await scene.until_word(message, "read")
    scene.prove_bubbles(Chats.ANN, 1, "One bubble, and the thread says read.")
    await scene.narrate("Ann has heard it, and the notice in the thread says so.")
