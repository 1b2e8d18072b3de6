"""Sample payloads with junk in them: nothing but PayloadError comes out, and what is parsed can be stored."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.linq import schemas
from bot.linq.api.calls import Answer
from bot.linq.api.client import open_api
from bot.linq.api.receipts import status_receipt
from bot.linq.api.search import MemoSearch, chats_of
from bot.linq.fields import PayloadError, read
from bot.linq.inbound.history import LinqHistory
from bot.linq.inbound.parse import parse_webhook
from bot.linq.inbound.ports import Fact
from bot.relay.model import Message, ReceiptSource
from tests.linq.conftest import IDS, PAYLOADS

NOW = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
SAMPLES: dict[str, Any] = {path.stem: json.loads(path.read_text()) for path in PAYLOADS.glob("*.json")}
WEBHOOKS = sorted(name for name, body in SAMPLES.items() if "event_type" in body)

HISTORY = LinqHistory(open_api("key", "http://linq.invalid"), IDS, now=lambda: NOW)

ODDITIES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 1e308, float("nan")),
        *("", " ", "null", "\x00", "\ud800", "\udfff\ud800", "a\x00b", "\u202e", "\u2028", "\ufffc", "é" * 300),
        *(
            "A" * 20_000,
            "../../etc/passwd",
            "%s%n",
            "{0}",
            "9" * 40,
            "2026-11-22T06:00:00Z",
            "0001-01-01T00:00:00+14:00",
        ),
        *([], {}, [[]], [None], [{}], {"": None}, [0] * 300, {"a": {"b": {"c": {}}}}, "https://[", "STOP"),
    ]
)
ANY_JSON = st.recursive(
    ODDITIES | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def places(body: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in list(inner):
        yield (*way, key)
        yield from places(value, (*way, key))


def mutated(data: st.DataObject, body: Any, at: tuple[Any, ...] = ()) -> Any:
    """The body with one to three of its places (all below ``at``) replaced, dropped or doubled."""
    body = copy.deepcopy(body)
    for _ in range(data.draw(st.integers(1, 3))):
        options = [way for way in places(body) if way[: len(at)] == at and len(way) > len(at)]
        if not options:
            break
        *way, last = data.draw(st.sampled_from(options))
        owner = body
        for key in way:
            owner = owner[key]
        match data.draw(st.integers(0, 5)):
            case 0 if isinstance(owner, dict):
                del owner[last]
            case 1:
                owner[last] = [owner[last], owner[last]]
            case _:
                owner[last] = copy.deepcopy(data.draw(ANY_JSON))  # else later changes would change the strategy
    return body


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(key)
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def require_storable(fact: Fact | None) -> None:
    """No NUL, no half of a pair, and nothing endless where an index may be: PostgreSQL would refuse it for ever."""
    if fact is None:
        return
    for text in texts(asdict(fact)):
        text.encode()
        assert "\x00" not in text
    if isinstance(fact, Message):
        assert fact.parts
        assert all(len(name) < 500 for name in (fact.id, fact.room, fact.sender, fact.about or ""))
        assert all(len(part.key) < 50 for part in fact.parts)


@given(st.data(), st.sampled_from(WEBHOOKS))
@settings(max_examples=300)
def test_mutated_webhook_raises_nothing_but_parse_error(data: st.DataObject, name: str) -> None:
    body = mutated(data, SAMPLES[name])
    with suppress(PayloadError):
        for fact in parse_webhook(body, ids=IDS, webhook_id="w1", received_at=NOW):
            require_storable(fact)


@given(st.data(), st.sampled_from([name for name in WEBHOOKS if name.startswith("message_received")]))
@settings(max_examples=200)
def test_whatever_a_contact_sends_becomes_a_message(data: st.DataObject, name: str) -> None:
    """Who and where is Linq's word; the parts are the contact's."""
    inside = ("data", "message", "parts") if "2025" in name else ("data", "parts")
    body = mutated(data, SAMPLES[name], inside)
    first, *_ = parse_webhook(body, ids=IDS, webhook_id="w1", received_at=NOW)
    assert isinstance(first, Message)
    require_storable(first)


def _read_chats(body: object) -> None:
    chats_of("+12025550123", read(schemas.ChatPage, {"chats": [body]}).chats)


def _read_page(body: object) -> None:
    page = read(schemas.MessagePage, body)
    search = MemoSearch(NOW, "", "memo.m4a")
    search.nearest(search.matches(page.messages))
    search.is_past(page.messages)
    for message in HISTORY._page(Answer(body, "", ""), schemas.LinqChat(id="chat"), NOW, "").messages:
        require_storable(message)


def _read_message(body: object) -> None:
    message = read(schemas.LinqMessage, body)
    require_storable(status_receipt(message, ids=IDS, now=NOW, source=ReceiptSource.POLL))


READERS: list[Callable[[object], object]] = [
    _read_chats,
    _read_page,
    _read_message,
    lambda body: read(schemas.SendAnswer, body),
    lambda body: read(schemas.VoiceMemoAnswer, body),
    lambda body: read(schemas.UploadAnswer, body),
    lambda body: read(schemas.Attachment, body),
    lambda body: read(schemas.LinesAnswer, body),
    lambda body: read(schemas.SubscriptionsAnswer, body),
    lambda body: read(schemas.ErrorAnswer, body),
]


@given(st.data(), st.sampled_from(sorted(set(SAMPLES) - set(WEBHOOKS))))
@settings(max_examples=150)
def test_mutated_answer_raises_nothing_but_parse_error(data: st.DataObject, name: str) -> None:
    body = mutated(data, SAMPLES[name])
    for reader in READERS:
        with suppress(PayloadError):
            reader(body)
