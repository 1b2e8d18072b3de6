"""Repeated sends: a known idempotency key gets the original answer, and never a second message."""

from bot.sandbox.json_types import Json
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Message


class Replays:
    """The answers to sends with a key. How long Linq keeps keys is not documented; here they last forever."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._answers: dict[str, tuple[str, Json]] = {}

    def find(self, key: str | None) -> Json | None:
        """Return the original answer. Raises 404/2002 when its message was deleted: it is never sent again."""
        if key is None or key not in self._answers:
            return None
        message_id, answer = self._answers[key]
        self._account.message(message_id)
        return answer

    def record(self, message: Message, answer: Json) -> None:
        if message.idempotency_key is not None:
            self._answers[message.idempotency_key] = (message.id, answer)
