"""A link's settings as people write and read them. Pure: words in, ``LinkSettings`` out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.relay.errors import InvalidInput
from bot.relay.quiet_hours import parse_quiet_hours
from bot.relay.rooms import Confirm, LinkSettings, Mode, Senders

OFF = "off"


def change(settings: LinkSettings, key: str, values: Sequence[str]) -> LinkSettings:
    """The settings with one of them changed. InvalidInput says what may be written instead."""
    setter = _SETTERS.get(key)
    if setter is None:
        raise InvalidInput(f"There is no setting {key}. There are: {', '.join(_SETTERS)}.")
    if not values:
        raise InvalidInput(f"Write what {key} is to be: {_CHOICES[key]}.")
    return setter(settings, values)


def describe(settings: LinkSettings) -> Mapping[str, Sequence[str]]:
    """Every setting by its key; of ``senders``, ids that the adapter has to put into words."""
    return {
        "mode": [settings.mode],
        "replies": ["on" if settings.replies else "off"],
        "senders": list(settings.senders),
        "confirm": [settings.confirm],
        "quiet": [settings.quiet or OFF],
    }


def _set_mode(settings: LinkSettings, values: Sequence[str]) -> LinkSettings:
    return replace(settings, mode=Mode(_one_of("mode", values, list(Mode))))


def _set_replies(settings: LinkSettings, values: Sequence[str]) -> LinkSettings:
    return replace(settings, replies=_one_of("replies", values, ["on", "off"]) == "on")


def _set_senders(settings: LinkSettings, values: Sequence[str]) -> LinkSettings:
    """One of the two words, or ids of people and groups: the adapter has made them of what was written."""
    if unknown := [value for value in values if value not in set(Senders) and ":" not in value]:
        raise InvalidInput(f"{unknown[0]} is nobody. Write {_CHOICES['senders']}.")
    return replace(settings, senders=tuple(dict.fromkeys(values)))


def _set_confirm(settings: LinkSettings, values: Sequence[str]) -> LinkSettings:
    return replace(settings, confirm=Confirm(_one_of("confirm", values, list(Confirm))))


def _set_quiet(settings: LinkSettings, values: Sequence[str]) -> LinkSettings:
    """Stored as they are read back, so that they look the same however they were written."""
    written = " ".join(values)
    return replace(settings, quiet="" if written == OFF else str(parse_quiet_hours(written)))


def _one_of(key: str, values: Sequence[str], allowed: Sequence[str]) -> str:
    if len(values) != 1 or values[0] not in allowed:
        raise InvalidInput(f"{key} is {_CHOICES[key]}.")
    return values[0]


_CHOICES = {
    "mode": "voice or conversation",
    "replies": "on or off",
    "senders": "members, everyone, or a list of people and user groups",
    "confirm": "first, always or never",
    "quiet": "hours with their time zone, like 22:00-08:00 Europe/Berlin, or off",
}
_SETTERS: Mapping[str, Callable[[LinkSettings, Sequence[str]], LinkSettings]] = {
    "mode": _set_mode,
    "replies": _set_replies,
    "senders": _set_senders,
    "confirm": _set_confirm,
    "quiet": _set_quiet,
}
