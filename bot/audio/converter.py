"""What a receiving side takes and a phone plays passes untouched; the rest is converted to M4A or refused."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot.audio.inspect.sniff import sniff
from bot.audio.results import MediaKind
from bot.audio.workers import AudioWorkers
from bot.relay.media.formats import AcceptedFormat, formats_of_extension
from bot.relay.ports.networks import AudioFile


class VoiceConverter:
    """Fits the relay's ``Audio`` for one receiving side; several share the same workers."""

    def __init__(self, workers: AudioWorkers, accepted: Mapping[str, AcceptedFormat]) -> None:
        """``accepted``: by the names of ``relay.media.formats``; "m4a" is what files are converted to."""
        self._workers = workers
        self._accepted = dict(accepted)

    def declare(self, head: bytes, name: str) -> tuple[str, str] | None:
        """Return content type and extension for a file that begins so, or, without a beginning, is named so; None: it
        cannot pass as it is."""
        claimed = [sniff(head)] if head else [known.name for known in formats_of_extension(name)]
        accepted = next((self._accepted[name] for name in claimed if name in self._accepted), None)
        return (accepted.content_type, accepted.extension) if accepted else None

    async def kind_of(self, path: Path) -> MediaKind:
        """Tell what a file is from its bytes alone: audio has sound and no moving pictures."""
        return await self._workers.kind_of(path)

    async def convert(self, path: Path, target: Path) -> AudioFile:
        """Return the file itself where it may pass, else a converted copy at ``target``.

        ``target`` must lie in a folder into which nobody else can write. Raises Refused with the reason, or RetryLater
        for trouble of ours, and leaves nothing at ``target`` then.
        """
        seen = await self._workers.inspect(path, self._accepted)
        accepted = self._accepted.get(seen.container)
        if accepted and seen.info:
            return AudioFile(path, accepted.content_type, accepted.extension, seen.size_bytes, seen.info)
        try:
            made = await self._workers.convert(path, target, seen.size_bytes)
        except BaseException:
            _remove(target)
            raise
        m4a = self._accepted["m4a"]
        return AudioFile(target, m4a.content_type, m4a.extension, made.size_bytes, made.info)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
