"""The workflow step *Send voice memo*: a file goes over a channel's link, and the step ends as its delivery does."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from bot.relay.errors import Refused
from bot.relay.model import Message
from bot.relay.parts import Voice
from bot.slack.actions.commands import require_bot_in
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.identity import Identity
from bot.slack.api.steps import WorkflowSteps
from bot.slack.fields import Body, child, identifier, text
from bot.slack.files import FileClaim
from bot.slack.ids import SlackRoom, person_id
from bot.slack.inbound.resolve import MessageBuilder
from bot.slack.ports import LinkService, MessageIntake

log = logging.getLogger("memobridge.slack")

SEND_VOICE_MEMO = "send_voice_memo"
FILE_INPUT, CHANNEL_INPUT = "file", "channel"

_FILE_ID = re.compile(r"\bF[A-Z0-9]{2,20}\b", re.ASCII)


class WorkflowStep:
    """``now`` gives the time of day."""

    def __init__(
        self,
        intake: MessageIntake,
        links: LinkService,
        directory: SlackDirectory,
        builder: MessageBuilder,
        identity: Identity,
        steps: WorkflowSteps,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._links = links
        self._directory = directory
        self._builder = builder
        self._identity = identity
        self._steps = steps
        self._now = now

    async def executed(self, event: Body, team: str) -> None:
        """The cause is this one execution: told twice, it sends once. What can never be sent ends the step at once;
        any other error makes Slack deliver the event again."""
        execution = identifier(event, "function_execution_id")
        if text(child(event, "function"), "callback_id") != SEND_VOICE_MEMO or not execution:
            return
        try:
            await self._accept(execution, child(event, "inputs"), team)
        except Refused as no:
            log.info("slack.step_refused", extra={"code": no.code, "reason": no.reason})
            await self._steps.fail(execution, no.reason)

    async def _accept(self, execution: str, inputs: Body, team: str) -> None:
        file, channel = _file_id(inputs), identifier(inputs, CHANNEL_INPUT)
        if not (file and channel):
            raise Refused("The step needs a file and a linked channel.")
        room = SlackRoom(team, channel)
        link = await self._links.of(room.id)
        if link is None:
            raise Refused("This channel is not linked to a chat.")
        if link.is_inbox:
            raise Refused(
                "This channel is an inbox: the step does not tell which contact is meant. Choose a channel that is "
                "linked to one chat."
            )
        await require_bot_in(channel, self._directory)
        wanted = (FileClaim.VOICE, FileClaim.VIDEO, FileClaim.UNKNOWN)
        found = await self._builder.file_parts([{"id": file}], team, voices=wanted)
        voices = tuple(part for part in found if isinstance(part, Voice))
        if not voices:
            raise Refused("The file is neither audio nor video.")
        message = Message(
            id=room.step(execution),
            room=room.id,
            notice_room=room.id,
            sender=person_id(team, (await self._identity.get()).user),
            sent_at=self._now(),
            parts=voices,
            command=execution,
        )
        await self._intake.accept(message)


def _file_id(inputs: Body) -> str:
    """The one file that a workflow hands over: see ``slack_manifest.yaml`` for why it comes as rich text. Its id alone,
    or in a list, is what the type for files would give. "" where there is none, or more than one."""
    found = set(_file_ids(inputs.get(FILE_INPUT)))
    return found.pop() if len(found) == 1 else ""


def _file_ids(given: object) -> Iterator[str]:
    """Ids of files, however deep they stand: a variable in rich text is a rich text of its own."""
    match given:
        case str():
            yield from _FILE_ID.findall(given)
        case [*items]:
            for item in items:
                yield from _file_ids(item)
        case {"type": "text", "text": str(words)}:
            yield from _file_ids(words)
        case {"elements": [*items]}:
            yield from _file_ids(items)
