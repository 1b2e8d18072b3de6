from datetime import timedelta

import pytest

from bot.linq.api.error_codes import CODES, failure_meaning, meaning_of
from bot.relay.errors import OutcomeUnknown, Refused, RelayError, Remedy, RetryLater

PERHAPS_DONE = {2022, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 4001, 4002, 4004, 5001, 5003}
NOT_YET = {1007, 2004, 2007, 2009, 2027, 4009, 4010, 5002}
WAITED_FOR = {1007, 2004, 2027}
DOCUMENTED = (
    *range(1001, 1009),
    *(code for code in range(2001, 2029) if code not in (2020, 2025)),
    *range(3001, 3008),
    *range(4001, 4006),
    *range(4009, 4011),
    *range(5001, 5008),
)


def error(code: int, status: int = 500, *, repeatable: bool = False) -> RelayError:
    return meaning_of(status, code).error(repeatable=repeatable, code=str(code), trace_id="t")


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_its_one_meaning(code: int) -> None:
    expected = OutcomeUnknown if code in PERHAPS_DONE else RetryLater if code in NOT_YET else Refused
    raised = error(code)
    assert type(raised) is expected
    assert raised.code == str(code)
    assert raised.trace_id == "t"


def test_table_holds_every_documented_code_and_no_other() -> None:
    assert set(CODES) == set(DOCUMENTED)


@pytest.mark.parametrize("code", sorted(PERHAPS_DONE))
def test_what_may_be_repeated_is_never_unknown(code: int) -> None:
    assert type(error(code, repeatable=True)) is RetryLater


@pytest.mark.parametrize("code", sorted(NOT_YET))
def test_only_limits_key_and_line_are_waited_for_without_end(code: int) -> None:
    """A RetryLater with a wait is not counted as a try; one without goes by the relay's schedule, and ends."""
    raised = error(code)
    assert isinstance(raised, RetryLater)
    assert (raised.after is not None) is (code in WAITED_FOR)


def test_call_that_came_too_early_goes_by_the_schedule() -> None:
    raised = meaning_of(425).error(repeatable=False)
    assert isinstance(raised, RetryLater)
    assert raised.after is None


@pytest.mark.parametrize("code", sorted(NOT_YET))
def test_wait_that_the_answer_names_is_the_one_that_counts(code: int) -> None:
    raised = meaning_of(500, code).error(repeatable=False, after=timedelta(seconds=7))
    assert isinstance(raised, RetryLater)
    assert raised.after == timedelta(seconds=7)


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_is_one_for_people(code: int) -> None:
    reason = CODES[code].reason
    assert reason[0].isupper()
    assert reason.endswith(".")
    assert "API" not in reason or code == 2004


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, OutcomeUnknown),
        (400, Refused),
        (401, RetryLater),
        (404, Refused),
        (408, OutcomeUnknown),
        (409, Refused),
        (413, Refused),
        (422, Refused),
        (425, RetryLater),
        (429, RetryLater),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (503, OutcomeUnknown),
        (504, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("code", [None, 9999])
def test_undocumented_code_is_judged_by_its_status(status: int, code: int | None, expected: type[RelayError]) -> None:
    assert type(meaning_of(status, code).error(repeatable=False)) is expected


def test_5001_means_too_large_only_with_413() -> None:
    assert type(error(5001, 413)) is Refused
    assert "too large" in error(5001, 413).reason
    assert type(error(5001, 500)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("code", "reason", "words", "remedy"),
    [
        ("4001", "Message send failed", "never left your number", Remedy.RESEND),
        ("4001", "Message delivery failed. Please retry the message.", "may still", Remedy.CHECK_THEN_RESEND),
        ("4001", "MESSAGE SEND FAILED", "never left your number", Remedy.RESEND),
        ("4001", "Delivery failed", "may still", Remedy.CHECK_THEN_RESEND),
        ("4001", "", "may still", Remedy.CHECK_THEN_RESEND),
        ("4001", "Request expired before being processed", "dropped", Remedy.RESEND),
        ("3007", "Maximum delivery attempts exceeded", "gave up", Remedy.RESEND),
        ("4002", "Phone not available", "could not be reached", Remedy.RESEND),
        ("4005", "Recipient does not support this message type", "does not take", Remedy.NONE),
        ("4006", "Odd thing", '"Odd thing"', Remedy.CHECK_THEN_RESEND),
        ("4008", "", "does not explain", Remedy.CHECK_THEN_RESEND),
        ("", "", "does not say why", Remedy.CHECK_THEN_RESEND),
    ],
)
def test_failed_message_says_why_and_whether_to_resend(code: str, reason: str, words: str, remedy: Remedy) -> None:
    meaning = failure_meaning(code, reason)
    assert words in meaning.reason
    assert meaning.remedy is remedy


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (2001, Remedy.LINK_AGAIN),
        (2013, Remedy.LINK_AGAIN),
        (2003, Remedy.RESEND),
        (2024, Remedy.WAIT_FOR_CONTACT),
        (2015, Remedy.CHECK_THEN_RESEND),
        (5004, Remedy.SEND_FILE_AGAIN),
        (1003, Remedy.NONE),
    ],
)
def test_refusal_names_its_remedy(code: int, remedy: Remedy) -> None:
    assert error(code).remedy is remedy


@pytest.mark.parametrize("code", CODES)
def test_sentences_speak_of_no_other_network(code: int) -> None:
    """The adapter that shows a failure words its remedy."""
    words = CODES[code].reason.casefold()
    assert not any(word in words for word in ("press", "resend", "/voicememo", "slack", "channel"))
