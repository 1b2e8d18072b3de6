"""A link's settings: as they are written, as they are read, and what is refused."""

import pytest

from bot.relay.errors import InvalidInput
from bot.relay.rooms import Confirm, LinkSettings, Mode, Senders
from bot.relay.routing import settings

ANN = "team:T0AAA@U0ANN"
DEFAULT = LinkSettings()


@pytest.mark.parametrize(
    ("key", "values", "changed"),
    [
        ("mode", ["conversation"], LinkSettings(mode=Mode.CONVERSATION)),
        ("mode", ["voice"], DEFAULT),
        ("replies", ["off"], LinkSettings(replies=False)),
        ("replies", ["on"], DEFAULT),
        ("senders", ["everyone"], LinkSettings(senders=(Senders.EVERYONE,))),
        ("senders", ["members", ANN], LinkSettings(senders=(Senders.MEMBERS, ANN))),
        ("senders", [ANN, ANN], LinkSettings(senders=(ANN,))),
        ("confirm", ["first"], LinkSettings(confirm=Confirm.FIRST)),
        ("confirm", ["never"], DEFAULT),
        ("quiet", ["22:00-08:00", "europe/berlin"], LinkSettings(quiet="22:00-08:00 Europe/Berlin")),
        ("quiet", ["9:30 - 10:00 UTC"], LinkSettings(quiet="09:30-10:00 UTC")),
        ("quiet", ["off"], DEFAULT),
    ],
)
def test_change_sets_one_of_them(key: str, values: list[str], changed: LinkSettings) -> None:
    assert settings.change(DEFAULT, key, values) == changed


def test_change_leaves_the_others_as_they_were() -> None:
    before = LinkSettings(Mode.CONVERSATION, replies=False, senders=(ANN,))
    assert settings.change(before, "mode", ["voice"]) == LinkSettings(Mode.VOICE, replies=False, senders=(ANN,))


@pytest.mark.parametrize(
    ("key", "values", "says"),
    [
        ("colour", ["red"], "There are: mode, replies, senders, confirm, quiet"),
        ("mode", [], "voice or conversation"),
        ("mode", ["loud"], "voice or conversation"),
        ("mode", ["voice", "conversation"], "voice or conversation"),
        ("mode", ["Voice"], "voice or conversation"),
        ("replies", ["yes"], "on or off"),
        ("senders", [], "members, everyone"),
        ("senders", ["nobody"], "nobody is nobody"),
        ("confirm", ["sometimes"], "first, always or never"),
        ("quiet", ["at night"], "22:00-08:00 Europe/Berlin, or off"),
        ("quiet", ["22:00-08:00", "mars/berlin"], "no time zone mars/berlin"),
    ],
)
def test_change_refuses_what_is_none_and_says_what_to_write(key: str, values: list[str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        settings.change(DEFAULT, key, values)


def test_describe_gives_back_what_was_set() -> None:
    written = {"mode": ["conversation"], "replies": ["off"], "senders": ["members", ANN]}
    written |= {"confirm": ["always"], "quiet": ["22:00-08:00 Europe/Berlin"]}
    changed = DEFAULT
    for key, values in written.items():
        changed = settings.change(changed, key, values)
    assert settings.describe(changed) == written


def test_describe_shows_the_defaults() -> None:
    assert settings.describe(DEFAULT) == {
        "mode": ["voice"],
        "replies": ["on"],
        "senders": ["members"],
        "confirm": ["never"],
        "quiet": ["off"],
    }
