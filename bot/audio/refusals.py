"""Every reason for which a file cannot become a memo, in words for people: why, and what they can do."""

from bot.relay.errors import Refused

_NOT_SOUND = {
    "html": "a web page",
    "text": "text",
    "image": "a picture",
    "document": "a document",
    "archive": "an archive",
    "midi": "a list of notes (MIDI)",
}


def empty() -> Refused:
    return Refused("The file is empty (0 bytes). Record it again and drop the new one.")


def not_sound(container: str) -> Refused:
    what = _NOT_SOUND.get(container)
    if what is None:
        return Refused("The file is of no audio format known here. Save it as M4A or MP3 and drop that.")
    return Refused(f"The file holds {what}, not sound. Drop the recording itself.")


def unreadable(label: str) -> Refused:
    return Refused(
        f"The file begins like {label} but cannot be read: it is damaged or its end is missing. "
        "Record it again, or save it as M4A or MP3 and drop that."
    )


def cut_short(label: str, present_share: float) -> Refused:
    return Refused(
        f"The {label} file is cut short: {_percent(present_share)} of its sound is there. "
        "Let it finish uploading at its source, then drop it again."
    )


def damaged(broken_share: float) -> Refused:
    lost = "none of its sound can" if broken_share > 0.99 else f"{_percent(broken_share)} of its sound cannot"
    return Refused(f"The file is damaged: {lost} be decoded. Record it again.")


def silent(label: str) -> Refused:
    return Refused(f"The {label} file holds no sound that can be played. Record it again with sound.")


def protected() -> Refused:
    return Refused("The file is copy-protected (DRM) and cannot be opened. Drop an unprotected recording.")


def foreign_codec(label: str) -> Refused:
    return Refused(f"The sound inside ({label}) cannot be decoded here. Save it as M4A or MP3 and drop that.")


def absurd_rate(rate: int) -> Refused:
    return Refused(f"The file claims {rate:,} samples a second, which no recorder makes. Record it again.")


def too_long(size_bytes: int, limit_bytes: int, longest_s: float) -> Refused:
    return Refused(
        f"The clip ({_mib(size_bytes)}) sounds longer than {clock(longest_s)}, "
        f"and no longer memo fits into the {_mib(limit_bytes)} that Linq takes. Drop it in parts."
    )


def too_big(size_bytes: int, limit_bytes: int, longest_s: float) -> Refused:
    return Refused(
        f"The memo would be {_mib(size_bytes)}, and Linq takes {_mib(limit_bytes)} at most. "
        f"Keep a clip under {clock(longest_s)}, or drop it in parts."
    )


def too_slow(patience_s: float) -> Refused:
    return Refused(
        f"The file could not be decoded within {patience_s:.0f} s. Save it as M4A or MP3, or in parts, and drop that."
    )


def crashed() -> Refused:
    return Refused("The file made the decoder crash, so it is damaged. Record it again, or save it as M4A or MP3.")


def too_greedy() -> Refused:
    return Refused(
        "Decoding the file needs more memory than any recording should. Save it as M4A or MP3 and drop that."
    )


def unforeseen(kind: str) -> Refused:
    return Refused("The file cannot be read. Save it as M4A or MP3 and drop that.", code=kind)


def clock(seconds: float) -> str:
    """ "0:42", "12:05" or "1:02:03"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _percent(share: float) -> str:
    return f"{min(max(share, 0.01), 0.99):.0%}"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
