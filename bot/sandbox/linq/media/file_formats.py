"""Which files Linq takes, and what a file really is by its first bytes."""

HEAD_BYTES = 16

_FAMILIES = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/x-m4a": "mp4",
    "audio/m4a": "mp4",
    "audio/mp4": "mp4",
    "audio/aac": "aac",
    "audio/x-caf": "caf",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/aiff": "aiff",
    "audio/x-aiff": "aiff",
    "audio/amr": "amr",
}
_NAMES = {
    "mp3": "audio/mpeg",
    "mp4": "audio/x-m4a",
    "aac": "audio/aac",
    "caf": "audio/x-caf",
    "wav": "audio/x-wav",
    "aiff": "audio/x-aiff",
    "amr": "audio/amr",
}
_DELIVERED_AS = {
    "audio/mp3": "audio/mpeg",
    "audio/mp4": "audio/x-m4a",
    "audio/x-caf": "audio/mp4",
    "audio/aiff": "audio/x-aiff",
    "image/tiff": "image/jpeg",
}
_PICTURES = {
    "image/png": (b"\x89PNG",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/bmp": (b"BM",),
    "image/tiff": (b"II*\x00", b"MM\x00*"),
}
# The documentation refuses FLAC, OGG and executables by name, and WebP in one place while listing it in another.
_REFUSED_HEADS = (b"OggS", b"fLaC", b"MZ", b"\x7fELF")


def family_of_type(content_type: str) -> str | None:
    """Return the voice memo format a content type stands for; None: not a voice memo format."""
    return _FAMILIES.get(content_type)


def type_of_family(family: str) -> str:
    return _NAMES[family]


def delivered_as(content_type: str) -> str:
    """Return the content type the recipient gets: Linq renames deprecated types and transcodes CAF and TIFF."""
    return _DELIVERED_AS.get(content_type, content_type)


def is_refused(head: bytes) -> bool:
    """Return whether Linq takes no file that begins like this, whatever it is declared as."""
    return head.startswith(_REFUSED_HEADS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def contradicts(content_type: str, head: bytes) -> bool:
    """Return whether a file that begins like this is surely not of the declared type."""
    if (family := family_of_type(content_type)) is not None:
        return family_of_bytes(head) != family
    if content_type in _PICTURES:
        return not head.startswith(_PICTURES[content_type])
    return False


def family_of_bytes(head: bytes) -> str | None:
    """Return the voice memo format of a file by its first ``HEAD_BYTES``; None for what Linq takes as no memo."""
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"caff":
        return "caf"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[:5] == b"#!AMR":
        return "amr"
    return _mpeg_family(head)


def _mpeg_family(head: bytes) -> str | None:
    """An MPEG frame begins with eleven set bits; its two layer bits are zero only in an AAC (ADTS) stream."""
    if head[:3] == b"ID3":
        return "mp3"
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    return "mp3" if head[1] & 0x06 else "aac"
