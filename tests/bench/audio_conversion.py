"""How fast and how large the audio workers are, and how long they stop the event loop.

Run: ``python -m tests.bench.audio_conversion``.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.audio import AudioWorkers, Limits, VoiceConverter
from bot.audio.worker.pool import WorkerPool
from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS
from tests.audio import costs
from tests.audio.costs import Cost

MIB = 2**20
TIMEOUT_S = 600.0
TICK_S = 0.001


def in_fresh_worker(task: Callable[[Path], Cost], path: Path) -> Cost:
    async def measure() -> Cost:
        pool = WorkerPool(1, Limits())
        cost = await pool.run(TIMEOUT_S, Cost, task, path)
        await pool.close()
        return cost

    return asyncio.run(measure())


@dataclass(frozen=True)
class Stall:
    wall_s: float  # the longest time in which the event loop served nobody
    cpu_s: float  # the most it worked itself at a stretch; the rest is a machine busy elsewhere


async def longest_stall(work: asyncio.Future[object]) -> Stall:
    """What the event loop went through while this ran."""
    wall_s = cpu_s = 0.0
    wall, cpu = time.perf_counter(), time.thread_time()
    while not work.done():
        await asyncio.sleep(TICK_S)
        wall_s, wall = max(wall_s, time.perf_counter() - wall - TICK_S), time.perf_counter()
        cpu_s, cpu = max(cpu_s, time.thread_time() - cpu), time.thread_time()
    await work
    return Stall(wall_s, cpu_s)


def report_conversions(folder: Path) -> None:
    from tests.audio.sounds import record, speech

    minute = speech(60.0, 48_000)
    for minutes in (1, 10, 60):
        path = folder / f"{minutes}.webm"
        record(path, "webm", "libopus", sound=minute * minutes, source_rate=48_000, bit_rate=32_000)
        cost = in_fresh_worker(costs.convert, path)
        speed = 60 * minutes / cost.cpu_s
        print(f"WebM/Opus to M4A, {minutes:2} min   {speed:5.0f} x real time   worker peak {cost.peak_mib:4.1f} MiB")


def report_inspections(folder: Path) -> None:
    from tests.audio.sounds import record, speech

    for name, container, codec, bits in (
        ("M4A", "ipod", "aac", 64_000),
        ("MP3", "mp3", "libmp3lame", 64_000),
        ("AAC", "adts", "aac", 64_000),
        ("WAV", "wav", "pcm_s16le", 384_000),
    ):
        path = folder / name
        record(path, container, codec, sound=speech(MIB * 8 / bits), bit_rate=bits)
        cost = in_fresh_worker(costs.inspect, path)
        print(
            f"{name} of 1 MiB as it is        {cost.cpu_s * 1000:5.1f} ms CPU     worker peak {cost.peak_mib:4.1f} MiB"
        )


def report_stall(folder: Path) -> None:
    from tests.audio.sounds import browser_clip

    paths = [browser_clip(folder / f"clip-{number}", seconds=20.0) for number in range(10)]

    async def measure() -> tuple[Stall, Stall]:
        workers = AudioWorkers(2)
        await workers.open()
        busy = await longest_stall(asyncio.ensure_future(_convert_all(VoiceConverter(workers, CONTAINERS), paths)))
        await workers.close()
        return busy, await longest_stall(asyncio.ensure_future(asyncio.sleep(3.0)))

    busy, idle = asyncio.run(measure())
    print(
        f"ten conversions at once      longest stall {busy.wall_s * 1000:.1f} ms, own work {busy.cpu_s * 1000:.1f} ms"
    )
    print(f"nothing at all               longest stall {idle.wall_s * 1000:.1f} ms")


async def _convert_all(converter: VoiceConverter, paths: list[Path]) -> object:
    return await asyncio.gather(*(converter.convert(path, path.with_suffix(".m4a")) for path in paths))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        report_conversions(Path(name))
        report_inspections(Path(name))
        report_stall(Path(name))


if __name__ == "__main__":
    main()
