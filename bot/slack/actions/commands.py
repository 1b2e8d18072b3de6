"""The slash command: who asks, for what, and the reply. Only the relay decides what may be done."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bot.relay.errors import NO_ROOM, Refused, RelayError, Remedy
from bot.relay.ids import PersonId
from bot.relay.model import Message
from bot.relay.parts import Part
from bot.relay.rooms import Membership
from bot.slack.actions import replies
from bot.slack.actions.interactions import SlashCommand, people_and_groups
from bot.slack.actions.public_url import voice_at
from bot.slack.actions.replies import Reply
from bot.slack.api.directory import SlackDirectory
from bot.slack.ids import is_room, parse_room
from bot.slack.inbound.message_text import of_markup
from bot.slack.inbound.resolve import MessageBuilder
from bot.slack.ports import ConversationService, LinkService, MessageIntake, OverviewService


class Commands:
    """``later`` asks when a text is to be sent.

    ``now`` gives the time of day, at which what is sent takes its place in the chat's order.
    """

    def __init__(
        self,
        intake: MessageIntake,
        links: LinkService,
        conversations: ConversationService,
        overviews: OverviewService,
        directory: SlackDirectory,
        builder: MessageBuilder,
        *,
        later: Callable[[SlashCommand], Awaitable[Reply]],
        now: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._links = links
        self._conversations = conversations
        self._overviews = overviews
        self._directory = directory
        self._builder = builder
        self._now = now
        self._verbs: dict[str, Callable[[SlashCommand], Awaitable[Reply]]] = {
            "link": self._link,
            "unlink": self._unlink,
            "inbox": self._inbox,
            "set": self._set,
            "status": self._status,
            "list": self._list,
            "send": self._send,
            "say": self._say,
            "later": later,
        }

    async def answer(self, command: SlashCommand) -> Reply:
        """Raises what the relay raises; whatever is no known verb gets help."""
        verb = self._verbs.get(command.verb)
        if verb is None:
            return replies.HELP
        if command.verb in replies.SENDING:
            link = await self._links.of(command.by.room)
            if link is not None and link.is_inbox:  # said before a dialog takes what is then thrown away
                return replies.inbox_takes_no(command.verb, link.settings.mode)
        return await verb(command)

    async def _link(self, command: SlashCommand) -> Reply:
        if not command.rest:
            return replies.LINK_USAGE
        try:
            return replies.offer(await self._links.choices(command.rest, by=command.by.person))
        except Refused as no:
            if no.code != NO_ROOM:
                raise
            return replies.no_chat(no.reason, command.rest)

    async def _unlink(self, command: SlashCommand) -> Reply:
        return replies.unlinked(*await self._links.unlink(command.by.room, by=command.by.person))

    async def _inbox(self, command: SlashCommand) -> Reply:
        if not command.rest:
            return replies.INBOX_USAGE
        if command.rest.lower() == "off":
            return await self._unlink(command)
        by = command.by
        line = await self._links.find_line(command.rest, by=by.person)
        unheard = len(await self._conversations.unheard())
        await require_bot_in(by.channel.channel, self._directory)
        return replies.inbox_made(await self._links.make_inbox(by.room, line, made_by=by.person), line, unheard)

    async def _set(self, command: SlashCommand) -> Reply:
        key, *values = people_and_groups(command.markup, command.by.channel.team) or [""]
        if not (key and values):
            return replies.SET_USAGE
        return replies.changed(await self._links.set(command.by.room, {key: values}, by=command.by.person))

    async def _status(self, command: SlashCommand) -> Reply:
        link = await self._links.of(command.by.room)
        remark = await invitation(command.by.channel.channel, self._directory) if link else ""
        held = await self._overviews.held(command.by.room) if link else ()
        shows_peer = await self._is_member(command.by.person)
        if link and shows_peer:
            [link] = await self._links.named([link])
        return replies.status(link, remark, held, shows_peer=shows_peer)

    async def _list(self, command: SlashCommand) -> Reply:
        """Of the channels that the person is in: the others are none of theirs."""
        own = await self._directory.channels_of(command.by.user)
        links = [
            each for each in await self._links.all() if is_room(each.room) and parse_room(each.room).channel in own
        ]
        is_member = await self._is_member(command.by.person)
        unheard = await self._conversations.unheard() if is_member else ()
        if is_member:
            links = list(await self._links.named(links))
        return replies.listed(links, unheard, shows_peers=is_member)

    async def _send(self, command: SlashCommand) -> Reply:
        return await self._accept(command, [voice_at(command.rest)])

    async def _say(self, command: SlashCommand) -> Reply:
        parts = await self._builder.text_parts(tuple(of_markup(command.markup)))
        return await self._accept(command, parts) if parts else replies.SAY_USAGE

    async def _accept(self, command: SlashCommand, parts: Sequence[Part]) -> Reply:
        """The cause is this one command: given twice, it asks twice."""
        by = command.by
        if await self._links.of(by.room) is None:
            return replies.not_linked()
        await require_bot_in(by.channel.channel, self._directory)
        message = Message(
            id=by.channel.command(by.trigger),
            room=by.room,
            notice_room=by.room,
            sender=by.person,
            sent_at=self._now(),
            parts=tuple(parts),
            command=by.trigger,
        )
        return replies.accepted(len(await self._intake.accept(message)))

    async def _is_member(self, person: PersonId) -> bool:
        """Numbers are shown to members of this workspace only. Where that cannot be told, not."""
        try:
            return await self._directory.membership(person) is Membership.MEMBER
        except Refused:
            return False


async def require_bot_in(channel: str, directory: SlackDirectory) -> None:
    """Refused where the bot is not: there nothing could be fetched, nor shown what became of it."""
    if remark := await invitation(channel, directory):
        raise Refused(remark)


async def invitation(channel: str, directory: SlackDirectory) -> str:
    """What to say where the bot is not in the channel, and so learns and shows nothing; empty where it is."""
    try:
        found = await directory.channel(channel)
    except Refused as no:
        way = " Invite it with /invite." if no.remedy is Remedy.INVITE_BOT else ""
        return f"{no.reason}{way}"
    except RelayError:
        return ""
    return (
        "" if found.is_member else "The bot is not in this channel and learns of nothing here. Invite it with /invite."
    )
