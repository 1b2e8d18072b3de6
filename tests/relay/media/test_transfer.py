"""Preparing media: bytes arrive untouched, labels are not believed, and bad audio is refused before it is sent."""

from pathlib import Path

import pytest

from bot.relay.errors import Refused, RetryLater
from bot.relay.ids import DeliveryId, MediaRef
from bot.relay.media.transfer import MediaTransfer
from bot.relay.model import AudioInfo, Delivery, PreparedPart
from bot.relay.parts import Media, Part, Reaction, Text, Voice
from bot.relay.ports.networks import AudioConverter, AudioFile, Network, Networks
from tests.fakes import ANN, BASE, CHANNEL, CHAT, FakeAudio, FakeChats, FakeSource, FakeTeam, public_voice, said, voice


class ConvertAll(FakeAudio):
    """Finds in every recording something that phones do not play."""

    async def convert(self, path: Path, target: Path) -> AudioFile:
        target.write_bytes(b"AUDIO made of " + path.read_bytes())
        return AudioFile(target, "audio/x-m4a", "m4a", target.stat().st_size, AudioInfo(1.5, "WebM/Opus"))


class ByItsBytes(FakeAudio):
    """Takes a recording for what its name says, until its bytes show that it is an MP3."""

    def declare(self, head: bytes, name: str) -> tuple[str, str] | None:
        return ("audio/mpeg", "mp3") if head else super().declare(head, name)


class Scene:
    """The team's files on their way into the chats' network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.team = FakeTeam()
        self.chats = FakeChats()
        self.source, self.media = self.team.source, self.chats.media

    async def prepare(
        self, part: Part, body: bytes, audio: AudioConverter | None = None, *, lend_up_to: int = 0
    ) -> PreparedPart:
        self.source.bodies[part.key] = body
        chats = self.chats.network()
        target = Network("chat", media=chats.media, audio=audio or chats.audio, files=chats.files, sender=chats.sender)
        transfer = MediaTransfer(Networks(self.team.network(), target), spool_folder=self.folder, lend_up_to=lend_up_to)
        [prepared] = await transfer.prepare(Delivery(DeliveryId("D1"), said().id, CHANNEL, CHAT, ANN, (part,), BASE))
        return prepared

    async def show(self, *parts: Part) -> tuple[PreparedPart, ...]:
        """The other way: what the contact sent, for the team, which is shown what it cannot be shown."""
        transfer = MediaTransfer(Networks(self.team.network(), self.chats.network()), spool_folder=self.folder)
        return await transfer.prepare(Delivery(DeliveryId("D1"), said().id, CHAT, CHANNEL, ANN, parts, BASE))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_truthful_label_costs_one_upload_and_arrives_untouched(scene: Scene) -> None:
    prepared = await scene.prepare(voice(), b"AUDIO-ok!")
    assert scene.media.created == [("memo.m4a", "audio/x-m4a", 9)]
    assert scene.media.uploads == {prepared.media[0]: b"AUDIO-ok!"}
    assert prepared.audio == AudioInfo(1.5)


async def test_wrong_size_on_the_label_makes_an_upload_of_the_true_size(scene: Scene) -> None:
    prepared = await scene.prepare(voice(), b"AUDIO of another length")
    assert scene.media.created[-1] == ("memo.m4a", "audio/x-m4a", 23)
    assert scene.media.uploads == {prepared.media[0]: b"AUDIO of another length"}


async def test_wrong_type_on_the_label_makes_an_upload_of_the_true_type(scene: Scene) -> None:
    await scene.prepare(voice("memo.mp4"), b"AUDIO-ok!", ByItsBytes())
    assert scene.media.created[-1] == ("memo.mp3", "audio/mpeg", 9)


async def test_upload_refused_by_the_label_alone_is_tried_by_the_bytes(scene: Scene) -> None:
    scene.media.trouble["create_upload"] = [Refused("The audio is too large.")]
    prepared = await scene.prepare(voice(), b"AUDIO-ok!")
    assert scene.media.uploads == {prepared.media[0]: b"AUDIO-ok!"}


async def test_name_that_contradicts_the_bytes_gets_the_true_extension(scene: Scene) -> None:
    await scene.prepare(voice("audio_message.webm"), b"AUDIO-ok!")
    assert scene.media.created == [("audio_message.m4a", "audio/x-m4a", 9)]


async def test_name_that_agrees_with_the_bytes_is_kept(scene: Scene) -> None:
    await scene.prepare(voice("audio_message.mp4"), b"AUDIO of another length")
    assert [name for name, _, _ in scene.media.created] == ["audio_message.mp4"] * 2


async def test_download_of_unknown_size_is_measured_first(scene: Scene) -> None:
    scene.source.tells_sizes = False
    prepared = await scene.prepare(voice(), b"AUDIO of a length unknown")
    assert scene.media.created[-1] == ("memo.m4a", "audio/x-m4a", 25)
    assert scene.media.uploads == {prepared.media[0]: b"AUDIO of a length unknown"}


async def test_recording_that_the_target_does_not_take_is_converted(scene: Scene) -> None:
    prepared = await scene.prepare(voice("note.ogg"), b"OTHER audio")
    assert scene.media.uploads == {prepared.media[0]: b"CONVERTED"}
    assert scene.media.created[-1][0] == "note.m4a"
    assert prepared.audio is not None
    assert prepared.audio.converted_from == "Ogg (Opus)"


async def test_upload_that_turns_out_to_be_in_vain_holds_nothing_up(scene: Scene) -> None:
    scene.media.stall = 1
    prepared = await scene.prepare(voice(), b"AUDIO-ok!", ConvertAll())
    assert scene.media.uploads == {prepared.media[0]: b"AUDIO made of AUDIO-ok!"}


@pytest.mark.parametrize("body", [b"<html>login</html>", b""])
async def test_file_without_sound_is_refused_with_the_reason(scene: Scene, body: bytes) -> None:
    with pytest.raises(Refused, match="holds no sound"):
        await scene.prepare(voice(), body)


async def test_download_that_breaks_off_is_tried_again_later(scene: Scene) -> None:
    scene.source.breaks_off_at = 8
    with pytest.raises(RetryLater, match="broke off"):
        await scene.prepare(voice(), b"AUDIO of some length")


async def test_upload_that_fails_is_told_as_what_it_was(scene: Scene) -> None:
    scene.media.trouble["upload"] = [Refused("Storage said no.")]
    with pytest.raises(Refused, match="Storage said no"):
        await scene.prepare(voice(), b"AUDIO-ok!")


async def test_nothing_stays_on_disk_whatever_the_end(scene: Scene) -> None:
    await scene.prepare(voice(), b"AUDIO-ok!")
    with pytest.raises(Refused):
        await scene.prepare(voice(), b"")
    scene.media.trouble["create_upload"] = [RetryLater("busy"), RetryLater("busy")]
    with pytest.raises(RetryLater):
        await scene.prepare(voice(), b"AUDIO-ok!", ConvertAll())
    await scene.prepare(Media("m", "a.jpg", MediaRef("team:T0AAA!m")), b"JPEG")
    assert list(scene.folder.iterdir()) == []


async def test_small_recording_is_lent_and_not_uploaded(scene: Scene) -> None:
    prepared = await scene.prepare(voice(), b"AUDIO-ok!", lend_up_to=9)
    assert (prepared.media, prepared.audio, scene.media.created) == ((), AudioInfo(1.5), [])


async def test_recording_above_the_limit_is_uploaded(scene: Scene) -> None:
    prepared = await scene.prepare(voice(), b"AUDIO-ok!", lend_up_to=8)
    assert scene.media.uploads == {prepared.media[0]: b"AUDIO-ok!"}


async def test_converted_copy_is_never_lent(scene: Scene) -> None:
    """What the address opens is the file itself."""
    prepared = await scene.prepare(voice("note.ogg"), b"OTHER audio", lend_up_to=1000)
    assert scene.media.uploads == {prepared.media[0]: b"CONVERTED"}


@pytest.mark.parametrize("part", [public_voice(), Text("t", "Hello"), Reaction("r", "👍")])
async def test_part_without_bytes_of_ours_needs_no_preparing(scene: Scene, part: Part) -> None:
    assert await scene.prepare(part, b"") == PreparedPart()
    assert scene.source.opened == []


async def test_file_is_uploaded_under_its_name_and_type(scene: Scene) -> None:
    part = Media("m", "a.jpg", MediaRef("team:T0AAA!m"), content_type="image/jpeg")
    prepared = await scene.prepare(part, b"JPEG")
    assert scene.media.created == [("a.jpg", "image/jpeg", 4)]
    assert scene.media.uploads == {prepared.media[0]: b"JPEG"}


async def test_file_that_the_contacts_network_refuses_is_refused(scene: Scene) -> None:
    with pytest.raises(Refused, match="cannot be shown"):
        await scene.prepare(Media("m", "a.exe", MediaRef("team:T0AAA!m")), b"MZ")


def from_contact(kind: type[Voice] | type[Media], name: str) -> Voice | Media:
    return kind(name, name, MediaRef(f"chat:default!{name}"))


async def test_part_that_cannot_be_shown_is_named_beside_the_others(scene: Scene) -> None:
    parts = await scene.show(from_contact(Media, "a.exe"), from_contact(Media, "b.jpg"))
    assert [(bool(part.media), part.refused) for part in parts] == [
        (False, "a.exe is of a type that cannot be shown."),
        (True, ""),
    ]


async def test_part_that_cannot_be_fetched_now_is_not_named_but_tried_again(scene: Scene) -> None:
    scene.chats.source.trouble["open"] = [RetryLater("It is away.")]
    with pytest.raises(RetryLater):
        await scene.show(from_contact(Media, "a.jpg"))


async def test_recording_that_is_none_is_shown_as_the_file_that_it_is(scene: Scene) -> None:
    scene.chats.source.bodies["note.caf"] = b"<html>"
    [part] = await scene.show(from_contact(Voice, "note.caf"))
    assert scene.team.media.uploads == {part.media[0]: b"<html>"}
    assert part.audio is None


async def test_every_download_is_closed(scene: Scene) -> None:
    with pytest.raises(Refused):
        await scene.prepare(voice(), b"<html>")
    await scene.prepare(voice(), b"AUDIO-ok!")
    assert isinstance(scene.source, FakeSource)
    assert scene.source.left_open == 0
