"""What a file is, told by its first bytes alone: names and labels lie, so none come in. No byte sequence raises."""

import re

from bot.audio.mpeg import first_frames

SNIFF_BYTES = 8192
"""How much of a file's beginning is worth handing to ``sniff``; less works, with less certainty."""

_SIGNATURES = (
    (b"caff\x00", "caf"),
    (b"#!AMR\n", "amr"),
    (b"#!AMR-WB\n", "amr-wb"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (bytes.fromhex("3026b2758e66cf11"), "asf"),
    (b"FLV\x01", "flv"),
    (b".snd", "au"),
    (b"wvpk", "wavpack"),
    (b"MAC ", "ape"),
    (b"TTA1", "tta"),
    (b"MPCK", "musepack8"),
    (b"MP+", "musepack"),
    (b"tBaK", "tak"),
    (b"DSD ", "dsf"),
    (b"riff\x2e\x91\xcf\x11", "wave64"),
    (b"\x00\x00\x01\xba", "mpeg-ps"),
    (b"\x0b\x77", "ac3"),
    (b"ADIF", "adif"),
    (b"MThd", "midi"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"%PDF", "document"),
    (b"\xd0\xcf\x11\xe0", "document"),
    (b"PK\x03\x04", "archive"),
    (b"\x1f\x8b", "archive"),
)
_RIFF = {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "image"}
_BRANDS = {b"M4A": "m4a", b"M4B": "m4a", b"M4P": "m4a", b"qt ": "mov", b"3gp": "3gp", b"3g2": "3gp"}
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
_MOV_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_VIDEO_TRACK = re.compile(rb"hdlr.{8}vide", re.DOTALL)


def sniff(head: bytes) -> str:
    """The container these first bytes belong to: one of Linq's ("mp3", "m4a", "aac", "caf", "wav", "aiff", "amr"),
    another known one ("webm", "ogg", "mp4-video", "html", "image", ...), "unknown", or "" for no bytes at all.

    Tags in front of the sound are skipped as far as the bytes reach; a tag longer than that is taken for an MP3's.
    """
    tag = id3_length(head)
    if tag and tag >= len(head):
        return "mp3"
    body = head[tag:]
    return _signed(body) or _boxed(body) or first_frames(body) or _transport(body) or _written(body)


def id3_length(head: bytes) -> int:
    """Bytes taken by the ID3v2 tags at the front, 0 without any (id3.org, §3.1: sizes are "syncsafe")."""
    at = 0
    while head[at : at + 3] == b"ID3" and len(head) >= at + 10:
        size = 0
        for byte in head[at + 6 : at + 10]:
            size = size << 7 | byte & 0x7F
        at += size + (20 if head[at + 5] & 0x10 else 10)
    return at


def _signed(body: bytes) -> str:
    if body[:4] in (b"RIFF", b"RF64", b"BW64") and len(body) >= 12:
        kind = _RIFF.get(body[8:12], "unknown")
        return "rf64" if kind == "wav" and body[:4] != b"RIFF" else kind
    if body[:4] == b"FORM" and body[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if body[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in body[:64] else "matroska"
    return next((name for signature, name in _SIGNATURES if body.startswith(signature)), "")


def _boxed(body: bytes) -> str:
    """MP4 and its relatives. The brand tells little: video recorders write what sound recorders write."""
    if body[4:8] in _MOV_BOXES:
        return "mov"
    if body[4:8] != b"ftyp":
        return ""
    brand = body[8:12]
    if brand in _PICTURE_BRANDS:
        return "image"
    if _VIDEO_TRACK.search(body):
        return "mp4-video"
    return _BRANDS.get(brand[:3], "m4a")


def _transport(body: bytes) -> str:
    """MPEG-TS: packets of 188 bytes that all begin with 0x47."""
    beats = body[: 188 * 4 : 188]
    return "mpeg-ts" if len(beats) >= 3 and set(beats) == {0x47} else ""


def _written(body: bytes) -> str:
    if not body:
        return ""
    text = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "html"
    printable = all(byte >= 32 or byte in b"\t\r\n" for byte in body[:512])
    return "text" if printable and not _is_binary(body[:512]) else "unknown"


def _is_binary(body: bytes) -> bool:
    return sum(byte >= 127 for byte in body) > len(body) // 3
