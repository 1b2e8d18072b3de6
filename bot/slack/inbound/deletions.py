"""What is left of a message: asked after a silence, in which a deletion may have gone untold."""

from collections.abc import Sequence

from bot.relay.ids import MessageId
from bot.slack.api.messages import Messages
from bot.slack.ids import parse_message
from bot.slack.inbound.parse import keys_of


class SlackDeletionCheck:
    """Implements the relay's ``DeletionCheck``."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    async def surviving_parts(self, message: MessageId) -> Sequence[str]:
        """The keys of the parts that are still there; none when the message was deleted."""
        place = parse_message(message)
        found = await self._messages.read(place.channel, place.ts)
        return sorted(keys_of(found)) if found else ()
