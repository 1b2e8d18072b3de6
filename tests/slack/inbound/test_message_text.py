"""What people wrote, as people read it: from blocks, or from Slack's markup where there are none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.parts import Span, Style
from bot.slack.inbound.message_text import StyledText, fragments_of, mentions_in, render, without_address
from tests.slack.inbound.payloads import event

NAMES = {"U0BEN": "Ben", "C0CREW": "crew", "S0SALES": "sales"}


def read(**message: Any) -> StyledText:
    return render(fragments_of(message), NAMES)


def styled(found: StyledText) -> list[tuple[str, Style]]:
    return [(found.text[span.start : span.end], span.style) for span in found.spans]


def section(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}]


RICH = "Hi @Ben, bold italic gone 👋🏼 see the page (https://example.com/a_b) & #crew"
STYLED = [("bold", Style.BOLD), ("italic", Style.ITALIC), ("gone", Style.STRIKETHROUGH)]


def test_rich_text_reads_as_people_see_it() -> None:
    found = read(**event("message_rich_text"))
    assert found.text == f"{RICH}\n• one\n• two\n> said\n> before\nx = *y*"
    assert styled(found) == STYLED


def test_markup_alone_reads_the_same() -> None:
    found = read(text=event("message_rich_text")["text"])
    assert found.text == RICH
    assert styled(found) == STYLED


def test_blocks_outweigh_a_text_that_only_says_that_there_are_some() -> None:
    assert read(**event("message_placeholder_text")).text == "What was really written"
    assert read(text="This message contains interactive elements.", blocks=[{"type": "table"}]).text == ""


def test_blocks_without_words_leave_the_text() -> None:
    assert read(text="hello", blocks=[{"type": "image", "alt_text": "x"}]).text == "hello"


def test_blocks_of_an_allowed_bot_are_read_too() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Alarm"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Disk* full"}},
    ]
    assert read(blocks=blocks) == StyledText("Alarm\nDisk full", (Span(6, 10, Style.BOLD),))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a &amp;lt; b &gt; c", "a &lt; b > c"),
        ("snake_case_name and 2*3*4 and ~/.bashrc", "snake_case_name and 2*3*4 and ~/.bashrc"),
        ("`*code*` and ```x\n_y_```", "*code* and x\n_y_"),
        ("<https://example.com>", "https://example.com"),
        ("<https://example.com|example.com>", "https://example.com"),
        ("<https://example.com/x_y_z|our _page_>", "our _page_ (https://example.com/x_y_z)"),
        ("<mailto:ann@example.com|ann@example.com>", "ann@example.com"),
        ("<tel:+12025550123|+1 202 555 0123>", "+1 202 555 0123 (+12025550123)"),
        ("<!here> <!channel|@channel> <!subteam^S0SALES|@sales>", "@here @channel @sales"),
        ("<!date^1790000005^{time}|noon>", "noon"),
        ("<@U0BEN> <@U0NEW|dora> <@U0GONE>", "@Ben @dora @somebody"),
        (":tada: :partyparrot: :+1::skin-tone-4: 12:30:15", "🎉 :partyparrot: 👍🏽 12:30:15"),
    ],
)
def test_markup_becomes_plain_text(markup: str, text: str) -> None:
    assert read(text=markup).text == text


def test_styles_inside_styles_are_both_told() -> None:
    assert styled(read(text="*bold _both_*")) == [("bold both", Style.BOLD), ("both", Style.ITALIC)]


def test_emoji_elements_use_their_own_code_points_or_their_name() -> None:
    wave = {"type": "emoji", "name": "wave", "unicode": "1f44b", "skin_tone": 2}
    named = {"type": "emoji", "name": "tada"}
    custom = {"type": "emoji", "name": "partyparrot"}
    assert read(blocks=section(wave, named, custom)).text == "👋🏻🎉:partyparrot:"


def test_lists_keep_their_order_and_depth() -> None:
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
    ordered = {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [item, item]}
    deeper = {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [item]}
    assert read(blocks=[{"type": "rich_text", "elements": [ordered, deeper]}]).text == "3. x\n4. x\n    • x"


def test_escaped_elements_read_like_unescaped_ones() -> None:
    for text in ("a &lt; b", "a < b"):
        assert read(blocks=section({"type": "text", "text": text})).text == "a < b"


def test_control_characters_go_and_line_breaks_stay() -> None:
    assert read(text="\x00a\x07b\ufffc\ud800\r\nc\td").text == "ab?\nc\td"


def test_who_is_mentioned_is_told_apart_from_the_text() -> None:
    assert mentions_in(fragments_of(event("message_rich_text"))) == {"U0BEN", "C0CREW"}


def test_only_a_mention_at_the_very_beginning_addresses_somebody() -> None:
    addressed = fragments_of({"text": "<@U0MEMO>:  hello *you*"})
    rest = without_address(addressed, "U0MEMO")
    assert rest is not None
    assert render(rest, {}).text == "hello you"
    assert without_address(fragments_of({"text": "hello <@U0MEMO>"}), "U0MEMO") is None
    assert without_address(fragments_of({"text": "<@U0MEMO>"}), "U0MEMO") == ()


@pytest.mark.timeout(60)  # linear work takes less than a second, quadratic work many minutes
@pytest.mark.parametrize("sign", ["_a ", "*a ", "~a ", "`", "```", "<", ":", "_", "<@", "_*~"])
def test_no_text_takes_long(sign: str) -> None:
    assert read(text=sign * (200_000 // len(sign))).text


KEYS = [
    "type",
    "text",
    "elements",
    "style",
    "user_id",
    "name",
    "unicode",
    "url",
    "indent",
    "offset",
    "skin_tone",
    "range",
]
KINDS = [
    "rich_text",
    "rich_text_section",
    "rich_text_list",
    "user",
    "emoji",
    "link",
    "text",
    "section",
    "bold",
    "\ud800",
    "",
]
LEAF: st.SearchStrategy[Any] = st.sampled_from([*KINDS, None, 5, -1, True, "d800", "1f44b", 2**70])
TREE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
)


@given(TREE, st.text(max_size=60) | st.from_regex(r"[<>@U0*_~:`|!^ a-z]{0,60}", fullmatch=True))
def test_no_message_raises_and_every_span_is_inside_the_text(blocks: Any, text: str) -> None:
    found = read(blocks=blocks, text=text)
    assert all(0 <= span.start < span.end <= len(found.text) for span in found.spans)
    found.text.encode("utf-8")
