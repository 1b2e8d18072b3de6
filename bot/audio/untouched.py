"""May a clip pass as it is, and how long does it sound? Worker only.

A small clip is listened to in full; a larger one is counted. A ``Doubt`` never refuses a clip, it has it converted:
decoding all of it and writing it anew puts right what is wrong.
"""

from av.index import IndexEntry

from bot.audio import refusals
from bot.audio.chunks import boxes, sound_chunk
from bot.audio.counting import Doubt, counted_seconds
from bot.audio.decoding import Decoding
from bot.audio.mpeg import frame_header
from bot.audio.opening import OpenClip
from bot.audio.sources import CODECS, MOV_FAMILY, SOURCES
from bot.audio.waveform import Waveform
from bot.relay.media.formats import AcceptedFormat
from bot.relay.model import AudioInfo

_SMALL_BYTES = 256 * 1024
"""Half a minute of AAC: listened to in full in about 15 ms."""

_STRIDE = 32
"""Of an MP4's frames, one in so many is looked up in the file, and the last: chunks hold more, and go as a whole."""

_BARE = ("mp3", "aac")
"""Without a signature: a player looks for the first frame, wherever it is."""

_HEAD_BYTES = 16
_PHONE_RATES = range(8_000, 192_001)
_PHONE_CHANNELS = 8
_LOSS_S = 0.1
"""Programs that write a WAV by hand often count its header as sound. Nobody misses so little where it is lost."""

_PADDING_S = 0.15
_LIE_S = 0.5
"""A header may be so far from the truth before a phone that believes it shows a wrong length."""


def sound_untouched(clip: OpenClip, takes: AcceptedFormat) -> AudioInfo:
    """What can be heard in a clip that may pass. Raises Doubt, or Refused for one that is cut short."""
    if clip.codec not in takes.codecs:
        raise Doubt(f"phones do not play {CODECS[clip.codec]} in {SOURCES[clip.container].label}")
    if clip.rate not in _PHONE_RATES:
        raise Doubt(f"phones do not play {clip.rate} samples a second")
    if clip.stream.codec_context.channels > _PHONE_CHANNELS:
        raise Doubt(f"phones do not play {clip.stream.codec_context.channels} channels")
    if clip.stream is not clip.av.streams.audio[0]:
        raise Doubt("phones play the first of its tracks, and that is not the one with the sound")
    if clip.container in _BARE and not _begins_as_linq_knows_it(clip):
        raise Doubt("it does not begin with its sound")
    chunk = sound_chunk(clip.path, clip.container)
    if chunk and chunk.stated_bytes is None:
        raise Doubt("its recorder left the header unfinished")
    if chunk and chunk.missing_bytes:
        raise Doubt("its header states a little more sound than there is")
    if clip.container in MOV_FAMILY and b"moof" in boxes(clip.path):
        raise Doubt("it is a fragmented MP4, which states no length")
    if clip.size_bytes <= _SMALL_BYTES:
        return _heard(clip)
    return AudioInfo(_agreed(clip, counted_seconds(clip)))


def _begins_as_linq_knows_it(clip: OpenClip) -> bool:
    """Linq looks at the first bytes, where a tag means an MP3. Radio captures, segments of a stream and what was cut
    out of a file begin with something else."""
    with clip.path.open("rb", buffering=0) as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"ID3"):
        return clip.container == "mp3"
    frame = frame_header(head)
    return frame is not None and frame.container == clip.container


def require_whole(clip: OpenClip) -> None:
    """Refused for a clip whose own structure reaches beyond the end of the file."""
    if clip.container in MOV_FAMILY:
        index = clip.stream.index_entries
        some = [*range(0, len(index), _STRIDE), len(index) - 1] if index else []
        if not all(_lies_within(index[number], clip.size_bytes) for number in some):
            present = sum(_lies_within(frame, clip.size_bytes) for frame in index)
            raise refusals.cut_short(clip.label, present / len(index))
    chunk = sound_chunk(clip.path, clip.container)
    if chunk and chunk.missing_bytes * 8 > _LOSS_S * (clip.stream.codec_context.bit_rate or 0):
        raise refusals.cut_short(clip.label, chunk.present_share)


def _lies_within(frame: IndexEntry, size_bytes: int) -> bool:
    return frame.size > 0 and 0 <= frame.pos <= size_bytes - frame.size


def _heard(clip: OpenClip) -> AudioInfo:
    seconds, waveform, decoding, rates = 0.0, Waveform(), Decoding(clip), set()
    for frame in decoding:
        seconds += frame.samples / frame.sample_rate
        waveform.add(frame)
        rates.add(frame.sample_rate)
    if decoding.broken:
        raise Doubt("a part of it is damaged")
    if len(rates) > 1:
        raise Doubt("its rate changes on the way")
    return AudioInfo(_agreed(clip, seconds), waveform=waveform.levels())


def _agreed(clip: OpenClip, seconds: float) -> float:
    """The frames' own length. Where the header agrees with it, it is finer: it leaves out the encoder's padding."""
    if not seconds:
        raise Doubt("it states no length")
    if clip.stated_s is None:
        return round(seconds, 3)
    if abs(clip.stated_s - seconds) > max(_LIE_S, 0.01 * seconds):
        raise Doubt(f"its header states {clip.stated_s:.1f} s and its frames hold {seconds:.1f} s")
    return round(clip.stated_s if 0 < seconds - clip.stated_s < _PADDING_S else seconds, 3)
