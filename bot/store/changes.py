"""How a changed fact asks its notice for another turn, in the same transaction.

``notices.wanted`` counts the changes that ask to be shown, ``notices.taken`` those that a turn has taken up. A turn
first sets ``taken = wanted`` and reads the facts in a second statement. The row lock puts every change either before
that (then the turn reads the fact) or after it (then ``wanted - 1 = taken``, nobody else will come, and the change asks
the engine for a turn itself). So no change is lost, and a hundred changes before a turn ask for one.
"""

from collections.abc import Iterable, Sequence

from psycopg.rows import DictRow

from bot.relay.model import Announce, ChatId, Errand, NoticeId, Work

# Goes behind a statement ``WITH changed AS (... RETURNING notice)``. The array makes the server use the index: of rows
# that are made in the same statement it cannot know that they are few.
ASK_FOR_A_TURN = """
, asked AS (
    UPDATE notices SET wanted = wanted + 1
    WHERE id = ANY (ARRAY(SELECT notice FROM changed))
    RETURNING id, wanted - 1 = taken AS is_due
)
"""
TURNS = ASK_FOR_A_TURN + "SELECT id, is_due FROM asked"


def announcements(turns: Iterable[DictRow]) -> list[Errand]:
    return [Announce(NoticeId(turn["id"])) for turn in turns if turn["is_due"]]


def work(chats: Sequence[str]) -> list[Errand]:
    """One permit for each new delivery; a spare one finds nothing to do."""
    return [Work(ChatId(chat)) for chat in chats]
