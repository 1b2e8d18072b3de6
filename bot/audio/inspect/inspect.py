"""Is a file sound, video, a picture or something else; and may its sound pass as it is, or must it be converted?"""

from collections.abc import Mapping
from pathlib import Path

from bot.audio import errors
from bot.audio.decode.codecs import MOV_FAMILY
from bot.audio.decode.demux import Track, has_video, open_container, open_track
from bot.audio.inspect.duration import PassthroughProblem
from bot.audio.inspect.locate import locate
from bot.audio.inspect.passthrough import check_passthrough, require_whole
from bot.audio.limits import Limits
from bot.audio.results import Inspection, MediaKind
from bot.relay.errors import Refused
from bot.relay.media.formats import FORMATS, AcceptedFormat


def inspect_file(path: Path, accepted: Mapping[str, AcceptedFormat], limits: Limits) -> Inspection:
    """Decide whether a file may pass as it is. ``accepted``: by the names of ``relay.media.formats``.

    Raises Refused for what can never be sent as sound.
    """
    source = locate(path)
    container, size_bytes = source.container, path.stat().st_size
    if not container:
        raise errors.empty_file()
    if container not in FORMATS:
        raise errors.not_audio(container)
    if container not in accepted:
        reason = f"the receiving side does not take {FORMATS[container].label}"
        return Inspection(container, size_bytes, reason=reason)
    if size_bytes > limits.size_bytes:
        return Inspection(container, size_bytes, reason="it is larger than what may be sent")
    with open_track(source) as track:
        require_whole(track)
        try:
            info = check_passthrough(track, _accepted(track, accepted))
        except PassthroughProblem as problem:
            return Inspection(container, size_bytes, reason=str(problem))
    return Inspection(container, size_bytes, info)


def _accepted(track: Track, accepted: Mapping[str, AcceptedFormat]) -> AcceptedFormat:
    if track.container not in accepted:
        raise PassthroughProblem("it is a video")
    return accepted[track.container]


def kind_of_file(path: Path) -> MediaKind:
    """Tell what a file is from its bytes alone. What may hold pictures is opened; a cover makes no video."""
    source = locate(path)
    if source.container not in FORMATS:
        return MediaKind.IMAGE if source.container == "image" else MediaKind.OTHER
    if not FORMATS[source.container].holds_video and source.container not in MOV_FAMILY:
        return MediaKind.AUDIO
    try:
        with open_container(source) as raw:
            if has_video(raw):
                return MediaKind.VIDEO
            return MediaKind.AUDIO if raw.streams.audio else MediaKind.OTHER
    except Refused:
        return MediaKind.OTHER
