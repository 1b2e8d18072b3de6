from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.linq.api.limits import CLOCK_TOLERANCE
from bot.linq.api.search import MemoSearch, chats_of
from bot.linq.schemas import LinqChat, LinqMessage
from tests.linq.conftest import Payload

SINCE = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
MINE = "mine"


def message(after_s: float = 1.0, attachment: str = "mine", filename: str = "memo.m4a", **other: Any) -> LinqMessage:
    at = SINCE + timedelta(seconds=after_s)
    part = {"type": "media", "id": attachment, "filename": filename}
    shape = {"id": f"m{after_s:g}", "is_from_me": True, "created_at": at.isoformat(), "parts": [part], **other}
    return LinqMessage.model_validate(shape)


def search(attachment: str = MINE, filename: str = "memo.m4a") -> MemoSearch:
    return MemoSearch(SINCE, attachment, filename)


def found(search: MemoSearch, *messages: LinqMessage) -> str:
    nearest = search.nearest(search.matches(messages))
    return nearest.id if nearest else ""


@pytest.mark.parametrize(
    ("listed", "nearest"),
    [
        ([9, 3, 5], "m3"),
        ([-180, 2], "m2"),
        ([2, -1], "m2"),
        ([-180, -4, -200], "m-4"),
        ([-CLOCK_TOLERANCE.total_seconds() - 1], ""),
    ],
    ids=["the first after the send", "not an earlier one", "however near", "the last if clocks differ", "nor long ago"],
)
def test_first_after_the_send_is_the_memo_of_several_with_its_name(listed: list[int], nearest: str) -> None:
    """The others belong to other sends of the same address."""
    assert found(search(""), *(message(s) for s in listed)) == nearest


@pytest.mark.parametrize("kind", ["media", "voice_memo"])
def test_memo_may_be_listed_as_either_part(kind: str) -> None:
    assert found(search(), message(parts=[{"type": kind, "id": "mine"}]))


@pytest.mark.parametrize(
    "other",
    [
        message(attachment="theirs"),
        message(is_from_me=False),
        message(id=""),
        message(parts=[{"type": "text", "value": "mine", "id": "mine"}]),
        message(parts=None),
        message(-CLOCK_TOLERANCE.total_seconds() - 1),
    ],
    ids=["another attachment", "inbound", "without id", "text", "no parts", "too old"],
)
def test_nothing_else_is_taken_for_it(other: LinqMessage) -> None:
    assert not found(search(), other)


def test_file_name_proves_nothing_where_an_attachment_is_known() -> None:
    assert not found(search(), message(attachment="theirs", filename="memo.m4a"))


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("für dich.m4a", "für dich.m4a"),
        ("für dich.m4a", "f%C3%BCr%20dich.m4a"),
        ("für dich.m4a", "fu\u0308r dich.m4a"),
        ("fu\u0308r dich.m4a", "f%C3%BCr%20dich.m4a"),
        ("{1}.m4a", "%7B1%7D.m4a"),
        ("100%.m4a", "100%25.m4a"),
        ("50%25.m4a", "50%25.m4a"),
    ],
)
def test_without_an_attachment_the_name_decides(name: str, listed: str) -> None:
    assert found(search("", name), message(attachment="linqs-own", filename=listed))


def test_without_attachment_and_name_nothing_matches() -> None:
    assert not found(search("", ""), message(filename=""))


@pytest.mark.parametrize("untold", ["is_from_me", "created_at"])
def test_field_that_is_left_out_hides_nothing(untold: str) -> None:
    leaves_out: dict[str, Any] = {untold: None}
    assert found(search(), message(**leaves_out))


def test_clock_that_is_behind_hides_nothing() -> None:
    assert found(search(), message(-60))


@pytest.mark.parametrize(
    ("seconds", "is_out"),
    [
        ([10, -5000], True),
        ([-5000, -6000], True),
        ([10, 5], False),
        ([-6000, -5000], False),
        ([-5000], False),
        ([10, -5000, 5], False),
        ([], False),
    ],
)
def test_only_page_running_back_past_the_start_ends_the_search(seconds: list[float], is_out: bool) -> None:
    assert search().is_past([message(s) for s in seconds]) is is_out


def test_direct_chats_come_first_then_the_last_used(payload: Payload) -> None:
    def used(name: str, at: str, is_group: bool = False) -> LinqChat:
        return LinqChat.model_validate({**payload("chat_200"), "id": name, "updated_at": at, "is_group": is_group})

    chats = [
        used("group", "2026-11-22T00:00:00Z", is_group=True),
        used("old", "2026-11-01T00:00:00Z"),
        used("new", "2026-11-20T00:00:00Z"),
        used("new", "2026-11-20T00:00:00Z"),
    ]
    assert [chat.id for chat in chats_of("+12025550123", chats)] == ["new", "old", "group"]


def test_chat_that_somebody_left_is_not_theirs(payload: Payload) -> None:
    assert chats_of("+12025550130", [LinqChat.model_validate(payload("chat_200"))]) == []
