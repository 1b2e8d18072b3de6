"""Who signed a webhook: the Standard Webhooks scheme over the raw bytes, as they came.

HMAC-SHA256 with the decoded secret over ``id.timestamp.body`` (standardwebhooks.com). Written out here because the
reference library takes text only (a signed body that is not UTF-8 must be told apart from an unsigned one), reads the
clock itself and raises four different errors for bad headers; the tests hold this against it.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from multidict import MultiMapping

PREFIX = "whsec_"
NO_OLDER_THAN = timedelta(minutes=5)


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
            "subscription is made."
        )
    return key


def is_signed(keys: Iterable[bytes], headers: MultiMapping[str], body: bytes, now: datetime) -> bool:
    """Whether one of these keys signed exactly this body within five minutes of ``now``. Never raises."""
    webhook_id, stamp, signatures = (_only(headers, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if not (webhook_id and signatures and _is_fresh(stamp, now)):
        return False
    signed = b"%b.%b.%b" % (webhook_id, stamp, body)
    wanted = [b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys]
    return any(hmac.compare_digest(mine, given) for given in signatures.split(b" ") for mine in wanted)


def _only(headers: MultiMapping[str], name: str) -> bytes:
    """The header's bytes; nothing if it is missing or comes twice. aiohttp turns odd bytes into surrogates."""
    values = headers.getall(name, [])
    return values[0].encode("utf-8", "surrogatepass") if len(values) == 1 else b""


def _is_fresh(stamp: bytes, now: datetime) -> bool:
    if not stamp.isdigit() or len(stamp) > 12:
        return False
    return abs(now.timestamp() - int(stamp)) <= NO_OLDER_THAN.total_seconds()
