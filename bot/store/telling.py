"""Deliveries with their receipts: what a notice, a look and an operator are told."""

from bot.relay.model import Told
from bot.store.rows import Row, to_delivery, to_receipt

# Put a condition behind it. A receipt that names no memo, as a failure may, is known by the trace of the call that
# made it.
TELL = """
SELECT deliveries.*, (
    SELECT json_agg(receipts ORDER BY at, came_at, id) FROM receipts
    WHERE receipts.memo = deliveries.memo OR receipts.delivery = deliveries.id
    OR receipts.memo IS NULL AND receipts.delivery IS NULL AND receipts.trace_id = nullif(deliveries.trace_id, '')
) AS receipts FROM deliveries WHERE
"""
# A condition, and the order in which a notice tells.
NOT_REPLACED = """NOT EXISTS (
    SELECT FROM deliveries AS again WHERE again.replaces = deliveries.id AND again.notice = deliveries.notice)
ORDER BY position, asked_at, entered
"""


def to_told(row: Row) -> Told:
    """A row of ``TELL``: the delivery, and its receipts with the oldest first."""
    return Told(to_delivery(row), tuple(to_receipt(each) for each in row["receipts"] or ()))
