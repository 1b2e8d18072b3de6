"""Public addresses of audio: forwarded as they stand, or refused for what they are."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.errors import Refused, Remedy
from bot.slack.actions.interactions import as_typed
from bot.slack.actions.public_url import voice_at


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.com/talks/memo%201.m4a?x=1", "memo 1.m4a"),
        ("https://example.com", "example.com"),
        ("https://media.example.co.uk:8443/a.mp3", "a.mp3"),
        ("https://xn--bcher-kva.example/a.mp3", "a.mp3"),
        ("https://my_bucket.s3.amazonaws.com/a.mp3", "a.mp3"),
        ("https://_talks_.example.com/a.mp3", "a.mp3"),
    ],
)
def test_a_public_address_is_forwarded_as_it_stands(url: str, name: str) -> None:
    voice = voice_at(url)
    assert (voice.media, voice.name, voice.is_public) == (f"web:{url}", name, True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memo.m4a",
        "http://example.com/a.m4a",
        "ftp://example.com/a.m4a",
        "file:///etc/passwd",
        "https://",
        "https://localhost/a.m4a",
        "https://printer.local/a.m4a",
        "https://host.internal/a.m4a",
        "https://my_bucket/a.m4a",
        "https://example.my_home/a.m4a",
        "https://127.0.0.1/a.m4a",
        "https://169.254.169.254/latest",
        "https://2130706433/a.m4a",
        "https://0x7f.0.0.1/a.m4a",
        "https://127.0.0.0x1/a.m4a",
        "https://[::1]/a.m4a",
        "https://[bad/a.m4a",
        "https://intranet/a.m4a",
        "https://ann:secret@example.com/a.m4a",
        "https://@example.com/a.m4a",
        "https://:@127.0.0.1/a.m4a",
        "https://example.com@127.0.0.1/a.m4a",
        "https://127.0.0.1\\.example.com/a.m4a",
        "https://127.0.0.1%2f.example.com/a.m4a",
        "https://example.com\\@127.0.0.1/a.m4a",
        "https://127.1/a.m4a",
        "https://0177.0.0.1/a.m4a",
        "https://0x7f000001/a.m4a",
        "https://0/a.m4a",
        "https://10.0.0.1./a.m4a",
        "https://192.168.0.1:443/a.m4a",
        "https://[::ffff:127.0.0.1]/a.m4a",
        "https://[fe80::1%25eth0]/a.m4a",
        "https://１２７.０.０.１/a.m4a",
        "https://127。0。0。1/a.m4a",
        "https://foo。localhost/a.m4a",
        "https://ⓛocalhost/a.m4a",
        "https://foo.localhost./a.m4a",
        "https://localhost.localdomain/a.m4a",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://example..com/a.m4a",
        "https://.example.com/a.m4a",
        "https://-example.com/a.m4a",
        "https://example.com:0/a.m4a",
        "https://example.com:99999/a.m4a",
        "https://example.com:x/a.m4a",
        "HTTP://example.com/a.m4a",
        "//example.com/a.m4a",
        "https:/example.com/a.m4a",
        "https://example.com/a.m4a\u2028",
        "https://exam\u200bple.com/a.m4a",
        "https://example.com/a b.m4a",
        "https://example.com/" + "a" * 2000,
        "https://files.slack.com/files-pri/T0-F0/a.m4a",
    ],
)
def test_an_address_that_linq_could_not_or_should_not_fetch_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        voice_at(url)


@pytest.mark.parametrize(
    "url", ["https://müller.de/x.mp3", "https://例え.テスト/x.mp3", "https://foo。localhost/a.m4a"]
)
def test_a_name_in_other_letters_is_refused_for_what_it_is(url: str) -> None:
    """Who fetches it may read such a name otherwise than we do, so it is not judged at all."""
    with pytest.raises(Refused, match="xn--"):
        voice_at(url)


def test_a_private_address_of_slacks_names_another_way() -> None:
    with pytest.raises(Refused) as no:
        voice_at("https://files.slack.com/files-pri/T0-F0/a.m4a")
    assert no.value.remedy is Remedy.USE_MESSAGE_ACTION


@given(st.text(max_size=100) | st.from_regex(r"https?://[^ ]{1,40}", fullmatch=True))
def test_no_address_raises_anything_but_refused(url: str) -> None:
    with suppress(Refused):
        voice_at(as_typed(url))
