"""The address book of every phone: the names behind the addresses that every sandbox starts with."""

import re

NAMES = {
    "+12025550100": "Toy World",
    "+12025550101": "Toy World",
    "+12025550123": "Ann",
    "ben@example.com": "Ben",
    "+12025550130": "Dora",
    "cleo@example.com": "Cleo",
    "+12025550141": "Sam",
    "+12025550142": "Rita",
    "+12025550151": "Olga",
    "+12025550161": "Magnus",
    "+12025550162": "Judit",
    "+12025550181": "Leo",
}
_NORTH_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")


def name_of(address: str) -> str:
    """Return the name in the book, else the address as a phone writes it."""
    if address in NAMES:
        return NAMES[address]
    number = _NORTH_AMERICAN.fullmatch(address)
    return "+1 ({}) {}-{}".format(*number.groups()) if number else address
