"""Commands, shortcuts and clicks → what a person asked for."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.actions.interactions import as_typed, parse_click, parse_command, parse_shortcut, people_and_groups
from bot.slack.inbound.parse import ParseError
from tests.slack.inbound.payloads import ME, event

FORM = {"channel_id": "C0MAP", "user_id": "U0ANN", "trigger_id": "1.2.3", "response_url": "https://hooks.slack.com/x"}
MESSAGE = {"ts": "1790000001.000100", "user": "U0BEN", "thread_ts": "1790000000.000100"}
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
def test_a_command_is_a_verb_and_the_rest_as_it_was_typed(typed: str | None, verb: str, rest: str) -> None:
    command = parse_command({**FORM, "text": typed}, ME)
    assert (command.verb, command.rest) == (verb, rest)
    assert (command.by.room, command.by.person, command.by.trigger) == (
        "slack:T0AAA/C0MAP",
        "slack:T0AAA@U0ANN",
        "1.2.3",
    )


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
    assert as_typed(typed) == url


def test_people_and_groups_are_named_by_their_ids() -> None:
    typed = "senders <@U0BEN|ben>,<@W0EVE> <!subteam^S0SALES|@sales> U0ANNABEL Members @ben"
    assert people_and_groups(typed, "T0AAA") == [
        "senders",
        "slack:T0AAA@U0BEN",
        "slack:T0AAA@W0EVE",
        "slack:T0AAA&S0SALES",
        "slack:T0AAA@U0ANNABEL",
        "members",
        "@ben",
    ]


def test_a_shortcut_knows_its_message_and_whoever_used_it() -> None:
    memo = {"id": "F0X", "mimetype": "audio/mp4", "name": "memo.m4a"}
    shortcut = parse_shortcut({**POINTED, "message": {**MESSAGE, "files": [memo]}}, ME)
    assert (shortcut.posted.ts, shortcut.posted.root_ts) == ("1790000001.000100", "1790000000.000100")
    assert (shortcut.by.user, shortcut.by.trigger, shortcut.files) == ("U0ANN", "1.2.3", (memo,))
    assert shortcut.about == "slack:T0AAA/C0MAP#1790000001.000100"


def test_a_shortcut_knows_forwarded_files_once() -> None:
    forwarded = event("message_forwarded")
    files = forwarded["attachments"][0]["files"]
    assert parse_shortcut({**POINTED, "message": forwarded}, ME).files == tuple(files)
    assert parse_shortcut({**POINTED, "message": {**forwarded, "files": files}}, ME).files == tuple(files)


def test_a_shortcut_knows_of_files_that_the_plan_hides() -> None:
    shortcut = parse_shortcut(
        {**POINTED, "message": {**MESSAGE, "files": [{"id": "F", "mode": "hidden_by_limit"}]}}, ME
    )
    assert (shortcut.files, shortcut.has_hidden) == ((), True)


def test_a_click_tells_which_button_and_for_what() -> None:
    click = parse_click({**POINTED, "actions": [{"action_id": "resend", "value": "d1"}]}, ME)
    assert (click.action, click.value, click.by.user) == ("resend", "d1", "U0ANN")


@pytest.mark.parametrize("trigger", ["", None, "1 2", "1\n2", "x" * 300])
def test_an_act_without_a_proper_trigger_is_refused(trigger: object) -> None:
    with pytest.raises(ParseError):
        parse_command({**FORM, "trigger_id": trigger}, ME)


ANYTHING: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 5, [], {}, [None], {"id": 5}, "C0MAP", "1790000005.606609", "\x00", {"id": "C0MAP"}]
)
INNER = st.dictionaries(st.sampled_from(["id", "ts", "files", "blocks", "attachments", "bot_id", "metadata"]), ANYTHING)
PAYLOAD = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("channel", "user", "trigger_id", "response_url", "message", "actions", "channel_id", "user_id", "text"),
        ANYTHING | st.lists(ANYTHING, max_size=2) | INNER,
    ),
)


@given(PAYLOAD)
def test_no_payload_raises_anything_but_parse_error(payload: dict[str, Any]) -> None:
    for parse in (parse_command, parse_shortcut, parse_click):
        with suppress(ParseError):
            parse(payload, ME)
