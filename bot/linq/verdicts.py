"""What Linq's refusals mean: every code it documents → how sure the no is, and a sentence for people.

Nothing of the wire may come in. Source: Linq's error reference (docs.linqapp.com, error codes) and the docstrings of
linq-python 0.65.0, read in November 2026. Codes that are not here are judged by their HTTP status.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.relay.errors import OutcomeUnknown, Refused, RelayError, RetryLater


class Certainty(StrEnum):
    NO = "no"  # nothing was done, and asking again will not help
    LATER = "later"  # nothing was done; it may work another time
    PERHAPS = "perhaps"  # it may have been done


DOUBT = "It is not known whether the memo went out."


@dataclass(frozen=True)
class Verdict:
    """``reason`` says what happened and what a person can do. ``after`` is the wait before another try where the
    trouble is not the memo's own and is sat out; without it the relay counts the tries and ends them."""

    certainty: Certainty
    reason: str
    after: timedelta | None = None

    def error(
        self, *, repeatable: bool, code: str = "", trace_id: str = "", after: timedelta | None = None
    ) -> RelayError:
        """As the relay understands it. ``repeatable``: doing it twice harms nobody, so "perhaps" may be tried again."""
        if self.certainty is Certainty.NO:
            return Refused(self.reason, code=code, trace_id=trace_id)
        if self.certainty is Certainty.LATER or repeatable:
            return RetryLater(self.reason, after=after or self.after, code=code, trace_id=trace_id)
        return OutcomeUnknown(f"{self.reason} {DOUBT}", code=code, trace_id=trace_id)


def _no(reason: str) -> Verdict:
    return Verdict(Certainty.NO, reason)


def _later(reason: str, seconds: int | None = None) -> Verdict:
    return Verdict(Certainty.LATER, reason, None if seconds is None else timedelta(seconds=seconds))


def _perhaps(reason: str) -> Verdict:
    return Verdict(Certainty.PERHAPS, reason)


_MALFORMED = _no("Linq did not understand the request. Please report this, with the code, to whoever runs memobridge.")
_NO_CHAT = _no("Linq does not know this chat. Link the channel to one that it knows, with /voicememo link.")
_NOT_A_MEMO = _no("Linq gave an answer that belongs to something other than a voice memo. Please report the code.")
_FORBIDDEN = _no("Linq does not allow this account to send from that number. Check the account's rights at Linq.")
_WRONG_FORMAT = _no("Linq does not take this file as a voice memo. Send it again as M4A or MP3.")
_TOO_LARGE = _no("The audio is too large for Linq (10 MB by address, 100 MB otherwise). Send a shorter recording.")
_TROUBLE = _perhaps("Linq had trouble of its own.")

KEY_REJECTED = _later("Linq does not accept our API key. Whoever runs memobridge has to renew LINQ_API_V3_API_KEY.", 60)
"""A wrong key is the operator's trouble and passes when it is mended: a customer's memo must not fail for it. The clip
waits, readiness and ``check`` turn red at once, and the first call with a good key lets everything through."""

TOO_FAST = _later("Linq asked us to slow down; the memo goes out as soon as it allows.", 10)

CODES: dict[int, Verdict] = {
    1001: _MALFORMED,
    1002: _no("Linq takes phone numbers only in the form +14155550123."),
    1003: _MALFORMED,
    1004: _MALFORMED,
    1005: _MALFORMED,
    1006: _NOT_A_MEMO,
    1007: TOO_FAST,
    1008: _NOT_A_MEMO,
    2001: _NO_CHAT,
    2002: _no("Linq does not know this message."),
    2003: _no("Linq no longer has the uploaded audio. Press Resend to upload it again."),
    2004: KEY_REJECTED,
    2005: _no("Linq does not let this account use that chat. Check the account's rights at Linq."),
    2006: _FORBIDDEN,
    2007: _later("Linq is still taking in the uploaded audio."),
    2008: _no(
        "This person has to text your Linq number before anything can be sent to them. Ask them, then press Resend."
    ),
    2009: _later("Linq is still creating this chat."),
    2010: _no("Linq does not know this webhook subscription."),
    2011: _no("This Linq account has no voice memos. Ask Linq to enable them."),
    2012: _NOT_A_MEMO,
    2013: _no("Your number has left this chat. Link the channel to another one with /voicememo link."),
    2014: _NOT_A_MEMO,
    2015: _no("Linq says this does not fit the chat as it is now. Look at the chat at Linq, then press Resend."),
    2016: _no("Linq does not do this in group chats. Link the channel to a chat with one person."),
    2017: _no("This chat does not run over iMessage or RCS, so it takes no voice memos. Send the file in another way."),
    2018: _no("This works over iMessage only, and this chat does not run over it."),
    2019: _no("Linq does not know this phone number."),
    2021: _NOT_A_MEMO,
    2022: _perhaps("Linq could not set up a contact card."),
    2023: _NOT_A_MEMO,
    2024: _no("This person asked for no more messages. Once they text your number again, press Resend."),
    2026: _no("Your team has blocked this person at Linq. Unblock them there, then press Resend."),
    2027: _later("Linq has paused sending from your number for now; the memo goes out when it resumes.", 60),
    3001: _TROUBLE,
    3002: _TROUBLE,
    3003: _TROUBLE,
    3004: _TROUBLE,
    3005: _perhaps("Linq's network was too slow."),
    3006: _TROUBLE,
    # Unlike for 2027, Linq nowhere says that nothing was created before these two.
    3007: _perhaps("Linq tried as often as it may and gave up."),
    4001: _perhaps("Linq says that something failed on its side."),
    4002: _perhaps("The phone behind your Linq number cannot be reached."),
    4003: _NOT_A_MEMO,
    4004: _perhaps("Linq's service is not available at the moment."),
    4005: _no("This person's phone does not take voice memos. Send the file in another way."),
    4009: _later("Linq could not check this number over RCS."),
    4010: _later("Linq could not check this number over RCS."),
    5001: _perhaps("Linq could not store the audio."),
    # Without the file there can be no memo, so this 500 is a sure no.
    5002: _later("Linq could not fetch the audio from its address."),
    5003: _perhaps("Linq could not make an address for the audio."),
    5004: _WRONG_FORMAT,
    5005: _TOO_LARGE,
    5006: _WRONG_FORMAT,
    5007: _NOT_A_MEMO,
}

COLLISIONS: dict[tuple[int, int], Verdict] = {(413, 5001): _TOO_LARGE}
"""(HTTP status, code) → verdict, where one code says two things."""

_STATUSES: dict[int, Verdict] = {
    401: KEY_REJECTED,
    404: _no("Linq does not know what we asked for."),
    408: _perhaps("Linq waited too long for us."),
    413: _TOO_LARGE,
    415: _WRONG_FORMAT,
    425: _later("Linq asked us to come back."),
    429: TOO_FAST,
}


def verdict(status: int, code: int | None = None) -> Verdict:
    """What an answer outside 2xx means. A code that nobody documented is judged by its status."""
    if code is not None:
        known = COLLISIONS.get((status, code)) or CODES.get(code)
        if known is not None:
            return known
    if status in _STATUSES:
        return _STATUSES[status]
    if 400 <= status < 500:
        return _no("Linq refused this without a reason we know. Please report it to whoever runs memobridge.")
    return _TROUBLE


NOT_CONNECTED = _later("Linq could not be reached.", 5)
ANSWER_LOST = _perhaps("The connection to Linq broke before it answered.")
NONSENSE = _perhaps("Linq answered with something that makes no sense.")


_FAILURES = {
    "3007": "Linq tried as often as it may and gave up. Press Resend to try again.",
    "4002": "The phone behind your Linq number could not be reached. Press Resend in a few minutes.",
    "4005": "This person's phone does not take voice memos. Send the file in another way.",
    "2024": CODES[2024].reason,
}
_NEVER_LEFT = "It never left your number. Press Resend to try again."
_MAY_ARRIVE = "It left your number but did not arrive, and may still do so. Ask the person before you press Resend."
_EXPIRED = "It waited too long at Linq and was dropped. Press Resend to try again."


def why_failed(code: str, reason: str) -> str:
    """The sentence for a memo that Linq took and then reported as failed. ``reason`` is Linq's own text, any case.

    Code 4001 covers two opposite cases that only the text tells apart: "Message send failed" never left the line,
    "Message delivery failed" did. A code without a published meaning is shown with Linq's own words.
    """
    words = reason.casefold()
    if "expired" in words:
        return _EXPIRED
    if code in _FAILURES:
        return _FAILURES[code]
    if code == "4001" and "send failed" in words:
        return _NEVER_LEFT
    if code == "4001":
        return _MAY_ARRIVE
    doubt = "does not explain this code" if code else "does not say why"
    said = f' It says: "{reason}".' if reason else ""
    return f"Linq could not deliver it and {doubt}.{said} Look at the phone before you press Resend."
