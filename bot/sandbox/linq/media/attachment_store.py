"""Attachments: made here, and given the addresses at which they are uploaded and downloaded."""

import secrets
import time
from urllib.parse import quote, urlencode

from bot.sandbox.linq.media.hashing_buffer import store
from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import Attachment
from bot.sandbox.linq.switches import Switches
from bot.sandbox.time_scale import TimeScale

UPLOAD_LINK_S = 15 * 60
MEDIA_LINK_S = 15 * 60


class AttachmentStore:
    """``upload_origin``, ``api_origin`` and ``media_origin`` are set once the servers listen.

    A media address that expires carries ``Expires`` (a monotonic second) and a ``Signature`` over it.
    """

    def __init__(self, account: Account, switches: Switches, time_scale: TimeScale) -> None:
        self._account, self._switches, self._time_scale = account, switches, time_scale
        self._key = secrets.token_hex(16)
        self.upload_origin = self.api_origin = self.media_origin = ""

    def create(self, filename: str, content_type: str, size_bytes: int) -> Attachment:
        """Create an attachment without bytes."""
        made = Attachment(
            id=self._account.new_id(),
            filename=filename,
            content_type=content_type,
            size_bytes=size_bytes,
            created_at=self._account.now(),
            expires=time.monotonic() + UPLOAD_LINK_S * self._time_scale.scale,
            signature=secrets.token_hex(32),
        )
        self._account.attachments[made.id] = made
        return made

    def add(self, content: bytes, filename: str, content_type: str) -> Attachment:
        """Create an attachment with its bytes, as inbound media has them. They are kept whatever the switches say."""
        made = self.create(filename, content_type, len(content))
        made.stored = store(content)
        return made

    def delete(self, attachment: Attachment) -> None:
        attachment.is_deleted = True
        del self._account.attachments[attachment.id]

    def upload_url(self, attachment: Attachment) -> str:
        """Return the presigned address for its bytes, in the style of S3."""
        signed = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "SANDBOX/auto/s3/aws4_request",
            "X-Amz-Date": attachment.created_at.strftime("%Y%m%dT%H%M%SZ"),
            "X-Amz-Expires": str(UPLOAD_LINK_S),
            "X-Amz-SignedHeaders": "content-length;content-type;host",
            "X-Amz-Signature": attachment.signature,
        }
        return f"{self.upload_origin}/uploads/{attachment.id}?{urlencode(signed)}"

    def address(self, attachment: Attachment) -> str:
        """Return the download address that messages and webhooks show."""
        lives_s = MEDIA_LINK_S * self._time_scale.scale
        return self._address(attachment, 0.0 if self._switches.media_addresses == "stale" else lives_s)

    def fresh_address(self, attachment: Attachment) -> str:
        """Return an address that works now, as retrieving the attachment gives it."""
        return self._address(attachment, MEDIA_LINK_S * self._time_scale.scale)

    def _address(self, attachment: Attachment, lives_s: float) -> str:
        origin = self.media_origin if self._switches.media_origin == "own" else self.api_origin
        path = f"/attachments/partners/{self._account.partner_id}/{attachment.id}/{quote(attachment.filename, safe='')}"
        if self._switches.media_addresses == "lasting":
            return origin + path
        expires = f"{time.monotonic() + lives_s:.3f}"
        return f"{origin}{path}?{urlencode({'Expires': expires, 'Signature': self._sign(attachment, expires)})}"

    def is_valid(self, attachment: Attachment, expires: str, signature: str) -> bool:
        """Return whether an address with this query still works; one without any does unless addresses expire."""
        if not expires:
            return self._switches.media_addresses == "lasting"
        return signature == self._sign(attachment, expires) and time.monotonic() < float(expires)

    def _sign(self, attachment: Attachment, expires: str) -> str:
        return store(f"{self._key}{attachment.id}{expires}".encode()).sha256
