"""A few worker processes, each with one call at a time. A crash or a time-out ends one worker and one call only."""

import asyncio
import logging
import signal
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from bot.audio import errors
from bot.audio.limits import Limits
from bot.audio.worker.process import OUT_OF_MEMORY, WorkerExitError, WorkerProcess
from bot.audio.worker.tasks import get_ready
from bot.relay.errors import Refused, RetryLater

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Result = TypeVar("Result")

log = logging.getLogger("memobridge.audio")

_START_S = 60.0
_WORKED_SHARE = 0.5
_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP}


class WorkerPool:
    """Further calls wait for their turn, and the wait does not count as their work."""

    def __init__(self, size: int, limits: Limits, *, idle_s: float | None = None) -> None:
        """``idle_s``: a worker that had nothing to do for so long is ended; None: it is kept."""
        self._size = size
        self._limits = limits
        self._idle_s = idle_s
        self._turns = asyncio.Semaphore(size)
        self._idle: list[WorkerProcess] = []
        self._workers: set[WorkerProcess] = set()
        self._is_closed = False

    async def open(self) -> None:
        """Start all workers, so that no call need wait for them. Raises RetryLater when they cannot start."""
        self._idle += await asyncio.gather(*(self._start() for _ in range(self._size - len(self._idle))))

    async def close(self) -> None:
        """End all workers, the busy ones too."""
        self._is_closed = True
        for worker in self._workers:
            worker.kill()
        await asyncio.gather(*(worker.wait() for worker in self._workers))

    async def run(
        self, timeout_s: float, result_type: type[Result], function: Callable[..., object], *arguments: object
    ) -> Result:
        """What the function gives, called in a worker. Raises Refused to blame the file, RetryLater to blame us.

        A worker that crashed or ran out of memory may suffer from files before; two that do so over the same call blame
        this one.
        """
        async with self._turns:
            for _ in range(2):
                worker = self._idle.pop() if self._idle else await self._start()
                try:
                    async with asyncio.timeout(timeout_s):
                        answer = await worker.call(function, *arguments)
                except TimeoutError:
                    raise _timed_out(worker, timeout_s) from None
                except WorkerExitError as end:
                    problem = self._problem(end)
                except ValueError:
                    raise errors.bot_fault("unknown answer") from None
                else:
                    return _result(answer, result_type)
                finally:
                    self._take_back(worker)
            raise problem

    async def _start(self) -> WorkerProcess:
        if self._is_closed:
            raise errors.worker_not_started("the bot is stopping")
        try:
            worker = await WorkerProcess.start(self._limits)
        except OSError as error:
            raise errors.worker_not_started(error.strerror or type(error).__name__) from error
        self._workers = {known for known in self._workers if known.is_running} | {worker}
        try:
            async with asyncio.timeout(_START_S):
                _result(await worker.call(get_ready), type(None))
        except BaseException as error:
            worker.kill()
            if isinstance(error, TimeoutError):
                raise errors.worker_not_started(f"it was not ready after {_START_S:.0f} s") from None
            if isinstance(error, WorkerExitError):
                raise errors.worker_not_started(f"it ended with code {error.returncode}") from None
            raise
        return worker

    def _take_back(self, worker: WorkerProcess) -> None:
        """Keep a worker for the next call. One that is busy, its call cut off, is killed; asyncio reaps it."""
        if worker.is_busy or self._is_closed:
            worker.kill()
            return
        self._idle.append(worker)
        if self._idle_s is not None:
            asyncio.get_running_loop().call_later(self._idle_s, self._end_idle, worker, worker.calls)

    def _end_idle(self, worker: WorkerProcess, calls: int) -> None:
        if worker in self._idle and worker.calls == calls:
            self._idle.remove(worker)
            worker.kill()

    def _problem(self, end: WorkerExitError) -> Refused | RetryLater:
        """A signal that a broken program gets blames what it was given; the kernel's SIGKILL and all else do not."""
        if self._is_closed:
            return errors.worker_ended("the bot is stopping")
        log.warning("audio.worker_ended", extra={"reason": f"code {end.returncode}"})
        if end.returncode == OUT_OF_MEMORY:
            return errors.too_much_memory()
        if -end.returncode in _CRASHES:
            return errors.decoder_crashed()
        return errors.worker_ended(f"code {end.returncode}")


def _timed_out(worker: WorkerProcess, timeout_s: float) -> Refused | RetryLater:
    """Only a worker that was given the processor says something about the file."""
    if worker.cpu_seconds_of_call() < timeout_s * _WORKED_SHARE:
        return errors.machine_too_busy(timeout_s)
    return errors.timed_out(timeout_s)


def _result(answer: Any, result_type: type[Result]) -> Result:
    """Return the answer as a value of this type. It comes from a process that read hostile bytes and is not trusted."""
    match answer:
        case {"result": value}:
            return _validated(value, result_type)
        case {"refused": str(reason), "code": str(code)}:
            raise errors.unusable(reason, code=code)
        case {"later": str(reason), "code": str(code)}:
            raise RetryLater(reason, code=code)
        case {"fault": str(kind), "places": [*places]}:
            log.error("audio.worker_fault", extra={"reason": kind, "places": places})
            raise errors.bot_fault(kind)
        case _:
            raise errors.bot_fault("unknown answer")


def _validated(value: Any, result_type: type[Result]) -> Result:
    try:
        result: Result = _adapter(result_type).validate_python(value)  # type: ignore[arg-type]  # classes are hashable
    except ValueError:  # of which pydantic's ValidationError is one
        raise errors.bot_fault("unknown answer") from None
    return result


@cache
def _adapter(result_type: type[Any]) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # 10 MiB that the worker processes, which import this too, need not carry

    return TypeAdapter(result_type)
