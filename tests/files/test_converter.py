"""What becomes of files that are no voice messages, by the rules of each network."""

from collections.abc import AsyncIterator
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from bot.audio import AcceptedFormat, AudioWorkers, VoiceConverter
from bot.files import AttachmentConverter, FileRules
from bot.relay.errors import Refused
from bot.relay.ids import MediaRef
from bot.relay.parts import Media
from tests.audio import sounds

MIB = 2**20
M4A = {"m4a": AcceptedFormat("audio/mp4", "m4a", frozenset({"aac"}))}


def part(name: str, content_type: str = "") -> Media:
    return Media("0", name, MediaRef("chat:x!1"), content_type=content_type)


@pytest.fixture
async def workers() -> AsyncIterator[AudioWorkers]:
    made = AudioWorkers(1)
    yield made
    await made.close()


def rules(workers: AudioWorkers) -> FileRules:
    """Those of a network that shows JPEG but no HEIC, and plays M4A."""
    voice = VoiceConverter(workers, M4A)
    return FileRules("Slack", 10 * MIB, copies={"image/heic": "image/jpeg"}, keeps_original=True, voice=voice)


def heic(folder: Path, size: tuple[int, int] = (64, 48)) -> Path:
    path = folder / "picture"
    pillow_heif.from_pillow(Image.new("RGB", size, "red")).save(path)
    return path


async def test_heic_goes_with_a_jpeg_copy(workers: AudioWorkers, tmp_path: Path) -> None:
    converter = AttachmentConverter(workers, rules(workers))
    original, copy = await converter.convert(heic(tmp_path), part("IMG_1.HEIC"), tmp_path / "copy")
    assert (original.name, original.content_type) == ("IMG_1.HEIC", "image/heic")
    assert (copy.name, copy.content_type, copy.size_bytes) == ("IMG_1.jpg", "image/jpeg", copy.path.stat().st_size)
    with Image.open(copy.path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 48))


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "hollow"])
async def test_a_damaged_heic_goes_as_it_is(workers: AudioWorkers, tmp_path: Path, *, is_cut: bool) -> None:
    path = heic(tmp_path)
    whole = path.read_bytes()
    kept = whole[: 200 if is_cut else whole.index(b"mdat")]
    path.write_bytes(kept if is_cut else kept.ljust(len(whole), b"\0"))
    [original] = await AttachmentConverter(workers, rules(workers)).convert(path, part("IMG_1.HEIC"), tmp_path / "copy")
    assert original.content_type == "image/heic"


async def test_a_picture_that_is_not_taken_becomes_one_that_is(workers: AudioWorkers, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    Image.new("RGBA", (8, 8), (0, 0, 255, 128)).save(path, "WEBP", lossless=True)
    only_png = FileRules("iMessage", MIB, frozenset({"image/png"}), copies={"image/webp": "image/png"})
    [copy] = await AttachmentConverter(workers, only_png).convert(path, part("a.webp"), tmp_path / "copy")
    assert (copy.name, copy.content_type) == ("a.png", "image/png")
    with Image.open(copy.path) as picture:
        assert picture.getpixel((0, 0)) == (0, 0, 255, 128)


async def test_bytes_decide_what_a_picture_is(workers: AudioWorkers, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    Image.new("RGB", (8, 8)).save(path, "PNG")
    [file] = await AttachmentConverter(workers, rules(workers)).convert(
        path, part("a.jpg", "image/jpeg"), tmp_path / "copy"
    )
    assert file.content_type == "image/png"


async def test_a_recording_without_a_label_becomes_playable(workers: AudioWorkers, tmp_path: Path) -> None:
    path = sounds.record(tmp_path / "Audio Message.caf", "caf", "alac")
    [file] = await AttachmentConverter(workers, rules(workers)).convert(
        path, part("Audio Message.caf"), tmp_path / "copy"
    )
    assert (file.name, file.content_type) == ("Audio Message.m4a", "audio/mp4")
    assert file.audio is not None
    assert file.audio.duration_s == pytest.approx(2.0, abs=0.1)


async def test_other_files_go_as_they_are(workers: AudioWorkers, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"name,age\n")
    [file] = await AttachmentConverter(workers, rules(workers)).convert(path, part("people.csv"), tmp_path / "copy")
    assert (file.path, file.name, file.content_type) == (path, "people.csv", "text/csv")


@pytest.mark.parametrize(
    ("size", "name", "reason"),
    [(0, "a.pdf", "is empty"), (2 * MIB, "a.pdf", "takes 1 MB at most"), (10, "a.exe", "takes no files like a.exe")],
)
async def test_what_cannot_be_carried_is_refused_with_its_name(
    workers: AudioWorkers, tmp_path: Path, size: int, name: str, reason: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    strict = FileRules("iMessage", MIB, frozenset({"application/pdf"}))
    with pytest.raises(Refused, match=reason) as refused:
        await AttachmentConverter(workers, strict).convert(path, part(name), tmp_path / "copy")
    assert name in refused.value.reason


async def test_a_file_without_a_name_gets_one(workers: AudioWorkers, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"%PDF-1.7 ...")
    [file] = await AttachmentConverter(workers, rules(workers)).convert(path, part(""), tmp_path / "copy")
    assert file.name == "file.pdf"
