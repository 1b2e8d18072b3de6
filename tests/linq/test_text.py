import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.linq.text import clean, read_text, utf16_length, write_text
from bot.relay.parts import Span, Style

ANY_TEXT = st.text(st.characters(codec=None), max_size=20)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("two\r\nlines\rthree", "two\nlines\nthree"),
        ("\x00NUL and \x07bell\x9f", "NUL and bell"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("\ufffcwith an attachment", "with an attachment"),
        ("👩\u200d👩\u200d👧 family", "👩\u200d👩\u200d👧 family"),
    ],
)
def test_clean_drops_what_nobody_can_see(written: str, kept: str) -> None:
    assert clean(written) == kept


def test_ranges_of_linq_are_utf16_and_spans_are_code_points() -> None:
    text, spans = read_text("\x00Look 👍🏽 this", [(1, 5, "bold"), (6, 10, "italic"), (11, 99, "underline")])
    assert text == "Look 👍🏽 this"
    assert [(text[span.start : span.end], span.style) for span in spans] == [
        ("Look", Style.BOLD),
        ("👍🏽", Style.ITALIC),
        ("this", Style.UNDERLINE),
    ]


@pytest.mark.parametrize("odd", [(-1, 2, "bold"), (2, 2, "bold"), (3, 1, "bold"), (99, 100, "bold"), (0, 2, "shake")])
def test_range_that_makes_no_sense_is_left_out(odd: tuple[int, int, str]) -> None:
    assert read_text("hello", [odd]) == ("hello", ())


def test_spans_become_utf16_ranges() -> None:
    value, ranges = write_text("👍 \x00yes", [Span(0, 1, Style.BOLD), Span(3, 9, Style.ITALIC), Span(7, 9, Style.BOLD)])
    assert value == "👍 yes"
    assert ranges == [(0, 2, "bold"), (3, 6, "italic")]


@given(ANY_TEXT, st.lists(st.tuples(st.integers(-5, 25), st.integers(-5, 25)), max_size=4))
def test_spans_survive_the_way_out_and_back(text: str, bounds: list[tuple[int, int]]) -> None:
    spans = [Span(start, end, Style.BOLD) for start, end in bounds]
    value, ranges = write_text(text, spans)
    value.encode()
    assert all(0 <= start < end <= utf16_length(value) for start, end, _ in ranges)
    again, back = read_text(value, ranges)
    assert again == value
    assert write_text(again, back) == (value, ranges)
