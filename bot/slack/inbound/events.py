"""Slack's events: the one table of those that are listened to, and what each of them does.

A handler returns once everything that its event causes is stored; whatever it raises makes Slack deliver the event
again.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace

from bot.relay.errors import Refused, RelayError
from bot.relay.ids import PersonId, RoomId
from bot.relay.model import Message
from bot.slack.api.identity import Identity
from bot.slack.api.messages import Messages
from bot.slack.api.status_board import SlackStatusBoard
from bot.slack.fields import Body, identifier, text
from bot.slack.files import FileClaim, claim_of
from bot.slack.ids import SlackRoom, is_room, parse_room, person_id
from bot.slack.inbound.message_text import mentions_in
from bot.slack.inbound.parse import (
    EditedMessage,
    PostedMessage,
    Withdrawal,
    channel_of,
    deleted_ts,
    parse_message,
    parse_reaction,
)
from bot.slack.inbound.resolve import MessageBuilder
from bot.slack.ports import LinkService, MessageIntake
from bot.slack.ui.remedies import COMMAND

log = logging.getLogger("memobridge.slack")

Handler = Callable[[Body, str], Awaitable[None]]
"""Takes the event and the workspace in which the app is installed."""

ALREADY_SENT = "What you deleted here had been sent already and cannot be taken back: it stays in the other chat."
SENT_BEFORE_IT_WAS_KEPT = "This edit begins with `//` and stays here. What was sent before stays in the other chat."
NOT_LINKED = f"This channel is not linked to a chat. An admin can link it: {COMMAND} link +12025550123"


class EventHandlers:
    """``allowed_bots``: ids of bots whose messages are carried, too."""

    def __init__(
        self,
        intake: MessageIntake,
        links: LinkService,
        identity: Identity,
        messages: Messages,
        builder: MessageBuilder,
        board: SlackStatusBoard,
        allowed_bots: Collection[str] = (),
    ) -> None:
        self._intake = intake
        self._links = links
        self._identity = identity
        self._messages = messages
        self._builder = builder
        self._board = board
        self._allowed_bots = frozenset(allowed_bots)
        self.table: Mapping[str, Handler] = {
            "message": self._message,
            "reaction_added": self._reaction,
            "reaction_removed": self._reaction,
            "channel_id_changed": self._channel_id_changed,
            "channel_unarchive": self._channel_restored,
            "group_unarchive": self._channel_restored,
            "member_joined_channel": self._joined,
            "app_uninstalled": self._token_suspected,
            "tokens_revoked": self._token_suspected,
        }

    async def _message(self, event: Body, team: str) -> None:
        if gone := deleted_ts(event):  # the root of a conversation is a post of ours, of which nothing else is told
            self._messages.note(channel_of(event, "channel"), gone, exists=False)
        for fact in parse_message(event, team, await self._identity.get(), self._allowed_bots):
            match fact:
                case PostedMessage():
                    self._messages.note(fact.channel.channel, fact.ts, exists=True)
                    await self._posted(fact)
                case EditedMessage():
                    if await self._is_linked(fact.posted):
                        await self._edited(fact)
                case Withdrawal():
                    await self._withdrawn(fact)

    async def _posted(self, posted: PostedMessage) -> None:
        """What has to be looked up in Slack, is looked up only where it would go somewhere."""
        if not await self._needs_look_up(posted):
            await self._accept(await self._builder.message(posted))
            return
        if not await self._is_linked(posted):
            if posted.is_addressed:
                place = posted.channel.thread(posted.root_ts)
                await self._tell(person_id(posted.channel.team, posted.sender), place.id, NOT_LINKED)
            return
        message = await self._builder.message(posted)
        if posted.is_broadcast and not await self._is_linked_thread(posted):
            message = replace(message, thread=None)  # shown in the channel, too, so it was said there
        await self._accept(message)

    async def _needs_look_up(self, posted: PostedMessage) -> bool:
        has_unknown = any(claim_of(file) is FileClaim.UNKNOWN for file in posted.files)
        return posted.is_addressed or posted.is_broadcast or has_unknown or bool(mentions_in(posted.fragments))

    async def _is_linked(self, posted: PostedMessage) -> bool:
        return await self._is_linked_thread(posted) or await self._links.of(posted.channel.id) is not None

    async def _is_linked_thread(self, posted: PostedMessage) -> bool:
        thread = posted.channel.thread(posted.root_ts)
        return bool(posted.root_ts) and await self._links.of(thread.id) is not None

    async def _accept(self, message: Message) -> None:
        """Refused is for the person who acted: telling it is all that is left to do."""
        try:
            new = await self._intake.accept(message)
        except Refused as no:
            log.info("slack.message_refused", extra={"code": no.code, "reason": no.reason})
            await self._tell(message.sender, message.thread or message.room, no.reason, go_to=no.room)
            return
        if new:
            log.info("slack.message_accepted", extra={"deliveries": list(new), "room": message.room})

    async def _edited(self, edited: EditedMessage) -> None:
        """Who puts two slashes before a message wants nothing more of it to leave."""
        posted = edited.posted
        if posted.is_internal:
            await self._withdraw(Withdrawal(posted.channel, posted.ts, posted.root_ts), SENT_BEFORE_IT_WAS_KEPT)
        else:
            await self._accept(await self._builder.edit(edited))

    async def _withdrawn(self, withdrawal: Withdrawal) -> None:
        await self._withdraw(withdrawal, ALREADY_SENT)

    async def _withdraw(self, withdrawal: Withdrawal, already_sent: str) -> None:
        channel, root_ts = withdrawal.channel, withdrawal.root_ts
        rooms = [channel.thread(root_ts).id, channel.id] if root_ts else [channel.id]
        for sender in await self._intake.withdraw(channel.message(withdrawal.ts), rooms, withdrawal.kept):
            await _or_log(self._board.reply(sender, channel.thread(root_ts or withdrawal.ts).id, already_sent))

    async def _reaction(self, event: Body, team: str) -> None:
        me = await self._identity.get()
        change = parse_reaction(event, team, me)
        if change is None:
            return
        root_ts = ""
        if change.author == me.user and await self._links.of(change.channel.id) is None:
            # Slack does not say in which thread it is, and a link may be one thread's alone.
            message = await self._messages.read(change.channel.channel, change.ts)
            root_ts = text(message or {}, "thread_ts")
        await self._accept(self._builder.reaction(change, root_ts))

    async def _channel_id_changed(self, event: Body, team: str) -> None:
        """Moving a workspace into an organisation gives its channels new ids."""
        old, new = (channel_of(event, name) for name in ("old_channel_id", "new_channel_id"))
        for room in await self._linked_rooms(team, old):
            await self._links.moved(room.id, SlackRoom(team, new, room.root_ts).id)

    async def _channel_restored(self, event: Body, team: str) -> None:
        """It can be posted in again, so what waits for it goes at once and not at the next try."""
        rooms = await self._linked_rooms(team, channel_of(event, "channel"))
        await self._intake.retry_rooms([room.id for room in rooms])

    async def _joined(self, event: Body, team: str) -> None:
        """Told of everybody who joins; that the bot was invited (again) brings a channel back, too."""
        if identifier(event, "user") == (await self._identity.get()).user:
            await self._channel_restored(event, team)

    async def _linked_rooms(self, team: str, channel: str) -> list[SlackRoom]:
        """The channel and the threads in it, as far as they are linked."""
        rooms = [parse_room(link.room) for link in await self._links.all() if is_room(link.room)]
        return [room for room in rooms if (room.team, room.channel) == (team, channel)]

    async def _token_suspected(self, event: Body, team: str) -> None:
        log.error("slack.token_suspected", extra={"event": text(event, "type")})
        self._identity.suspect_token()

    async def _tell(self, person: PersonId, room: RoomId, words: str, *, go_to: str = "") -> None:
        await _or_log(self._board.tell(person, room, words, go_to=go_to))


async def _or_log(saying: Awaitable[None]) -> None:
    """What the bot says about an event is no reason to have that event delivered again."""
    try:
        await saying
    except RelayError as error:
        log.warning("slack.reply_failed", extra={"reason": error.reason, "code": error.code})
