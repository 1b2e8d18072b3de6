"""The bot is stopped for an hour, and both sides speak. Afterwards nothing is missing, and nothing is there twice."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Message as PhoneMessage
from bot.sandbox.page.samples import clip, phone_memo
from bot.sandbox.slack.fixtures import CLIPS

HOUR_S = 3600.0
FAST = 0.001
"""An hour lasts 3.6 s. Linq gives up after half an hour, Slack after six minutes."""
BEFORE, WROTE, CORRECTED, ASKED = "Good morning!", "I am here until ten.", "I am here until twelve.", "Still there?"
TOLD = "We ring you at eleven."


async def play(scene: Scene) -> None:
    await scene.converse(CLIPS)
    greeting = scene.sandbox.linq.phone.send(Chats.ANN, BEFORE)
    await scene.until(lambda: len(scene.posts(CLIPS)) == 1, "Ann’s greeting is in #clips")
    await scene.narrate("Ann says good morning, and #clips shows it. Then somebody stops the bot.")
    await scene.stop_bot()
    with scene.fast_clock(FAST):
        await _speak(scene)
        await _let_an_hour_pass(scene)
    await _return(scene, greeting)


async def _speak(scene: Scene) -> None:
    phone = scene.sandbox.linq.phone
    wrote = phone.send(Chats.ANN, WROTE)
    phone.edit(wrote.id, CORRECTED)
    phone.send(Chats.ANN, files=[phone_memo()])
    phone.send(Chats.ANN, ASKED)
    await scene.narrate("Nobody listens. Ann writes, corrects herself, sends a voice memo, and asks again.")
    await scene.drop(CLIPS, clip("back-soon.m4a"))
    await scene.say(CLIPS, TOLD)
    [greeting] = scene.posts(CLIPS)
    await scene.sandbox.slack.react(CLIPS, greeting.ts, "wave", user=scene.workspace.maya)
    await scene.narrate("Maya does not know. She drops a clip, writes a line, and waves at Ann’s greeting.")


async def _let_an_hour_pass(scene: Scene) -> None:
    await scene.sandbox.time_scale.sleep(HOUR_S)
    told = [entry for entry in scene.sandbox.wire.entries[scene.began :] if entry.direction == "to_bot"]
    refused = [entry for entry in told if entry.status is None]
    lost = "Slack and Linq tried, and gave up: no event will ever come."
    scene.prove(len(refused) > 20, lost, "Slack and Linq did not try again.")
    await scene.narrate("An hour has passed. Linq has dropped its webhooks, and Slack its events.")


async def _return(scene: Scene, greeting: PhoneMessage) -> None:
    await scene.start_bot()
    await scene.narrate("The bot is started again. It reads both sides from where it stopped.")
    await scene.until(lambda: len(scene.posts(CLIPS)) >= 4, "all of Ann’s messages are in #clips")
    await scene.until(lambda: len(scene.arrived(Chats.ANN)) >= 2, "the clip and the text are on the phone")
    await scene.until(lambda: bool(greeting.parts[0].reactions), "Maya’s reaction is on the phone")
    await scene.until(lambda: all(post.files for post in scene.posts(CLIPS)[2:3]), "the memo can be played")
    await scene.narrate("Everything is in its place. Let us count.")
    shown = ["a memo" if post.files else post.text for post in scene.posts(CLIPS)]
    wanted = [BEFORE, CORRECTED, "a memo", ASKED]
    scene.prove_order(shown, wanted, "Slack has all that Ann said: each once, in her order, as corrected.")
    arrived = ["a memo" if message.is_voice_memo else message.text for message in scene.arrived(Chats.ANN)]
    scene.prove_order(arrived, ["a memo", TOLD], "The phone has all that Maya sent: each once, in her order.")
    waves = [reaction.custom_emoji for reaction in greeting.parts[0].reactions]
    scene.prove(waves == ["👋"], "Maya’s wave is on Ann’s greeting.", f"On Ann’s greeting there is {waves}.")
