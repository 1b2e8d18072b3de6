"""Bytes as they arrive: counted and hashed, kept only if asked to, never copied for nothing."""

import hashlib
import time

from bot.sandbox.linq.media.file_formats import HEAD_BYTES
from bot.sandbox.linq.state.models import Stored


class HashingBuffer:
    """Feed it chunks, then ask for what was stored."""

    def __init__(self, *, keep: bool) -> None:
        self._digest = hashlib.sha256()
        self._head = b""
        self._kept = bytearray() if keep else None
        self.size_bytes = 0

    def take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        if len(self._head) < HEAD_BYTES:
            self._head = (self._head + chunk)[:HEAD_BYTES]
        if self._kept is not None:
            self._kept += chunk

    def stored(self) -> Stored:
        body = None if self._kept is None else bytes(self._kept)
        return Stored(self.size_bytes, self._digest.hexdigest(), self._head, time.monotonic(), body)
