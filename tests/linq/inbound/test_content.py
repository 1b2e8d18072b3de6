from typing import Any

import pytest

from bot.linq.inbound.content import EMPTY, NO_RETENTION, is_voice, parts_of
from bot.linq.schemas import LinqMessage, LinqPart
from bot.relay.parts import Announcement, Happening, Media, Span, Style, Text, Voice
from tests.linq.conftest import IDS, Payload


def shown(*parts: dict[str, Any], **fields: Any) -> tuple[object, ...]:
    return parts_of(LinqMessage.model_validate({"parts": list(parts), **fields}), IDS)


def test_every_kind_of_part_becomes_something_to_show(payload: Payload) -> None:
    body = payload("message_received_parts")["data"]
    text, picture, link, app, clip, unknown = parts_of(LinqMessage.model_validate(body), IDS)
    assert text == Text("0", "Look at 👍🏽 this", (Span(0, 4, Style.BOLD), Span(8, 10, Style.ITALIC)))
    assert isinstance(picture, Media)
    assert (picture.key, picture.name, picture.content_type) == ("1", "IMG_0001.HEIC", "image/heic")
    assert link == Text("2", "https://example.com/a?b=1")
    assert app == Text("3", "Your move\nRound 2\nhttps://example.com/game/1")
    assert clip == Text("4", "Pay Ann\nhttps://example.com/pay/1")
    assert isinstance(unknown, Announcement)
    assert (unknown.key, unknown.happening) == ("5", Happening.NOT_CARRIED)
    assert "hologram" in unknown.text


def test_media_carries_its_id_its_address_and_its_claims(payload: Payload) -> None:
    body = payload("message_received_voice")["data"]
    [part] = body["parts"]
    assert parts_of(LinqMessage.model_validate(body), IDS) == (
        Voice("0", "Audio Message.caf", IDS.media(part["id"]), part["url"], 48213, "audio/x-caf"),
    )


def test_media_without_an_id_is_known_by_its_address() -> None:
    [part] = shown(
        {"type": "media", "url": "https://cdn.linqapp.com/a.png", "mime_type": "image/png", "size_bytes": -1}
    )
    assert isinstance(part, Media)
    assert part.media == IDS.media_at("https://cdn.linqapp.com/a.png")
    assert part.size_bytes == 0


@pytest.mark.parametrize(
    ("content_type", "name", "expected"),
    [
        ("audio/x-caf", "Audio Message.caf", True),
        ("AUDIO/MP4; codecs=mp4a", "", True),
        ("", "Audio Message.caf", True),
        ("", "Audio Message.amr", True),
        ("", "", True),
        ("application/octet-stream", "voice.m4a", True),
        ("binary/octet-stream", "voice", True),
        ("", "clip.mp4", False),
        ("", "photo.jpg", False),
        ("image/heic", "Audio Message.caf", False),
        ("video/quicktime", "", False),
    ],
)
def test_sound_is_told_by_type_then_by_name(content_type: str, name: str, expected: bool) -> None:
    part = LinqPart.model_validate({"type": "media", "mime_type": content_type, "filename": name})
    assert is_voice(part) is expected


def test_part_of_the_type_voice_memo_is_a_recording() -> None:
    assert isinstance(shown({"type": "voice_memo", "id": "a", "filename": "x.bin", "mime_type": "x/y"})[0], Voice)


@pytest.mark.parametrize("value", ["", "  ", "\x00\ufffc", None, 7])
def test_message_that_shows_nothing_is_told_as_such(value: object) -> None:
    assert shown({"type": "text", "value": value}) == (Announcement("0", Happening.NOT_CARRIED, text=EMPTY),)


def test_line_without_retention_says_why_nothing_is_shown() -> None:
    assert shown(zero_retention=True) == (Announcement("0", Happening.NOT_CARRIED, text=NO_RETENTION),)


def test_keys_are_linqs_own_part_indexes() -> None:
    parts = shown({"type": "text", "value": ""}, {"type": "text", "value": "b"})
    assert parts == (Text("1", "b"),)


def test_long_text_is_not_cut() -> None:
    [part] = shown({"type": "text", "value": "é" * 20_000})
    assert isinstance(part, Text)
    assert len(part.text) == 20_000
