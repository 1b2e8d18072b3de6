from typing import get_args

import pytest
from linq.types import SupportedContentType, WebhookEventType

from bot.linq.api.limits import CONTENT_TYPES, FILENAME_BYTES, VOICE_FORMATS, WEBHOOK_EVENTS, fit_filename
from bot.relay.media.formats import FORMATS


@pytest.mark.parametrize("name", VOICE_FORMATS)
def test_voice_format_is_known_and_uploadable(name: str) -> None:
    assert name in FORMATS
    assert VOICE_FORMATS[name].extension in FORMATS[name].extensions
    assert VOICE_FORMATS[name].content_type in CONTENT_TYPES


def test_content_types_are_those_that_linq_takes_for_certain() -> None:
    assert set(get_args(SupportedContentType)) - CONTENT_TYPES == {"image/webp", "image/svg+xml"}
    assert set(get_args(SupportedContentType)) >= CONTENT_TYPES


def test_every_event_is_one_that_linq_knows() -> None:
    assert set(WEBHOOK_EVENTS) <= set(get_args(WebhookEventType))
    assert len(set(WEBHOOK_EVENTS)) == len(WEBHOOK_EVENTS)


@pytest.mark.parametrize(
    ("filename", "fits"),
    [
        ("memo.m4a", "memo.m4a"),
        ("Ann & Ben – für dich 🎤 {1} 100%.m4a", "Ann & Ben – für dich 🎤 {1} 100%.m4a"),
        ("../../etc/memo.m4a", "memo.m4a"),
        ("C:\\clips\\memo.m4a", "memo.m4a"),
        ("two\r\nlines\x00\x9f.m4a", "twolines.m4a"),
        ("half a pair \ud83c.m4a", "half a pair .m4a"),
        ("", "voice memo"),
        ("folder/", "voice memo"),
        ("a" * 300 + ".m4a", "a" * 251 + ".m4a"),
        ("é" * 200 + ".m4a", "é" * 125 + ".m4a"),
        ("a" * 300, "a" * 255),
        ("." + "a" * 300, "." + "a" * 254),
    ],
)
def test_filename_fits_and_keeps_what_people_know_it_by(filename: str, fits: str) -> None:
    assert fit_filename(filename) == fits
    assert 1 <= len(fits.encode()) <= FILENAME_BYTES
