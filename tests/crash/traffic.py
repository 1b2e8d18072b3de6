"""What the bot is killed in: linked channels, and people on both sides who go on talking all the while.

Slack's and Linq's minutes are shortened, so that a redelivery comes within seconds and not hours, and so are the
heartbeats of the bot's workers; what they answer, how often they try and when they give up stays as it is.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bot.cli.child import BotProcess
from bot.sandbox.linq.fixtures import Chats
from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.slack.fixtures import CLIPS, CREW
from bot.sandbox.slack.state.models import Upload
from bot.sandbox.time_scale import TimeScale
from tests.crash.boundaries import Act
from tests.crash.conversation import CONVERSATION, VOICE, ContactMessage, Conversation, TeamMessage
from tests.crash.processes.fork_server import ForkServer, fork_server
from tests.stories.system import SOUND, System

SCALE = 0.05  # Slack tries again after 0, 3 and 15 s; Linq nine times within 50 s
JOB_SPEED = 4  # a process that died is given up after 2 s instead of 9
SEARCH_S = 2.0
OPEN_AT_MOST = 4  # messages that may be on their way from one person before they pause
PAUSES_S = (2.0, 6.0)
LATE_WEBHOOK_S = 4.0  # a webhook that would tell what a lost answer did comes later than the search for it


PersonAct = Callable[[Conversation], Coroutine[Any, Any, object]]


class Traffic:
    """Two linked channels."""

    def __init__(
        self,
        sandbox: Sandbox,
        forks: ForkServer,
        chance: random.Random,
        environment: dict[str, str],
        pauses_s: tuple[float, float],
    ) -> None:
        self.sandbox, self.forks, self.chance, self.environment = sandbox, forks, chance, environment
        self.stepped_aside: set[str] = set()  # names of files that others may pass
        self._pauses_s = pauses_s
        self._people: list[asyncio.Task[None]] = []
        self._may_talk = asyncio.Event()
        self._told: set[str] = set()  # messages of contacts of which the bot said that it has stored them
        self._read_up_to = 0
        self.nobody = BotProcess({})  # a view of both sides needs no bot
        self.conversations: list[Conversation] = []
        self._open_conversations()

    def _open_conversations(self) -> None:
        self.conversations += [
            Conversation(System(self.sandbox, self.nobody, CLIPS, Chats.ANN), VOICE),
            Conversation(System(self.sandbox, self.nobody, CREW, Chats.FAMILY), CONVERSATION),
        ]

    def _links(self) -> list[dict[str, str]]:
        """The tables of the links file."""
        return [
            {"channel": each.view.channel, "chat": each.view.chat, "mode": each.mode} for each in self.conversations
        ]

    def _persons(self) -> list[Coroutine[Any, Any, None]]:
        return [
            person
            for conversation in self.conversations
            for person in (self._talk_in_slack(conversation), self._talk_on_the_phone(conversation))
        ]

    def write_links_file(self) -> None:
        """For the next bot to read."""
        tables = [[f'{key} = "{value}"' for key, value in link.items()] for link in self._links()]
        text = "".join("\n".join(["[[link]]", *lines, ""]) for lines in tables)
        Path(self.environment["LINKS_FILE"]).write_text(text)

    def begin(self) -> None:
        """Let people talk until ``pause``."""
        self._may_talk.set()
        self._people = self._people or [asyncio.create_task(person) for person in self._persons()]

    def pause(self) -> None:
        self._may_talk.clear()

    @property
    def has_open_ends(self) -> bool:
        """Whether people still have something to do, though they say nothing more."""
        return False

    async def end(self) -> None:
        for person in self._people:
            person.cancel()
        await asyncio.gather(*self._people, return_exceptions=True)

    async def act(self, act: Act) -> None:
        """Let people and networks do what leads the bot to a certain boundary."""
        linq, slack = self.sandbox.linq.switches, self.sandbox.slack.switches
        linq.webhook_delay_s = LATE_WEBHOOK_S if act == "lost memo answer" else 0.0
        match act:
            case "busy":
                linq.next("voicememo", 1007)
            case "refusal":
                linq.next("voicememo", 2024)
            case "lost memo answer":
                linq.next("voicememo", self.chance.choice(("lose_answer", "act_then_500")))
            case "lost notice answer" | "lost post answer" | "lost root answer":
                slack.fault("chat.postMessage", drop=True, done=True, times=1)
            case _:
                pass
        await self._perform(act)

    async def _perform(self, act: Act) -> None:
        conversation = self.conversations[1] if act == "team reaction" else self.chance.choice(self.conversations)
        await self._person_for(act)(conversation)

    def _person_for(self, act: Act) -> PersonAct:
        by_act: dict[Act, PersonAct] = {
            "team text": self.write,
            "team edit": self.edit_own,
            "team reaction": self.react,
            "deletion": self.drop_and_delete,
            "contact text": self.answer_with_text,
            "contact media": self.answer_with_voice,
            "contact edit": self.edit_answer,
            "tapback": self.tap_back,
            "lost post answer": self.answer_with_text,
            "early edit": self.edit_early,
        }
        return by_act.get(act, self.drop)

    # the team

    async def _talk_in_slack(self, conversation: Conversation) -> None:
        acts = [self.drop, self.drop, self.write, self.write, self.edit_own, self.react]
        await self._talk(conversation, conversation.team, acts)

    async def drop(self, conversation: Conversation) -> TeamMessage:
        label = self._label("T", conversation, conversation.team)
        clips = tuple(f"{label}-{part}.m4a" for part in range(self.chance.choice((1, 1, 2))))
        message = await conversation.view.drop(*(Upload(name, SOUND) for name in clips))
        conversation.team.append(TeamMessage(label, message, clips))
        return conversation.team[-1]

    async def write(self, conversation: Conversation) -> TeamMessage:
        """At the root, or in the thread of something that the contact said."""
        label, answers = self._label("T", conversation, conversation.team), self._any_arrived(conversation)
        if answers is not None:
            [post, *_] = conversation.posts(answers.label)
            message = await conversation.view.mention(label, thread_ts=post.root_ts)
            answers = answers if post.thread_ts is None else None  # deeper in a thread it answers the thread's root
        elif conversation.mode == CONVERSATION:
            message = await conversation.view.say(label)
        else:
            message = await conversation.view.mention(label)
        conversation.team.append(TeamMessage(label, message, text=label, answers=answers))
        return conversation.team[-1]

    async def edit_own(self, conversation: Conversation) -> None:
        """Each text at most once; where there is none, one is written."""
        said = _last([each for each in conversation.team if each.text == each.label]) or await self.write(conversation)
        said.text = f"{said.label} edited"
        begins = f"<@{conversation.view.slack.bot_user}> " if said.message.text.startswith("<@") else ""
        await conversation.view.slack.edit(said.message.channel, said.message.ts, begins + said.text)

    async def react(self, conversation: Conversation) -> None:
        """Ann puts a reaction on something the contact said, or takes it off again."""
        said = self._any_arrived(conversation)
        if said is None or conversation.mode != CONVERSATION:
            return
        [post, *_] = conversation.posts(said.label)
        if held := conversation.reacted.pop(said.label, ""):
            await conversation.view.slack.unreact(post.channel, post.ts, held)
        else:
            conversation.reacted[said.label] = "+1"
            await conversation.view.slack.react(post.channel, post.ts, "+1")

    async def drop_and_delete(self, conversation: Conversation) -> None:
        said = await self.drop(conversation)
        said.is_deleted = True
        await conversation.view.slack.delete(said.message.channel, said.message.ts)

    # the contact

    async def _talk_on_the_phone(self, conversation: Conversation) -> None:
        acts = [self.answer_with_text, self.answer_with_text, self.answer_with_voice, self.tap_back, self.edit_answer]
        await self._talk(conversation, conversation.contact, acts)

    async def answer_with_text(self, conversation: Conversation) -> ContactMessage:
        """Alone, or as a reply to something that the team said."""
        label, answers = self._label("C", conversation, conversation.contact), self._any_carried(conversation)
        reply_to = conversation.at_linq(answers).id if answers else ""
        message = conversation.view.phone.send(conversation.view.chat, label, reply_to=reply_to)
        conversation.contact.append(ContactMessage(label, message, label, answers=answers))
        return conversation.contact[-1]

    def _any_carried(self, conversation: Conversation) -> TeamMessage | None:
        """Something that the team said not long ago; mostly None."""
        carried = [each for each in conversation.team if conversation.has_arrived(each) and not each.is_deleted]
        return self.chance.choice(carried[-5:]) if carried and self.chance.random() < 0.2 else None

    async def answer_with_voice(self, conversation: Conversation) -> ContactMessage:
        label = self._label("C", conversation, conversation.contact)
        memo = PhoneFile(SOUND, f"{label}.m4a", "audio/x-m4a")
        message = conversation.view.phone.send(conversation.view.chat, label, files=[memo])
        conversation.contact.append(ContactMessage(label, message, label, has_file=True))
        return conversation.contact[-1]

    async def edit_answer(self, conversation: Conversation) -> None:
        """Each text at most once; where there is none, one is written."""
        texts = [each for each in conversation.contact if each.text == each.label]
        self._edit(conversation, _last(texts) or await self.answer_with_text(conversation))

    async def edit_early(self, conversation: Conversation) -> None:
        """The edit is told before its message."""
        linq = self.sandbox.linq
        was_withheld, linq.switches.webhooks_withheld = linq.switches.webhooks_withheld, True
        self._edit(conversation, await self.answer_with_text(conversation))
        linq.switches.webhooks_withheld = was_withheld
        linq.admin.release_webhooks("reversed")

    def _edit(self, conversation: Conversation, said: ContactMessage) -> None:
        said.text = f"{said.label} edited"
        conversation.view.phone.edit(said.message.id, said.text, part_index=1 if said.has_file else 0)

    async def tap_back(self, conversation: Conversation) -> None:
        """On something that either side said; what is held already is taken off."""
        carried = [each for each in conversation.team if conversation.has_arrived(each) and not each.is_deleted]
        said = self.chance.choice([*carried[-3:], *conversation.contact[-3:], None])
        if said is None:
            return
        message = conversation.at_linq(said)
        if message.parts[0].reactions and not any(each.person.is_me for each in message.parts[0].reactions):
            conversation.view.phone.unreact(message.id)
        else:
            conversation.view.phone.react(message.id, self.chance.choice(("love", "laugh", "question")))

    # everybody

    async def _pause(self) -> None:
        await asyncio.sleep(self.chance.uniform(*self._pauses_s))
        await self._may_talk.wait()

    async def _talk(
        self,
        conversation: Conversation,
        said: "list[TeamMessage] | list[ContactMessage]",
        acts: Sequence[PersonAct],
    ) -> None:
        while True:
            await self._pause()
            if sum(not conversation.has_arrived(each) for each in said[-OPEN_AT_MOST:]) < OPEN_AT_MOST:
                await self.chance.choice(acts)(conversation)
            while said and not self._may_go_on(conversation, said[-1]):
                await self.sandbox.wire.next_entry()

    def _may_go_on(self, conversation: Conversation, said: TeamMessage | ContactMessage) -> bool:
        """The next message may come before this one is known only where the bot can find out their order: from the
        history, after all its processes were down."""
        return self._is_accepted(said) or not self.is_bot_up() or conversation.has_arrived(said)

    def is_bot_up(self) -> bool:
        return any(bot.port and bot.is_running for bot in self.forks.bots)

    def _is_accepted(self, said: TeamMessage | ContactMessage) -> bool:
        if isinstance(said, TeamMessage):
            return said.is_accepted
        entries = self.sandbox.wire.entries
        for entry in entries[self._read_up_to :]:
            if entry.what == "webhook message.received" and entry.status == 200:
                self._told.add(entry.facts.get("message_id", ""))
        self._read_up_to = len(entries)
        return said.message.id in self._told

    def _label(self, who: str, conversation: Conversation, said: "list[TeamMessage] | list[ContactMessage]") -> str:
        return f"{who}-{conversation.name}-{len(said):04}"

    def _any_arrived(self, conversation: Conversation) -> ContactMessage | None:
        """Something that the contact said not long ago; mostly None."""
        arrived = [each for each in conversation.contact[-8:] if conversation.posts(each.label)]
        return self.chance.choice(arrived) if arrived and self.chance.random() < 0.3 else None


def _last(said: list[Any]) -> Any:
    return said[-1] if said else None


@asynccontextmanager
async def traffic(
    seed: str,
    folder: Path,
    settings: dict[str, str],
    *,
    kind: type[Traffic] = Traffic,
    socket_mode: bool = False,
    scale: float = SCALE,
    search_s: float = SEARCH_S,
    pauses_s: tuple[float, float] = PAUSES_S,
) -> AsyncIterator[Traffic]:
    """``folder`` takes the links file. ``settings`` are the bot's own, a database among them."""
    async with Sandbox(time_scale=TimeScale(scale), socket_mode=socket_mode) as sandbox, fork_server() as forks:
        own = {
            "LINKS_FILE": str(folder / "links.toml"),
            "SEND_CONFIRM_SECONDS": str(search_s),
            "BACKFILL_INTERVAL_SECONDS": "5",
            "AUDIO_WORKERS": "1",
            "JOB_SPEED": str(JOB_SPEED),
        }
        made = kind(sandbox, forks, random.Random(seed), sandbox.environment() | own | settings, pauses_s)
        try:
            yield made
        finally:
            with suppress(asyncio.CancelledError):
                await made.end()
