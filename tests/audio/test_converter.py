"""One receiving side's converter: what passes, what is converted, what is left behind."""

import asyncio
import subprocess
import sys
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.audio import AcceptedFormat, AudioWorkers, Limits, VoiceConverter
from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS
from bot.relay.errors import Refused
from tests.audio.conftest import PATIENT
from tests.audio.samples import by_hand
from tests.audio.sounds import browser_clip, record, record_video, speech
from tests.audio.worker.processes import until_there

SAMPLE = Path(__file__).parents[2] / "bot" / "sandbox" / "sample.m4a"
SLACK = {"m4a": AcceptedFormat("audio/mp4", "m4a", frozenset({"aac"}))}
"""Only AAC in M4A shows as a player there."""


@pytest.fixture
def slack_converter(workers: AudioWorkers) -> VoiceConverter:
    """A second one beside Linq's, with the same workers."""
    return VoiceConverter(workers, SLACK)


async def test_accepted_file_passes_untouched(converter: VoiceConverter, tmp_path: Path) -> None:
    before = SAMPLE.read_bytes()
    made = await converter.convert(SAMPLE, tmp_path / "copy")
    assert (made.path, made.content_type, made.extension) == (SAMPLE, "audio/x-m4a", "m4a")
    assert (made.size_bytes, made.info.converted_from) == (len(before), "")
    assert made.info.duration_s == pytest.approx(6.5, abs=0.1)
    assert SAMPLE.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


async def test_converted_copy_is_at_the_target(converter: VoiceConverter, tmp_path: Path) -> None:
    folder = tmp_path / "für mich"
    folder.mkdir()
    made = await converter.convert(browser_clip(tmp_path / "audio_message"), folder / "copy")
    assert (made.path, made.content_type) == (folder / "copy", "audio/x-m4a")
    assert made.info.converted_from == "WebM/Opus"
    assert made.info.duration_s == pytest.approx(3.0, abs=0.1)
    assert made.size_bytes == made.path.stat().st_size


async def test_two_converters_share_workers_and_differ_in_what_passes(
    converter: VoiceConverter, slack_converter: VoiceConverter, tmp_path: Path
) -> None:
    memo = tmp_path / "Audio Message.caf"
    memo.write_bytes(by_hand.caf("opus"))
    assert (await converter.convert(memo, tmp_path / "a")).path == memo
    made = await slack_converter.convert(memo, tmp_path / "b")
    assert (made.path, made.content_type, made.extension) == (tmp_path / "b", "audio/mp4", "m4a")
    assert made.info.duration_s == pytest.approx(2.0, abs=0.1)
    assert (await slack_converter.convert(SAMPLE, tmp_path / "c")).path == SAMPLE


async def test_apple_lossless_is_converted_where_only_aac_passes(
    slack_converter: VoiceConverter, tmp_path: Path
) -> None:
    path = record(tmp_path / "clip", "ipod", "alac")
    made = await slack_converter.convert(path, tmp_path / "copy")
    assert made.info.converted_from == "M4A/Apple Lossless"


async def test_refusal_leaves_nothing_at_the_target(tmp_path: Path) -> None:
    workers = AudioWorkers(1, Limits(size_bytes=12_000, inspect_s=60.0))
    path = record(tmp_path / "clip", "flac", "flac", sound=speech(5.0))
    with pytest.raises(Refused, match="is longer than"):
        await VoiceConverter(workers, CONTAINERS).convert(path, tmp_path / "copy")
    await workers.close()
    assert list(tmp_path.iterdir()) == [path]


async def test_cancelled_conversion_leaves_nothing_at_the_target(converter: VoiceConverter, tmp_path: Path) -> None:
    silence = array("h", bytes(2 * 8_000 * 3_000))
    path = record(tmp_path / "clip", "flac", "flac", sound=silence, source_rate=8_000)
    call = asyncio.create_task(converter.convert(path, tmp_path / "copy"))
    await until_there(tmp_path / "copy")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
async def one_worker() -> AsyncIterator[AudioWorkers]:
    workers = AudioWorkers(1, PATIENT)
    yield workers
    await workers.close()


async def test_inspection_does_not_wait_for_conversions(one_worker: AudioWorkers, tmp_path: Path) -> None:
    converter = VoiceConverter(one_worker, CONTAINERS)
    silence = array("h", bytes(2 * 8_000 * 3_000))
    path = record(tmp_path / "clip", "flac", "flac", sound=silence, source_rate=8_000)
    long_one = asyncio.create_task(converter.convert(path, tmp_path / "copy"))
    await until_there(tmp_path / "copy")
    assert (await converter.convert(SAMPLE, tmp_path / "other")).path == SAMPLE
    assert not long_one.done()
    long_one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long_one


async def test_kind_is_told_from_the_bytes(converter: VoiceConverter, tmp_path: Path) -> None:
    video = record_video(tmp_path / "memo.m4a", "mp4", "libx264", "aac")
    assert await converter.kind_of(video) == "video"
    assert await converter.kind_of(SAMPLE) == "audio"


@pytest.mark.parametrize(
    ("head", "name", "declared"),
    [
        (b"", "memo.m4a", ("audio/x-m4a", "m4a")),
        (b"", "memo.mp4", ("audio/x-m4a", "m4a")),
        (b"", "MEMO.AIF", ("audio/x-aiff", "aiff")),
        (b"", "memo.webm", None),
        (b"", "memo", None),
        (b"caff\x00\x01\x00\x00", "memo.ogg", ("audio/x-caf", "caf")),
        (b"OggS\x00\x02", "memo.m4a", None),
        (b"<!DOCTYPE html>", "memo.m4a", None),
    ],
)
def test_bytes_outweigh_the_name(
    converter: VoiceConverter, head: bytes, name: str, declared: tuple[str, str] | None
) -> None:
    assert converter.declare(head, name) == declared


BOT = """
import asyncio, sys
from pathlib import Path
from bot.audio import VoiceConverter, AudioWorkers
from bot.linq.api.limits import VOICE_FORMATS as CONTAINERS

async def live() -> None:
    workers = AudioWorkers(1)
    await workers.open()
    await VoiceConverter(workers, CONTAINERS).convert(Path(sys.argv[1]), Path("unused"))
    await workers.close()

asyncio.run(live())
print("av" in sys.modules)
"""


def test_own_process_of_the_bot_never_loads_a_decoder() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOT, str(SAMPLE)], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


async def test_closed_workers_leave_no_process(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    workers = AudioWorkers(2, PATIENT)
    await workers.open()
    await VoiceConverter(workers, CONTAINERS).convert(browser_clip(tmp_path / "clip"), tmp_path / "copy")
    assert set(psutil.Process().children()) - before
    await workers.close()
    assert set(psutil.Process().children()) - before == set()
