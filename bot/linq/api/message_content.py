"""What the relay wants said → the content of one message, as Linq takes it. Pure.

Linq's rules (linq-python 0.65.0, ``MessageContentParam``): at most 100 parts, no two text parts in a row, and a link
with a preview only as a message of its own. So an address in a text goes as text.
"""

from collections.abc import Iterator

from linq.types import MessageContentParam
from linq.types.media_part_param import MediaPartParam
from linq.types.shared_params import TextDecoration
from linq.types.text_part_param import TextPartParam

from bot.linq.api.limits import DECORATIONS, PARTS, TEXT_UNITS
from bot.linq.ids import attachment_of, message_of, public_url_of
from bot.linq.text import UnitRange, utf16_length, write_text
from bot.relay.errors import Refused
from bot.relay.model import Delivery, PreparedPart
from bot.relay.parts import Media, Part, Span, Text, Voice
from bot.relay.ports.networks import Outgoing

TOO_LONG = f"The text is longer than the {TEXT_UNITS:,} characters that Linq takes in one message."
NOTHING_LEFT = "There is nothing in this message that can be sent."


def message_content(outgoing: Outgoing, *, as_reply: bool = True) -> MessageContentParam:
    """The whole message, under the delivery's id as its idempotency key. Refused where Linq would never take it."""
    delivery = outgoing.delivery
    parts = list(_parts(delivery))
    if not parts:
        raise Refused(_why_nothing(delivery))
    if len(parts) > PARTS:
        raise Refused(f"The message has more than the {PARTS} parts that Linq takes.")
    content: MessageContentParam = {"parts": parts, "idempotency_key": delivery.id}
    if as_reply and (about := message_of(outgoing.about)):
        content["reply_to"] = {"message_id": about}
    return content


def _parts(delivery: Delivery) -> Iterator[TextPartParam | MediaPartParam]:
    texts: list[Text] = []
    for part, prepared in _with_prepared(delivery):
        if isinstance(part, Text):
            texts.append(part)
        elif isinstance(part, Media | Voice) and (media := list(_media(part, prepared))):
            yield from _text(texts)
            yield from media
            texts = []
    yield from _text(texts)


def _with_prepared(delivery: Delivery) -> Iterator[tuple[Part, PreparedPart]]:
    """Text needs no preparing, so a delivery may come without."""
    prepared = delivery.prepared or ()
    for place, part in enumerate(delivery.parts):
        yield part, prepared[place] if place < len(prepared) else PreparedPart()


def _media(part: Media | Voice, prepared: PreparedPart) -> Iterator[MediaPartParam]:
    for media in prepared.media:
        yield {"type": "media", "attachment_id": attachment_of(media)}
    if not prepared.media and (url := public_url_of(part.media)):
        yield {"type": "media", "url": url}


def _text(texts: list[Text]) -> Iterator[TextPartParam]:
    """One part for texts that follow each other, joined by a line break."""
    text, spans = "", list[Span]()
    for each in texts:
        text += "\n" if text and each.text else ""
        spans += [Span(span.start + len(text), span.end + len(text), span.style) for span in each.spans]
        text += each.text
    value, ranges = write_text(text, spans)
    if not value.strip():
        return
    if utf16_length(value) > TEXT_UNITS:
        raise Refused(TOO_LONG)
    part: TextPartParam = {"type": "text", "value": value}
    if ranges:
        part["text_decorations"] = [_decoration(each) for each in ranges[:DECORATIONS]]
    yield part


def _decoration(given: UnitRange) -> TextDecoration:
    start, end, style = given
    return {"range": [start, end], "style": style}  # type: ignore[typeddict-item]  # the relay's styles are Linq's


def _why_nothing(delivery: Delivery) -> str:
    """What preparing said of the first part that could not be carried."""
    return next((prepared.refused for prepared in delivery.prepared or () if prepared.refused), NOTHING_LEFT)
