import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.linq.api.limits import DECORATIONS, TEXT_UNITS
from bot.linq.api.message_content import message_content
from bot.linq.text import utf16_length
from bot.relay.errors import Refused
from bot.relay.ids import MediaRef
from bot.relay.model import PreparedPart
from bot.relay.parts import Announcement, Happening, Media, Part, Span, Style, Text
from tests.linq.conftest import IDS
from tests.linq.made import outgoing

PICTURE = Media("m", "cat.png", MediaRef("slack:T1!F1"))
UPLOADED = PreparedPart((IDS.media("a1"),))
ANY_TEXT = st.text(st.characters(codec=None), max_size=12)


def parts_for(*parts: Part, prepared: tuple[PreparedPart, ...] = ()) -> list[dict[str, object]]:
    return list(message_content(outgoing(*parts, prepared=prepared))["parts"])  # type: ignore[arg-type]  # typed dicts


def test_texts_that_follow_each_other_become_one_part() -> None:
    """Linq refuses two text parts in a row."""
    first = Text("0", "one 👍", (Span(0, 3, Style.BOLD),))
    second = Text("1", "two", (Span(0, 3, Style.ITALIC),))
    assert parts_for(first, second) == [
        {
            "type": "text",
            "value": "one 👍\ntwo",
            "text_decorations": [{"range": [0, 3], "style": "bold"}, {"range": [7, 10], "style": "italic"}],
        }
    ]


def test_texts_around_media_stay_apart() -> None:
    prepared = (PreparedPart(), UPLOADED, PreparedPart())
    kinds = [part["type"] for part in parts_for(Text("0", "a"), PICTURE, Text("2", "b"), prepared=prepared)]
    assert kinds == ["text", "media", "text"]


def test_texts_around_media_that_was_refused_become_one() -> None:
    prepared = (PreparedPart(), PreparedPart(refused="too large"), PreparedPart())
    assert parts_for(Text("0", "a"), PICTURE, Text("2", "b"), prepared=prepared) == [{"type": "text", "value": "a\nb"}]


def test_file_that_became_several_is_several_parts() -> None:
    two = PreparedPart((IDS.media("a1"), IDS.media("a2")))
    assert [part["attachment_id"] for part in parts_for(PICTURE, prepared=(two,))] == ["a1", "a2"]


def test_public_media_goes_by_its_address() -> None:
    public = Media("m", "cat.png", MediaRef("web:https://example.com/cat.png"))
    assert parts_for(public) == [{"type": "media", "url": "https://example.com/cat.png"}]


def test_address_in_a_text_goes_as_text() -> None:
    """A link with a preview would have to be a message of its own."""
    assert parts_for(Text("0", "see https://example.com")) == [{"type": "text", "value": "see https://example.com"}]


@pytest.mark.parametrize("text", ["", " \n", "\x00", "\ufffc"])
def test_message_without_anything_in_it_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        message_content(outgoing(Text("0", text)))


def test_message_whose_only_file_was_refused_says_why() -> None:
    with pytest.raises(Refused, match="too large"):
        message_content(outgoing(PICTURE, prepared=(PreparedPart(refused="It is too large."),)))


def test_announcement_is_nothing_to_send() -> None:
    with pytest.raises(Refused):
        message_content(outgoing(Announcement("a", Happening.JOINED)))


@pytest.mark.parametrize("text", ["a" * (TEXT_UNITS + 1), "👍" * (TEXT_UNITS // 2 + 1)])
def test_text_over_the_limit_is_refused_with_the_limit(text: str) -> None:
    with pytest.raises(Refused, match="10,000"):
        message_content(outgoing(Text("0", text)))


def test_text_of_just_the_limit_goes() -> None:
    assert parts_for(Text("0", "a" * TEXT_UNITS))


def test_more_decorations_than_linq_takes_are_left_out() -> None:
    spans = tuple(Span(place, place + 1, Style.BOLD) for place in range(DECORATIONS + 20))
    [part] = parts_for(Text("0", "a" * 200, spans))
    assert len(part["text_decorations"]) == DECORATIONS  # type: ignore[arg-type]  # a list


def test_more_parts_than_linq_takes_are_refused() -> None:
    many = PreparedPart(tuple(IDS.media(f"a{number}") for number in range(101)))
    with pytest.raises(Refused, match="100 parts"):
        message_content(outgoing(PICTURE, prepared=(many,)))


@given(
    st.lists(st.tuples(ANY_TEXT, st.lists(st.tuples(st.integers(-3, 15), st.integers(-3, 15)), max_size=3)), max_size=4)
)
def test_whatever_people_write_is_fit_to_be_sent(texts: list[tuple[str, list[tuple[int, int]]]]) -> None:
    parts = [
        Text(str(place), text, tuple(Span(start, end, Style.BOLD) for start, end in bounds))
        for place, (text, bounds) in enumerate(texts)
    ]
    try:
        [part] = parts_for(*parts)
    except Refused:
        return
    value = part["value"]
    assert isinstance(value, str)
    value.encode()
    for decoration in part.get("text_decorations", ()):  # type: ignore[attr-defined]  # a list
        start, end = decoration["range"]
        assert 0 <= start < end <= utf16_length(value)
