"""What a file is, told by its first bytes alone: names and labels lie, so none come in. No byte sequence raises.

The stronger proof goes first: a signature at the front, then frames or packets that follow each other from there, then
a signature behind some junk, then frames behind some junk, and at last whether it looks like text.
"""

import re

from bot.audio.inspect.mpeg import find_frames, frames_at

SNIFF_BYTES = 8192
"""How much of a file's beginning is worth handing to ``sniff``; less works, with less certainty."""

TAG_HEAD_BYTES = 32
"""As much of a tag says how long it is."""


def _signatures(*table: tuple[bytes, str]) -> tuple[tuple["re.Pattern[bytes]", str], ...]:
    return tuple((re.compile(pattern, re.DOTALL), container) for pattern, container in table)


_STRONG = _signatures(
    (rb"RIFF.{4}WAVE", "wav"),
    (rb"(RF64|BW64).{4}WAVE", "rf64"),
    (rb"RIFF.{4}AVI ", "avi"),
    (rb"FORM.{4}AIF[FC]", "aiff"),
    (rb"caff\x00\x01", "caf"),
    (rb"#!AMR\n", "amr"),
    (rb"#!AMR-WB\n", "amr-wb"),
    (rb"OggS\x00[\x00-\x07]", "ogg"),
    (rb"fLaC[\x00\x80]\x00\x00\x22", "flac"),
    (rb"\x1a\x45\xdf\xa3.{0,60}?webm", "webm"),
    (rb"\x1a\x45\xdf\xa3.{0,60}?matroska", "matroska"),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf"),
    (rb"\.snd\x00.{7}\x00\x00\x00", "au"),
    (rb"wvpk.{5}\x04", "wavpack"),
    (rb"TTA1[\x01-\x03]\x00", "tta"),
    (rb"MPCK[A-Z]{2}", "musepack8"),
    (rb"riff\x2e\x91\xcf\x11", "wave64"),
    (rb"DSD \x1c\x00\x00\x00", "dsf"),
)
"""Six bytes and more that mean something: they are searched for behind junk, too."""

_AT_THE_FRONT = _signatures(
    (rb"RIFF.{4}WEBP", "image"),
    (rb"FLV\x01[\x01\x04\x05]", "flv"),
    (rb"MAC .[\x0c-\x0f]", "ape"),
    (rb"MP\+[\x07\x17]", "musepack"),
    (rb"tBaK", "tak"),
    (rb"\x00\x00\x01\xba[\x20-\x2f\x40-\x7f]", "mpeg-ps"),
    (rb"\x0b\x77.{3}[\x00-\x87]", "ac3"),  # the five bits of its version are at most 16
    (rb"ADIF", "adif"),
    (rb"MThd\x00\x00\x00", "midi"),
    (rb"\x89PNG\r\n", "image"),
    (rb"\xff\xd8\xff", "image"),
    (rb"GIF8[79]a", "image"),
    (rb"II\*\x00", "image"),
    (rb"MM\x00\*", "image"),
    (rb"BM.{4}\x00\x00\x00\x00", "image"),
    (rb"\xff\x0a", "image"),  # JPEG XL
    (rb"\x00\x00\x00\x0cJXL ", "image"),
    (rb"%PDF", "document"),
    (rb"\xd0\xcf\x11\xe0", "document"),
    (rb"PK\x03\x04", "archive"),
    (rb"\x1f\x8b\x08", "archive"),
)
_BRANDS = {b"M4A": "m4a", b"M4B": "m4a", b"M4P": "m4a", b"qt ": "mov", b"3gp": "3gp", b"3g2": "3gp"}
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
_MOV_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_FILE_TYPE_BOX = re.compile(rb"\x00\x00[\x00-\x02].ftyp[\w ]{4}", re.DOTALL)
_VIDEO_TRACK = re.compile(rb"hdlr.{8}vide", re.DOTALL)
_ID3 = re.compile(rb"ID3[\x02-\x04].{2}[\x00-\x7f]{4}", re.DOTALL)
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")
_PICTURE_STARTS = (b"<svg",)
_TEXT_BYTES = 512


def sniff(head: bytes) -> str:
    """The container these first bytes belong to: a name of ``relay.media.formats``; "image", "document", "archive",
    "midi", "html", "text" or "unknown" for what is none of those; "" for no bytes at all.

    Tags in front of the sound are skipped as far as the bytes reach; a tag longer than that is taken for an MP3's.
    """
    start = 0
    while start < len(head) and (length := tag_length(head, start)):
        start += length
    return "mp3" if start and start >= len(head) else find_container(head, start)[0]


def tag_length(head: bytes, start: int = 0) -> int:
    """Bytes of the ID3v2 or APEv2 tag that begins here, 0 without one (id3.org, ID3v2.4 §3.1: sizes are "syncsafe")."""
    tag = head[start : start + TAG_HEAD_BYTES]
    if _ID3.match(tag):
        size = 0
        for byte in tag[6:10]:
            size = size << 7 | byte & 0x7F
        return size + (20 if tag[5] & 0x10 else 10)
    if tag.startswith(b"APETAGEX") and len(tag) == TAG_HEAD_BYTES:
        return TAG_HEAD_BYTES + int.from_bytes(tag[12:16], "little")
    return 0


def find_container(head: bytes, start: int = 0) -> tuple[str, int]:
    """The container and the offset at which it begins, from ``start`` on."""
    if found := _signature_at(head, start) or frames_at(head, start):
        return found, start
    for find in (_find_transport_stream, _find_signature, find_frames):
        found, at = find(head, start)
        if found:
            return found, at
    return _written(head[start:]), start


def _signature_at(head: bytes, start: int) -> str:
    for pattern, container in (*_STRONG, *_AT_THE_FRONT):
        if pattern.match(head, start):
            return container
    return _box_at(head, start)


def _find_signature(head: bytes, start: int) -> tuple[str, int]:
    """Behind junk, where it lies at the front of no other format."""
    found = [(match.start(), container) for pattern, container in _STRONG if (match := pattern.search(head, start))]
    if match := _FILE_TYPE_BOX.search(head, start):
        found.append((match.start(), _box_at(head, match.start())))
    at, container = min(found, default=(start, ""))
    return container, at


def _box_at(head: bytes, start: int) -> str:
    """MP4 and its relatives. The brand tells little: video recorders write what sound recorders write."""
    name = head[start + 4 : start + 8]
    if name in _MOV_BOXES:
        return "" if _written(head[start:]) == "text" else "mov"  # "Get free ..." has a box's name where a box has it
    if name != b"ftyp":
        return ""
    brand = head[start + 8 : start + 12]
    if brand in _PICTURE_BRANDS:
        return "image"
    if _VIDEO_TRACK.search(head, start):
        return "mp4"
    return _BRANDS.get(brand[:3], "m4a")


def _find_transport_stream(head: bytes, start: int) -> tuple[str, int]:
    """MPEG-TS: packets of 188 bytes that all begin with 0x47; 192 with a time in front, 204 with a checksum behind."""
    for packet_bytes, lead in ((188, 0), (192, 4), (204, 0)):
        for at in range(start, start + packet_bytes):
            syncs = head[at + lead :: packet_bytes]
            fewest = 3 if at == start else 5  # the fewer bytes speak for it, the more of them must
            if len(syncs) >= fewest and set(syncs) == {0x47}:
                return "mpeg-ts", at
    return "", start


def _written(body: bytes) -> str:
    if not body:
        return ""
    text = body[:_TEXT_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_PAGE_STARTS):
        return "html"
    if text.startswith(_PICTURE_STARTS) or (text.startswith(b"<?xml") and b"<svg" in text):
        return "image"
    printable = all(byte >= 32 or byte in b"\t\r\n" for byte in body[:_TEXT_BYTES])
    return "text" if printable and not _is_binary(body[:_TEXT_BYTES]) else "unknown"


def _is_binary(body: bytes) -> bool:
    return sum(byte >= 127 for byte in body) > len(body) // 3
