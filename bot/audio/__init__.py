"""What a file is, how long it sounds, and a copy that the receiving side takes.

In the bot's own process: ``VoiceConverter`` decides for one receiving side what passes and what is converted,
``AudioWorkers`` owns the processes (``worker/``) that do the work, and ``inspect.sniff`` tells formats by first bytes.
In those processes ``inspect/`` tells what a file is and how long it sounds, ``convert/`` writes an M4A, and both open
files and take frames out of them by ``decode/``. ``errors`` is what people read.
"""

from bot.audio.converter import VoiceConverter
from bot.audio.inspect.sniff import SNIFF_BYTES, sniff
from bot.audio.limits import Limits
from bot.audio.results import MediaKind
from bot.audio.workers import AudioWorkers
from bot.relay.media.formats import AcceptedFormat

__all__ = ["SNIFF_BYTES", "AcceptedFormat", "AudioWorkers", "Limits", "MediaKind", "VoiceConverter", "sniff"]
