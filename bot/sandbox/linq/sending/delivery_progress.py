"""What becomes of a memo after its 202: sent, delivered, read, or failed, each told to the subscribers."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.background_tasks import BackgroundTasks
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Chat, Failure, Message, Reached
from bot.sandbox.linq.switches import Switches
from bot.sandbox.linq.webhooks.events import Event, failed_event, message_event
from bot.sandbox.linq.webhooks.webhook_sender import WebhookSender


@dataclass(frozen=True)
class Step:
    """The memo reaches ``status`` this many seconds after the step before."""

    status: Reached
    after_s: float


class DeliveryProgress:
    """Walks accepted memos through their steps."""

    def __init__(
        self, account: Account, switches: Switches, postman: WebhookSender, background: BackgroundTasks
    ) -> None:
        self._account = account
        self._switches = switches
        self._postman = postman
        self._background = background

    async def begin(self, memo: Message) -> None:
        """Start the walk; a memo told to fail takes its failure along. It goes on after this returns."""
        memo.failure = self._switches.take_failure()
        if not self._switches.progresses_automatically:
            return
        steps = self._steps(memo)
        if self._switches.webhook_before_answer:
            await self._postman.carry(self._reach(memo, next(steps).status))
        self._background.start(self._walk(memo, steps))

    def advance(self, memo: Message, *statuses: Reached) -> None:
        """Reach these statuses now, and tell them in this order."""
        if "failed" in statuses:
            memo.failure = memo.failure or Failure()
        events = [self._reach(memo, status) for status in statuses]
        self._background.start(self._tell(events))

    async def _walk(self, memo: Message, steps: Iterator[Step]) -> None:
        """In good weather events come in order: one was carried before the next one leaves."""
        kept_back: list[Event] = []
        for step in steps:
            await asyncio.sleep(step.after_s)
            if memo.read_at is not None:
                break
            event = self._reach(memo, step.status)
            if self._switches.webhooks_reversed:
                kept_back.insert(0, event)
            else:
                await self._postman.carry(event)
        await self._tell(kept_back)

    async def _tell(self, events: list[Event]) -> None:
        for event in events:
            await self._postman.carry(event)

    def _steps(self, memo: Message) -> Iterator[Step]:
        switches, failure = self._switches, memo.failure
        if failure is None or failure.after_sent:
            yield Step("sent", switches.sent_after_s)
        if failure is not None:
            yield Step("failed", switches.sent_after_s)
            if failure.then_delivered:
                yield Step("delivered", switches.delivered_after_s)
            return
        if confirms_delivery(memo, self._account.chat(memo.chat_id)):
            yield Step("delivered", switches.delivered_after_s)
            if switches.reads_automatically:
                yield Step("read", switches.read_after_s)

    def _reach(self, memo: Message, status: Reached) -> Event:
        memo.status = status
        setattr(memo, f"{status}_at", self._account.now())
        where, event_id = self._account.chat(memo.chat_id), self._account.new_id()
        if status == "failed":
            return failed_event(event_id, memo, where, names_message=not self._switches.failed_names_no_message)
        return message_event(event_id, status, memo, where)


def confirms_delivery(memo: Message, where: Chat) -> bool:
    """Delivery and read receipts exist only one-to-one, on iMessage and RCS."""
    return not where.is_group and memo.service != "SMS"
