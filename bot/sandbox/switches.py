"""The base of both servers' switches: checked by pydantic, observable, settable from Python and from JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from bot.sandbox.json_types import Json


class SwitchModel(BaseModel):
    """Plain fields with defaults. Assigning a value of the wrong type, or to an unknown field, raises ValueError."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, strict=True)

    _watchers: dict[str, Callable[[], None]] = PrivateAttr(default_factory=dict)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in type(self).model_fields and (watcher := self._watchers.get(name)):
            watcher()

    def watch(self, name: str, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` after every assignment to that switch."""
        self._watchers[name] = watcher

    def apply(self, changes: Mapping[str, Any]) -> None:
        """Set the named switches from JSON values, all or none. Raises ValueError that names the first misfit."""
        wanted = self.shown() | dict(changes)
        try:
            checked = type(self).model_validate_json(json.dumps(wanted))
        except ValidationError as error:
            raise ValueError(describe(error)) from None
        for name in changes:
            setattr(self, name, getattr(checked, name))

    def shown(self) -> Json:
        """Return the switches as plain JSON."""
        return self.model_dump(mode="json")

    def reset(self) -> None:
        """Put every switch back to its default."""
        fresh = type(self)()
        for name in type(self).model_fields:
            setattr(self, name, getattr(fresh, name))


def describe(error: ValidationError) -> str:
    """Describe the first problem pydantic found in one line: where it is and what is wrong with it."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
