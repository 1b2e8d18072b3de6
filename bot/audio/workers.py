"""Worker processes that decode what strangers send: few at a time, and a crash or a time-out ends one of them only.

The processes belong to the event loop and end with it. Those of a bot that was killed end by themselves: their input
closes, or their call's time is up.
"""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import BrokenWorkerProcess, CapacityLimiter, Semaphore, fail_after, to_process

from bot.audio import refusals
from bot.audio.inside import leashed
from bot.relay.errors import RetryLater

Given = TypeVarTuple("Given")
Got = TypeVar("Got")


class Lane:
    """So many workers side by side. Further calls wait for their turn, and the wait does not count as their work."""

    def __init__(self, width: int, memory_bytes: int) -> None:
        self._turn = Semaphore(width, fast_acquire=True)
        self._processes = CapacityLimiter(width)
        self._memory_bytes = memory_bytes

    async def run(self, patience_s: float, work: Callable[[*Given], Got], *given: *Given) -> Got:
        """What ``work`` gives. Refused when it takes too long or crashes two workers; RetryLater: none can start."""
        async with self._turn:
            try:
                with fail_after(patience_s):
                    return await self._run_twice(patience_s, work, *given)
            except TimeoutError:
                raise refusals.too_slow(patience_s) from None
            except OSError as trouble:
                raise RetryLater(f"The bot could not start a worker process: {trouble.strerror}.") from trouble

    async def _run_twice(self, patience_s: float, work: Callable[[*Given], Got], *given: *Given) -> Got:
        """A worker that died may have been ended by the machine; two that died over the same file blame the file."""
        for _ in range(2):
            try:
                return await to_process.run_sync(
                    leashed, patience_s, self._memory_bytes, work, *given, cancellable=True, limiter=self._processes
                )
            except BrokenWorkerProcess as trouble:
                if trouble.args:  # anyio says something only of a worker that did not even start
                    raise RetryLater(f"The bot could not start a worker process: {trouble}.") from trouble
        raise refusals.crashed()
