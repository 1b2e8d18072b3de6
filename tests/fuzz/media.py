"""Mutated media from contacts: each ends as a post with a file or a reason, in order, and holds up nobody."""

import io
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from pillow_heif import from_pillow

from bot.sandbox.linq.phone import PhoneFile
from bot.sandbox.slack.state.models import Message
from tests.audio.samples import by_hand
from tests.audio.samples.mutations import mutated
from tests.audio.sounds import record, record_video
from tests.stories.system import SOUND, System, said_in

LABELS = (
    *(("Audio Message.caf", "audio/x-caf"), ("Audio Message.m4a", "audio/x-m4a"), ("memo.amr", "audio/amr")),
    *(("IMG_0001.HEIC", "image/heic"), ("photo.jpeg", "image/jpeg"), ("movie.mov", "video/quicktime")),
    *(("plan.pdf", "application/pdf"), ("", ""), ("Audio Message", "application/octet-stream")),
)
FILES_A_MESSAGE = 4  # Slack takes 50 edits a minute, and each message with files needs one


@dataclass
class Outcomes:
    """``counts``: messages by how many files they show; ``missing``: those that never appeared, or twice."""

    counts: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    is_ordered: bool = True


def samples() -> list[bytes]:
    """What phones send, whole."""
    with TemporaryDirectory() as folder:
        video = record_video(Path(folder) / "movie.mov", "mov", "mpeg4", "aac").read_bytes()
        amr = record(Path(folder) / "memo.3gp", "3gp", "libopencore_amrnb", source_rate=8_000, bit_rate=12_200)
        return [by_hand.caf("opus"), SOUND, amr.read_bytes(), *_pictures(), video, b"%PDF-1.7 not much more"]


def _pictures() -> Iterator[bytes]:
    picture = Image.effect_noise((320, 240), 60).convert("RGB")
    for format_ in ("JPEG", "PNG", "GIF", "WEBP", "TIFF"):
        buffer = io.BytesIO()
        picture.save(buffer, format_)
        yield buffer.getvalue()
    heic = io.BytesIO()
    from_pillow(picture).save(heic)
    yield heic.getvalue()


def files(seed: int) -> Iterator[PhoneFile]:
    """Mutated files without end, every other one under a label that is not its own."""
    chance, whole = random.Random(seed), samples()
    number = seed * 1000
    while True:
        _, content = mutated(number, whole)
        name, content_type = chance.choice(LABELS)
        yield PhoneFile(content or b"\x00", name, content_type, chance.choice((None, None, "", "text/html")))
        number += 1


async def send_many(systems: list[System], media: Iterator[PhoneFile], times: int, timeout_s: float) -> Outcomes:
    """Each of the chats sends its share, message after message, and a last text; then what appeared is counted."""
    labels: dict[str, list[str]] = {system.chat: [] for system in systems}
    for number in range(times // FILES_A_MESSAGE):
        system = systems[number % len(systems)]
        label = f"m{number:05}"
        labels[system.chat].append(label)
        system.phone.send(system.chat, label, files=[next(media) for _ in range(FILES_A_MESSAGE)])
    for system in systems:
        system.phone.send(system.chat, "the-end")
    outcomes = Outcomes()
    for system in systems:
        wanted = [*labels[system.chat], "the-end"]
        with suppress(TimeoutError):
            await system.until(partial(_are_posted, system, len(wanted)), timeout_s)
        _count(system, wanted, outcomes)
    return outcomes


def _are_posted(system: System, count: int) -> bool:
    return len(_posts(system)) >= count


def _posts(system: System) -> list[Message]:
    return [post for post in system.posts() if said_in(post).startswith(("m", "the-end"))]


def _count(system: System, wanted: list[str], outcomes: Outcomes) -> None:
    posts = _posts(system)
    said = [said_in(post).split()[0] for post in posts]
    outcomes.missing += [label for label in wanted if said.count(label) != 1]
    outcomes.is_ordered = outcomes.is_ordered and said == sorted(said[:-1]) + said[-1:]
    for post in posts[:-1]:
        outcomes.counts[f"{len(post.files)} files"] += 1
