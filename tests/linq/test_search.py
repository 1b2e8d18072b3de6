from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.linq.search import CLOCKS_DIFFER_BY, Wanted, chats_of
from bot.linq.shapes import Chat, Message
from bot.relay.model import AttachmentId

SINCE = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
MINE = AttachmentId("mine")


def message(after_s: float = 1.0, attachment: str = "mine", filename: str = "memo.m4a", **other: Any) -> Message:
    at = SINCE + timedelta(seconds=after_s)
    part = {"type": "media", "id": attachment, "filename": filename}
    shape = {"id": f"m{after_s:g}", "is_from_me": True, "created_at": at.isoformat(), "parts": [part], **other}
    return Message.model_validate(shape)


def wanted(attachment: AttachmentId | None = MINE, filename: str = "memo.m4a") -> Wanted:
    return Wanted(SINCE, attachment, filename)


def found(wanted: Wanted, *messages: Message) -> str:
    nearest = wanted.nearest(wanted.matches(messages))
    return nearest.id if nearest else ""


@pytest.mark.parametrize(
    ("listed", "nearest"),
    [
        ([9, 3, 5], "m3"),
        ([-180, 2], "m2"),
        ([2, -1], "m2"),
        ([-180, -4, -200], "m-4"),
        ([-CLOCKS_DIFFER_BY.total_seconds() - 1], ""),
    ],
    ids=["the first after the send", "not an earlier one", "however near", "the last if clocks differ", "nor long ago"],
)
def test_of_several_with_its_name_the_memo_is_the_first_after_the_send(listed: list[int], nearest: str) -> None:
    """The others belong to other sends of the same address."""
    assert found(wanted(None), *(message(s) for s in listed)) == nearest


@pytest.mark.parametrize("kind", ["media", "voice_memo"])
def test_a_memo_may_be_listed_as_either_part(kind: str) -> None:
    assert found(wanted(), message(parts=[{"type": kind, "id": "mine"}]))


@pytest.mark.parametrize(
    "other",
    [
        message(attachment="theirs"),
        message(is_from_me=False),
        message(id=""),
        message(parts=[{"type": "text", "value": "mine", "id": "mine"}]),
        message(parts=None),
        message(-CLOCKS_DIFFER_BY.total_seconds() - 1),
    ],
    ids=["another attachment", "inbound", "without id", "text", "no parts", "too old"],
)
def test_nothing_else_is_taken_for_it(other: Message) -> None:
    assert not found(wanted(), other)


def test_the_same_file_name_is_no_proof_where_an_attachment_is_known() -> None:
    assert not found(wanted(), message(attachment="theirs", filename="memo.m4a"))


@pytest.mark.parametrize("listed", ["für dich.m4a", "f%C3%BCr%20dich.m4a"])
def test_without_an_attachment_the_name_decides(listed: str) -> None:
    assert found(wanted(None, "für dich.m4a"), message(attachment="linqs own", filename=listed))


def test_without_attachment_and_name_nothing_matches() -> None:
    assert not found(wanted(None, ""), message(filename=""))


@pytest.mark.parametrize("untold", ["is_from_me", "created_at"])
def test_what_linq_leaves_out_hides_nothing(untold: str) -> None:
    leaves_out: dict[str, Any] = {untold: None}
    assert found(wanted(), message(**leaves_out))


def test_a_clock_that_is_behind_hides_nothing() -> None:
    assert found(wanted(), message(-60))


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
def test_only_a_page_that_runs_back_past_the_mark_ends_the_search(seconds: list[float], is_out: bool) -> None:
    assert wanted().is_out_of_reach([message(s) for s in seconds]) is is_out


def test_chats_of_two_come_first_then_the_one_used_last(payload: Callable[[str], Any]) -> None:
    def used(name: str, at: str, is_group: bool = False) -> Chat:
        return Chat.model_validate({**payload("chat_200"), "id": name, "updated_at": at, "is_group": is_group})

    chats = [
        used("group", "2026-11-22T00:00:00Z", is_group=True),
        used("old", "2026-11-01T00:00:00Z"),
        used("new", "2026-11-20T00:00:00Z"),
        used("new", "2026-11-20T00:00:00Z"),
    ]
    assert [chat.id for chat in chats_of("+12025550123", chats)] == ["new", "old", "group"]


def test_a_chat_somebody_left_is_none_of_theirs(payload: Callable[[str], Any]) -> None:
    assert chats_of("+12025550130", [Chat.model_validate(payload("chat_200"))]) == []
