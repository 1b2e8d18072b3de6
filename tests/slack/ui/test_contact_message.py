"""A contact's message in Slack: nothing in it becomes markup, nothing of it is lost, and Slack takes every one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.model import Delivery, PreparedPart
from bot.relay.parts import Announcement, Edit, Happening, Media, Part, Span, Style, Text, Voice
from bot.slack.ids import media_ref
from bot.slack.ui.announcements import sentence
from bot.slack.ui.blocks import Block
from bot.slack.ui.contact_message import EMPTY, content_of, edited, message_mark, text_blocks
from tests.slack.block_rules import invalid_blocks
from tests.slack.deliveries import incoming

FAMILY = "👩‍👩‍👧"


def of(*parts: Part, prepared: tuple[PreparedPart, ...] | None = None) -> Delivery:
    return replace(incoming(*parts).delivery, prepared=prepared)


def elements(blocks: list[Block]) -> list[dict[str, Any]]:
    rich = [block for block in blocks if block["type"] == "rich_text"]
    return [element for block in rich for section in block["elements"] for element in section["elements"]]


def words(blocks: list[Block]) -> str:
    return "".join(element.get("text") or element["url"] for element in elements(blocks))


# text


def test_styles_become_rich_text_and_addresses_can_be_clicked() -> None:
    spans = (Span(3, 7, Style.BOLD), Span(5, 12, Style.ITALIC), Span(13, 17, Style.STRIKETHROUGH))
    made = elements(text_blocks("so bold italic gone https://example.com/a_b.", spans))
    assert made == [
        {"type": "text", "text": "so "},
        {"type": "text", "text": "bo", "style": {"bold": True}},
        {"type": "text", "text": "ld", "style": {"bold": True, "italic": True}},
        {"type": "text", "text": " ital", "style": {"italic": True}},
        {"type": "text", "text": "i"},
        {"type": "text", "text": "c go", "style": {"strike": True}},
        {"type": "text", "text": "ne "},
        {"type": "link", "url": "https://example.com/a_b"},
        {"type": "text", "text": "."},
    ]


def test_a_long_text_is_cut_into_blocks_at_a_space() -> None:
    made = text_blocks("word " * 2500, ())
    assert words(made) == "word " * 2500
    assert len(made) == 5
    assert invalid_blocks(made) == ""


@pytest.mark.parametrize("unit", [FAMILY, "🇩🇪", "e\u0301", "👍🏽", "நி", "한"])
def test_no_character_is_cut_in_two(unit: str) -> None:
    made = text_blocks(unit * 3000, ())
    assert words(made) == unit * 3000
    for block in made:
        assert words([block]) == unit * (len(words([block])) // len(unit))
    assert invalid_blocks(made) == ""


def test_one_endless_character_is_cut_all_the_same() -> None:
    made = text_blocks("e" + "\u0301" * 9000, ())
    assert words(made) == "e" + "\u0301" * 9000
    assert invalid_blocks(made) == ""


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\x00", "\ufffc", "\x00\x07"])
def test_a_message_without_words_says_that_it_is_empty(text: str) -> None:
    content = content_of(of(Text("0", text)))
    assert content.text == EMPTY
    assert invalid_blocks(list(content.blocks)) == ""


def test_control_characters_go_and_halves_of_surrogates_are_replaced() -> None:
    assert words(text_blocks("\x00a\x07b\ufffcc\ud800", ())) == "abc?"


def test_the_fallback_text_is_escaped_and_cut() -> None:
    content = content_of(of(Text("0", "<!channel> & " + "x" * 9000)))
    assert content.text.startswith("&lt;!channel&gt; &amp; xxx")
    assert len(content.text) <= 3900


def test_the_mark_is_on_the_first_block_that_shows_the_message() -> None:
    delivery = of(Text("0", "hello"))
    for author in ("", "Dora"):
        ids = [block.get("block_id") for block in content_of(delivery, author=author).blocks]
        assert message_mark(delivery.id) in ids


def test_files_without_words_are_named() -> None:
    media = media_ref("x", "y")
    content = content_of(of(Media("0", "cat <1>.png", media), Voice("1", "Audio Message.m4a", media)))
    assert content.text == "cat &lt;1&gt;.png  ·  Voice memo"


# edits


def as_slack_has_it(message: dict[str, Any], *, escaped: bool) -> dict[str, Any]:
    """Slack may give texts back escaped."""
    written = json.dumps(message)
    return json.loads(written.replace("&", "&amp;").replace("<", "&lt;") if escaped else written)  # type: ignore[no-any-return]


@pytest.mark.parametrize("escaped", [False, True])
def test_an_edit_to_the_same_words_changes_nothing(escaped: bool) -> None:
    blocks = text_blocks("a < b & c", ())
    assert edited(as_slack_has_it({"blocks": blocks}, escaped=escaped), Edit("0", "a < b & c")) is None


def test_an_edit_keeps_at_most_the_last_nine_versions() -> None:
    message: dict[str, Any] = {"blocks": text_blocks("version 0", ())}
    for number in range(1, 15):
        content = edited(message, Edit("0", f"version {number}"))
        assert content is not None
        assert invalid_blocks(list(content.blocks)) == ""
        message = {"blocks": list(content.blocks)}
    shown = [element["text"] for element in message["blocks"][-1]["elements"][1:]]
    assert shown == [f"version {number}" for number in range(13, 4, -1)]


def test_an_edit_of_a_message_without_blocks_keeps_its_text() -> None:
    content = edited({"text": "a &lt; b"}, Edit("0", "a > b"))
    assert content is not None
    assert content.blocks[-1]["elements"][1]["text"] == "a < b"


def test_a_text_that_was_edited_away_is_shown_as_empty() -> None:
    content = edited({"blocks": text_blocks("hello", ())}, Edit("0", ""))
    assert content is not None
    assert content.text == EMPTY
    assert invalid_blocks(list(content.blocks)) == ""


# quiet lines


@pytest.mark.parametrize("happening", list(Happening))
def test_every_happening_is_one_quiet_line(happening: Happening) -> None:
    shown = sentence(Announcement("0", happening, ("Dora <!here>", "{text}"), "<!channel> {names}"))
    assert "\n" not in shown
    assert "<" not in shown
    assert sentence(Announcement("0", happening))


# laws

NASTY = st.text(max_size=400) | st.sampled_from(
    ["<!channel>", "*x*", "https://e.x/" + "y" * 3000, FAMILY * 2000, "\ud800"]
)
SPANS = st.lists(st.builds(Span, st.integers(0, 300), st.integers(0, 300), st.sampled_from(Style)), max_size=5)
PARTS = st.one_of(
    st.builds(lambda text, spans: Text("0", text, tuple(spans)), NASTY, SPANS),
    st.builds(lambda name: Media("1", name, media_ref("x", "y")), NASTY),
    st.builds(
        lambda names, text: Announcement("2", Happening.RENAMED, tuple(names), text), st.lists(NASTY, max_size=3), NASTY
    ),
)
PREPARED = st.builds(PreparedPart, refused=NASTY)


@given(st.lists(PARTS, min_size=1, max_size=12), st.lists(PREPARED, max_size=12), NASTY)
def test_slack_takes_every_message_and_nothing_in_it_is_markup(
    parts: list[Part], prepared: list[PreparedPart], author: str
) -> None:
    content = content_of(of(*parts, prepared=tuple(prepared)), author=author)
    assert invalid_blocks(list(content.blocks)) == ""
    assert 0 < len(content.text) <= 4000
    content.text.encode("utf-8")
    json.dumps(content.blocks).encode("utf-8")
    markup = [e["text"] for block in content.blocks for e in block["elements"] if e["type"] == "mrkdwn"]
    for written in (content.text, *markup):
        assert "<" not in written
        assert ">" not in written


@given(NASTY, NASTY, SPANS)
def test_slack_takes_every_edit(before: str, after: str, spans: list[Span]) -> None:
    blocks = list(content_of(of(Text("0", before))).blocks)
    content = edited({"blocks": blocks}, Edit("0", after, tuple(spans)))
    assert content is None or invalid_blocks(list(content.blocks)) == ""
