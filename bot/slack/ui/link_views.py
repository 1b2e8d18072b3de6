"""Modals in which links are made and their settings changed. Pure."""

from collections.abc import Mapping, Sequence

from bot.relay.rooms import Confirm, Link, Mode, RoomInfo, Senders
from bot.relay.routing.settings import OFF, describe
from bot.slack.fields import one_line
from bot.slack.ids import is_group, is_person, user_of
from bot.slack.ui.blocks import Block, context, modal, plain
from bot.slack.ui.conversation_views import CHANNEL_INPUT, View

NEW_LINK_VIEW, EDIT_LINK_VIEW = "new_link", "edit_link"
CONTACT_INPUT = "contact"
SENDERS_KIND, PEOPLE_INPUT = "senders", "people"
LISTED = "listed"
NEEDS_THE_BOT = "The bot must be in the channel."
APPEARS = "What is said in the chat appears in the channel, for all who are in it."
OPTIONS_MOST = 100
OPTION_MOST = 75

_CHOICES: Mapping[str, Sequence[str]] = {"mode": list(Mode), "replies": ["on", OFF], "confirm": list(Confirm)}
_LABELS = {
    "mode": "What leaves the channel",
    "replies": "What the contact says appears here",
    "confirm": "What waits for Send or Cancel",
    SENDERS_KIND: "Who may send",
}
_WORDS = {
    ("mode", "voice"): "Recordings, and what is sent explicitly",
    ("mode", "conversation"): "All that is written at the root",
    ("replies", "on"): "Yes",
    ("replies", OFF): "No",
    ("confirm", "never"): "Nothing",
    ("confirm", "first"): "The first one into a new chat",
    ("confirm", "always"): "Everything",
    (SENDERS_KIND, Senders.MEMBERS): "Members of this workspace",
    (SENDERS_KIND, Senders.EVERYONE): "Everyone in the channel",
    (SENDERS_KIND, LISTED): "Only these people:",
}


def new_link_view() -> View:
    channel = {
        "type": "conversations_select",
        "action_id": CHANNEL_INPUT,
        "placeholder": plain("Choose a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    contact = {
        "type": "external_select",
        "action_id": CONTACT_INPUT,
        "placeholder": plain("Type a name or a number"),
        "min_query_length": 2,
    }
    blocks = [_input(CHANNEL_INPUT, "Channel", channel), _input(CONTACT_INPUT, "Chat", contact)]
    return modal(NEW_LINK_VIEW, "", "New link", "Link", *blocks, context(NEEDS_THE_BOT, APPEARS))


def edit_link_view(link: Link) -> View:
    """Every setting, as it is now."""
    now = describe(link.settings)
    blocks = [_input(key, _LABELS[key], _select(key, choices, now[key][0])) for key, choices in _CHOICES.items()]
    quiet = "" if now["quiet"] == [OFF] else now["quiet"][0]
    hours: Block = {"type": "plain_text_input", "action_id": "quiet", "placeholder": plain("22:00-08:00 Europe/Berlin")}
    blocks.append(_input("quiet", "Quiet hours", hours | ({"initial_value": quiet} if quiet else {}), is_optional=True))
    senders = now["senders"]
    kind = senders[0] if len(senders) == 1 and senders[0] in set(Senders) else LISTED
    blocks.append(_input(SENDERS_KIND, _LABELS[SENDERS_KIND], _select(SENDERS_KIND, [*Senders, LISTED], kind)))
    chosen = [user_of(each) for each in senders if is_person(each)]  # type: ignore[arg-type]
    people: Block = {"type": "multi_users_select", "action_id": PEOPLE_INPUT, "placeholder": plain("Choose people")}
    blocks.append(
        _input(PEOPLE_INPUT, "People", people | ({"initial_users": chosen} if chosen else {}), is_optional=True)
    )
    if any(is_group(each) for each in senders):
        blocks.append(context("User groups among the senders stay as they are."))
    return modal(EDIT_LINK_VIEW, link.room, "Settings of the link", "Save", *blocks)


def changes_of(values: Mapping[str, str], before: Sequence[str], person: "Sequence[str]") -> dict[str, list[str]]:
    """What the edit modal was submitted with, as the relay's words for its settings. ``before``: the senders as they
    were; ``person``: ids of the people that were chosen."""
    changes = {key: [values[key]] for key in _CHOICES if values.get(key)}
    changes["quiet"] = values.get("quiet", "").split() or [OFF]
    kind = values.get(SENDERS_KIND, "")
    if kind in set(Senders):
        changes["senders"] = [kind]
    elif kind == LISTED:
        changes["senders"] = [*person, *(each for each in before if is_group(each))]
    return changes


def room_options(rooms: Sequence[RoomInfo]) -> list[Block]:
    """The chats to choose from."""
    return [{"text": plain(_named(room)), "value": room.id} for room in rooms[:OPTIONS_MOST]]


def _named(room: RoomInfo) -> str:
    people = ", ".join(room.people)
    return one_line(f"{room.name} ({people})" if room.name else people or room.id, OPTION_MOST)


def _select(key: str, choices: Sequence[str], chosen: str) -> Block:
    options = {choice: {"text": plain(_WORDS[key, choice]), "value": str(choice)} for choice in choices}
    return {
        "type": "static_select",
        "action_id": key,
        "options": list(options.values()),
        "initial_option": options[chosen],
    }


def _input(name: str, label: str, element: Block, *, is_optional: bool = False) -> Block:
    return {"type": "input", "block_id": name, "label": plain(label), "element": element, "optional": is_optional}
