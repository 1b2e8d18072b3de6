"""A whole line in one channel: three people write to one number, two colleagues answer by voice, each in a thread."""

from bot.cli.demo.stories.scene import Scene, StoryError
from bot.sandbox.linq.fixtures import LINE
from bot.sandbox.page.samples import clip
from bot.sandbox.slack.state.models import Message

BEN, RITA, LEO = "ben@example.com", "+12025550142", "+12025550181"
QUESTIONS = {BEN: "Is the shop open today?", RITA: "My kettle came without a lid.", LEO: "Do you repair toys?"}
THANKS, AGAIN = "Great, see you later.", "One more thing: do you gift-wrap?"


async def play(scene: Scene) -> None:
    await scene.narrate("#support takes a whole phone number. Three people write to it, each from their own iPhone.")
    chats, roots = await _write(scene)
    await _answer(scene, chats, roots)
    await _close_and_reopen(scene, chats, roots)
    await _move(scene, chats, roots)
    _prove(scene, chats, roots)


async def _write(scene: Scene) -> tuple[dict[str, str], dict[str, Message]]:
    """Gives each person's chat, and the root of each person's conversation."""
    chats, roots = {}, {}
    for number, (person, question) in enumerate(QUESTIONS.items(), 1):
        chats[person] = scene.sandbox.linq.phone.write_to_line(person, question, line=LINE).chat_id
        await scene.until(lambda number=number: len(_roots(scene)) == number, "the question begins a thread")  # type: ignore[misc]
        roots[person] = _roots(scene)[-1]
    await scene.narrate("Each first message is the root of a thread, with its state and its buttons below.")
    return chats, roots


async def _answer(scene: Scene, chats: dict[str, str], roots: dict[str, Message]) -> None:
    await _press(scene, roots[BEN], "take", scene.workspace.maya)
    await scene.until(lambda: f"taken by <@{scene.workspace.maya}>" in _state(roots[BEN]), "Maya has taken it")
    await _drop(scene, roots[BEN], "open-till-six.m4a", scene.workspace.maya)
    await _drop(scene, roots[RITA], "lid-is-coming.m4a", scene.workspace.jonas)
    await scene.until(lambda: all(len(scene.memos(chats[who])) == 1 for who in (BEN, RITA)), "both memos arrive")
    await scene.narrate(
        "Maya takes Ben’s question. She and Jonas answer by voice, each in a thread: one memo on each phone."
    )
    await scene.until(lambda: "answered" in _state(roots[RITA]), "the root says answered")


async def _close_and_reopen(scene: Scene, chats: dict[str, str], roots: dict[str, Message]) -> None:
    scene.sandbox.linq.phone.send(chats[BEN], THANKS)
    await scene.until(lambda: THANKS in _thread(scene, roots[BEN]), "the thanks are in the thread")
    await _press(scene, roots[BEN], "close", scene.workspace.maya)
    await scene.until(lambda: _state(roots[BEN]).startswith("closed"), "the root says closed")
    await scene.narrate("Ben says thanks, and Maya closes the conversation. Nobody waits there any more.")
    scene.sandbox.linq.phone.send(chats[BEN], AGAIN)
    await scene.until(lambda: AGAIN in _thread(scene, roots[BEN]), "the same thread goes on")
    await scene.narrate("Ben writes again within the day: the same thread opens again, and the channel shows it.")


async def _move(scene: Scene, chats: dict[str, str], roots: dict[str, Message]) -> None:
    slack, target = scene.sandbox.slack, scene.workspace.workshop
    await _press(scene, roots[LEO], "conversation_more", scene.workspace.maya, "move")
    [view] = slack.views(scene.workspace.maya)
    picked = {"channel": {"channel": {"type": "conversations_select", "selected_conversation": target}}}
    await slack.submit(view["id"], picked, user=scene.workspace.maya)
    scene.sandbox.linq.phone.send(chats[LEO], "It is a tin robot.")
    await scene.until(lambda: len(scene.posts(target)) == 1, "Leo’s next message is in #workshop")
    await scene.narrate("Leo’s question belongs to #workshop. Maya moves it there; the thread says where it goes on.")


def _prove(scene: Scene, chats: dict[str, str], roots: dict[str, Message]) -> None:
    begun = [root.text for root in _roots(scene)]
    scene.prove_order(
        begun, list(QUESTIONS.values()), "One thread for each of the three, in the order in which they wrote."
    )
    names = [[memo.media[0].filename for memo in scene.memos(chats[who])] for who in (BEN, RITA, LEO)]
    wanted = [["open-till-six.m4a"], ["lid-is-coming.m4a"], []]
    scene.prove(names == wanted, "Each answer went to its own contact.", f"The phones have {names}.")
    inside = _thread(scene, roots[BEN])
    scene.prove_order(inside, [THANKS, AGAIN], "What Ben said later stands in his thread, across Close and reopening.")
    moved = [post.text for post in scene.posts(scene.workspace.workshop)]
    scene.prove_order(moved, ["It is a tin robot."], "Leo goes on in #workshop, and nothing of it is in #support.")


async def _press(scene: Scene, root: Message, action: str, user: str, value: str | None = None) -> None:
    answer = await scene.sandbox.slack.press(root.channel, root.ts, action, user=user, value=value)
    if answer.error:
        raise StoryError(f"The button {action} failed: {answer.error}.")


async def _drop(scene: Scene, root: Message, name: str, user: str) -> None:
    await scene.sandbox.slack.drop(root.channel, clip(name), user=user, thread_ts=root.ts)


def _roots(scene: Scene) -> list[Message]:
    """As far as their buttons can be used: the bot shows a state once it knows where the root stands."""
    return [post for post in scene.posts(scene.workspace.support) if not post.thread_ts]


def _thread(scene: Scene, root: Message) -> list[str]:
    return [post.text for post in scene.posts(root.channel) if post.thread_ts == root.ts]


def _state(root: Message) -> str:
    shown = [block for block in root.blocks if block.get("block_id") == "memobridge state"]
    return str(shown[0]["elements"][0]["text"]) if shown else ""
