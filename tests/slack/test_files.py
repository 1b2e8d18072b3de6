"""Slack's file objects: what they claim to be, where their bytes are, and names that can be stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.media.formats import FORMATS
from bot.slack.files import (
    FileClaim,
    addresses,
    addresses_in,
    claim_of,
    claim_of_bytes,
    hint_of,
    media_of,
    voice_of,
)
from tests.slack.inbound.payloads import body, event, file

GENERIC = {"mimetype": "application/octet-stream", "filetype": "binary"}
EMPTY = {"mimetype": "", "filetype": ""}
LISTED = "m4a mp3 wav aif aiff caf amr ogg oga opus flac aac qta 3ga awb wma weba m4b aifc spx mka"


@pytest.mark.parametrize(
    "shape",
    ["clip_web_2023", "clip_web_2022", "clip_m4a_2022", "clip_ios_2026", "clip_untyped_2026", "clip_mislabelled"],
)
def test_every_shape_of_a_recorded_clip_is_a_voice_clip(shape: str) -> None:
    assert claim_of(body(shape)) is FileClaim.VOICE


@pytest.mark.parametrize("label", [GENERIC, EMPTY], ids=["generic label", "empty label"])
@pytest.mark.parametrize("extension", LISTED.split())
def test_an_audio_extension_is_enough(extension: str, label: dict[str, str]) -> None:
    assert claim_of(file(name=f"memo.{extension.upper()}", **label)) is FileClaim.VOICE


def test_a_recorded_video_is_a_voice_clip_but_other_videos_are_not() -> None:
    video = file(name="v.mp4", mimetype="video/mp4", filetype="mp4", media_display_type="video")
    assert claim_of(video) is FileClaim.VIDEO
    assert claim_of(video | {"subtype": "slack_video"}) is FileClaim.VOICE
    assert claim_of(file(name="v.mov", mimetype="video/quicktime", filetype="mov")) is FileClaim.VIDEO


def test_a_label_for_sound_outweighs_a_name_for_pictures() -> None:
    assert claim_of(file(name="audio_message.webm", mimetype="audio/webm", filetype="webm")) is FileClaim.VOICE


@pytest.mark.parametrize("name", ["cat.png", "report.pdf", "notes.txt", "sheet.xlsx"])
def test_other_files_are_neither_whatever_the_label(name: str) -> None:
    assert claim_of(file(name=name, mimetype="image/png", filetype="png")) is FileClaim.OTHER
    assert claim_of(file(name=name, **EMPTY)) is FileClaim.OTHER


@pytest.mark.parametrize("name", ["recording", "recording.webm", "recording.mp4", "a.ts", "plan.mpp", "odd.zzz"])
def test_what_neither_label_nor_name_tells_is_unknown(name: str) -> None:
    assert claim_of(file(name=name, **EMPTY)) is FileClaim.UNKNOWN


def test_a_stub_of_another_organisation_is_unknown() -> None:
    [stub] = event("connect_stub")["files"]
    assert claim_of(stub) is FileClaim.UNKNOWN


@pytest.mark.parametrize("mode", ["canvas", "quip", "list", "post", "space", "tombstone", "hidden_by_limit"])
def test_what_has_no_bytes_is_nothing(mode: str) -> None:
    assert claim_of(file(mode=mode)) is FileClaim.NONE


def test_every_format_has_a_claim_of_its_bytes() -> None:
    assert {claim_of_bytes(name) for name in FORMATS} == {FileClaim.VOICE, FileClaim.VIDEO}
    assert claim_of_bytes("mp3") is FileClaim.VOICE
    assert claim_of_bytes("mp4") is FileClaim.VIDEO
    assert claim_of_bytes("image") is FileClaim.OTHER
    assert claim_of_bytes("unknown") is claim_of_bytes("") is FileClaim.UNKNOWN


# addresses


def test_all_addresses_are_kept_the_best_first() -> None:
    urls = {"url_private": "https://files.slack.com/p", "url_private_download": "https://files.slack.com/d"}
    found = addresses(file(**urls, aac="https://files.slack.com/a"))
    assert [url[-1] for url in found] == ["a", "d", "p"]
    assert list(addresses_in(voice_of(file(**urls), "T0AAA").media_hint)) == [
        urls["url_private_download"],
        urls["url_private"],
    ]
    assert addresses(file(url_private="https://x/y", url_private_download="https://x/y")) == ("https://x/y",)


@pytest.mark.parametrize(
    "url", ["https://files.slack.com/ü/mémo 1.m4a", "https://files.slack.com/音声.m4a", "https://h/{a}%7B?x=[1]"]
)
def test_an_address_that_looks_odd_is_an_address(url: str) -> None:
    assert addresses(file(url_private=url)) == (url,)


@pytest.mark.parametrize("url", ["", "ftp://x/y", "javascript:x", "https://x/\n", None, 5, "https://" + "a" * 3000])
def test_what_is_no_address_counts_as_none(url: object) -> None:
    assert addresses(file(url_private=url)) == ()


# parts


def test_a_name_is_cleaned_for_storing_and_a_missing_one_is_made_up() -> None:
    assert voice_of(file(name="a\x00b\n\ud800\u202egnp.m4a"), "T0AAA").name == "a b gnp.m4a"
    assert voice_of(file(name=None), "T0AAA").name == "audio.m4a"
    assert media_of(file(name=None, filetype="png"), "T0AAA").name == "file"
    assert voice_of({"id": "F0X", "file_access": "check_file_info"}, "T0AAA").name == "a file that Slack does not show"


def test_a_part_names_its_file_and_keeps_what_the_label_claims() -> None:
    part = voice_of(file(size=9, mimetype="audio/mp4"), "T0AAA")
    assert (part.key, part.media, part.size_bytes, part.content_type) == ("F0X", "slack:T0AAA!F0X", 9, "audio/mp4")


@given(st.text(min_size=1, max_size=300), st.text(max_size=20), st.lists(st.text(max_size=30), max_size=3))
def test_what_is_kept_of_a_file_can_be_stored(name: str, mimetype: str, urls: list[str]) -> None:
    fields = dict(zip(("aac", "url_private", "url_private_download"), urls, strict=False))
    part = voice_of(file(name=name, mimetype=mimetype, **fields), "T0AAA")
    assert part.name.strip()
    for kept in (part.name, part.content_type, part.media_hint):
        assert "\x00" not in kept.encode("utf-8").decode("utf-8")
    assert tuple(addresses_in(part.media_hint)) == tuple(addresses_in(hint_of(addresses(file(**fields)))))
