"""The two signatures every webhook carries, made by hand: what the bot verifies with is checked against this."""

import base64
import hashlib
import hmac
import secrets


def new_secret() -> str:
    """``whsec_`` and base64 of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def standard(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Standard Webhooks headers: keyed with the decoded secret over ``id.timestamp.body``."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def legacy(secret: str, event_type: str, subscription_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The older headers, still sent: keyed with the secret as it is written, over ``timestamp.body``."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Webhook-Event": event_type,
        "X-Webhook-Subscription-ID": subscription_id,
        "X-Webhook-Timestamp": str(timestamp),
        "X-Webhook-Signature": digest,
    }
