import asyncio
import os
import subprocess
import sys
import time
from array import array
from pathlib import Path

import pytest

from bot.audio import AudioRoom, Limits
from bot.relay.errors import Refused
from tests.audio import rough_work
from tests.audio.sounds import browser_clip, record, speech
from tests.audio.terms import TAKES

SAMPLE = Path(__file__).parents[2] / "bot" / "sandbox" / "sample.m4a"


async def test_a_clip_linq_takes_comes_back_as_it_went_in(room: AudioRoom) -> None:
    before = SAMPLE.read_bytes()
    fit = await room.fit(SAMPLE)
    assert (fit.path, fit.content_type, fit.extension, fit.size_bytes) == (SAMPLE, "audio/x-m4a", "m4a", len(before))
    assert fit.info.duration_s == pytest.approx(6.5, abs=0.1)
    assert SAMPLE.read_bytes() == before


async def test_a_browsers_clip_comes_back_converted_beside_the_original(room: AudioRoom, tmp_path: Path) -> None:
    path = browser_clip(tmp_path / "audio_message")
    fit = await room.fit(path)
    assert fit.path.parent == path.parent
    assert (fit.content_type, fit.info.converted_from) == ("audio/x-m4a", "WebM/Opus")
    assert fit.info.duration_s == pytest.approx(3.0, abs=0.1)


async def test_a_refusal_leaves_nothing_behind(tmp_path: Path) -> None:
    room = AudioRoom(TAKES, limits=Limits(size_bytes=12_000))
    path = record(tmp_path / "clip", "flac", "flac", sound=speech(5.0))
    with pytest.raises(Refused, match="sounds longer than"):
        await room.fit(path)
    assert list(tmp_path.iterdir()) == [path]


async def test_a_cancelled_conversion_leaves_nothing_behind(room: AudioRoom, tmp_path: Path) -> None:
    silence = array("h", bytes(2 * 8_000 * 1_200))
    path = record(tmp_path / "clip", "flac", "flac", sound=silence, source_rate=8_000)
    call = asyncio.create_task(room.fit(path))
    await asyncio.to_thread(_wait_until_converting, room)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert list(tmp_path.iterdir()) == [path]


def _wait_until_converting(room: AudioRoom) -> None:
    deadline, idle = time.monotonic() + 60, room._conversions._turn.value
    while room._conversions._turn.value == idle:
        assert time.monotonic() < deadline, "no conversion began"
        time.sleep(0.005)


def _wait_until_there(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.005)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
async def test_a_file_that_never_gives_its_bytes_is_given_up(tmp_path: Path) -> None:
    room = AudioRoom(TAKES, limits=Limits(look_s=2.0))
    os.mkfifo(tmp_path / "clip")
    with pytest.raises(Refused, match="could not be decoded within 2 s"):
        await room.fit(tmp_path / "clip")


async def test_a_look_does_not_wait_for_conversions(tmp_path: Path) -> None:
    room = AudioRoom(TAKES, workers=1)
    long_one = asyncio.create_task(room._conversions.run(60.0, rough_work.hang, tmp_path / "started"))
    await asyncio.to_thread(_wait_until_there, tmp_path / "started")
    assert (await room.fit(SAMPLE)).path == SAMPLE
    long_one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long_one


@pytest.mark.parametrize(
    ("head", "name", "declared"),
    [
        (b"", "memo.m4a", ("audio/x-m4a", "m4a")),
        (b"", "MEMO.AIF", ("audio/x-aiff", "aiff")),
        (b"", "memo.webm", None),
        (b"", "memo", None),
        (b"caff\x00\x01\x00\x00", "memo.ogg", ("audio/x-caf", "caf")),
        (b"OggS\x00\x02", "memo.m4a", None),
    ],
)
def test_bytes_outweigh_the_name(room: AudioRoom, head: bytes, name: str, declared: tuple[str, str] | None) -> None:
    assert room.declare(head, name) == declared


BOT = """
import asyncio, sys
from pathlib import Path
from bot.audio import AudioRoom
from tests.audio.terms import TAKES

async def live() -> None:
    room = AudioRoom(TAKES)
    await room.open()
    await room.fit(Path(sys.argv[1]))

if __name__ == "__main__":
    asyncio.run(live())
    print("av" in sys.modules)
"""


def test_the_bots_own_process_never_loads_a_decoder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOT, str(SAMPLE)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False\n"
