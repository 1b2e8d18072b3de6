"""What becomes of a message of ours after its 202: sent, delivered, read, or failed, each told to the subscribers."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat, DeliveryStep, Failure, Message
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.envelope import Event
from bot.sandbox.linq.webhooks.event_factory import EventFactory
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender


@dataclass(frozen=True)
class Step:
    """The message reaches ``status`` this many seconds after the step before."""

    status: DeliveryStep
    after_s: float


class DeliveryProgress:
    """Moves accepted messages through their steps."""

    def __init__(
        self,
        account: Account,
        switches: Switches,
        events: EventFactory,
        webhooks: WebhookSender,
        background: BackgroundTasks,
    ) -> None:
        self._account, self._switches, self._events = account, switches, events
        self._webhooks, self._background = webhooks, background

    async def begin(self, message: Message) -> None:
        """Start the steps; the message takes the next planned failure along. They go on after this returns."""
        message.failure = self._switches.take_failure()
        if not self._switches.progresses_automatically:
            return
        steps = self._steps(message)
        if self._switches.webhook_before_answer:
            await self._webhooks.send(self._reach(message, next(steps).status))
        self._background.start(self._run(message, steps))

    def advance(self, message: Message, *statuses: DeliveryStep) -> None:
        """Reach these statuses now, and tell them in this order."""
        if "failed" in statuses:
            message.failure = message.failure or Failure()
        self._webhooks.send_soon(*[self._reach(message, status) for status in statuses])

    async def _run(self, message: Message, steps: Iterator[Step]) -> None:
        """Send the events in order: the next one leaves when the one before was delivered."""
        kept_back: list[Event] = []
        for step in steps:
            await asyncio.sleep(step.after_s)
            if message.read_at is not None:
                break
            event = self._reach(message, step.status)
            if self._switches.webhooks_reversed:
                kept_back.insert(0, event)
            else:
                await self._webhooks.send(event)
        await self._webhooks.send_all(kept_back)

    def _steps(self, message: Message) -> Iterator[Step]:
        switches, failure = self._switches, message.failure
        if failure is None or failure.after_sent:
            yield Step("sent", switches.sent_after_s)
        if failure is not None:
            yield Step("failed", switches.sent_after_s)
            if failure.then_delivered:
                yield Step("delivered", switches.delivered_after_s)
            return
        if has_receipts(message, self._account.chat(message.chat_id)):
            yield Step("delivered", switches.delivered_after_s)
            if switches.reads_automatically:
                yield Step("read", switches.read_after_s)

    def _reach(self, message: Message, status: DeliveryStep) -> Event:
        message.status = status
        setattr(message, f"{status}_at", self._account.now())
        where = self._account.chat(message.chat_id)
        if status == "failed":
            return self._events.failed(message, where, names_message=not self._switches.failed_names_no_message)
        return self._events.message(status, message, where)


def has_receipts(message: Message, where: Chat) -> bool:
    """Return whether delivery and reading are reported: only one-to-one, on iMessage and RCS."""
    return not where.is_group and message.service != "SMS"
