"""Preparing a clip: bytes arrive untouched, labels are not believed, and bad audio is refused before it is sent."""

from pathlib import Path

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.media.transfer import MediaTransfer, Prepared
from bot.relay.model import AudioInfo, Clip, Delivery, DeliveryId
from bot.relay.ports import AudioFile
from tests.fakes import FakeAudio, clip, share
from tests.relay.conftest import World


class Doubting(FakeAudio):
    """Finds in every clip something that phones do not play."""

    async def convert(self, path: Path, target: Path) -> AudioFile:
        target.write_bytes(b"AUDIO made of " + path.read_bytes())
        return AudioFile(target, "audio/x-m4a", "m4a", target.stat().st_size, AudioInfo(1.5))


class Hearing(FakeAudio):
    """Takes a clip for what its name says, until it has heard that it is an MP3."""

    def declare(self, head: bytes, name: str) -> tuple[str, str] | None:
        return ("audio/mpeg", "mp3") if head else super().declare(head, name)


async def prepare(world: World, clip: Clip, body: bytes, audio: FakeAudio | None = None) -> Prepared:
    world.slack.bodies[clip.file_id] = body
    carrier = MediaTransfer(world.slack, world.linq, audio or FakeAudio(), spool_folder=world.folder)
    return await carrier.prepare(Delivery(DeliveryId("D1"), share().post, clip, 1.0))


async def test_a_truthful_label_costs_one_attachment_and_arrives_untouched(world: World) -> None:
    prepared = await prepare(world, clip(), b"AUDIO-ok!")
    assert world.linq.created == [("memo.m4a", "audio/x-m4a", 9)]
    assert world.linq.uploads == {prepared.attachment: b"AUDIO-ok!"}


async def test_a_wrong_size_on_the_label_makes_a_second_attachment_of_the_true_size(world: World) -> None:
    prepared = await prepare(world, clip(), b"AUDIO of another length")
    assert world.linq.created[-1] == ("memo.m4a", "audio/x-m4a", 23)
    assert world.linq.uploads == {prepared.attachment: b"AUDIO of another length"}


async def test_a_label_of_another_type_makes_a_second_attachment_of_the_true_type(world: World) -> None:
    await prepare(world, clip("memo.mp4"), b"AUDIO-ok!", Hearing())
    assert world.linq.created[-1] == ("memo.mp3", "audio/mpeg", 9)


async def test_what_linq_refuses_by_its_label_alone_may_still_be_a_memo(world: World) -> None:
    world.linq.trouble["create_attachment"] = [Refused("The audio is too large for Linq.")]
    prepared = await prepare(world, clip(), b"AUDIO-ok!")
    assert world.linq.uploads == {prepared.attachment: b"AUDIO-ok!"}


async def test_a_name_that_contradicts_the_bytes_gets_the_true_extension(world: World) -> None:
    await prepare(world, clip("audio_message.webm"), b"AUDIO-ok!")
    assert world.linq.created == [("audio_message.m4a", "audio/x-m4a", 9)]


async def test_a_name_that_agrees_with_the_bytes_is_kept(world: World) -> None:
    await prepare(world, clip("audio_message.mp4"), b"AUDIO of another length")
    assert [name for name, _, _ in world.linq.created] == ["audio_message.mp4"] * 2


async def test_a_clip_whose_size_slack_does_not_tell_is_measured_first(world: World) -> None:
    world.slack.tells_sizes = False
    prepared = await prepare(world, clip(), b"AUDIO of a length unknown")
    assert world.linq.created[-1] == ("memo.m4a", "audio/x-m4a", 25)
    assert world.linq.uploads == {prepared.attachment: b"AUDIO of a length unknown"}


async def test_what_linq_would_not_take_is_converted_and_uploaded_under_a_fitting_name(world: World) -> None:
    prepared = await prepare(world, clip("note.ogg"), b"OTHER audio")
    assert world.linq.uploads == {prepared.attachment: b"AUDIO made of OTHER audio"}
    assert world.linq.created[-1][0] == "note.m4a"
    assert prepared.sound is not None
    assert prepared.sound.converted_from == "WebM/Opus"


async def test_an_upload_that_turns_out_to_be_in_vain_holds_nothing_up(world: World) -> None:
    world.linq.stall = 1
    prepared = await prepare(world, clip(), b"AUDIO-ok!", Doubting())
    assert world.linq.uploads == {prepared.attachment: b"AUDIO made of AUDIO-ok!"}


async def test_a_file_without_sound_is_refused_with_the_reason(world: World) -> None:
    with pytest.raises(Refused, match="holds no sound"):
        await prepare(world, clip(), b"<html>login</html>")


async def test_nothing_stays_on_disk(world: World) -> None:
    await prepare(world, clip(), b"AUDIO-ok!")
    with pytest.raises(Refused):
        await prepare(world, clip(), b"")
    world.linq.trouble["create_attachment"] = [RetryLater("Linq is busy."), RetryLater("Linq is busy.")]
    with pytest.raises(RetryLater):
        await prepare(world, clip(), b"AUDIO-ok!", Doubting())
    assert list(world.folder.iterdir()) == []


async def test_an_upload_that_fails_is_told_as_what_it_was(world: World) -> None:
    world.linq.trouble["upload"] = [Refused("Storage said no.")]
    with pytest.raises(Refused, match="Storage said no"):
        await prepare(world, clip(), b"AUDIO-ok!")
