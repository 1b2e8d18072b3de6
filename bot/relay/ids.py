"""Ids of rooms, messages, people and media. Opaque: only the adapter that made one reads more than its first word.

The contract of every adapter, and all that the relay knows of an id: it begins with the network's name and a colon, it
contains the workspace or account, it is the same on every machine and after every restart, and two things never share
one. What follows the colon is the adapter's own business.
"""

import hashlib
from typing import NewType

RoomId = NewType("RoomId", str)
MessageId = NewType("MessageId", str)
PersonId = NewType("PersonId", str)
MediaRef = NewType("MediaRef", str)
DeliveryId = NewType("DeliveryId", str)
NoticeId = NewType("NoticeId", str)
Fence = NewType("Fence", int)

WEB = "web"  # the network of addresses that people name: the rest of such a MediaRef is an https url

DELIVERY_ID_LENGTH = 20  # hexadecimal digits: 80 bits, far beyond what a million deliveries could make collide


def network_of(opaque_id: str) -> str:
    """The name of the network that an id belongs to."""
    return opaque_id.partition(":")[0]


def delivery_id(*cause: str) -> DeliveryId:
    """The id is the cause: the same parts give the same id, on every machine and after every restart."""
    digest = hashlib.sha256("\x1f".join(cause).encode("utf-8", "surrogatepass")).hexdigest()
    return DeliveryId(digest[:DELIVERY_ID_LENGTH])
