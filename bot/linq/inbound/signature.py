"""Who signed a webhook: the Standard Webhooks scheme over the raw bytes, as they came.

HMAC-SHA256 with the decoded secret over ``id.timestamp.body`` (standardwebhooks.com). Written out here because the
reference library takes text only (a signed body that is not UTF-8 must be told apart from an unsigned one), reads the
clock itself and raises four different errors for bad headers; the tests hold this against it.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from multidict import MultiMapping

from bot.linq.api.limits import CLOCK_TOLERANCE

PREFIX = "whsec_"


@dataclass(frozen=True)
class Verification:
    """``is_signed``: one of our keys signed exactly this body. ``skew``: how far its time is ahead of our clock."""

    is_signed: bool
    skew: timedelta = timedelta()

    @property
    def is_fresh(self) -> bool:
        return abs(self.skew) <= CLOCK_TOLERANCE

    @property
    def is_valid(self) -> bool:
        return self.is_signed and self.is_fresh


def signing_key(secret: str) -> bytes:
    """Raises ValueError, with a sentence for whoever set it, unless it is ``whsec_`` and base64."""
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not key:
        raise ValueError(
            f"LINQ_WEBHOOK_SECRET must be {PREFIX} followed by base64, as Linq shows it once, when the webhook "
            "subscription is created."
        )
    return key


def verify(keys: Iterable[bytes], headers: MultiMapping[str], body: bytes, now: datetime) -> Verification:
    """Never raises. A good signature with a wrong time is told apart: then one of the two clocks is wrong, or somebody
    repeats an old webhook."""
    webhook_id, stamp, signatures = (_only(headers, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not (webhook_id and signatures and stamp.isdigit() and len(stamp) <= 12):
        return Verification(False)
    signed = b"%b.%b.%b" % (webhook_id, stamp, body)
    wanted = [b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys]
    is_signed = any(hmac.compare_digest(ours, given) for given in signatures.split(b" ") for ours in wanted)
    return Verification(is_signed, timedelta(seconds=int(stamp) - now.timestamp()))


def _only(headers: MultiMapping[str], name: str) -> bytes:
    """The header's bytes; nothing if it is missing or comes twice. aiohttp turns odd bytes into surrogates."""
    values = headers.getall(name, [])
    return values[0].encode("utf-8", "surrogatepass") if len(values) == 1 else b""
