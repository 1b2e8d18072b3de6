"""Changes of a group: who joins, who leaves, what it is called; each is told to the subscribers."""

from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat, Handle, HandleStatus
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender


class Groups:
    """Whoever asks, a person at a phone or the API, the effect is the same."""

    def __init__(self, account: Account, events: EventFactory, webhooks: WebhookSender) -> None:
        self._account, self._events, self._webhooks = account, events, webhooks

    def join(self, chat: Chat, address: str) -> None:
        """Let somebody in, again if they had left. Nothing happens when they are in."""
        now = self._account.now()
        if address in chat.addresses:
            return
        person = next((each for each in chat.people if each.address == address), None)
        if person is None:
            person = self._account.new_handle(chat.id, address, chat.service)
            chat.people.append(person)
        person.status, person.joined_at, person.left_at = "active", now, None
        chat.updated_at = now
        self._webhooks.send_soon(self._events.participant("added", person, chat, now))

    def leave(self, chat: Chat, address: str, *, status: HandleStatus = "left") -> None:
        """Take somebody out, perhaps the partner's own line. Raises KeyError for somebody who is not in."""
        person = member(chat, address) if address != chat.me.address else chat.me
        now = self._account.now()
        person.status, person.left_at = status, now
        chat.updated_at = now
        if person.is_me:
            chat.condition = "left"
        self._webhooks.send_soon(self._events.participant("removed", person, chat, now))

    def rename(self, chat: Chat, name: str, by: Handle) -> None:
        """Give the group a name; an empty one takes it away."""
        old, now = chat.display_name, self._account.now()
        chat.display_name, chat.updated_at = name or None, now
        self._webhooks.send_soon(self._events.group_renamed(chat, old, by, now))


def member(chat: Chat, address: str) -> Handle:
    """Return the member with this address, the first one for "". Raises KeyError when there is none."""
    for handle in chat.members:
        if address in ("", handle.address):
            return handle
    raise KeyError(address)
