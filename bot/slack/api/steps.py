"""Workflow steps: how one is told that it is done, or why not. Telling it twice does no harm."""

from bot.relay.errors import Refused
from bot.relay.model import DeliveryWithReceipts, Status
from bot.relay.receipts import StatusReport, status_of
from bot.slack.api.web_api import SlackApi
from bot.slack.ui.mrkdwn import quoted

ENDED_ALREADY = "execution_not_in_running_state"
REASON_MOST = 500

_DONE = frozenset({Status.SENT, Status.DELIVERED, Status.READ})
_NOT_DONE = frozenset({Status.FAILED, Status.UNCONFIRMED, Status.CANCELLED})
_NOBODY_SAYS_WHY = {
    Status.CANCELLED: "Somebody cancelled it.",
    Status.UNCONFIRMED: "Nobody can know whether it arrived.",
}


class WorkflowSteps:
    def __init__(self, api: SlackApi) -> None:
        self._api = api

    async def tell(self, execution: str, told: DeliveryWithReceipts) -> None:
        """Done as soon as the network took it; what is on its way, or held, is neither done nor failed."""
        report = status_of(told)
        if report.status in _DONE:
            outputs = {"status": str(report.status), "delivery_id": told.delivery.id}
            await self._end("functions.completeSuccess", execution, outputs=outputs)
        elif report.status in _NOT_DONE:
            await self.fail(execution, _reason(report))

    async def fail(self, execution: str, reason: str) -> None:
        await self._end("functions.completeError", execution, error=quoted(reason, REASON_MOST))

    async def _end(self, method: str, execution: str, **how: object) -> None:
        try:
            await self._api.modify(method, {"function_execution_id": execution, **how})
        except Refused as no:
            if no.code != ENDED_ALREADY:
                raise


def _reason(report: StatusReport) -> str:
    return report.reason or _NOBODY_SAYS_WHY.get(report.status, "It failed without a reason.")
