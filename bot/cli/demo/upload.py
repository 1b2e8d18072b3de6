"""The file that a demo drops: the sample, or a recording of one's own."""

from importlib import resources
from pathlib import Path

from bot.audio import SNIFF_BYTES, sniff
from bot.cli.common import USAGE, stop
from bot.sandbox.slack.origins import Origins
from bot.sandbox.slack.state.file_objects import new_file
from bot.sandbox.slack.state.models import Upload
from bot.slack.files import FileClaim, claim_of, claim_of_bytes


def upload_of(file: Path | None) -> Upload:
    """Ends with a line on stderr and exit code 2 for a file that cannot be read, or that a drop would not send."""
    if file is None:
        return Upload("hello.m4a", (resources.files("bot.sandbox") / "sample.m4a").read_bytes())
    try:
        upload = Upload(file.name, file.read_bytes())
    except OSError as error:
        stop([f"--file: {file} cannot be read ({error.strerror})."], USAGE)
    if why_not := _why_not_sent(upload):
        stop([f"--file: {file} {why_not}, so dropping it in a channel does not send it. Choose a recording."], USAGE)
    return upload


def _why_not_sent(upload: Upload) -> str:
    """By the rules that the bot has for what is dropped; "" for a recording. What a file is in truth, it finds out."""
    labelled = new_file(upload, "F0", "U0", 0, Origins()).record
    claim, container = claim_of(labelled), sniff(upload.content[:SNIFF_BYTES])
    if claim is FileClaim.UNKNOWN:
        claim = claim_of_bytes(container)
    if claim is FileClaim.VOICE:
        return ""
    kind = {FileClaim.VIDEO: "a video"}.get(claim, "no recording")
    return f"is {kind} by its name and its first bytes ({labelled['mimetype']}; {container or 'empty'})"
