"""Decode a clip and write it anew as a memo. Worker only."""

from dataclasses import dataclass
from pathlib import Path

from bot.audio import refusals
from bot.audio.decoding import Decoding
from bot.audio.memo_file import MemoFile, memo_file
from bot.audio.opening import OpenClip
from bot.audio.terms import Limits


@dataclass(frozen=True)
class Written:
    seconds: float
    waveform: tuple[int, ...]


def write_memo(clip: OpenClip, target: Path, limits: Limits) -> Written:
    """The whole clip as a memo file. Refused for too little or too much sound in it."""
    with memo_file(target.parent) as memo:
        _pour(clip, memo, limits)
        waveform = memo.finish(target)
        if not memo.seconds:
            raise refusals.silent(clip.label)
        return Written(memo.seconds, waveform)


def _pour(clip: OpenClip, memo: MemoFile, limits: Limits) -> None:
    decoding = Decoding(clip)
    for frame in decoding:
        if not memo.add(frame):
            decoding.broken += 1
        if memo.seconds > limits.longest_s:
            raise refusals.too_long(clip.size_bytes, limits.size_bytes, limits.longest_s)
