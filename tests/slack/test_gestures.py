"""Commands, shortcuts and buttons → what a person asked for."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.relay.errors import Refused
from bot.slack.gestures import clip_at, parse_order, parse_pointed, parse_press, plain
from bot.slack.parse import Identity, ParseError

ME = Identity(team="T0AAA", user="U0MEMO", bot="B0MEMO")
FORM = {"channel_id": "C0MAP", "user_id": "U0ANN", "trigger_id": "1.2.3", "response_url": "https://hooks.slack.com/x"}
MESSAGE = {"ts": "1790000001.000100", "user": "U0BEN", "client_msg_id": "twin", "thread_ts": "1790000000.000100"}
POINTED = {"channel": {"id": "C0MAP"}, "user": {"id": "U0ANN"}, "trigger_id": "1.2.3", "response_url": "https://x"}


@pytest.mark.parametrize(
    ("typed", "verb", "rest"),
    [
        ("link +12025550123", "link", "+12025550123"),
        ("link <tel:+12025550123|+1 202 555 0123>", "link", "+12025550123"),
        ("LINK  <mailto:ann@example.com|ann@example.com> ", "link", "ann@example.com"),
        ("send <https://example.com/a?b=1&amp;c=2|example.com>", "send", "https://example.com/a?b=1&c=2"),
        ("send <https://example.com/a.m4a>", "send", "https://example.com/a.m4a"),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_a_command_is_a_verb_and_the_rest_without_slacks_links(typed: str | None, verb: str, rest: str) -> None:
    order = parse_order({**FORM, "text": typed})
    assert (order.verb, order.rest) == (verb, rest)
    assert (order.by.channel, order.by.user, order.by.trigger) == ("C0MAP", "U0ANN", "1.2.3")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://h.example/x.mp3?a=1&timestamp=5&region=eu", "https://h.example/x.mp3?a=1&timestamp=5&region=eu"),
        ("https://h.example/x.mp3?a=1&amp;copy=2&amp;lt=3", "https://h.example/x.mp3?a=1&copy=2&lt=3"),
        ("<https://h.example/x.mp3?a=1&amp;times=2|h.example>", "https://h.example/x.mp3?a=1&times=2"),
        ("https://h.example/x.mp3?x=<y>", "https://h.example/x.mp3?x=<y>"),
        ("https://h.example/x.mp3?x=&lt;y&gt;", "https://h.example/x.mp3?x=<y>"),
        ("https://h.example/x.mp3?x=&amp;lt;y", "https://h.example/x.mp3?x=&lt;y"),
        ("https://h.example/x.mp3?x=&#38;&quot;", "https://h.example/x.mp3?x=&#38;&quot;"),
    ],
)
def test_an_address_stays_as_it_was_typed_but_for_what_slack_made_of_it(typed: str, url: str) -> None:
    assert clip_at(parse_order({**FORM, "text": f"send {typed}"}).rest).given_url == url


def test_a_shortcut_is_a_wish_of_its_own_by_the_one_who_used_it() -> None:
    memo = {"id": "F0X", "mimetype": "audio/mp4", "name": "memo.m4a"}
    pointed = parse_pointed({**POINTED, "message": {**MESSAGE, "files": [memo]}}, ME, asked_at=1790000009.0)
    assert pointed.drop is not None
    share = pointed.drop.share
    assert (share.post.message_ts, share.post.root_ts) == ("1790000001.000100", "1790000000.000100")
    assert (share.post.user, share.trigger, share.twin, share.asked_at) == ("U0ANN", "1.2.3", "", 1790000009.0)


def test_a_shortcut_takes_any_video_too_and_other_peoples_bots() -> None:
    film = {"id": "F0X", "mimetype": "video/mp4", "name": "film.mp4"}
    pointed = parse_pointed({**POINTED, "message": {**MESSAGE, "bot_id": "B0OTHER", "files": [film]}}, ME, 0.0)
    assert pointed.drop is not None


def test_a_shortcut_knows_of_files_that_the_plan_hides() -> None:
    message = {**MESSAGE, "files": [{"id": "F0X", "mode": "hidden_by_limit"}]}
    pointed = parse_pointed({**POINTED, "message": message}, ME, 0.0)
    assert pointed.drop is None
    assert pointed.has_hidden


def test_a_press_tells_which_button_and_for_what() -> None:
    press = parse_press({**POINTED, "actions": [{"action_id": "resend", "value": "d1"}]})
    assert (press.action, press.value, press.by.user) == ("resend", "d1", "U0ANN")


# given urls


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
    clip = clip_at(url)
    assert (clip.given_url, clip.name, clip.url, clip.file_id) == (url, name, "", "")


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
        clip_at(url)


@pytest.mark.parametrize(
    "url", ["https://müller.de/x.mp3", "https://例え.テスト/x.mp3", "https://foo。localhost/a.m4a"]
)
def test_a_name_in_other_letters_is_refused_for_what_it_is(url: str) -> None:
    """Who fetches it may read such a name otherwise than we do, so it is not judged at all."""
    with pytest.raises(Refused, match="xn--"):
        clip_at(url)


# nothing is trusted

ANYTHING: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 5, [], {}, [None], {"id": 5}, "C0MAP", "1790000005.606609", "\x00", {"id": "C0MAP"}]
)
PAYLOAD = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("channel", "user", "trigger_id", "response_url", "message", "actions", "channel_id", "user_id", "text"),
        ANYTHING | st.lists(ANYTHING, max_size=2) | st.dictionaries(st.sampled_from(["id", "ts", "files"]), ANYTHING),
    ),
)
AT_LEISURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@AT_LEISURE
@given(PAYLOAD)
def test_no_payload_raises_anything_but_parse_error(payload: dict[str, Any]) -> None:
    with suppress(ParseError):
        parse_order(payload)
    with suppress(ParseError):
        parse_pointed(payload, ME, 0.0)
    with suppress(ParseError):
        parse_press(payload)


@AT_LEISURE
@given(st.text(max_size=100) | st.from_regex(r"https?://[^ ]{1,40}", fullmatch=True))
def test_no_address_raises_anything_but_refused(url: str) -> None:
    with suppress(Refused):
        clip_at(plain(url))
