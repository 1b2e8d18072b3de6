"""Both sides speak, in text and voice; they reply, react and edit."""

from bot.cli.demo.stories.scene import Scene
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.state.models import Message as PhoneMessage
from bot.sandbox.page.samples import clip, phone_memo
from bot.sandbox.slack.fixtures import CLIPS
from bot.sandbox.slack.state.models import Message

ASKED, ASKED_BETTER = "Hi! Is my parcel on its way?", "Hi! Is my blue parcel on its way?"
INTERNAL = "// Who packs it today?"
TOLD, TOLD_BETTER = "It leaves *today*, before noon.", "It leaves *today*, before eleven."
THANKED = "Perfect, I am at home."


async def play(scene: Scene) -> None:
    await scene.narrate("#clips is linked to Ann. In the mode conversation, what Maya writes goes to Ann, too.")
    await scene.converse(CLIPS)
    question = await _ask(scene)
    told, answer = await _answer(scene)
    await _speak_back(scene, told)
    await _edit(scene, question, told, answer)
    _prove(scene)


async def _ask(scene: Scene) -> PhoneMessage:
    question = scene.sandbox.linq.phone.send(Chats.ANN, ASKED)
    await scene.until(lambda: len(scene.posts(CLIPS)) == 1, "Ann’s question is in #clips")
    await scene.narrate("Ann asks from her iPhone. Her words appear in #clips, under her name.")
    await scene.say(CLIPS, INTERNAL, user=scene.workspace.jonas)
    await scene.narrate("Jonas writes to a colleague. What begins with // never leaves Slack.")
    return question


async def _answer(scene: Scene) -> tuple[PhoneMessage, Message]:
    await scene.drop(CLIPS, clip("good-news.m4a"))
    await scene.until(lambda: len(scene.arrived(Chats.ANN)) == 1, "the memo is on the phone")  # events may overtake
    answer = await scene.say(CLIPS, TOLD)
    await scene.until(lambda: len(scene.arrived(Chats.ANN)) == 2, "the memo and the text are on the phone")
    await scene.narrate("Maya answers with a clip and a line of text: a voice memo and a message on the phone.")
    told = scene.arrived(Chats.ANN)[-1]
    scene.sandbox.linq.phone.react(told.id, "love")
    await scene.until(lambda: "heart" in answer.reactions, "Ann’s heart is on Maya’s message")
    await scene.narrate("Ann puts a heart on the text, and Slack shows it.")
    return told, answer


async def _speak_back(scene: Scene, told: PhoneMessage) -> None:
    memo = scene.sandbox.linq.phone.send(Chats.ANN, files=[phone_memo()])
    await scene.until(lambda: len(_players(scene)) == 1, "Ann’s memo can be played in Slack")
    await scene.narrate("Ann answers with her voice. In Slack it is a file with a player, and its length.")
    post = scene.posts(CLIPS)[-1]
    await scene.sandbox.slack.react(CLIPS, post.ts, "tada", user=scene.workspace.maya)
    await scene.until(lambda: bool(memo.parts[0].reactions), "Maya’s reaction is on the phone")
    await scene.narrate("Maya reacts with :tada:, and Ann sees it on her memo.")
    scene.sandbox.linq.phone.send(Chats.ANN, THANKED, reply_to=told.id)
    await scene.until(lambda: len(scene.posts(CLIPS)) == 3, "Ann’s reply is in the thread")
    await scene.narrate("Ann replies to the text itself, so her words stand in its thread.")


async def _edit(scene: Scene, question: PhoneMessage, told: PhoneMessage, answer: Message) -> None:
    scene.sandbox.linq.phone.edit(question.id, ASKED_BETTER)
    await scene.sandbox.slack.edit(CLIPS, answer.ts, TOLD_BETTER)
    await scene.until(lambda: scene.posts(CLIPS)[0].text == ASKED_BETTER, "Ann’s edit is in Slack")
    await scene.until(lambda: told.edited_at is not None, "Maya’s edit is on the phone")
    await scene.narrate("Both edit what they wrote. The phone says Edited, and Slack keeps the earlier words.")


def _players(scene: Scene) -> list[str]:
    files = [file for post in scene.posts(CLIPS) for file in post.files]
    return [file.id for file in files if file.record["mimetype"] == "audio/mp4" and file.upload.content]


def _prove(scene: Scene) -> None:
    posts, arrived = scene.posts(CLIPS), scene.arrived(Chats.ANN)
    said = [post.text for post in posts if not post.files]
    scene.prove_order(said, [ASKED_BETTER, THANKED], "Ann’s words are in Slack: each once, in her order.")
    scene.prove(len(_players(scene)) == 1, "Her voice memo can be played there, once.", "Her memo is not there once.")
    in_thread = [post.text for post in posts if post.thread_ts]
    scene.prove_order(in_thread, [THANKED], "Only her reply stands in the thread.")
    shown = ["a memo" if message.is_voice_memo else message.text for message in arrived]
    wanted = ["a memo", TOLD_BETTER.replace("*", "")]
    scene.prove_order(shown, wanted, "Ann’s phone has the memo and the text: each once, nothing internal.")
    earlier = ASKED in str(posts[0].blocks)
    scene.prove(earlier, "Slack keeps what Ann wrote before her edit.", "Ann’s earlier words are gone.")
