"""Thousands of broken files through the real room. ``MUTATED_FILES`` says how many (README: the long run)."""

import asyncio
import os
from pathlib import Path

from bot.audio import AudioRoom
from bot.relay.errors import Refused
from bot.relay.ports import AudioFile
from tests.audio.formats import FORMATS, REFUSED
from tests.audio.judge import heard_seconds
from tests.audio.mutations import mutated

COUNT = int(os.environ.get("MUTATED_FILES", "150"))
FIRST = int(os.environ.get("MUTATED_FIRST", "0"))
SIDE_BY_SIDE = 4


def _sounds(folder: Path) -> list[bytes]:
    sounds = []
    for number, given in enumerate(FORMATS):
        if given.becomes != REFUSED:
            path = folder / f"whole-{number}"
            given.make(path)
            sounds.append(path.read_bytes())
    return sounds


async def test_every_broken_file_is_a_memo_of_its_true_length_or_a_reason(room: AudioRoom, tmp_path: Path) -> None:
    sounds, turn = _sounds(tmp_path), asyncio.Semaphore(SIDE_BY_SIDE)
    spread = max(len(sounds) * 9 // COUNT, 1)  # a short run still meets every format

    async def judged(number: int) -> str:
        async with turn:
            what, content = mutated(number * spread, sounds)
            path = tmp_path / f"broken-{number}"
            path.write_bytes(content)
            return await _verdict(room, path, f"file {number * spread} ({what})")

    verdicts = await asyncio.gather(*(judged(FIRST + number) for number in range(COUNT)))
    assert [verdict for verdict in verdicts if verdict] == []


async def _verdict(room: AudioRoom, path: Path, name: str) -> str:
    """What is wrong with the outcome; "" when nothing is."""
    try:
        fit = await room.fit(path)
    except Refused as refusal:
        return "" if refusal.reason.endswith(".") else f"{name}: no sentence: {refusal.reason}"
    return await asyncio.to_thread(_wrong_length, fit, name)


def _wrong_length(fit: AudioFile, name: str) -> str:
    heard = heard_seconds(fit.path)
    off = abs(heard - fit.info.duration_s) > 0.1
    return f"{name}: {fit.info.duration_s} s announced, {heard:.3f} s heard" if off else ""
