"""The containers that may be opened, each by exactly one of FFmpeg's demuxers, and the codecs that may be decoded.

What is not listed is not tried: FFmpeg knows hundreds more, some of which open other files or addresses.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    label: str  # for people
    demuxer: str  # FFmpeg's name


_MOV = "mov"
_MATROSKA = "matroska"

SOURCES = {
    "mp3": Source("MP3", "mp3"),
    "mp2": Source("MP2", "mp3"),
    "m4a": Source("M4A", _MOV),
    "mp4-video": Source("MP4", _MOV),
    "mov": Source("QuickTime", _MOV),
    "3gp": Source("3GP", _MOV),
    "aac": Source("AAC", "aac"),
    "caf": Source("CAF", "caf"),
    "wav": Source("WAV", "wav"),
    "rf64": Source("RF64", "wav"),
    "wave64": Source("Wave64", "w64"),
    "aiff": Source("AIFF", "aiff"),
    "amr": Source("AMR", "amr"),
    "amr-wb": Source("AMR-WB", "amr"),
    "webm": Source("WebM", _MATROSKA),
    "matroska": Source("Matroska", _MATROSKA),
    "ogg": Source("Ogg", "ogg"),
    "flac": Source("FLAC", "flac"),
    "asf": Source("WMA", "asf"),
    "avi": Source("AVI", "avi"),
    "flv": Source("FLV", "flv"),
    "mpeg-ts": Source("MPEG-TS", "mpegts"),
    "mpeg-ps": Source("MPEG-PS", "mpeg"),
    "au": Source("AU", "au"),
    "ac3": Source("AC-3", "ac3"),
    "wavpack": Source("WavPack", "wv"),
    "ape": Source("Monkey's Audio", "ape"),
    "tta": Source("TTA", "tta"),
    "tak": Source("TAK", "tak"),
    "musepack": Source("Musepack", "mpc"),
    "musepack8": Source("Musepack", "mpc8"),
    "dsf": Source("DSD", "dsf"),
}

MOV_FAMILY = frozenset(name for name, source in SOURCES.items() if source.demuxer == _MOV)

CODECS = {
    "aac": "AAC",
    "aac_latm": "AAC",
    "ac3": "AC-3",
    "adpcm_g722": "G.722",
    "adpcm_ima_qt": "ADPCM",
    "adpcm_ima_wav": "ADPCM",
    "adpcm_ms": "ADPCM",
    "adpcm_swf": "ADPCM",
    "adpcm_yamaha": "ADPCM",
    "alac": "Apple Lossless",
    "amr_nb": "AMR",
    "amr_wb": "AMR-WB",
    "ape": "Monkey's Audio",
    "dsd_lsbf": "DSD",
    "dsd_lsbf_planar": "DSD",
    "dsd_msbf": "DSD",
    "dsd_msbf_planar": "DSD",
    "eac3": "E-AC-3",
    "flac": "FLAC",
    "gsm": "GSM",
    "gsm_ms": "GSM",
    "ilbc": "iLBC",
    "mp1": "MP1",
    "mp2": "MP2",
    "mp3": "MP3",
    "musepack7": "Musepack",
    "musepack8": "Musepack",
    "nellymoser": "Nellymoser",
    "opus": "Opus",
    "pcm_alaw": "A-law",
    "pcm_mulaw": "µ-law",
    "qcelp": "QCELP",
    "speex": "Speex",
    "tak": "TAK",
    "truespeech": "TrueSpeech",
    "tta": "TTA",
    "vorbis": "Vorbis",
    "wavpack": "WavPack",
    "wmalossless": "WMA Lossless",
    "wmapro": "WMA Pro",
    "wmav1": "WMA",
    "wmav2": "WMA",
    "wmavoice": "WMA Voice",
    **{f"pcm_{kind}{width}{end}": "PCM" for kind in "sf" for width in (16, 24, 32, 64) for end in ("le", "be")},
    "pcm_s8": "PCM",
    "pcm_u8": "PCM",
}
"""FFmpeg's name of a codec → what people call it."""

DECODERS = (*CODECS, "amrnb", "amrwb", "g722", "mp3float", "mp2float", "mp1float", "mpc7", "mpc8")
"""FFmpeg's names of the decoders behind them. No video decoder: a picture is never unpacked."""


def label(container: str, codec: str, *, with_picture: bool) -> str:
    """What a clip was, in a few characters for people: "WebM/Opus", "FLAC", "MP4 video"."""
    source = SOURCES[container].label
    if with_picture:
        return f"{source} video"
    spoken = CODECS.get(codec, codec or "unknown codec")
    return source if spoken == source else f"{source}/{spoken}"
