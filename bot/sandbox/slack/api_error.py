"""The error a Web API call can end with."""

from typing import Any


class ApiError(Exception):
    """An ``ok:false`` answer; ``more`` goes beside the error code."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code, self.more = code, more
