"""A memo to three people at once. Groups report neither delivered nor read, and the notice does not pretend."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CREW


async def play(scene: Scene) -> None:
    await scene.narrate("#crew is linked to the group chat “Family”: Ann, Dora and Cleo.")
    message = await scene.drop(CREW)
    await scene.until_word(message, "sent")
    scene.check_bubbles(Chats.FAMILY, 1)
    await scene.narrate("One bubble for all three. Groups report no more than sent, so the notice ends there.")
    scene.sandbox.linq.phone.send(Chats.FAMILY, "Lovely to hear you!", person="cleo@example.com")
    await scene.narrate("Cleo answers in the chat. Nothing claims that the memo was read: nobody can know.")
    scene.check(scene.word(message) == "sent", f"The thread says {scene.word(message)}.")
