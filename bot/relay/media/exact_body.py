"""The body of an upload whose length was promised beforehand."""

from collections.abc import AsyncIterator

from bot.relay.errors import RetryLater


class ExactBody:
    """Chunks that add up to ``size_bytes``. A source that fails or misses the mark fails the whole body.

    ``failure`` keeps the source's own error, which an HTTP client would bury under one of its own. The last chunk
    leaves only when the source has ended at the promised byte. A body that merely ended early would be waited for at
    the other end, and its answer at ours, until the timeout.
    """

    def __init__(self, chunks: AsyncIterator[bytes], size_bytes: int) -> None:
        self._chunks = chunks
        self._size_bytes = size_bytes
        self.failure: Exception | None = None
        self.is_complete = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held, seen = b"", 0
        try:
            async for chunk in self._chunks:
                seen += len(chunk)
                self._require(seen <= self._size_bytes)
                if held:
                    yield held
                held = chunk
            self._require(seen == self._size_bytes)
        except Exception as error:
            self.failure = error
            raise
        yield held
        self.is_complete = True

    def _require(self, holds: bool) -> None:
        if not holds:
            raise RetryLater("The file did not have the length it was said to have.", code="length")
