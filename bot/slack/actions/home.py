"""The App Home: published when somebody opens it, after each act of theirs in it, and, while it may be open, when what
it shows has changed. Links are made and edited in its modals."""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.relay.errors import Refused, RelayError
from bot.relay.ids import RoomId
from bot.relay.rooms import Membership
from bot.slack.actions import replies
from bot.slack.actions.commands import require_bot_in
from bot.slack.actions.interactions import ButtonClick, Submission
from bot.slack.actions.replies import Reply
from bot.slack.api.directory import SlackDirectory
from bot.slack.api.web_api import SlackApi
from bot.slack.fields import Body, child, identifier, text
from bot.slack.ids import SlackRoom, is_room, parse_room, person_id
from bot.slack.ports import LinkService, OverviewService
from bot.slack.ui.blocks import Block
from bot.slack.ui.conversation_views import CHANNEL_INPUT, View, result_view
from bot.slack.ui.home import EDIT_LINK, NEW_LINK, render_home
from bot.slack.ui.link_views import (
    CONTACT_INPUT,
    EDIT_LINK_VIEW,
    NEW_LINK_VIEW,
    PEOPLE_INPUT,
    changes_of,
    edit_link_view,
    new_link_view,
    room_options,
)

log = logging.getLogger("memobridge.slack")

OPEN_FOR_S = 600.0  # Slack does not say when somebody leaves the Home tab
VIEWERS_MOST = 200


class Home:
    """``clock`` gives seconds that only ever grow."""

    def __init__(
        self,
        links: LinkService,
        overviews: OverviewService,
        directory: SlackDirectory,
        api: SlackApi,
        clock: Callable[[], float],
    ) -> None:
        self._links = links
        self._overviews = overviews
        self._directory = directory
        self._api = api
        self._clock = clock
        self._opened_at: dict[tuple[str, str], float] = {}  # by workspace and user, who opened it last at the end
        self._shown: dict[tuple[str, str], str] = {}  # the fingerprint of what each was shown last
        self.buttons: Mapping[str, Callable[[ButtonClick], Awaitable[Reply | None]]] = {
            NEW_LINK: self._ask_for_link,
            EDIT_LINK: self._ask_for_settings,
        }
        self.views: Mapping[str, Callable[[Submission], Awaitable[Reply | None]]] = {
            NEW_LINK_VIEW: self._link,
            EDIT_LINK_VIEW: self._edit,
        }

    async def opened(self, event: Body, team: str) -> None:
        """The event tells what that person's Home shows, once something was published."""
        user = identifier(event, "user")
        if not user or text(event, "tab") not in ("home", ""):
            return
        self._shown[team, user] = text(child(event, "view"), "private_metadata")
        self._opened_at.pop((team, user), None)
        self._opened_at[team, user] = self._clock()
        while len(self._opened_at) > VIEWERS_MOST:
            self._forget(next(iter(self._opened_at)))
        await self._publish(team, user)

    async def refresh_open(self) -> None:
        """Show what has changed to those who may have it open."""
        for viewer, opened_at in list(self._opened_at.items()):
            if self._clock() - opened_at > OPEN_FOR_S:
                self._forget(viewer)
                continue
            try:
                await self._publish(*viewer)
            except RelayError as error:
                log.warning("slack.home_not_published", extra={"reason": error.reason, "code": error.code})

    async def clicked(self, click: ButtonClick, work: Coroutine[Any, Any, Reply | None]) -> None:
        """Do what a button of the Home asks for. There is no message to answer to: what there is to say opens as a
        modal, and the rest shows."""
        try:
            reply = await work
        except RelayError as error:
            reply = replies.problem(error)
        if reply is not None:
            await self._open(click, result_view(reply.text))
        await self._publish(click.by.channel.team, click.by.user)

    async def options(self, action: str, typed: str, team: str, user: str) -> Sequence[Block]:
        """The chats that may be meant, for somebody who may link."""
        if action != CONTACT_INPUT:
            return ()
        return room_options(await self._links.search(typed, by=person_id(team, user)))

    def _forget(self, viewer: tuple[str, str]) -> None:
        self._opened_at.pop(viewer, None)
        self._shown.pop(viewer, None)

    async def _publish(self, team: str, user: str) -> None:
        """At most once for each change of what this person sees."""
        view = await self._render(team, user)
        if self._shown.get((team, user)) == view["private_metadata"]:
            return
        await self._api.modify("views.publish", {"user_id": user, "view": view})
        self._shown[team, user] = view["private_metadata"]

    async def _render(self, team: str, user: str) -> View:
        """Of the channels that the person is in: the others are none of theirs."""
        person, own = person_id(team, user), await self._directory.channels_of(user)
        rooms = [link.room for link in await self._links.all() if is_room(link.room)]
        overview = await self._overviews.of({room for room in rooms if parse_room(room).channel in own})
        is_member = await self._directory.membership(person) is Membership.MEMBER
        if is_member:
            overview = replace(overview, links=await self._links.named(overview.links))
        return render_home(overview, is_admin=await self._links.is_admin(person), shows_peers=is_member)

    async def _open(self, click: ButtonClick, view: View) -> None:
        await self._api.modify("views.open", {"trigger_id": click.by.trigger, "view": view})

    async def _ask_for_link(self, click: ButtonClick) -> None:
        await self._open(click, new_link_view())

    async def _ask_for_settings(self, click: ButtonClick) -> None:
        link = await self._links.of(RoomId(click.value))
        if link is None:
            raise Refused("This channel is not linked any more.")
        await self._open(click, edit_link_view(link))

    async def _link(self, submitted: Submission) -> Reply:
        channel, peer = submitted.values.get(CHANNEL_INPUT, ""), submitted.values.get(CONTACT_INPUT, "")
        if not (channel and peer):
            raise Refused("Choose a channel and a chat.")
        await require_bot_in(channel, self._directory)
        link = await self._links.link(SlackRoom(submitted.team, channel).id, RoomId(peer), by=submitted.person)
        await self._publish(submitted.team, submitted.user)
        return replies.linked(link, "")

    async def _edit(self, submitted: Submission) -> Reply:
        room = RoomId(submitted.about)
        link = await self._links.of(room)
        if link is None:
            raise Refused("This channel is not linked any more.")
        people = [str(person_id(submitted.team, user)) for user in submitted.values.get(PEOPLE_INPUT, "").split()]
        changes = changes_of(submitted.values, link.settings.senders, people)
        changed = await self._links.set(room, changes, by=submitted.person)
        await self._publish(submitted.team, submitted.user)
        return replies.changed(changed)
