"""Bytes as they arrive: counted and hashed, kept only if asked to."""

import hashlib
import time

from bot.sandbox.linq.media.file_formats import HEAD_BYTES
from bot.sandbox.linq.state.models import StoredBytes


class HashingBuffer:
    """Write chunks into it, then ask for what was stored."""

    def __init__(self, *, keep: bool) -> None:
        self._digest = hashlib.sha256()
        self._head = b""
        self._kept = bytearray() if keep else None
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        if len(self._head) < HEAD_BYTES:
            self._head = (self._head + chunk)[:HEAD_BYTES]
        if self._kept is not None:
            self._kept += chunk

    def stored(self) -> StoredBytes:
        body = None if self._kept is None else bytes(self._kept)
        return StoredBytes(self.size_bytes, self._digest.hexdigest(), self._head, time.monotonic(), body)


def store(content: bytes, *, keep: bool = True) -> StoredBytes:
    """Store bytes that are all here."""
    buffer = HashingBuffer(keep=keep)
    buffer.write(content)
    return buffer.stored()
