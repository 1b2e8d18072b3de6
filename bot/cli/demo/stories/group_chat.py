"""A memo to three people at once. Groups report neither delivered nor read, and the notice does not pretend."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.slack.fixtures import CREW

ANSWER = "Lovely to hear you!"


async def play(scene: Scene) -> None:
    await scene.narrate("#crew is linked to the group chat “Family”: Ann, Dora and Cleo.")
    message = await scene.drop(CREW)
    await scene.until_word(message, "sent")
    scene.prove_bubbles(Chats.FAMILY, 1, "One bubble for all three.")
    await scene.narrate("One bubble for all three. Groups report no more than sent, so the notice ends there.")
    scene.sandbox.linq.phone.send(Chats.FAMILY, ANSWER, person="cleo@example.com")
    await scene.until(lambda: bool(scene.posts(CREW)), "the answer is in #crew")
    await scene.narrate("Cleo answers. Nothing claims that the memo was read: nobody can know.")
    posts = [(post.username, post.text) for post in scene.posts(CREW)]
    scene.prove(posts == [("Cleo", ANSWER)], "Cleo’s answer is in #crew, under her name.", f"#crew shows {posts}.")
    claim = "The notice still says sent, and no more."
    scene.prove(scene.word(message) == "sent", claim, f"The thread says {scene.word(message)}.")
