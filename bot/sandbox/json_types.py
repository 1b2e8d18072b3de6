"""The type of a JSON object, shared by both servers, the page and the control port."""

from typing import Any

Json = dict[str, Any]
