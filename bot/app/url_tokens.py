"""Tokens of temporary urls: unguessable, and recognised without asking the database.

Anybody may ask for urls that do not exist: 2,000 guesses a second were once looked up, one by one. A limit on lookups
would refuse the target together with whoever guesses. So a token carries a signature, and what has none of ours is
unknown without a lookup.
"""

import base64
import hmac
import secrets

NONCE_BYTES = 24  # 32 letters in base64
SIGNATURE_BYTES = 18


class UrlTokens:
    """``secret``: what all processes know that share a database, and nobody else."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def create(self) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._sign(nonce)).decode()

    def is_ours(self, token: str) -> bool:
        try:
            given = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            return False
        nonce, signature = given[:NONCE_BYTES], given[NONCE_BYTES:]
        return hmac.compare_digest(signature, self._sign(nonce))

    def _sign(self, nonce: bytes) -> bytes:
        return hmac.digest(self._secret, b"temporary url" + nonce, "sha256")[:SIGNATURE_BYTES]
