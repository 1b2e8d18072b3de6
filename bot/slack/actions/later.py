"""Send later: asks when, lets the relay hold it until then, and changes the hour."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.relay.errors import Refused
from bot.relay.holds import require_hour
from bot.relay.ids import DeliveryId, MessageId, PersonId, RoomId
from bot.relay.model import Message
from bot.relay.parts import Part, Text, Voice
from bot.slack.actions import replies
from bot.slack.actions.commands import require_bot_in
from bot.slack.actions.interactions import ButtonClick, MessageShortcut, SlashCommand, Submission
from bot.slack.actions.replies import Reply
from bot.slack.actions.when import parse_when, tomorrow_morning
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.identity import Identity
from bot.slack.api.messages import Messages
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import prose
from bot.slack.ids import SlackRoom, is_room, parse_message, parse_room
from bot.slack.inbound.parse import TEXT_KEY, PostedMessage, posted_message
from bot.slack.inbound.resolve import MessageBuilder
from bot.slack.ports import DeliveryActions, LinkService, MessageIntake
from bot.slack.ui.conversation_views import View
from bot.slack.ui.later_views import (
    CHANGE_TIME_VIEW,
    LATER_VIEW,
    TEXT_INPUT,
    TIME_INPUT,
    change_time_view,
    message_later_view,
    text_later_view,
)
from bot.slack.ui.notice_blocks import RESCHEDULE


class SendLater:
    """``now`` gives the time of day."""

    def __init__(
        self,
        intake: MessageIntake,
        links: LinkService,
        deliveries: DeliveryActions,
        directory: SlackDirectory,
        builder: MessageBuilder,
        messages: Messages,
        identity: Identity,
        api: SlackApi,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._links = links
        self._deliveries = deliveries
        self._directory = directory
        self._builder = builder
        self._messages = messages
        self._identity = identity
        self._api = api
        self._now = now
        self.buttons: Mapping[str, Callable[[ButtonClick], Awaitable[Reply | None]]] = {RESCHEDULE: self._ask_again}
        self.views: Mapping[str, Callable[[Submission], Awaitable[Reply | None]]] = {
            LATER_VIEW: self._submitted,
            CHANGE_TIME_VIEW: self._changed,
        }

    async def shortcut(self, shortcut: MessageShortcut) -> Reply | None:
        """Ask when this message is to be sent."""
        by, posted = shortcut.by, shortcut.posted
        thread = by.channel.thread(posted.root_ts).id if posted.root_ts else by.room
        if not await self._is_linked(by.room, thread):
            return replies.not_linked()
        await require_bot_in(by.channel.channel, self._directory)
        at = tomorrow_morning(self._now(), await self._directory.zone(by.user))
        await self._open(by.trigger, message_later_view(by.channel.message(posted.ts), at))
        return None

    async def command(self, command: SlashCommand) -> Reply:
        """Ask when the text that was typed, if one was, is to be sent; with the time that was typed, if one was."""
        by = command.by
        if not await self._is_linked(by.room, by.room):
            return replies.not_linked()
        await require_bot_in(by.channel.channel, self._directory)
        zone = await self._directory.zone(by.user)
        at, rest = parse_when(command.rest, self._now(), zone)
        await self._open(by.trigger, text_later_view(by.room, at or tomorrow_morning(self._now(), zone), rest))
        return replies.CHOOSE_HOUR

    async def _is_linked(self, *rooms: RoomId) -> bool:
        return any([await self._links.of(room) is not None for room in rooms])

    async def _open(self, trigger: str, view: View) -> None:
        await self._api.modify("views.open", {"trigger_id": trigger, "view": view})

    async def _submitted(self, submitted: Submission) -> Reply | None:
        """None where the notice shows what came of it."""
        at = chosen_time(submitted, self._now())
        if is_room(submitted.about):
            channel = parse_room(submitted.about)
            text = prose(submitted.values.get(TEXT_INPUT, "")).strip()
            if not text:
                raise Refused("Write what to send.")
            source = channel.command(submitted.id)
            message = self._message(source, channel, None, by=submitted.person, parts=[Text(TEXT_KEY, text)], at=at)
            await self._intake.accept(replace(message, command=submitted.id))  # the modal can be submitted again
            return None
        return await self._schedule(MessageId(submitted.about), at, by=submitted.person)

    async def _schedule(self, source: MessageId, at: datetime, *, by: PersonId) -> Reply | None:
        if await self._deliveries.reschedule_message(source, at, by=by):
            return None  # it is held already: there is nothing to be sent twice
        command = await self._deliveries.next_schedule(source)
        channel, ts = parse_message(source).room, parse_message(source).ts
        posted = await self._read(channel, ts)
        thread = channel.thread(posted.root_ts) if posted.root_ts else None
        parts = await self._parts(posted)
        if not parts:
            return replies.NOTHING
        message = self._message(source, channel, thread, by=by, parts=parts, at=at)
        if not await self._intake.accept(replace(message, command=command)):
            await self._deliveries.reschedule_message(source, at, by=by)  # it was scheduled meanwhile
        return None

    async def _read(self, channel: SlackRoom, ts: str) -> PostedMessage:
        found = await self._messages.read(channel.channel, ts)
        if found is None:
            raise Refused("This message was deleted in Slack.")
        return posted_message(found, channel, await self._identity.get())

    async def _parts(self, posted: PostedMessage) -> Sequence[Part]:
        files = await self._builder.file_parts(posted.files, posted.channel.team)
        if voices := [part for part in files if isinstance(part, Voice)]:
            return voices
        return [*await self._builder.text_parts(posted.fragments), *files]

    def _message(
        self,
        source: MessageId,
        channel: SlackRoom,
        thread: SlackRoom | None,
        *,
        by: PersonId,
        parts: Sequence[Part],
        at: datetime,
    ) -> Message:
        return Message(
            id=source,
            room=channel.id,
            thread=thread.id if thread else None,
            notice_room=(thread or channel.thread(parse_message(source).ts)).id,
            sender=by,
            sent_at=self._now(),
            parts=tuple(parts),
            about=channel.message(thread.root_ts) if thread else None,
            send_at=at,
        )

    async def _ask_again(self, click: ButtonClick) -> None:
        """The button carries the delivery and the hour that it has now."""
        delivery, _, seconds = click.value.partition(" ")
        at = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else self._now()
        await self._open(click.by.trigger, change_time_view(delivery, at))

    async def _changed(self, submitted: Submission) -> None:
        at = chosen_time(submitted, self._now())
        await self._deliveries.reschedule(DeliveryId(submitted.about), at, by=submitted.person)


def chosen_time(submitted: Submission, now: datetime) -> datetime:
    """Refused for none, and for one that does not lie ahead."""
    seconds = submitted.values.get(TIME_INPUT, "")
    if not seconds.isdecimal() or len(seconds) > 11:
        raise Refused("Choose a time.")
    at = datetime.fromtimestamp(int(seconds), UTC)
    require_hour(at, now)
    return at
