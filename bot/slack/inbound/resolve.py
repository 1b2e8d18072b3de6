"""Facts from Slack → the relay's messages. What the event itself does not say is looked up here: who is mentioned, and
what a file is that neither its label nor its name tells.

Slack waits three seconds for the answer to an event, so a look-up that takes longer is RetryLater: Slack delivers the
event again.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from bot.relay.errors import Refused, RetryLater
from bot.relay.model import Message
from bot.relay.parts import Edit, Media, Part, Reaction, Text, Voice
from bot.slack import emoji
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.errors import DELETED_CODES
from bot.slack.api.media import SlackMediaSource
from bot.slack.api.rate_limit import RATE_LIMITED
from bot.slack.fields import Body, identifier
from bot.slack.files import FileClaim, claim_of, claim_of_bytes, media_of, voice_of
from bot.slack.ids import SlackRoom, person_id
from bot.slack.inbound.message_text import Fragment, StyledText, mentions_in, render
from bot.slack.inbound.parse import (
    EDIT_KEY,
    REACTION_KEY,
    TEXT_KEY,
    EditedMessage,
    PostedMessage,
    ReactionChange,
    time_of,
)

log = logging.getLogger("memobridge.slack")

LOOK_UP_WITHIN_S = 2.0
AS_CLAIMED = frozenset({FileClaim.VOICE})

Sniff = Callable[[bytes], str]
"""First bytes → the name of their container in ``bot.relay.media.formats``; "unknown", or another word, for others."""


class MessageBuilder:
    def __init__(self, directory: SlackDirectory, media: SlackMediaSource, sniff: Sniff) -> None:
        self._directory = directory
        self._media = media
        self._sniff = sniff

    async def message(self, posted: PostedMessage, *, may_guess: bool = False) -> Message:
        """A message as it stands in its room. Raises RetryLater while Slack cannot say what its files are.

        ``may_guess``: nobody will tell of it again, so what cannot be told then counts as a recording.
        """
        thread = posted.channel.thread(posted.root_ts) if posted.root_ts else None
        own_id = posted.channel.message(posted.ts)
        twin = posted.client_msg_id and f"{posted.channel.id}~{posted.client_msg_id}"
        return Message(
            id=own_id,
            room=posted.channel.id,
            thread=thread.id if thread else None,
            notice_room=posted.channel.thread(posted.root_ts or posted.ts).id,
            sender=person_id(posted.channel.team, posted.sender),
            sent_at=posted.sent_at,
            parts=(*await self.text_parts(posted.fragments), *await self._files(posted, may_guess=may_guess)),
            about=posted.channel.message(posted.root_ts) if posted.root_ts else None,
            dedup_key=twin,
            command=own_id if posted.is_addressed else "",
            is_internal=posted.is_internal,
        )

    async def edit(self, edited: EditedMessage) -> Message:
        """The new text of a message, as a message of its own."""
        posted = edited.posted
        styled = await self._styled(posted.fragments)
        part = Edit(EDIT_KEY, styled.text, styled.spans)
        change = self._change(
            posted.channel, posted.ts, posted.root_ts, f"edit-{posted.edited_ts}", posted.sender, part, posted.edited_ts
        )
        return replace(change, is_internal=posted.is_internal)

    def reaction(self, change: ReactionChange, root_ts: str = "") -> Message:
        """A reaction, or its removal, as a message of its own. ``root_ts``: the thread of what it is to, if known."""
        part = Reaction(REACTION_KEY, emoji.to_unicode(change.name), change.is_removed)
        fact = f"reaction-{change.user}-{change.name}" + (f"-{change.at}" if change.at else "")
        return self._change(change.channel, change.ts, root_ts, fact, change.user, part, change.at or change.ts)

    async def text_parts(self, fragments: Sequence[Fragment]) -> tuple[Text, ...]:
        styled = await self._styled(fragments)
        return (Text(TEXT_KEY, styled.text, styled.spans),) if styled.text.strip() else ()

    async def file_parts(
        self, files: Sequence[Body], team: str, *, voices: Collection[FileClaim] = AS_CLAIMED
    ) -> tuple[Voice | Media, ...]:
        """``voices``: what is to arrive as a voice message; the rest goes as it is."""
        try:
            async with asyncio.timeout(LOOK_UP_WITHIN_S):
                judged = await asyncio.gather(*(self._judge(file) for file in files))
        except TimeoutError as late:
            raise RetryLater("Slack takes long to say what a file is.") from late
        return tuple(_part(file, claim, team, voices) for file, claim in judged if claim is not FileClaim.NONE)

    async def _files(self, posted: PostedMessage, *, may_guess: bool) -> tuple[Voice | Media, ...]:
        team = posted.channel.team
        try:
            return await self.file_parts(posted.files, team)
        except RetryLater as later:
            if not may_guess or later.code == RATE_LIMITED:
                raise
            voices = (FileClaim.VOICE, FileClaim.UNKNOWN)
            return tuple(_part(file, claim_of(file), team, voices) for file in posted.files)

    async def _styled(self, fragments: Sequence[Fragment]) -> StyledText:
        """A message must not wait long for names: it goes without them."""
        names: Mapping[str, str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_UP_WITHIN_S):
                names = await self._directory.names(mentions_in(fragments))
        return render(fragments, names)

    async def _judge(self, file: Body) -> tuple[Body, FileClaim]:
        """The file, as Slack tells of it now, and what it is. One that Slack does not show stays in as a voice clip: it
        fails where its owner can see it."""
        claim = claim_of(file)
        if claim is not FileClaim.UNKNOWN:
            return file, claim
        try:
            file = await self._media.file(identifier(file, "id")) or file
        except Refused as no:
            return file, FileClaim.NONE if no.code in DELETED_CODES else FileClaim.VOICE
        claim = claim_of(file)
        return file, await self._judge_bytes(file) if claim is FileClaim.UNKNOWN else claim

    async def _judge_bytes(self, file: Body) -> FileClaim:
        try:
            return claim_of_bytes(self._sniff(await self._media.read_head(file)))
        except Refused as no:
            log.warning("slack.file_not_identified", extra={"file": identifier(file, "id"), "reason": no.reason})
            return FileClaim.UNKNOWN

    def _change(
        self, channel: SlackRoom, ts: str, root_ts: str, fact: str, sender: str, part: Part, at: str
    ) -> Message:
        return Message(
            id=channel.message(ts, fact),
            room=channel.id,
            thread=channel.thread(root_ts).id if root_ts else None,
            notice_room=channel.thread(root_ts or ts).id,
            sender=person_id(channel.team, sender),
            sent_at=time_of(at),
            parts=(part,),
            about=channel.message(ts),
        )


def _part(file: Body, claim: FileClaim, team: str, voices: Collection[FileClaim]) -> Voice | Media:
    return voice_of(file, team) if claim in voices else media_of(file, team)
