"""Linq's refusals: code, HTTP status and sentence, as its documentation lists them."""

from typing import Any

_DOC = "https://docs.linqapp.com/channel/imessage/error/codes"

TABLE: dict[int, tuple[int, str]] = {
    1001: (400, "Missing required field"),
    1002: (400, "Phone number must be in E.164 format"),
    1003: (400, "Invalid request body"),
    1004: (400, "Invalid message content"),
    1005: (400, "Invalid parameter value"),
    1006: (409, "Cannot update direct message chats"),
    1007: (429, "Rate limit exceeded"),
    2001: (404, "Chat not found"),
    2002: (404, "Message not found"),
    2003: (404, "Attachment not found"),
    2004: (401, "Unauthorized - missing or invalid authentication token"),
    2005: (403, "Access denied - insufficient permissions for this resource"),
    2006: (403, "Phone number permission denied"),
    2007: (404, "Attachment not ready"),
    2008: (403, "Recipient not allowed"),
    2009: (409, "The chat is still being created"),
    2010: (404, "Webhook subscription not found"),
    2011: (403, "Feature not available"),
    2013: (409, "This chat is unavailable"),
    2015: (409, "Operation conflicts with current state"),
    2016: (409, "Not supported in group chats"),
    2017: (409, "Not supported on this chat's service type"),
    2023: (409, "Mentions are only supported in group chats"),
    2024: (403, "Recipient has opted out"),
    2026: (403, "Handle is blocked"),
    2027: (403, "Line is temporarily ineligible to deliver"),
    3001: (500, "Server error"),
    3002: (500, "Service connection error"),
    3005: (504, "Network timeout"),
    3006: (500, "Internal server error"),
    3007: (500, "Maximum delivery attempts exceeded"),
    4001: (500, "Delivery failed"),
    4002: (500, "Phone not available"),
    4004: (503, "Service unavailable"),
    4005: (422, "Recipient does not support this message type"),
    5001: (413, "Voice memo file too large - maximum size is 10MB"),
    5002: (500, "File download failed"),
    5003: (500, "Failed to generate file URL"),
    5004: (400, "Invalid file type"),
    5005: (400, "File too large"),
    5006: (400, "Content type mismatch"),
}


class ApiError(Exception):
    """A refusal on its way to the client. Codes outside the table go out as HTTP 400."""

    def __init__(self, code: int, message: str = "", *, status: int = 0, retry_after: int | None = None) -> None:
        known_status, known_message = TABLE.get(code, (400, "Request refused"))
        self.code = code
        self.status = status or known_status
        self.message = message or known_message
        self.retry_after = retry_after
        super().__init__(f"{self.status}/{self.code} {self.message}")

    def body(self, trace_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"status": self.status, "code": self.code, "message": self.message}
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        error["doc_url"] = f"{_DOC}/{self.code // 1000}xxx/{self.code}/"
        return {"success": False, "error": error, "trace_id": trace_id}

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
