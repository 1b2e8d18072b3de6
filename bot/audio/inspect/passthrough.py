"""May a file pass as it is, and how long does it sound?

A small file is decoded in full; a larger one is counted. ``PassthroughProblem`` never refuses a file: decoding all of
it and encoding it again puts right what is wrong.
"""

from bot.audio import errors
from bot.audio.decode.codecs import CODECS, MOV_FAMILY, label
from bot.audio.decode.demux import Track
from bot.audio.decode.frames import Damage, decode_frames
from bot.audio.inspect.chunks import box_names, find_sound_chunk
from bot.audio.inspect.duration import PassthroughProblem, count_seconds
from bot.audio.inspect.sniff import TAG_HEAD_BYTES, tag_length
from bot.audio.inspect.waveform import Waveform
from bot.relay.media.formats import FORMATS, AcceptedFormat
from bot.relay.model import AudioInfo

_SMALL_BYTES = 256 * 1024
"""Half a minute of AAC: decoded in full in about 15 ms."""

_STRIDE = 32
"""Of an MP4's frames, one in so many is looked up in the file, and the last: chunks hold more, and go as a whole."""

_PHONE_RATES = range(8_000, 192_001)
_PHONE_CHANNELS = 8
_LOSS_S = 0.1
"""Programs that write a WAV by hand often count its header as sound. Nobody misses so little where it is lost."""

_PADDING_S = 0.1
_WRONG_S = 0.5
"""A header may be so far from the truth before a phone that believes it shows a wrong length."""


def check_passthrough(track: Track, accepted: AcceptedFormat) -> AudioInfo:
    """Describe the sound of a file that may pass as it is. Raises PassthroughProblem for one that may not."""
    _require_playable(track, accepted)
    _require_plain_structure(track)
    if track.source.size_bytes <= _SMALL_BYTES:
        return _decode_all(track)
    return AudioInfo(_agreed_seconds(track, count_seconds(track)))


def _require_playable(track: Track, accepted: AcceptedFormat) -> None:
    if track.codec not in accepted.codecs:
        raise PassthroughProblem(
            f"the receiving side does not play {CODECS[track.codec]} in {FORMATS[track.container].label}"
        )
    if track.rate not in _PHONE_RATES:
        raise PassthroughProblem(f"phones do not play {track.rate} samples a second")
    if track.channels > _PHONE_CHANNELS:
        raise PassthroughProblem(f"phones do not play {track.channels} channels")
    if track.all_tracks > 1:
        raise PassthroughProblem("phones play only one of its sound tracks")


def _require_plain_structure(track: Track) -> None:
    if not _begins_with_its_sound(track):
        raise PassthroughProblem("it does not begin with its sound")
    chunk = find_sound_chunk(track.source)
    if chunk and chunk.stated_bytes is None:
        raise PassthroughProblem("its recorder left the header unfinished")
    if chunk and chunk.missing_bytes:
        raise PassthroughProblem("its header states a little more sound than there is")
    if track.container in MOV_FAMILY and b"moof" in box_names(track.source):
        raise PassthroughProblem("it is a fragmented MP4, which states no length")


def _begins_with_its_sound(track: Track) -> bool:
    """Linq looks at the first bytes, where a tag means an MP3. Radio captures, segments of a stream and what was cut
    out of a file begin with something else."""
    if track.source.start == 0:
        return True
    with track.source.path.open("rb", buffering=0) as file:
        return track.container == "mp3" and tag_length(file.read(TAG_HEAD_BYTES)) > 0


def require_whole(track: Track) -> None:
    """Raises Refused for a file whose own structure reaches beyond its end."""
    name = label(track.container, [track.codec], has_video=track.has_video)
    if track.container in MOV_FAMILY:
        index = track.stream.index_entries
        some = [*range(0, len(index), _STRIDE), len(index) - 1] if index else []
        if not all(track.holds(index[number]) for number in some):
            present = sum(map(track.holds, index))
            raise errors.truncated(name, present / len(index))
    chunk = find_sound_chunk(track.source)
    if chunk and chunk.missing_bytes * 8 > _LOSS_S * (track.stream.codec_context.bit_rate or 0):
        raise errors.truncated(name, chunk.present_share)


def _decode_all(track: Track) -> AudioInfo:
    seconds, waveform, damage, rates = 0.0, Waveform(), Damage(), set()
    for frame in decode_frames(track, damage):
        seconds += frame.samples / frame.sample_rate
        waveform.add(frame)
        rates.add(frame.sample_rate)
    if damage.broken:
        raise PassthroughProblem("a part of it is damaged")
    if len(rates) > 1:
        raise PassthroughProblem("its rate changes on the way")
    return AudioInfo(_agreed_seconds(track, seconds), waveform=waveform.levels())


def _agreed_seconds(track: Track, seconds: float) -> float:
    """Return the length of the frames; where the header agrees with it, the header's, which leaves out the padding."""
    stated_s = track.stated_s
    if not seconds:
        raise PassthroughProblem("it states no length")
    if stated_s is None:
        return round(seconds, 3)
    if abs(stated_s - seconds) > max(_WRONG_S, 0.01 * seconds):
        raise PassthroughProblem(f"its header states {stated_s:.1f} s and its frames hold {seconds:.1f} s")
    return round(stated_s if 0 < seconds - stated_s < _PADDING_S else seconds, 3)
