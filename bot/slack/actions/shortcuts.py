"""Message shortcuts: send a message's recordings as voice memos, send it as it is, or send again what failed."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.relay.model import Message
from bot.relay.parts import Part, Voice
from bot.slack.actions import replies
from bot.slack.actions.commands import require_bot_in
from bot.slack.actions.interactions import MessageShortcut
from bot.slack.actions.replies import Reply
from bot.slack.api.directory import SlackDirectory
from bot.slack.files import FileClaim
from bot.slack.inbound.resolve import MessageBuilder
from bot.slack.ports import DeliveryActions, LinkService, MessageIntake

SEND_VOICE, SEND_AS_IT_IS, RESEND = "send_as_voice_memo", "send_to_imessage", "resend_voice_memo"
SEND_LATER = "send_later"


class Shortcuts:
    """``now`` gives the time of day, at which what is sent takes its place in the chat's order."""

    def __init__(
        self,
        intake: MessageIntake,
        links: LinkService,
        deliveries: DeliveryActions,
        directory: SlackDirectory,
        builder: MessageBuilder,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._links = links
        self._deliveries = deliveries
        self._directory = directory
        self._builder = builder
        self._now = now

    async def send_voice(self, shortcut: MessageShortcut) -> Reply:
        """The sound of any message: its recordings and videos, forwarded ones too."""
        if not await self._may_send_from(shortcut):
            return replies.not_linked()
        # Who points at a file means it: where nothing tells what it is, decoding it will.
        wanted = (FileClaim.VOICE, FileClaim.VIDEO, FileClaim.UNKNOWN)
        found = await self._builder.file_parts(shortcut.files, shortcut.by.channel.team, voices=wanted)
        return await self._accept(shortcut, [part for part in found if isinstance(part, Voice)], replies.NO_AUDIO)

    async def send_as_it_is(self, shortcut: MessageShortcut) -> Reply:
        """Text and files, none of them as a voice memo."""
        if not await self._may_send_from(shortcut):
            return replies.not_linked()
        text = await self._builder.text_parts(shortcut.posted.fragments)
        files = await self._builder.file_parts(shortcut.files, shortcut.by.channel.team, voices=())
        return await self._accept(shortcut, [*text, *files], replies.NOTHING)

    async def resend(self, shortcut: MessageShortcut) -> Reply:
        """What failed in a message, or is in doubt."""
        await require_bot_in(shortcut.by.channel.channel, self._directory)
        if shortcut.about is None:
            return replies.NO_CLIP
        return replies.accepted(await self._deliveries.resend_message(shortcut.about, by=shortcut.by.person))

    async def _may_send_from(self, shortcut: MessageShortcut) -> bool:
        """Whether there is a link. Refused where the bot is not in the channel."""
        channel, root_ts = shortcut.by.channel, shortcut.posted.root_ts
        link = await self._links.of(channel.thread(root_ts).id) if root_ts else None
        if link is None and await self._links.of(channel.id) is None:
            return False
        await require_bot_in(channel.channel, self._directory)
        return True

    async def _accept(self, shortcut: MessageShortcut, parts: Sequence[Part], nothing: Reply) -> Reply:
        if not parts:
            return replies.HIDDEN if shortcut.has_hidden else nothing
        by, posted = shortcut.by, shortcut.posted
        if posted.is_internal:
            return replies.INTERNAL
        thread = by.channel.thread(posted.root_ts).id if posted.root_ts else None
        message = Message(
            id=by.channel.message(posted.ts),
            room=by.room,
            thread=thread,
            notice_room=by.channel.thread(posted.root_ts or posted.ts).id,
            sender=by.person,
            sent_at=self._now(),
            parts=tuple(parts),
            about=by.channel.message(posted.root_ts) if posted.root_ts else None,
            command=by.trigger,
        )
        has_voice = any(isinstance(part, Voice) for part in parts)
        return replies.accepted(len(await self._intake.accept(message)), is_voice=has_voice)
