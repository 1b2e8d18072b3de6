"""The room that listens: what a clip is, how long it sounds, and a copy that Linq takes.

In the bot's own process: ``room`` hands out work, ``sniff`` and ``mpeg`` tell containers apart by their bytes, and
``workers`` runs bounded processes (``inside``). In those processes ``listening`` either looks at a file (``opening``,
``untouched``, ``chunks``, ``counting``) or converts it (``conversion``, ``mono``, ``memo_file``, ``m4a``);
``decoding``, ``amr`` and ``waveform`` serve both. ``terms`` and ``sources`` are tables, ``refusals`` is what people
read.
"""

from bot.audio.room import AudioRoom
from bot.audio.sniff import SNIFF_BYTES, sniff
from bot.audio.terms import Limits
from bot.relay.media.formats import AcceptedFormat

__all__ = ["SNIFF_BYTES", "AcceptedFormat", "AudioRoom", "Limits", "sniff"]
