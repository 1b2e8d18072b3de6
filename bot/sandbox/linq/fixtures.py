"""The lines and chats every sandbox starts with, under ids that never change."""

from enum import StrEnum

from bot.sandbox.linq.state.account import Account
from bot.sandbox.linq.state.models import ChatCondition, Service, stable_id

LINE = "+12025550100"
SECOND_LINE = "+12025550101"


class Chats(StrEnum):
    """Chat ids, each named for the person in it or for what it is good for."""

    ANN = stable_id("chat", "ann")
    BEN = stable_id("chat", "ben")
    FAMILY = stable_id("chat", "family")
    SAM_BY_SMS = stable_id("chat", "sam")
    RITA_BY_RCS = stable_id("chat", "rita")
    OLGA_OPTED_OUT = stable_id("chat", "olga")
    CLUB_WE_LEFT = stable_id("chat", "club")
    STILL_CREATING = stable_id("chat", "creating")


_PEOPLE: dict[Chats, tuple[str, ...]] = {
    Chats.ANN: ("+12025550123",),
    Chats.BEN: ("ben@example.com",),
    Chats.FAMILY: ("+12025550123", "+12025550130", "cleo@example.com"),
    Chats.SAM_BY_SMS: ("+12025550141",),
    Chats.RITA_BY_RCS: ("+12025550142",),
    Chats.OLGA_OPTED_OUT: ("+12025550151",),
    Chats.CLUB_WE_LEFT: ("+12025550161", "+12025550162"),
    Chats.STILL_CREATING: ("+12025550171",),
}
_SERVICES: dict[Chats, Service] = {Chats.SAM_BY_SMS: "SMS", Chats.RITA_BY_RCS: "RCS"}
_CONDITIONS: dict[Chats, ChatCondition] = {Chats.CLUB_WE_LEFT: "left", Chats.STILL_CREATING: "creating"}
OPTED_OUT = (Chats.OLGA_OPTED_OUT,)
_NAMES = {Chats.FAMILY: "Family", Chats.CLUB_WE_LEFT: "Chess club"}


def add_fixtures(account: Account) -> None:
    """Put the lines and chats into an empty account."""
    account.add_line(LINE)
    account.add_line(SECOND_LINE)
    created_at = account.now()
    for chat_id, people in _PEOPLE.items():
        chat = account.add_chat(
            *people,
            chat_id=str(chat_id),
            service=_SERVICES.get(chat_id, "iMessage"),
            display_name=_NAMES.get(chat_id),
        )
        chat.condition = _CONDITIONS.get(chat_id, "ready")
        chat.created_at = chat.updated_at = created_at  # none of them is more recent than another
    for chat_id in OPTED_OUT:
        account.opted_out.update(_PEOPLE[chat_id])
        account.chats[chat_id].is_marked_opted_out = True
