"""Which of FFmpeg's errors speak of the file, and which of this machine."""

import errno

from av import FFmpegError

from bot.audio.errors import MACHINE_ERRORS


def raise_unless_data_error(error: FFmpegError) -> None:
    """Raise it again where it does not speak of the data: no space, no right, no memory."""
    if error.errno in MACHINE_ERRORS or error.errno == errno.ENOMEM:
        raise error
