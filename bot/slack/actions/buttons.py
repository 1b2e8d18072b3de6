"""Buttons: what is done, and what the one who clicked is told."""

from collections.abc import Awaitable, Callable

from bot.relay.ids import DeliveryId, RoomId
from bot.slack.actions import replies
from bot.slack.actions.commands import invitation
from bot.slack.actions.conversations import ConversationButtons
from bot.slack.actions.home import Home
from bot.slack.actions.interactions import ButtonClick, Submission
from bot.slack.actions.later import SendLater
from bot.slack.actions.openings import OpeningButtons
from bot.slack.actions.replies import CANCEL, LINK, Reply
from bot.slack.api.directory import SlackDirectory
from bot.slack.ports import DeliveryActions, LinkService
from bot.slack.ui.notice_blocks import APPROVE, CONFIRM_DELIVERED, DISMISS, RESEND, SEND_NOW


class Buttons:
    def __init__(
        self,
        links: LinkService,
        deliveries: DeliveryActions,
        directory: SlackDirectory,
        conversations: ConversationButtons,
        later: SendLater,
        home: Home,
        openings: OpeningButtons,
    ) -> None:
        self._links = links
        self._deliveries = deliveries
        self._directory = directory
        self._buttons: dict[str, Callable[[ButtonClick], Awaitable[Reply | None]]] = {
            RESEND: self._resend,
            CONFIRM_DELIVERED: self._confirm_delivered,
            APPROVE: self._approve,
            SEND_NOW: self._send_now,
            DISMISS: self._dismiss,
            LINK: self._link,
            CANCEL: self._cancel,
            **conversations.buttons,
            **later.buttons,
            **home.buttons,
            **openings.buttons,
        }
        self._views = {**conversations.views, **later.views, **home.views, **openings.views}

    async def clicked(self, click: ButtonClick) -> Reply | None:
        """None where the notice itself shows what came of it. Raises what the relay raises."""
        button = self._buttons.get(click.action)
        return await button(click) if button else None

    async def submitted(self, submission: Submission) -> Reply | None:
        """None where the root itself shows what came of it. Raises what the relay raises."""
        view = self._views.get(submission.view)
        return await view(submission) if view else None

    async def _resend(self, click: ButtonClick) -> None:
        await self._deliveries.resend(DeliveryId(click.value), by=click.by.person)

    async def _confirm_delivered(self, click: ButtonClick) -> None:
        await self._deliveries.confirm_delivered(DeliveryId(click.value), by=click.by.person)

    async def _approve(self, click: ButtonClick) -> None:
        await self._deliveries.approve(DeliveryId(click.value), by=click.by.person)

    async def _send_now(self, click: ButtonClick) -> None:
        await self._deliveries.send_now(DeliveryId(click.value), by=click.by.person)

    async def _dismiss(self, click: ButtonClick) -> None:
        await self._deliveries.dismiss(DeliveryId(click.value), by=click.by.person)

    async def _link(self, click: ButtonClick) -> Reply:
        link = await self._links.link(click.by.room, RoomId(click.value), by=click.by.person)
        return replies.linked(link, await invitation(click.by.channel.channel, self._directory))

    async def _cancel(self, click: ButtonClick) -> Reply:
        return replies.CANCELLED
