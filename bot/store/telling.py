"""Deliveries with their receipts: what a notice, a look and an operator are told."""

from bot.relay.model import DeliveryWithReceipts
from bot.store.rows import Row, to_delivery, to_receipt

# Put a condition behind it.
TELL = "SELECT * FROM told WHERE"
# A condition, and the order in which a notice tells.
NOT_REPLACED = "NOT is_replaced ORDER BY position, asked_at, entered"


def to_told(row: Row) -> DeliveryWithReceipts:
    """A row of ``TELL``: the delivery, and its receipts with the oldest first."""
    return DeliveryWithReceipts(to_delivery(row), tuple(to_receipt(each) for each in row["receipts"] or ()))
