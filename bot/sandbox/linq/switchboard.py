"""Switches as JSON: shown, and set from outside with every value checked."""

import types
from dataclasses import asdict, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .model import Failure
from .switches import Switches


def shown(switches: Switches) -> dict[str, Any]:
    return asdict(switches)


def set_switches(switches: Switches, changes: dict[str, Any]) -> None:
    """All of the changes or none. ValueError names the first one that does not fit."""
    hints = get_type_hints(Switches)
    wanted = {name: _failures(value) if name == "next_failures" else value for name, value in changes.items()}
    for name, value in wanted.items():
        if name not in hints:
            raise ValueError(f"no switch is called {name}")
        if not _fits(value, hints[name]):
            raise ValueError(f"{name} cannot be {value!r}")
    for name, value in wanted.items():
        setattr(switches, name, value)


def _failures(found: Any) -> list[Failure]:
    try:
        return [Failure(**each) for each in found]
    except TypeError as error:
        raise ValueError(f"next_failures: {error}") from None


def _fits(value: Any, hint: Any) -> bool:
    origin, options = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in options
    if origin in (Union, types.UnionType):
        return any(_fits(value, option) for option in options)
    if origin is list:
        return isinstance(value, list) and all(_fits(each, options[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(each, options[1]) for each in value.values())
    if is_dataclass(hint):
        return type(value) is hint
    return type(value) in ((int, float) if hint is float else (hint,))
