"""Conversations: the chats of a line, each in a thread of its inbox. The thread's root shows how it stands."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.relay.errors import ROOT_GONE, Refused, RelayError, Remedy, RetryLater
from bot.relay.ids import RoomId
from bot.relay.ports.networks import Networks, RoomFinder
from bot.relay.ports.room_stores import ConversationStore, LinkStore
from bot.relay.ports.stores import Claim
from bot.relay.rooms import Conversation

log = logging.getLogger("memobridge.relay")

SHOW_AGAIN_AFTER = timedelta(seconds=30)


class Conversations:
    def __init__(self, store: ConversationStore, links: LinkStore, networks: Networks, peers: RoomFinder) -> None:
        self._store = store
        self._links = links
        self._networks = networks
        self._peers = peers

    async def for_sending(self, conversation: Conversation | None) -> Conversation | None:
        """With the members of a group, where its root is still to be posted; without them where they are not told."""
        if conversation is None or conversation.root is not None or not conversation.is_group:
            return conversation
        try:
            return replace(conversation, members=(await self._peers.room(conversation.peer)).people)
        except RelayError as error:
            log.info("conversation.members_unknown", extra={"reason": error.reason, "code": error.code})
            return conversation

    async def refresh(self, room: RoomId) -> None:
        """Edit the root, if there is something new to show. Done in the room's own turn, so that this and an edit of
        the contact's words never overwrite each other."""
        threads = self._networks.of(room).threads
        conversation = await self._store.due(room) if threads is not None else None
        if threads is None or conversation is None:
            return
        try:
            await threads.show(conversation)
        except RelayError as error:
            wait = error.after if isinstance(error, RetryLater) else None
            log.info("conversation.not_shown", extra={"reason": error.reason, "code": error.code})
            await self._store.postpone(conversation, wait or SHOW_AGAIN_AFTER)
        else:
            await self._store.shown(conversation)

    async def starts_over(self, claim: Claim, no: Refused) -> bool:
        """Whether this goes on in a new thread, because its root was deleted, or its channel is gone and the line has
        another one. Whoever refuses so has surely sent nothing."""
        conversation = claim.conversation
        threads = self._networks.of(claim.delivery.target).threads
        if conversation is None or threads is None or conversation.ended_at is not None:
            return False
        inbox = await self._inbox_for(conversation, no)
        if inbox is None:
            return False
        log.warning("conversation.root_replaced", extra={"room": conversation.room, "code": no.code})
        key = f"{claim.delivery.id}{claim.delivery.fence}"
        await self._store.move_root(conversation, inbox, threads.new_thread(inbox, key))
        return True

    async def _inbox_for(self, conversation: Conversation, no: Refused) -> RoomId | None:
        """Where a new root may stand: in the inbox that it has, if only the root is gone; else in another one."""
        if no.code == ROOT_GONE:
            return conversation.inbox
        if no.remedy not in (Remedy.INVITE_BOT, Remedy.RESTORE_ROOM):
            return None
        links = await self._links.of(conversation.within)
        inbox = next((link.room for link in links if link.is_inbox), None)
        return inbox if inbox != conversation.inbox else None
