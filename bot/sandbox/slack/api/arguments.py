"""The arguments of a Web API call, however they were encoded, and the error a call can end with."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl


class ApiError(Exception):
    """An ``ok:false`` answer; ``more`` goes beside the error code."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code, self.more = code, more


class Arguments:
    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self._given.get(name)
        return default if value is None else str(value)

    def needed(self, name: str, error: str = "invalid_arguments") -> str:
        if not (value := self.text(name)):
            said = f"[ERROR] missing required field: {name}"
            raise ApiError(error, response_metadata={"messages": [said]})
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._given.get(name, default)
        return value in ("1", "true", "True", "t") if isinstance(value, str) else bool(value)

    def number(self, name: str, default: int, most: int) -> int:
        try:
            value = int(self.text(name) or default)
        except ValueError:
            raise ApiError("invalid_limit") from None
        if not 1 <= value <= most:
            raise ApiError("invalid_limit")
        return value

    def structure(self, name: str, error: str = "invalid_arguments") -> Any:
        """A JSON value: as it is in a JSON body, or written out as text in a form. ``None`` when absent."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiError(error) from None


def read_arguments(query: Mapping[str, str], body: bytes, content_type: str) -> Arguments:
    """Query, form or JSON into one set of arguments. Raises ApiError for JSON that is none."""
    given: dict[str, Any] = dict(query)
    if not body:
        return Arguments(given)
    if content_type == "application/json":
        try:
            said = json.loads(body)
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(said, dict):
            raise ApiError("json_not_object")
        return Arguments(given | said)
    return Arguments(given | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
