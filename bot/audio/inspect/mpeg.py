"""Frame headers of MPEG audio (MP3, MP2) and of ADTS AAC: the two formats that have no signature, only a rhythm.

Pure arithmetic on bytes (ISO 11172-3 §2.4.2.3, 13818-3, 13818-7 §6.2). No byte sequence raises.
"""

from dataclasses import dataclass

_ADTS_RATES = 13
_CHAIN = 3
"""As many frames in a row, each where the one before says, do not happen by accident."""

_KBITS = {
    ("1", 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    ("1", 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    ("1", 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    ("2", 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    ("2", 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    ("2", 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


@dataclass(frozen=True)
class FrameHeader:
    container: str  # "mp3", "mp2" (layers I and II) or "aac"
    length: int  # bytes to the next header


def frame_header(head: bytes, at: int = 0) -> FrameHeader | None:
    """The header at this offset, or None if there is none."""
    if len(head) < at + 6 or head[at] != 0xFF or head[at + 1] & 0xE0 != 0xE0:
        return None
    return _adts(head, at) if head[at + 1] & 0xF6 == 0xF0 else _mpeg(head, at)


def _adts(head: bytes, at: int) -> FrameHeader | None:
    length = (head[at + 3] & 3) << 11 | head[at + 4] << 3 | head[at + 5] >> 5
    if head[at + 2] >> 2 & 15 >= _ADTS_RATES or length <= 7:
        return None
    return FrameHeader("aac", length)


def _mpeg(head: bytes, at: int) -> FrameHeader | None:
    version, layer = head[at + 1] >> 3 & 3, 4 - (head[at + 1] >> 1 & 3)
    bits, rate_index, padding = head[at + 2] >> 4, head[at + 2] >> 2 & 3, head[at + 2] >> 1 & 1
    if version == 1 or layer == 4 or rate_index == 3 or not 0 < bits < 15:
        return None
    bit_rate = _KBITS["1" if version == 3 else "2", layer][bits - 1] * 1000
    rate = _RATES[version][rate_index]
    if layer == 1:
        return FrameHeader("mp2", (12 * bit_rate // rate + padding) * 4)
    samples_per_byte = 72 if layer == 3 and version != 3 else 144
    return FrameHeader("mp3" if layer == 3 else "mp2", samples_per_byte * bit_rate // rate + padding)


def frames_at(head: bytes, start: int, *, fewest: int = 1) -> str:
    """The container whose frames follow each other from this offset on, "" if none do.

    ``fewest``: how many are enough where the bytes end before the rhythm is proved. A clip may have but one.
    """
    first = frame_header(head, start)
    at, seen, current = start, 0, first
    while first and current and current.container == first.container:
        at, seen = at + current.length, seen + 1
        if at > len(head) - 6:
            return first.container if seen >= min(fewest, _CHAIN) else ""
        current = frame_header(head, at)
    return first.container if first and seen >= _CHAIN else ""


def find_frames(head: bytes, start: int) -> tuple[str, int]:
    """The first offset from ``start`` on at which frames follow each other; ("", start) if there is none."""
    at = head.find(b"\xff", start)
    while at >= 0:
        if container := frames_at(head, at, fewest=_CHAIN):
            return container, at
        at = head.find(b"\xff", at + 1)
    return "", start
