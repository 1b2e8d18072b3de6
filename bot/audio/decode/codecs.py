"""The demuxers and decoders that may be used, by FFmpeg's names.

What is not listed is not tried: FFmpeg knows hundreds more, some of which open other files or addresses.
"""

from collections.abc import Iterable

from bot.relay.media.formats import FORMATS

_MOV = "mov"
_MATROSKA = "matroska"

DEMUXERS = {
    "mp3": "mp3",
    "mp2": "mp3",
    "m4a": _MOV,
    "mp4": _MOV,
    "mov": _MOV,
    "3gp": _MOV,
    "aac": "aac",
    "caf": "caf",
    "wav": "wav",
    "rf64": "wav",
    "wave64": "w64",
    "aiff": "aiff",
    "amr": "amr",
    "amr-wb": "amr",
    "webm": _MATROSKA,
    "matroska": _MATROSKA,
    "ogg": "ogg",
    "flac": "flac",
    "asf": "asf",
    "avi": "avi",
    "flv": "flv",
    "mpeg-ts": "mpegts",
    "mpeg-ps": "mpeg",
    "au": "au",
    "ac3": "ac3",
    "wavpack": "wv",
    "ape": "ape",
    "tta": "tta",
    "tak": "tak",
    "musepack": "mpc",
    "musepack8": "mpc8",
    "dsf": "dsf",
}
"""Container, by the names of ``relay.media.formats`` → the one demuxer for it."""

MOV_FAMILY = frozenset(name for name, demuxer in DEMUXERS.items() if demuxer == _MOV)

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


def label(container: str, codecs: Iterable[str], *, has_video: bool = False) -> str:
    """What a file was, in a few characters for people: "WebM/Opus", "FLAC", "Ogg/Opus + Vorbis", "MP4 video"."""
    outside = FORMATS[container].label
    if has_video:
        return f"{outside} video"
    inside = " + ".join(dict.fromkeys(CODECS.get(codec, codec or "unknown codec") for codec in codecs))
    return outside if inside in ("", outside) else f"{outside}/{inside}"
