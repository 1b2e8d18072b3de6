"""Thousands of broken files through the real workers. ``MUTATED_FILES`` says how many: ``tests/README.md``."""

import asyncio
import os
from pathlib import Path

from bot.audio import VoiceConverter
from bot.relay.errors import Refused, RelayError
from bot.relay.ports.networks import AudioFile
from tests.audio.playback import played_seconds
from tests.audio.samples.formats import FORMATS, REFUSED
from tests.audio.samples.mutations import mutated

COUNT = int(os.environ.get("MUTATED_FILES", "150"))
FIRST = int(os.environ.get("MUTATED_FIRST", "0"))
IN_FLIGHT = 4


def _sounds(folder: Path) -> list[bytes]:
    sounds = []
    for number, sample in enumerate(FORMATS):
        if sample.becomes != REFUSED:
            path = folder / f"whole-{number}"
            sample.make(path)
            sounds.append(path.read_bytes())
    return sounds


async def test_broken_file_is_sound_of_its_true_length_or_a_reason(converter: VoiceConverter, tmp_path: Path) -> None:
    """RetryLater is neither: it would mean an exception that no table knows."""
    sounds, slots = _sounds(tmp_path), asyncio.Semaphore(IN_FLIGHT)
    spread = max(len(sounds) * 9 // COUNT, 1)  # a short run still meets every format

    async def check(number: int) -> str:
        async with slots:
            what, content = mutated(number * spread, sounds)
            path = tmp_path / f"broken-{number}"
            path.write_bytes(content)
            return await _complaint(converter, path, f"file {number * spread} ({what})")

    complaints = await asyncio.gather(*(check(FIRST + number) for number in range(COUNT)))
    assert [complaint for complaint in complaints if complaint] == []


async def _complaint(converter: VoiceConverter, path: Path, name: str) -> str:
    """What is wrong with the outcome; "" when nothing is."""
    copy = path.with_suffix(".copy")
    try:
        made = await converter.convert(path, copy)
    except Refused as refusal:
        return "" if refusal.reason.endswith(".") else f"{name}: no sentence: {refusal.reason}"
    except RelayError as error:
        return f"{name}: {error.reason}"
    complaint = await asyncio.to_thread(_wrong_length, made, name)
    path.unlink()
    copy.unlink(missing_ok=True)
    return complaint


def _wrong_length(made: AudioFile, name: str) -> str:
    played = played_seconds(made.path)
    off = abs(played - made.info.duration_s) > 0.1
    return f"{name}: {made.info.duration_s} s announced, {played:.3f} s played" if off else ""
