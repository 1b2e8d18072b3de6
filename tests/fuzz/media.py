"""Mutated media from contacts: each ends as a post with a file or a reason, in order, and holds up nobody."""

import io
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
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
    """``counts``: messages by how many files they show; ``missing``: those that never appeared, or twice;
    ``disordered``: which came before which, of those that have to keep their place; ``aside``: those that need not, as
    they could not be prepared within a minute, and how many messages that were said later passed each."""

    counts: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    aside: dict[str, int] = field(default_factory=dict)


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


async def send_many(
    systems: list[System], media: Iterator[PhoneFile], times: int, timeout_s: float, late: Callable[[], Collection[str]]
) -> Outcomes:
    """Each of the chats sends its share, message after message, and a last text; then what appeared is counted.

    ``late`` gives the ids at Linq of messages whose files could not be had for a minute: the others pass them.
    """
    labels: dict[str, dict[str, str]] = {system.chat: {} for system in systems}  # with the message's id
    for number in range(times // FILES_A_MESSAGE):
        system = systems[number % len(systems)]
        label = f"m{number:05}"
        sent = system.phone.send(system.chat, label, files=[next(media) for _ in range(FILES_A_MESSAGE)])
        labels[system.chat][label] = sent.id
    for system in systems:
        labels[system.chat]["the-end"] = system.phone.send(system.chat, "the-end").id
    outcomes = Outcomes()
    for system in systems:
        with suppress(TimeoutError):
            await system.until(partial(_are_posted, system, len(labels[system.chat])), timeout_s)
    ids = late()
    for system in systems:
        wanted = labels[system.chat]
        _count(system, list(wanted), [label for label, id_ in wanted.items() if id_ in ids], outcomes)
    return outcomes


def _are_posted(system: System, count: int) -> bool:
    return len(_posts(system)) >= count


def _posts(system: System) -> list[Message]:
    return [post for post in system.posts() if said_in(post).startswith(("m", "the-end"))]


def _count(system: System, wanted: list[str], aside: list[str], outcomes: Outcomes) -> None:
    posts = {said_in(post).split()[0]: post for post in _posts(system)}
    said = [said_in(post).split()[0] for post in _posts(system)]
    outcomes.missing += [label for label in wanted if said.count(label) != 1]
    outcomes.aside |= {label: _passed_by(label, said) for label in aside}
    kept = [label for label in said if label in wanted and label not in aside]
    outcomes.disordered += [f"{before} before {after}" for before, after in pairwise(kept) if before > after]
    for label, post in posts.items():
        if label != "the-end":
            outcomes.counts[f"{len(post.files)} files"] += 1


def _passed_by(label: str, said: list[str]) -> int:
    before = said[: said.index(label)] if label in said else said
    return sum(each > label for each in before)
