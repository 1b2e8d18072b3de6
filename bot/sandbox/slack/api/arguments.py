"""The arguments of a Web API call, however they were encoded."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.sandbox.slack.api_error import ApiError


class Arguments:
    """Arguments by name, converted on the way out."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self._given.get(name)
        return default if value is None else str(value)

    def required(self, name: str, error: str = "invalid_arguments") -> str:
        if not (value := self.text(name)):
            message = f"[ERROR] missing required field: {name}"
            raise ApiError(error, response_metadata={"messages": [message]})
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._given.get(name, default)
        return value in ("1", "true", "True", "t") if isinstance(value, str) else bool(value)

    def number(self, name: str, default: int, most: int, error: str = "invalid_limit") -> int:
        try:
            value = int(self.text(name) or default)
        except ValueError:
            raise ApiError(error) from None
        if not 1 <= value <= most:
            raise ApiError(error)
        return value

    def structure(self, name: str, error: str = "invalid_arguments") -> Any:
        """Return a JSON value: as it is in a JSON body, or written out as text in a form. None when absent."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiError(error) from None

    def strings(self, name: str) -> list[str]:
        """Return a list of strings: JSON, or separated by commas as the Python SDK writes them."""
        value = self._given.get(name)
        if isinstance(value, str) and not value.startswith("["):
            return [each for each in value.split(",") if each]
        found = self.structure(name) or []
        if not isinstance(found, list):
            raise ApiError("invalid_arguments")
        return [str(each) for each in found]


def read_arguments(query: Mapping[str, str], body: bytes, content_type: str) -> Arguments:
    """Merge query, form or JSON into one set of arguments. Raises ApiError for invalid JSON."""
    given: dict[str, Any] = dict(query)
    if not body:
        return Arguments(given)
    if content_type == "application/json":
        try:
            found = json.loads(body)
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(found, dict):
            raise ApiError("json_not_object")
        return Arguments(given | found)
    return Arguments(given | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
