"""JSON made into the types a dataclass declares, or refused with a sentence that names the value."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def fit(value: Any, hint: Any) -> Any:
    """``value`` as that type: lists become sets, objects become dataclasses. Raises ValueError when it does not fit."""
    origin, options = get_origin(hint), get_args(hint)
    if origin is Literal and value in options:
        return value
    if origin in (Union, types.UnionType):
        return _fit_one_of(value, options)
    if origin in (list, set) and isinstance(value, list):
        return origin(fit(each, options[0]) for each in value)
    if origin is dict and isinstance(value, Mapping):
        return {str(name): fit(each, options[1]) for name, each in value.items()}
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        return hint(**fit_fields(value, hint))
    if hint is float and type(value) in (int, float):
        return float(value)
    if origin is None and type(value) is hint:
        return value
    raise ValueError(f"cannot be {value!r}")


def _fit_one_of(value: Any, options: tuple[Any, ...]) -> Any:
    if value is None and type(None) in options:
        return None
    for option in options:
        try:
            return fit(value, option)
        except ValueError:
            continue
    raise ValueError(f"cannot be {value!r}")


def fit_fields(given: Mapping[str, Any], shape: type) -> dict[str, Any]:
    """The given fields of a dataclass, all of them fitting. Raises ValueError naming the first that does not."""
    known, hints = {f.name for f in fields(shape)}, get_type_hints(shape)
    fitted = {}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"nothing is called {name!r}; there are {', '.join(sorted(known))}")
        try:
            fitted[name] = fit(value, hints[name])
        except ValueError as wrong:
            raise ValueError(f"{name} {wrong}") from None
    return fitted
