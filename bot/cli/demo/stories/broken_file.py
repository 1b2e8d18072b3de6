"""A file that claims to be audio and is not."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.page.samples import broken
from bot.sandbox.slack.fixtures import CLIPS


async def play(scene: Scene) -> None:
    await scene.narrate("Maya drops broken.m4a. Its name and type say audio, but what is inside cannot be played.")
    message = await scene.drop(CLIPS, broken())
    await scene.until_word(message, "failed")
    await scene.until(lambda: len(scene.sandbox.slack.thread(CLIPS, message.ts)) > 2, "the failure is said aloud")
    scene.prove_bubbles(Chats.ANN, 0, "No bubble on the phone.")
    mentions = [r.text for r in scene.sandbox.slack.thread(CLIPS, message.ts) if f"<@{scene.workspace.maya}>" in r.text]
    scene.prove(len(mentions) == 1, "Maya is mentioned, once.", f"Maya is mentioned {len(mentions)} times.")
    await scene.narrate("The notice says failed, with a reason that people understand.")
