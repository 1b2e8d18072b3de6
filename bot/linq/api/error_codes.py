"""What Linq's errors mean: every code it documents → what was done, a sentence for people, and what they can do.

Nothing of the wire may come in. Sources: Linq's error reference (docs.linqapp.com, error codes) and the docstrings of
linq-python 0.65.0, read in November 2026. Codes that are not here are judged by their HTTP status.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, Remedy, RetryLater


class Outcome(StrEnum):
    """What a call that failed has done."""

    NOT_DONE = "not done"  # and asking again will not help
    NOT_YET = "not yet"  # nothing was done; it may work another time
    UNKNOWN = "unknown"  # it may have been done


DOUBT = "It is not known whether it went out."


@dataclass(frozen=True)
class ErrorMeaning:
    """``reason`` says what happened. ``after`` is the wait before another try where the trouble is not the message's
    own and is waited out; without it the relay counts the tries and ends them."""

    outcome: Outcome
    reason: str
    remedy: Remedy = Remedy.NONE
    after: timedelta | None = None

    def error(
        self, *, repeatable: bool, code: str = "", trace_id: str = "", after: timedelta | None = None
    ) -> RelayError:
        """As the relay understands it. ``repeatable``: doing it twice does no harm, so what may have been done may be
        tried again. ``after``: the wait that Linq itself asked for."""
        if self.outcome is Outcome.NOT_DONE:
            return Refused(self.reason, code=code, trace_id=trace_id, remedy=self.remedy)
        if self.outcome is Outcome.NOT_YET or repeatable:
            wait = after or self.after
            return RetryLater(self.reason, after=wait, code=code, trace_id=trace_id, remedy=self.remedy)
        return OutcomeUnknown(f"{self.reason} {DOUBT}", code=code, trace_id=trace_id, remedy=self.remedy)


def _not_done(reason: str, remedy: Remedy = Remedy.NONE) -> ErrorMeaning:
    return ErrorMeaning(Outcome.NOT_DONE, reason, remedy)


def _not_yet(reason: str, seconds: int | None = None) -> ErrorMeaning:
    return ErrorMeaning(Outcome.NOT_YET, reason, after=None if seconds is None else timedelta(seconds=seconds))


def _unknown(reason: str) -> ErrorMeaning:
    return ErrorMeaning(Outcome.UNKNOWN, reason)


_MALFORMED = _not_done("Linq did not understand the request. Please report the code to whoever runs memobridge.")
_UNRELATED = _not_done("Linq gave an error that belongs to something else. Please report the code.")
_FORBIDDEN = _not_done("Linq does not allow this account to send from that number. Check the account's rights at Linq.")
_WRONG_FORMAT = _not_done("Linq does not take this kind of file.", Remedy.SEND_FILE_AGAIN)
_TOO_LARGE = _not_done("The file is too large for Linq (10 MB by address, 100 MB otherwise).", Remedy.SEND_FILE_AGAIN)
_TROUBLE = _unknown("Linq had trouble of its own.")

KEY_REJECTED = _not_yet(
    "Linq does not accept our API key. Whoever runs memobridge has to renew LINQ_API_V3_API_KEY.", 60
)
"""A wrong key is the operator's trouble and passes when it is mended: a customer's message must not fail for it. The
delivery waits, readiness and ``check`` turn red at once, and the first call with a good key lets everything through."""

TOO_FAST = _not_yet("Linq asked us to slow down.", 10)

CODES: dict[int, ErrorMeaning] = {
    1001: _MALFORMED,
    1002: _not_done("Linq takes phone numbers only in the form +14155550123."),
    1003: _MALFORMED,
    1004: _MALFORMED,
    1005: _MALFORMED,
    1006: _UNRELATED,
    1007: TOO_FAST,
    1008: _UNRELATED,
    2001: _not_done("Linq does not know this chat.", Remedy.LINK_AGAIN),
    2002: _not_done("Linq does not know this message."),
    2003: _not_done("Linq no longer has the uploaded file.", Remedy.RESEND),
    2004: KEY_REJECTED,
    2005: _not_done("Linq does not let this account use that chat. Check the account's rights at Linq."),
    2006: _FORBIDDEN,
    2007: _not_yet("Linq is still taking in the uploaded file."),
    2008: _not_done("This person has to text your Linq number before anything can be sent to them.", Remedy.RESEND),
    2009: _not_yet("Linq is still creating this chat."),
    2010: _not_done("Linq does not know this webhook subscription."),
    2011: _not_done("Linq has not enabled this for your account. Ask Linq to do it.", Remedy.RESEND),
    2012: _UNRELATED,
    2013: _not_done("Your number has left this chat.", Remedy.LINK_AGAIN),
    2014: _UNRELATED,
    2015: _not_done("Linq says that this does not fit the chat as it is now.", Remedy.CHECK_THEN_RESEND),
    2016: _not_done("Linq does not do this in group chats."),
    2017: _not_done("This chat does not run over iMessage or RCS, which this needs."),
    2018: _not_done("This works over iMessage only, and this chat does not run over it."),
    2019: _not_done("Linq does not know this phone number."),
    2021: _UNRELATED,
    2022: _unknown("Linq could not set up a contact card."),
    2023: _UNRELATED,
    2024: _not_done(
        "This person asked for no more messages, until they text your number again.", Remedy.WAIT_FOR_CONTACT
    ),
    2026: _not_done("Your team has blocked this person at Linq.", Remedy.RESEND),
    2027: _not_yet("Linq has paused sending from your number for now.", 60),
    2028: _UNRELATED,
    3001: _TROUBLE,
    3002: _TROUBLE,
    3003: _TROUBLE,
    3004: _TROUBLE,
    3005: _unknown("Linq's network was too slow."),
    3006: _TROUBLE,
    # Unlike for 2027, Linq nowhere says that nothing was created before these two.
    3007: _unknown("Linq tried as often as it may and gave up."),
    4001: _unknown("Linq says that something failed on its side."),
    4002: _unknown("The phone behind your Linq number cannot be reached."),
    4003: _UNRELATED,
    4004: _unknown("Linq's service is not available at the moment."),
    4005: _not_done("This person's phone does not take this kind of message."),
    4009: _not_yet("Linq could not check this number over RCS."),
    4010: _not_yet("Linq could not check this number over RCS."),
    5001: _unknown("Linq could not store the file."),
    # Without the file there can be no message, so this 500 surely did nothing.
    5002: _not_yet("Linq could not fetch the file from its address."),
    5003: _unknown("Linq could not make an address for the file."),
    5004: _WRONG_FORMAT,
    5005: _TOO_LARGE,
    5006: _WRONG_FORMAT,
    5007: _UNRELATED,
}

COLLISIONS: dict[tuple[int, int], ErrorMeaning] = {(413, 5001): _TOO_LARGE}
"""(HTTP status, code) → meaning, where one code says two things."""

_STATUSES: dict[int, ErrorMeaning] = {
    401: KEY_REJECTED,
    404: _not_done("Linq does not know what we asked for."),
    408: _unknown("Linq waited too long for us."),
    413: _TOO_LARGE,
    415: _WRONG_FORMAT,
    425: _not_yet("Linq asked us to come back."),
    429: TOO_FAST,
}


def meaning_of(status: int, code: int | None = None) -> ErrorMeaning:
    """What an answer outside 2xx means. A code that nobody documented is judged by its status."""
    if code is not None:
        known = COLLISIONS.get((status, code)) or CODES.get(code)
        if known is not None:
            return known
    if status in _STATUSES:
        return _STATUSES[status]
    if 400 <= status < 500:
        return _not_done("Linq refused this without a reason we know. Please report it to whoever runs memobridge.")
    return _TROUBLE


NOT_CONNECTED = _not_yet("Linq could not be reached.", 5)
ANSWER_LOST = _unknown("The connection to Linq broke before it answered.")
UNREADABLE = _unknown("Linq's answer could not be understood.")


@dataclass(frozen=True)
class FailureMeaning:
    """Why a message failed that Linq had taken, and what a person can do."""

    reason: str
    remedy: Remedy


_FAILURES = {
    "3007": FailureMeaning("Linq tried as often as it may and gave up.", Remedy.RESEND),
    "4002": FailureMeaning("The phone behind your Linq number could not be reached.", Remedy.RESEND),
    "4005": FailureMeaning(CODES[4005].reason, Remedy.NONE),
    "2024": FailureMeaning(CODES[2024].reason, CODES[2024].remedy),
}
_EXPIRED = FailureMeaning("It waited too long at Linq and was dropped.", Remedy.RESEND)
_NEVER_LEFT = FailureMeaning("It never left your number.", Remedy.RESEND)
_MAY_ARRIVE = FailureMeaning("It left your number but did not arrive, and may still do so.", Remedy.CHECK_THEN_RESEND)


def failure_meaning(code: str, reason: str) -> FailureMeaning:
    """For a message that Linq took and then reported as failed. ``reason`` is Linq's own text, in any case.

    Code 4001 covers two opposite cases that only the text tells apart: "Message send failed" never left the line,
    "Message delivery failed" did. A code without a published meaning is shown with Linq's own words.
    """
    words = reason.casefold()
    if "expired" in words:
        return _EXPIRED
    if code in _FAILURES:
        return _FAILURES[code]
    if code == "4001":
        return _NEVER_LEFT if "send failed" in words else _MAY_ARRIVE
    doubt = "does not explain this code" if code else "does not say why"
    quote = f' It says: "{reason}".' if reason else ""
    return FailureMeaning(f"Linq could not deliver it and {doubt}.{quote}", Remedy.CHECK_THEN_RESEND)
