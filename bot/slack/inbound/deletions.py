"""What is left of a message: asked after a silence, in which a deletion may have gone untold."""

from collections.abc import Sequence

from bot.relay.ids import MessageId
from bot.slack.api.messages import Messages
from bot.slack.ids import parse_message
from bot.slack.inbound.parse import CHANGE_KEYS, COMMAND_KEYS, keys_of


class SlackDeletionCheck:
    """Implements the relay's ``DeletionCheck``."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    async def surviving_parts(self, message: MessageId) -> Sequence[str]:
        """The keys of the parts that are still there. An edit and a reaction live as long as their message; a command
        left no message that could be deleted."""
        place = parse_message(message)
        if not place.ts:
            return COMMAND_KEYS
        found = await self._messages.read(place.channel, place.ts)
        if found is None:
            return ()
        return sorted(keys_of(found)) if not place.fact else CHANGE_KEYS
