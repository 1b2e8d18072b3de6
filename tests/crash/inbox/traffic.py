"""Two inboxes: contacts who write for the first time, and a team that answers, takes, closes and moves."""

import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from bot.sandbox.linq.fixtures import LINE, SECOND_LINE
from bot.sandbox.slack.fixtures import ANN, BEN
from bot.sandbox.slack.interactions.interactions import InteractionAnswer
from tests.crash.boundaries import Act
from tests.crash.conversation import CONVERSATION, VOICE, ContactMessage, Conversation, TeamMessage
from tests.crash.inbox.conversation import InboxConversation, ThreadView
from tests.crash.presses import Press, Presses
from tests.crash.traffic import OPEN_AT_MOST, PersonAct, Traffic

LINES = {LINE: CONVERSATION, SECOND_LINE: VOICE}
CONVERSATIONS_MOST = 24
EDITED_AFTER_S = 3.0
WAIT_S = 10.0  # for something to be seen, before a person goes on to something else
GOES_ON = "goes on"  # in the answer to a move that was done, now or before


class InboxTraffic(Traffic):
    """Contacts write to one of two lines; each line has a channel. What is pressed is pressed until it is done."""

    def _open_conversations(self) -> None:
        slack = self.sandbox.slack
        self.inboxes = {line: slack.new_channel(f"support-{number}") for number, line in enumerate(LINES)}
        self.presses = Presses(self.is_bot_up)
        self.begun: list[InboxConversation] = []

    def _links(self) -> list[dict[str, str]]:
        return [{"channel": self.inboxes[line], "line": line, "mode": mode} for line, mode in LINES.items()]

    def _persons(self) -> list[Coroutine[Any, Any, None]]:
        talk = [self._write_to_us(), self._write_to_us(), self._answer(), self._answer(), self._look_after()]
        return [*talk, self.presses.repeat()]

    @property
    def has_open_ends(self) -> bool:
        return bool(self.presses.open)

    async def _perform(self, act: Act) -> None:
        match act:
            case "first message" | "lost root answer":
                await self._write_twice()
            case "take" | "release" | "close" | "reopen" | "move":
                await self._press(act)
            case "contact returns":
                await self._return()
            case _:
                if conversation := await self._with_root():
                    await self._person_for(act)(conversation)

    # contacts

    async def _write_to_us(self) -> None:
        while True:
            await self._pause()
            free = [each for each in self.begun if self._is_free(each, each.contact)]
            if not free or (self.chance.random() < 0.2 and len(self.begun) < CONVERSATIONS_MOST):
                await self.write_first()
                continue
            conversation = self.chance.choice(free)
            acts: list[PersonAct] = [self.answer_with_text, self.answer_with_text, self.answer_with_voice]
            if conversation.move is None:
                acts += [self.edit_answer, self.tap_back]
            await self.chance.choice(acts)(conversation)

    async def write_first(self) -> InboxConversation:
        """Somebody writes who has not written before, or only to our other line; every fifth time it is a group."""
        number = len(self.begun)
        line, name = list(LINES)[number % 2], f"{number:04}"
        others = [f"+1202557{name}"] if number % 5 == 4 else []
        sender = f"+1202556{number // 2:04}"
        message = self.sandbox.linq.phone.write_to_line(sender, f"C-{name}-0000", line=line, others=others)
        view = ThreadView(self.sandbox, self.nobody, self.inboxes[line], message.chat_id, name=name)
        conversation = InboxConversation(view, LINES[line])
        conversation.contact.append(ContactMessage(f"C-{name}-0000", message, f"C-{name}-0000"))
        self.begun.append(conversation)
        self.conversations.append(conversation)
        return conversation

    async def _write_twice(self) -> None:
        """The second message may reach us while the root of the first is being posted."""
        conversation = await self.write_first()
        with suppress(TimeoutError):
            await self.sandbox.wire.until(lambda: self._may_go_on(conversation, conversation.contact[-1]), WAIT_S)
        await self.answer_with_text(conversation)

    async def _return(self) -> None:
        """The contact of a closed conversation writes again."""
        closed = [each for each in self.begun if each.view.state.startswith("closed") and each.move is None]
        if closed:
            await self.answer_with_text(self.chance.choice(closed))
        elif conversation := await self._press("close"):
            await self._until(lambda: conversation.view.state.startswith("closed"))
            await self.answer_with_text(conversation)

    async def edit_answer(self, conversation: Conversation) -> None:
        """As people do, not within the seconds in which Linq's history does not tell an edit from its message. What is
        killed this often may miss all ten deliveries of a webhook."""
        before = time.time() - EDITED_AFTER_S
        texts = [each for each in conversation.contact if each.text == each.label]
        if old := [each for each in texts if each.message.created_at.timestamp() < before]:
            self._edit(conversation, old[-1])

    def _any_carried(self, conversation: Conversation) -> TeamMessage | None:
        """No contact replies to a single message: whatever they say stands in the thread."""
        return None

    # the team

    async def _answer(self) -> None:
        while True:
            await self._pause()
            free = [each for each in self._with_roots() if self._is_free(each, each.team)]
            if free:
                await self.chance.choice([self.drop, self.write, self.write, self.edit_own])(self.chance.choice(free))

    async def write(self, conversation: Conversation) -> TeamMessage:
        label, view = self._label("T", conversation, conversation.team), conversation.view
        assert isinstance(view, ThreadView), "this traffic makes no others"
        is_talk = conversation.mode == CONVERSATION and not view.moved_to
        message = await (view.say(label) if is_talk else view.mention(label))
        conversation.team.append(TeamMessage(label, message, text=label))
        return conversation.team[-1]

    async def edit_own(self, conversation: Conversation) -> None:
        """What was said in a thread in which nothing goes on any more stays as it is."""
        if not (isinstance(conversation, InboxConversation) and conversation.move):
            await super().edit_own(conversation)

    async def _look_after(self) -> None:
        """Somebody presses a button now and then."""
        while True:
            await self._pause()
            await self._press(self.chance.choice(["take", "take", "release", "close", "close", "reopen", "move"]))

    async def _press(self, name: str) -> InboxConversation | None:
        """On a root that has this button and on which nothing else is being pressed, if there is one."""
        ready = [each for each in self._with_roots() if self._can_press(each, name)]
        if not ready and name in ("release", "reopen"):  # what has to be done before
            await self._press({"release": "take", "reopen": "close"}[name])
        if not ready:
            await self._with_root()
            await self._until(lambda: any(self._can_press(each, name) for each in self._with_roots()))
            ready = [each for each in self._with_roots() if self._can_press(each, name)]
        if not ready:
            return None
        conversation = self.chance.choice(ready)
        await self.presses.press(*self._presses_of(conversation, name))
        return conversation

    def _can_press(self, conversation: InboxConversation, name: str) -> bool:
        if conversation.move or any(not each.is_done for each in conversation.presses):
            return False
        if name == "move" and not (len(conversation.contact) > 2 and conversation.is_at_rest):
            return False
        return conversation.view.has_button("conversation_more" if name == "move" else name)

    def _presses_of(self, conversation: InboxConversation, name: str) -> list[Press]:
        """Now and then two people take it at once."""
        users = [ANN, BEN] if name == "take" and self.chance.random() < 0.3 else [self.chance.choice((ANN, BEN))]
        if name == "move":
            conversation.new_channel = self.sandbox.slack.new_channel(f"moved-{conversation.name}")
        act = self._move_once if name == "move" else self._press_once
        made = [Press(name, user, lambda user=user: act(conversation, name, user)) for user in users]  # type: ignore[misc]
        for each in made:
            each.was_at_rest = conversation.is_at_rest
        conversation.presses += made
        return made

    async def _press_once(self, conversation: InboxConversation, name: str, user: str) -> InteractionAnswer:
        root = conversation.view.root
        assert root is not None, "only what is seen is pressed"
        return await self.sandbox.slack.press(root.channel, root.ts, name, user=user)

    async def _move_once(self, conversation: InboxConversation, name: str, user: str) -> InteractionAnswer | None:
        """Ask for the modal, choose the channel, submit."""
        slack, root = self.sandbox.slack, conversation.view.root
        assert root is not None, "only what is seen is pressed"
        if conversation.presses[-1].tries > 1 and not conversation.view.has_button("conversation_more"):
            conversation.view.moved_to = conversation.new_channel  # the first time it was done, and nobody was told
        await slack.press(root.channel, root.ts, "conversation_more", user=user, value=name)
        asked = [view["id"] for view in slack.views(user) if view.get("private_metadata", "").endswith(root.ts)]
        if not asked:
            return None
        chosen = {"type": "conversations_select", "selected_conversation": conversation.new_channel}
        answer = await slack.submit(asked[-1], {"channel": {"channel": chosen}}, user=user)
        if answer.error or GOES_ON not in str(answer.body):
            return None
        conversation.view.moved_to = conversation.new_channel
        return answer

    # everybody

    def _is_free(self, conversation: InboxConversation, said: list[Any]) -> bool:
        """Whether one more may be said there now."""
        is_busy = sum(not conversation.has_arrived(each) for each in said[-OPEN_AT_MOST:]) >= OPEN_AT_MOST
        return not is_busy and (not said or self._may_go_on(conversation, said[-1]))

    def _with_roots(self) -> list[InboxConversation]:
        return [each for each in self.begun if each.view.root is not None and not each.is_moving]

    async def _with_root(self) -> InboxConversation | None:
        """One whose root is seen; where there is none, somebody writes."""
        if not self._with_roots():
            await self.write_first()
            await self._until(lambda: bool(self._with_roots()))
        return self.chance.choice(self._with_roots() or [None])

    async def _until(self, holds: Any) -> None:
        with suppress(TimeoutError):
            await self.sandbox.wire.until(holds, WAIT_S)
