"""The error form of the OpenAI APIs, written and read; chat completions, Responses and the small dialects share it."""

from typing import Any

import msgspec

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.frames import Frame

# Structured codes that vendors of this dialect use for what has its own fallback. Messages are never read.
_CODES = {
    "context_length_exceeded": "context_length_exceeded",
    "string_above_max_length": "context_length_exceeded",
    "exceed_context_size_error": "context_length_exceeded",  # llama.cpp
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "ResponsibleAIPolicyViolation": "content_filter",
    "model_not_found": "model_not_found",
    "invalid_api_key": "upstream_auth_failed",
}

_STATUSES = {
    400: "invalid_request",
    401: "upstream_auth_failed",
    402: "upstream_auth_failed",  # the gateway's account, not the caller's
    403: "upstream_auth_failed",
    404: "model_not_found",
    408: "upstream_timeout",
    413: "body_too_large",
    422: "invalid_request",
    429: "rate_limited",
    504: "upstream_timeout",
}


# The HTTP status of an error whose own came too late to say it, by code or type.
_FAULT_STATUSES = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "billing": 402,
    "billing_error": 402,
    "permission_error": 403,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
}


def error_body(error: GatewayError, request_id: str) -> dict[str, Any]:
    return {
        "error": {
            "message": error.message,
            "type": error.kind.openai_type,
            "param": error.param,
            "code": error.code,
            "request_id": request_id,
        }
    }


def stamp_error(body: dict[str, Any], request_id: str) -> None:
    if isinstance(error := body.get("error"), dict):
        error.setdefault("request_id", request_id)


def error_frames(error: GatewayError, request_id: str, _last: Frame | None = None) -> list[Frame]:
    """An error inside a chat or completions stream: one event with the error object, and no `[DONE]`."""
    return [frames.event(error_body(error, request_id))]


def read_error(status: int, body: bytes) -> GatewayError:
    """An upstream's error answer as ours, by status and structured code.

    The message of an upstream that says the caller's request is wrong is passed on; that of a refusal of *our* key is not.
    """
    detail = _detail(body)
    structured = (_code(detail), _word(_inner(detail).get("code")), _word(detail.get("type")))
    code = next((_CODES[word] for word in structured if word in _CODES), None) or _STATUSES.get(status)
    if code is None:
        code = "upstream_error" if status >= 500 else "invalid_request"
    if code == "upstream_auth_failed":
        return GatewayError(
            code, "The upstream refused the credentials this gateway has for it; its operator must mend them."
        )
    message = detail.get("message")
    param = detail.get("param")
    return GatewayError(
        code,
        message if isinstance(message, str) and message else f"The upstream answered with status {status}.",
        param=param if isinstance(param, str) else None,
        status=status,
    )


def read_fault(value: dict[str, Any]) -> GatewayError:
    """An error object that came inside a stream, or in a body with status 200."""
    detail = _object(value.get("error")) or value
    code = _code(detail)
    if code and code.isdigit() and 400 <= int(code) <= 599:
        return read_error(int(code), msgspec.json.encode(value))
    words = (word for word in (code, _word(detail.get("type"))) if word in _FAULT_STATUSES)
    status = _FAULT_STATUSES.get(next(words, "") or "", 502)
    return read_error(status, msgspec.json.encode(value))


def _detail(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    if isinstance(value, list) and value:  # Google's OpenAI-compatible endpoint wraps the object in a list
        value = value[0]
    if not isinstance(value, dict):
        return {}
    error = value.get("error", value)
    return error if isinstance(error, dict) else {"message": error}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _inner(detail: dict[str, Any]) -> dict[str, Any]:
    """Azure puts the reason of a filter into `innererror`."""
    return _object(detail.get("innererror"))


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _code(detail: dict[str, Any]) -> str | None:
    code = detail.get("code")
    return str(code) if isinstance(code, int) and not isinstance(code, bool) else _word(code)
