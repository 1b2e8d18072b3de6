"""Every reason for which a file is not converted, in words for people: the cause, then what they can do.

``Refused`` blames the file, and only for what FFmpeg says of its data or for a check of ours. What blames this machine
or a fault in the bot is ``RetryLater``: the same file may well go through next time.
"""

import errno

from bot.relay.errors import Refused, Remedy, RetryLater

MACHINE_ERRORS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.EACCES, errno.ENOENT)
)
"""What the machine answers when it has no space or gives no right. Not EIO: several of FFmpeg's demuxers give that for
a file that ends too early."""

_NOT_AUDIO = {
    "html": "a web page",
    "text": "text",
    "image": "a picture",
    "document": "a document",
    "archive": "an archive",
    "midi": "a list of notes (MIDI)",
}


def unusable(reason: str, *, code: str = "") -> Refused:
    """The same file would fail in the same way, so nobody is offered to send it again."""
    return Refused(reason, code=code, remedy=Remedy.SEND_FILE_AGAIN)


def empty_file() -> Refused:
    return unusable("The file is empty (0 bytes). Record it again and drop the new one.")


def not_audio(container: str) -> Refused:
    what = _NOT_AUDIO.get(container)
    if what is None:
        return unusable("The file is in no audio format known here. Save it as M4A or MP3 and drop that.")
    return unusable(f"The file holds {what}, not sound. Drop the recording itself.")


def unreadable(label: str) -> Refused:
    return unusable(
        f"The file begins like {label} but cannot be read: it is damaged or its end is missing. "
        "Record it again, or save it as M4A or MP3 and drop that."
    )


def truncated(label: str, present_share: float) -> Refused:
    return unusable(
        f"The {label} file is cut short: {_percent(present_share)} of its sound is there. "
        "Let it finish uploading at its source, then drop it again."
    )


def damaged(broken_share: float) -> Refused:
    lost = "none of its sound can" if broken_share > 0.99 else f"{_percent(broken_share)} of its sound cannot"
    return unusable(f"The file is damaged: {lost} be decoded. Record it again.")


def no_sound(label: str) -> Refused:
    return unusable(f"The {label} file holds no sound that can be played. Record it again with sound.")


def copy_protected() -> Refused:
    return unusable("The file is copy-protected (DRM) and cannot be opened. Drop an unprotected recording.")


def unknown_codec(label: str) -> Refused:
    return unusable(f"The sound inside ({label}) cannot be decoded here. Save it as M4A or MP3 and drop that.")


def impossible_rate(rate: int) -> Refused:
    return unusable(f"The file claims {rate:,} samples a second, which no recorder makes. Record it again.")


def too_long(size_bytes: int, limit_bytes: int, longest_s: float) -> Refused:
    return unusable(
        f"The recording ({_mib(size_bytes)}) is longer than {clock(longest_s)}, the longest that fits into the "
        f"{_mib(limit_bytes)} that can be sent. Drop it in parts."
    )


def too_large(size_bytes: int, limit_bytes: int, longest_s: float) -> Refused:
    return unusable(
        f"The converted recording would be {_mib(size_bytes)}, and {_mib(limit_bytes)} at most can be sent. "
        f"Keep it under {clock(longest_s)}, or drop it in parts."
    )


def timed_out(timeout_s: float) -> Refused:
    return unusable(
        f"The file could not be decoded within {timeout_s:.0f} s. Save it as M4A or MP3, or in parts, and drop that."
    )


def decoder_crashed() -> Refused:
    return unusable("The file made the decoder crash, so it is damaged. Record it again, or save it as M4A or MP3.")


def too_much_memory() -> Refused:
    return unusable(
        "Decoding the file needs more memory than any recording should. Save it as M4A or MP3 and drop that."
    )


def bot_fault(kind: str) -> RetryLater:
    """An exception that no table knows. ``kind`` is its type: its words may quote the file."""
    return RetryLater(
        f"A fault in the bot ({kind}) stopped it while it read the file; the file is not to blame. "
        "It will be tried again.",
        code=kind,
    )


def disk_error(strerror: str | None) -> RetryLater:
    return RetryLater(f"The disk of the bot's machine gave an error: {strerror or 'unknown'}. It will be tried again.")


def worker_not_started(cause: str) -> RetryLater:
    return RetryLater(f"The bot could not start a worker process: {cause}.")


def worker_ended(cause: str) -> RetryLater:
    return RetryLater(f"The machine ended the bot's worker process ({cause}). It will be tried again.")


def machine_too_busy(timeout_s: float) -> RetryLater:
    return RetryLater(
        f"The bot's machine was too busy to decode the file within {timeout_s:.0f} s. It will be tried again."
    )


def clock(seconds: float) -> str:
    """ "0:42", "12:05" or "1:02:03"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _percent(share: float) -> str:
    return f"{min(max(share, 0.01), 0.99):.0%}"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
