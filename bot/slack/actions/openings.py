"""Opening a chat: what is offered where there is none, and what its button and its modal do."""

from collections.abc import Awaitable, Callable, Mapping

from bot.relay.errors import Refused
from bot.relay.ids import RoomId
from bot.slack.actions import replies
from bot.slack.actions.commands import require_bot_in
from bot.slack.actions.interactions import ButtonClick, Submission
from bot.slack.actions.replies import OPEN_CHAT, Reply
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.web_api import SlackApi
from bot.slack.ids import parse_room
from bot.slack.ports import OpeningService
from bot.slack.ui.home import NEW_CONVERSATION
from bot.slack.ui.opening_views import FIRST_TEXT_INPUT, HANDLE_INPUT, LINE_INPUT, OPEN_CHAT_VIEW, open_chat_view


class OpeningButtons:
    def __init__(self, openings: OpeningService, directory: SlackDirectory, api: SlackApi) -> None:
        self._openings = openings
        self._directory = directory
        self._api = api
        self.buttons: Mapping[str, Callable[[ButtonClick], Awaitable[Reply | None]]] = {
            OPEN_CHAT: self._ask,
            NEW_CONVERSATION: self._ask_in_inbox,
        }
        self.views: Mapping[str, Callable[[Submission], Awaitable[Reply | None]]] = {OPEN_CHAT_VIEW: self._open}

    async def _ask(self, click: ButtonClick) -> None:
        await require_bot_in(click.by.channel.channel, self._directory)
        await self._open_view(click, click.by.room, click.value)

    async def _ask_in_inbox(self, click: ButtonClick) -> None:
        """The button in the App Home carries the inbox."""
        await self._open_view(click, RoomId(click.value), "")

    async def _open_view(self, click: ButtonClick, room: RoomId, handle: str) -> None:
        lines = await self._openings.lines(room)
        if not lines:
            raise Refused("Linq has given us no number that could write.")
        view = open_chat_view(room, handle, lines)
        await self._api.modify("views.open", {"trigger_id": click.by.trigger, "view": view})

    async def _open(self, submitted: Submission) -> Reply:
        room, _, handle = submitted.about.partition(" ")
        handle = handle or submitted.values.get(HANDLE_INPUT, "").strip()
        link = await self._openings.open(
            RoomId(room),
            RoomId(submitted.values.get(LINE_INPUT, "")),
            handle,
            submitted.values.get(FIRST_TEXT_INPUT, ""),
            source=parse_room(room).command(submitted.id),
            by=submitted.person,
        )
        return replies.linked(link, "") if link else replies.conversation_begun(handle)
