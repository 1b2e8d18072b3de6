"""Every format the bot is tried with: one sample each, made on the spot, and what must become of it.

``format_table`` is the table of ``config/README.md``: what the bot really did with each sample, and the reason it gave.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS
from bot.relay.errors import Refused
from tests.audio.direct import convert, inspect
from tests.audio.samples import by_hand
from tests.audio.sounds import browser_clip, record, record_chain, record_tracks, record_video, speech

AS_IT_IS = "as it is"
CONVERTED = "converted"
REFUSED = "refused"


@dataclass(frozen=True)
class Format:
    """``becomes`` and ``seconds`` are what must come out of it; ``make`` writes the sample."""

    name: str
    becomes: str
    make: Callable[[Path], object]
    seconds: float = 2.0
    is_sound_of_video: bool = False


def _made(container: str, codec: str, **how: object) -> Callable[[Path], object]:
    return lambda path: record(path, container, codec, **how)  # type: ignore[arg-type]


def _at(container: str, codec: str, rate: int, **how: object) -> Callable[[Path], object]:
    return lambda path: record(path, container, codec, sound=speech(2.0, rate), source_rate=rate, **how)  # type: ignore[arg-type]


def _bytes(content: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content())


def _behind_tag(path: Path) -> None:
    path.write_bytes(b"ID3\x03\x00\x00\x00\x00\x02\x00" + bytes(256) + path.read_bytes())


FORMATS = (
    Format("MP3", AS_IT_IS, _made("mp3", "libmp3lame", bit_rate=64_000)),
    Format("M4A (AAC)", AS_IT_IS, _made("ipod", "aac", bit_rate=48_000)),
    Format("M4A (Apple Lossless)", AS_IT_IS, _made("ipod", "alac")),
    Format("MP4 with sound only (Slack's own copy of a clip)", AS_IT_IS, _made("mp4", "aac", bit_rate=48_000)),
    Format("AAC (ADTS)", AS_IT_IS, _made("adts", "aac", bit_rate=48_000)),
    Format("CAF (AAC)", AS_IT_IS, _bytes(lambda: by_hand.caf("aac"))),
    Format("CAF (Opus: an iMessage recording)", AS_IT_IS, _bytes(lambda: by_hand.caf("opus"))),
    Format("CAF (Apple Lossless)", AS_IT_IS, _made("caf", "alac")),
    Format("CAF (PCM)", AS_IT_IS, _made("caf", "pcm_s16le")),
    Format("WAV (PCM)", AS_IT_IS, _made("wav", "pcm_s16le")),
    Format("WAV (PCM, float)", AS_IT_IS, _made("wav", "pcm_f32le")),
    Format("AIFF (PCM)", AS_IT_IS, _made("aiff", "pcm_s16be")),
    Format("AMR", AS_IT_IS, _at("amr", "libopencore_amrnb", 8_000, bit_rate=12_200)),
    Format("MP3 in M4A", CONVERTED, _made("mp4", "libmp3lame", bit_rate=64_000)),
    Format(
        "M4A with two sound tracks",
        CONVERTED,
        lambda path: record_tracks(path, "ipod", ["aac", "aac"], [speech(1.0), speech(2.0, seed=2)]),
    ),
    Format("FLAC behind an ID3 tag", CONVERTED, lambda path: _behind_tag(record(path, "flac", "flac"))),
    Format(
        "M4A in fragments (a browser's audio/mp4)",
        CONVERTED,
        _made("mp4", "aac", bit_rate=48_000, options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    ),
    Format("WAV (A-law)", AS_IT_IS, _at("wav", "pcm_alaw", 8_000)),
    Format("WAV (ADPCM)", CONVERTED, _made("wav", "adpcm_ms")),
    Format("WAV (GSM)", CONVERTED, _bytes(by_hand.gsm_wav)),
    Format("AIFF-C (A-law)", CONVERTED, _at("aiff", "pcm_alaw", 8_000)),
    Format("MP2", CONVERTED, _made("mp2", "mp2", bit_rate=64_000)),
    Format("WebM (Opus)", CONVERTED, _made("webm", "libopus", rate=48_000)),
    Format("WebM from a browser, without a duration", CONVERTED, lambda path: browser_clip(path, 2.0)),
    Format("Ogg (Opus): WhatsApp, Telegram", CONVERTED, _made("ogg", "libopus", rate=48_000)),
    Format(
        "Ogg (Vorbis)",
        CONVERTED,
        _made("ogg", "vorbis", layout="stereo", rate=48_000, codec_options={"strict": "experimental"}),
    ),
    Format("Ogg (Speex)", CONVERTED, _bytes(by_hand.speex)),
    Format(
        "Ogg chained: Opus, then FLAC",
        CONVERTED,
        lambda path: record_chain(path, {"codec": "libopus", "rate": 48_000}, {"codec": "flac"}),
    ),
    Format("Ogg (FLAC)", CONVERTED, _made("ogg", "flac")),
    Format("FLAC", CONVERTED, _made("flac", "flac")),
    Format("WMA", CONVERTED, _made("asf", "wmav2", rate=44_100, bit_rate=64_000)),
    Format("AMR-WB", CONVERTED, _bytes(by_hand.amr_wb)),
    Format("3GP (AMR)", CONVERTED, _at("3gp", "libopencore_amrnb", 8_000, bit_rate=12_200)),
    Format("CAF (A-law)", CONVERTED, _at("caf", "pcm_alaw", 8_000)),
    Format("AU", CONVERTED, _made("au", "pcm_s16be")),
    Format("WavPack", CONVERTED, _made("wv", "wavpack")),
    Format("TTA", CONVERTED, _made("tta", "tta")),
    Format("AC-3", CONVERTED, _made("ac3", "ac3", rate=48_000, bit_rate=96_000)),
    Format("Matroska (FLAC)", CONVERTED, _made("matroska", "flac")),
    Format("QuickTime (AAC)", CONVERTED, _made("mov", "aac", bit_rate=48_000)),
    Format("MPEG-TS (AAC)", CONVERTED, _made("mpegts", "aac", bit_rate=48_000)),
    Format("MP4 video", CONVERTED, lambda path: record_video(path, "mp4", "libx264", "aac"), is_sound_of_video=True),
    Format(
        "QuickTime video", CONVERTED, lambda path: record_video(path, "mov", "libx264", "aac"), is_sound_of_video=True
    ),
    Format(
        "WebM video (recorded Slack clip)",
        CONVERTED,
        lambda path: record_video(path, "webm", "libvpx", "libopus"),
        is_sound_of_video=True,
    ),
    Format(
        "AVI video", CONVERTED, lambda path: record_video(path, "avi", "mpeg4", "libmp3lame"), is_sound_of_video=True
    ),
    Format("Video without sound", REFUSED, lambda path: record_video(path, "mp4", "libx264", None)),
    Format("MIDI", REFUSED, _bytes(lambda: b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60")),
    Format("Web page", REFUSED, _bytes(lambda: b"<!DOCTYPE html><html><title>Sign in</title></html>")),
    Format("Picture", REFUSED, _bytes(lambda: b"\x89PNG\r\n\x1a\n" + bytes(100))),
    Format("Empty file", REFUSED, _bytes(lambda: b"")),
)


@dataclass(frozen=True)
class Row:
    name: str
    becomes: str
    reason: str


def format_rows(folder: Path) -> list[Row]:
    """What became of every sample, made in this folder under names that say nothing."""
    return [_row(sample, folder / f"{number}.bin") for number, sample in enumerate(FORMATS)]


def _row(sample: Format, path: Path) -> Row:
    sample.make(path)
    try:
        inspection = inspect(path)
        convert(path)
    except Refused as refusal:
        return Row(sample.name, REFUSED, refusal.reason)
    if inspection.info is None:
        return Row(sample.name, CONVERTED, inspection.reason)
    content_type = CONTAINERS[inspection.container].content_type
    return Row(sample.name, AS_IT_IS, f"Linq takes {content_type}, and phones play it")


def format_table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = "| format | goes out | why |\n|---|---|---|\n"
    return head + "".join(f"| {row.name} | {row.becomes} | {row.reason} |\n" for row in rows)
