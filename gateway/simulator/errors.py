"""The errors of the vendors: one table, a body for each family of APIs, and the headers that come with it.

Statuses, types, codes and shapes are the vendors'; the sentences are ours.
"""

from dataclasses import dataclass
from typing import Final, Literal

from gateway.simulator.outcome import Body, Outcome, unary

Family = Literal["openai", "anthropic"]


@dataclass(frozen=True, slots=True)
class Row:
    """One error as each family reports it; `anthropic_status` where it differs."""

    status: int
    openai_type: str | None
    code: str | None
    anthropic_type: str
    message: str
    param: str | None = None
    anthropic_status: int | None = None


_BAD: Final = "invalid_request_error"

ROWS: Final[dict[str, Row]] = {
    "invalid_request": Row(400, _BAD, None, _BAD, "A value in the request is not allowed."),
    "invalid_json": Row(400, _BAD, None, _BAD, "The body of the request is not a JSON object."),
    "missing_parameter": Row(400, _BAD, "missing_required_parameter", _BAD, "A required parameter is missing."),
    "invalid_value": Row(400, _BAD, "invalid_value", _BAD, "A parameter has a value that is not allowed."),
    "context_length_exceeded": Row(
        400, _BAD, "context_length_exceeded", _BAD, "The prompt is longer than the context of this model.", "messages"
    ),
    "content_filter": Row(400, None, "content_filter", _BAD, "The content management policy refused it.", "prompt"),
    "invalid_api_key": Row(401, _BAD, "invalid_api_key", "authentication_error", "The API key is not valid."),
    "billing": Row(402, "billing_error", "billing", "billing_error", "The account cannot be billed."),
    "permission_denied": Row(
        403, _BAD, "unsupported_country_region_territory", "permission_error", "This key may not do that."
    ),
    "model_not_found": Row(404, _BAD, "model_not_found", "not_found_error", "There is no such model."),
    "not_found": Row(404, _BAD, None, "not_found_error", "There is no such resource."),
    "method_not_allowed": Row(405, _BAD, "method_not_supported", _BAD, "That method is not allowed here."),
    "timeout": Row(408, _BAD, None, "timeout_error", "The request took too long."),
    "conflict": Row(409, _BAD, None, _BAD, "The resource changed in the meantime."),
    "too_large": Row(413, _BAD, None, "request_too_large", "The request is too large."),
    "unsupported_media_type": Row(415, _BAD, "unsupported_content_type", _BAD, "The content type is not supported."),
    "unprocessable": Row(422, _BAD, None, _BAD, "The request cannot be processed."),
    "rate_limit": Row(429, "tokens", "rate_limit_exceeded", "rate_limit_error", "Too many tokens per minute."),
    "insufficient_quota": Row(
        429, "insufficient_quota", "insufficient_quota", "rate_limit_error", "The quota of this account is used up."
    ),
    "server_error": Row(500, "server_error", None, "api_error", "The server had an error."),
    "bad_gateway": Row(502, "server_error", None, "api_error", "A server behind this one had an error."),
    "unavailable": Row(503, "service_unavailable_error", None, "api_error", "The service is not available now."),
    "gateway_timeout": Row(504, "server_error", None, "timeout_error", "A server behind this one took too long."),
    "overloaded": Row(503, "server_error", None, "overloaded_error", "Overloaded", anthropic_status=529),
}

_BY_STATUS: Final[dict[int, str]] = {row.status: name for name, row in reversed(ROWS.items())} | {
    503: "unavailable",
    529: "overloaded",
}


class RefusalError(Exception):
    """The request is refused with the row `name` of the table."""

    def __init__(
        self, name: str, message: str | None = None, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message or name)
        self.name = name
        self.message = message
        self.param = param
        self.code = code


def named_for(status: int) -> str:
    """The row that a bare status stands for."""
    return _BY_STATUS.get(status, "server_error" if status >= 500 else "invalid_request")


def refuse(family: Family, error: RefusalError, request_id: str, *, status: int | None = None) -> Outcome:
    """The answer that reports `error`; `status` replaces the table's, so that a 200 can carry an error."""
    row = ROWS[error.name]
    usual = (family == "anthropic" and row.anthropic_status) or row.status
    outcome = unary(body(family, error, request_id), status or usual)
    if error.name in {"rate_limit", "insufficient_quota"}:
        outcome.headers |= _SPENT[family]
    return outcome


def body(family: Family, error: RefusalError, request_id: str) -> Body:
    row = ROWS[error.name]
    message = error.message or row.message
    if family == "anthropic":
        return {"type": "error", "error": {"type": row.anthropic_type, "message": message}, "request_id": request_id}
    detail: Body = {
        "message": message,
        "type": row.openai_type,
        "param": error.param or row.param,
        "code": error.code or row.code,
    }
    if error.name == "content_filter":
        detail |= {"status": row.status, "innererror": _FILTERED}
    return {"error": detail}


_FILTERED: Final = {
    "code": "ResponsibleAIPolicyViolation",
    "content_filter_result": {
        "hate": {"filtered": False, "severity": "safe"},
        "jailbreak": {"filtered": False, "detected": False},
        "self_harm": {"filtered": False, "severity": "safe"},
        "sexual": {"filtered": False, "severity": "safe"},
        "violence": {"filtered": True, "severity": "high"},
    },
}

_SPENT: Final[dict[Family, dict[str, str]]] = {
    "openai": {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1s"},
    "anthropic": {"anthropic-ratelimit-tokens-remaining": "0"},
}
