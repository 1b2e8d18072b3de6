"""The two signatures of every webhook, written from the documentation alone."""

import base64
import hashlib
import hmac
import secrets


def new_secret() -> str:
    """Return ``whsec_`` and base64 of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def standard_headers(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Sign as Standard Webhooks do: keyed with the decoded secret over ``id.timestamp.body``."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def legacy_headers(secret: str, event_type: str, subscription_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Sign as the older headers, still sent, do: keyed with the secret as it is written, over ``timestamp.body``."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Webhook-Event": event_type,
        "X-Webhook-Subscription-ID": subscription_id,
        "X-Webhook-Timestamp": str(timestamp),
        "X-Webhook-Signature": digest,
    }
