"""What may be done after a failure. Every adapter sorts its errors into these three; no other error leaves it.

- ``Refused``: surely not done, and asking again will not help.
- ``RetryLater``: surely not done. May be tried again, not before the given time.
- ``OutcomeUnknown``: perhaps done. Reconcile before acting again.
"""

from datetime import timedelta
from enum import StrEnum


class Remedy(StrEnum):
    """What a person can do about a failure. The relay and the adapters name it; the adapter that shows it, words it."""

    NONE = ""
    RESEND = "resend"  # send it again; nothing else has to happen first
    CHECK_THEN_RESEND = "check_then_resend"  # it may have arrived: look at the other side, then send it again
    LINK_AGAIN = "link_again"  # the link leads nowhere: link the room to another one
    INVITE_BOT = "invite_bot"  # the bot is not in the room
    RESTORE_ROOM = "restore_room"  # the room is archived or deleted: bring it back, or link another one
    SEND_FILE_AGAIN = "send_file_again"  # the source is unusable: record or upload it anew
    WAIT_FOR_CONTACT = "wait_for_contact"  # the contact wants no messages until they write themselves
    USE_MESSAGE_ACTION = "use_message_action"  # point at the message itself


ROOT_GONE = "root_gone"
"""The code of ``Refused`` where the first message of a thread is deleted, so that nothing can be sent into it."""


NO_ROOM = "no_room"
"""The code of ``Refused`` where nobody has a room with that person yet, and one could be opened."""


class RelayError(Exception):
    """Base of the three. ``reason`` is a sentence for people; ``code`` is the network's own code, if it gave one."""

    def __init__(self, reason: str, *, code: str = "", trace_id: str = "", remedy: Remedy = Remedy.NONE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.trace_id = trace_id
        self.remedy = remedy


class Refused(RelayError):
    """Surely not done, and never will be. The reason says why. ``room``: where it is instead."""

    def __init__(
        self, reason: str, *, code: str = "", trace_id: str = "", remedy: Remedy = Remedy.NONE, room: str = ""
    ) -> None:
        super().__init__(reason, code=code, trace_id=trace_id, remedy=remedy)
        self.room = room


class InvalidInput(Refused):
    """What somebody wrote is wrong in itself, whatever the networks hold: the command line calls that wrong usage."""


class RetryLater(RelayError):
    """Surely not done. ``after``: wait at least this long, counted from now (None: by the caller's own backoff)."""

    def __init__(
        self,
        reason: str,
        *,
        after: timedelta | None = None,
        code: str = "",
        trace_id: str = "",
        remedy: Remedy = Remedy.NONE,
    ) -> None:
        super().__init__(reason, code=code, trace_id=trace_id, remedy=remedy)
        self.after = after


class OutcomeUnknown(RelayError):
    """Perhaps done: the answer was lost or could not be read. ``after``: do not ask the network before that."""

    def __init__(
        self,
        reason: str,
        *,
        after: timedelta | None = None,
        code: str = "",
        trace_id: str = "",
        remedy: Remedy = Remedy.NONE,
    ) -> None:
        super().__init__(reason, code=code, trace_id=trace_id, remedy=remedy)
        self.after = after
