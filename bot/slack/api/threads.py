"""Threads of conversations, and what their roots show."""

from bot.relay.ids import RoomId
from bot.relay.rooms import Conversation
from bot.slack.api.messages import Messages
from bot.slack.api.sender import update
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import children, text
from bot.slack.ids import parse_message, parse_room
from bot.slack.ui.contact_message import Content
from bot.slack.ui.conversation_blocks import with_state


class SlackThreads:
    """The relay's ``ThreadBoard``."""

    def __init__(self, api: SlackApi, messages: Messages) -> None:
        self._api = api
        self._messages = messages

    def new_thread(self, room: RoomId, key: str) -> RoomId:
        return parse_room(room).new_thread(key).id

    async def show(self, conversation: Conversation) -> None:
        """The contact's words are kept nowhere but in Slack, so the message is read before it is edited."""
        assert conversation.root is not None, "only a root that is posted is edited"
        root = parse_message(conversation.root)
        message = await self._messages.read_root(root.channel, root.ts)
        if message is None:
            return
        blocks = with_state(list(children(message, "blocks")), conversation)
        await update(self._api, root.channel, root.ts, Content(text(message, "text"), tuple(blocks)))
