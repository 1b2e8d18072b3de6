"""What becomes of a memo after its 202: sent, delivered, read, or failed, each told to the subscribers."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from .account import Account
from .errands import Errands
from .events import Event, failed_event, message_event
from .model import Chat, Failure, Message, Status
from .postman import Postman
from .switches import Switches


@dataclass(frozen=True)
class Step:
    """The memo reaches ``status`` this many seconds after the step before."""

    status: Status
    after_s: float


class Progress:
    """Walks accepted memos through their steps."""

    def __init__(self, account: Account, switches: Switches, postman: Postman, errands: Errands) -> None:
        self._account = account
        self._switches = switches
        self._postman = postman
        self._errands = errands

    def begin(self, memo: Message) -> None:
        """Start the walk; a memo told to fail takes its failure along."""
        memo.failure = self._switches.take_failure()
        if self._switches.progresses_automatically:
            self._errands.run(self._walk(memo))

    async def tell_sent_first(self, memo: Message) -> None:
        """Begin, but let the subscribers hear ``sent`` before the caller goes on (2 s at most)."""
        memo.failure = self._switches.take_failure()
        steps = self._steps(memo)
        first = next(steps)
        knocks = self._postman.post(self._reach(memo, first.status))
        if knocks:
            await asyncio.wait(knocks, timeout=2)
        self._errands.run(self._walk(memo, steps))

    def advance(self, memo: Message, status: Status) -> None:
        """Reach this status now and tell it."""
        if status == "failed":
            memo.failure = memo.failure or Failure()
        self._postman.post(self._reach(memo, status))

    async def _walk(self, memo: Message, steps: Iterator[Step] | None = None) -> None:
        told: list[Event] = []
        for step in steps or self._steps(memo):
            await asyncio.sleep(step.after_s)
            if memo.read_at is None:
                told.append(self._reach(memo, step.status))
                if not self._switches.webhooks_reversed:
                    self._postman.post(told.pop())
        for event in reversed(told):
            self._postman.post(event)

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

    def _reach(self, memo: Message, status: Status) -> Event:
        memo.status = status
        setattr(memo, f"{status}_at", self._account.now())
        where, event_id = self._account.chat(memo.chat_id), self._account.new_id()
        if status == "failed":
            return failed_event(event_id, memo, where, names_message=not self._switches.failed_names_no_message)
        return message_event(event_id, status, memo, where)


def confirms_delivery(memo: Message, where: Chat) -> bool:
    """Delivery and read receipts exist only one-to-one, on iMessage and RCS."""
    return not where.is_group and memo.service != "SMS"
