"""The buttons and modals of a conversation's root: what is done, and what the one who acted is told."""

from collections.abc import Awaitable, Callable, Mapping

from bot.relay.errors import Refused
from bot.relay.ids import RoomId
from bot.slack.actions import replies
from bot.slack.actions.commands import require_bot_in
from bot.slack.actions.interactions import ButtonClick, Submission
from bot.slack.actions.replies import Reply
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.web_api import SlackApi
from bot.slack.ids import SlackRoom
from bot.slack.ports import ConversationService
from bot.slack.ui import conversation_blocks as blocks
from bot.slack.ui.conversation_views import BLOCK_VIEW, CHANNEL_INPUT, MOVE_VIEW, View, block_view, move_view


class ConversationButtons:
    def __init__(self, conversations: ConversationService, directory: SlackDirectory, api: SlackApi) -> None:
        self._conversations = conversations
        self._directory = directory
        self._api = api
        self.buttons: Mapping[str, Callable[[ButtonClick], Awaitable[Reply | None]]] = {
            blocks.TAKE: self._take,
            blocks.RELEASE: self._release,
            blocks.CLOSE: self._close,
            blocks.REOPEN: self._reopen,
            blocks.MORE: self._more,
        }
        self.views: Mapping[str, Callable[[Submission], Awaitable[Reply | None]]] = {
            MOVE_VIEW: self._move,
            BLOCK_VIEW: self._block,
        }

    async def _take(self, click: ButtonClick) -> Reply | None:
        """The root shows who has it; who came too late is told."""
        holder = await self._conversations.take(click.thread, by=click.by.person)
        return None if holder == click.by.person else replies.taken_already(holder)

    async def _release(self, click: ButtonClick) -> None:
        await self._conversations.release(click.thread, by=click.by.person)

    async def _close(self, click: ButtonClick) -> None:
        await self._conversations.close(click.thread, by=click.by.person)

    async def _reopen(self, click: ButtonClick) -> None:
        await self._conversations.reopen(click.thread, by=click.by.person)

    async def _more(self, click: ButtonClick) -> None:
        match click.value:
            case blocks.MOVE:
                await self._open(click, move_view(click.thread))
            case blocks.BLOCK:
                await self._open(click, block_view(click.thread))
            case blocks.UNBLOCK:
                await self._conversations.unblock(click.thread, by=click.by.person)

    async def _open(self, click: ButtonClick, view: View) -> None:
        await self._api.modify("views.open", {"trigger_id": click.by.trigger, "view": view})

    async def _move(self, submitted: Submission) -> Reply:
        channel = submitted.values.get(CHANNEL_INPUT, "")
        if not channel:
            raise Refused("Choose a channel.")
        await require_bot_in(channel, self._directory)
        to = SlackRoom(submitted.team, channel)
        await self._conversations.move(RoomId(submitted.about), to.id, by=submitted.person)
        return replies.moved(to)

    async def _block(self, submitted: Submission) -> None:
        await self._conversations.block(RoomId(submitted.about), by=submitted.person)
