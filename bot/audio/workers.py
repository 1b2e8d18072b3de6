"""The worker processes of one bot, and what they can be asked to do."""

import asyncio
import math
import tempfile
import wave
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from bot.audio.limits import OUTPUT_RATE, Limits
from bot.audio.results import Conversion, Inspection, MediaKind
from bot.audio.worker import tasks
from bot.audio.worker.pool import WorkerPool
from bot.relay.errors import RelayError
from bot.relay.media.formats import AcceptedFormat

Result = TypeVar("Result")

_IDLE_S = 60.0
"""Conversions come in bursts, and a worker holds 20 MiB of its own."""

_M4A_ONLY = {"m4a": AcceptedFormat("audio/mp4", "m4a", frozenset({"aac"}))}


class AudioWorkers:
    """Owns the processes. ``open`` and ``close`` belong to one event loop."""

    def __init__(self, count: int, limits: Limits | None = None) -> None:
        """``count`` bounds the conversions; as many inspections may run beside them, so that a long conversion holds up
        no file that can pass as it is."""
        self._limits = limits or Limits()
        self._inspectors = WorkerPool(count, self._limits)
        self._converters = WorkerPool(count, self._limits, idle_s=_IDLE_S)

    async def open(self) -> None:
        """Start the inspectors, so that no file need wait for them. Raises RetryLater when they cannot start."""
        await self._inspectors.open()

    async def close(self) -> None:
        """End all processes; calls under way raise RetryLater."""
        await asyncio.gather(self._inspectors.close(), self._converters.close())

    async def inspect(self, path: Path, accepted: Mapping[str, AcceptedFormat]) -> Inspection:
        """Decide whether a file may pass as it is.

        Raises Refused for what can never be sent as sound, RetryLater for trouble of ours.
        """
        return await self._inspectors.run(
            self._limits.inspect_s, Inspection, tasks.inspect_file, path, dict(accepted), self._limits
        )

    async def kind_of(self, path: Path) -> MediaKind:
        """Tell what a file is from its bytes alone. Raises RetryLater for trouble of ours."""
        return await self._inspectors.run(self._limits.inspect_s, MediaKind, tasks.kind_of_file, path)

    async def convert(self, path: Path, target: Path, size_bytes: int) -> Conversion:
        """Write the sound of the file as M4A. After Refused or RetryLater something may be left at ``target``."""
        timeout_s = self._limits.convert_timeout_s(size_bytes)
        return await self._converters.run(timeout_s, Conversion, tasks.convert_file, path, target, self._limits)

    async def run(
        self, result_type: type[Result], function: Callable[..., object], *arguments: object, timeout_s: float
    ) -> Result:
        """Run other work on a file in a worker, beside the conversions. Raises Refused or RetryLater."""
        return await self._converters.run(timeout_s, result_type, function, *arguments)

    async def self_test(self, folder: Path | None = None) -> str:
        """Send one second of sound through real workers; "" when it comes out whole, else the reason in words.

        ``folder``: where its files may be written meanwhile; None: the system's temporary folder.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="memobridge-audio-", dir=folder) as made:
                return await self._convert_one_second(Path(made))
        except RelayError as error:
            return error.reason
        except OSError as error:
            return f"The audio self-test could not write to its temporary folder: {error.strerror}."

    async def _convert_one_second(self, folder: Path) -> str:
        source, target = folder / "tone.wav", folder / "tone.m4a"
        _write_tone(source)
        inspection = await self.inspect(source, _M4A_ONLY)
        conversion = await self.convert(source, target, inspection.size_bytes)
        after = await self.inspect(target, _M4A_ONLY)
        seconds = after.info.duration_s if after.info else 0.0
        if inspection.container == "wav" and abs(seconds - 1) < 0.05 and max(conversion.info.waveform, default=0) > 0:
            return ""
        return f"The audio self-test failed: one second of sound came out as {seconds} s {after.reason}."


def _write_tone(path: Path) -> None:
    """440 Hz for one second."""
    tone = array(
        "h", (round(8_000 * math.sin(number * 2 * math.pi * 440 / OUTPUT_RATE)) for number in range(OUTPUT_RATE))
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(OUTPUT_RATE)
        file.writeframes(tone.tobytes())
