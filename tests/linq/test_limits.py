from typing import get_args

import pytest
from linq.types import SupportedContentType, WebhookEventType

from bot.linq.limits import CONTAINERS, FILENAME_BYTES, WEBHOOK_EVENTS, fitting_name
from bot.relay.media.formats import AcceptedFormat


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_every_content_type_is_one_that_linqs_upload_accepts_today(container: AcceptedFormat) -> None:
    assert container.content_type in get_args(SupportedContentType)


def test_every_event_is_one_that_linq_knows() -> None:
    assert set(WEBHOOK_EVENTS) <= set(get_args(WebhookEventType))


@pytest.mark.parametrize(
    ("filename", "fits"),
    [
        ("memo.m4a", "memo.m4a"),
        ("Ann & Ben – für dich 🎤.m4a", "Ann & Ben – für dich 🎤.m4a"),
        ("../../etc/memo.m4a", "memo.m4a"),
        ("C:\\clips\\memo.m4a", "memo.m4a"),
        ("two\r\nlines\x00.m4a", "twolines.m4a"),
        ("half a pair \ud83c.m4a", "half a pair .m4a"),
        ("", "voice memo"),
        ("folder/", "voice memo"),
        ("a" * 300 + ".m4a", "a" * 251 + ".m4a"),
        ("é" * 200 + ".m4a", "é" * 125 + ".m4a"),
        ("a" * 300, "a" * 255),
        ("." + "a" * 300, "." + "a" * 254),
    ],
)
def test_a_name_fits_and_keeps_what_people_know_it_by(filename: str, fits: str) -> None:
    assert fitting_name(filename) == fits
    assert 1 <= len(fits.encode()) <= FILENAME_BYTES
