"""The room that listens: what a clip is, how long it sounds, and a copy that Linq takes.

``room`` decides and hands out work; ``sniff`` and ``mpeg`` tell containers apart by their bytes; ``workers`` and
``inside`` keep the decoding in bounded processes, where ``listening`` looks at a file (``opening``, ``untouched``,
``chunks``) or converts it (``conversion``, ``memo_file``, ``waveform``). ``refusals`` holds what people read.
"""

from bot.audio.room import AudioRoom
from bot.audio.sniff import SNIFF_BYTES, sniff
from bot.audio.terms import Limits, Takes

__all__ = ["SNIFF_BYTES", "AudioRoom", "Limits", "Takes", "sniff"]
