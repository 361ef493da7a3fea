"""Errors in the words of the Messages API: written for callers, read from upstreams.

Read by HTTP status, `error.type` and `error.details.error_code`, never by what a message says. One limit follows: for a prompt that
does not fit the model's window the vendor answers a plain `invalid_request_error` and says why only in words, so it stays
`invalid_request`. Only a 413, a `request_too_large` or a code of the table below becomes `context_length_exceeded`.
"""

from typing import Any, Final

import msgspec

from gateway.errors import KINDS, GatewayError
from gateway.wire.frames import Frame, event

# error.type -> (our code, the status that such an error has where it comes inside a stream)
_BY_TYPE: Final[dict[str, tuple[str, int | None]]] = {
    "invalid_request_error": ("invalid_request", 400),
    "authentication_error": ("upstream_auth_failed", None),
    "billing_error": ("upstream_auth_failed", None),
    "permission_error": ("upstream_auth_failed", None),
    "not_found_error": ("model_not_found", 404),
    "request_too_large": ("context_length_exceeded", 413),
    "rate_limit_error": ("rate_limited", 429),
    "timeout_error": ("upstream_timeout", None),
    "api_error": ("upstream_error", None),
    "overloaded_error": ("upstream_error", 529),
}

# HTTP status -> our code, where the body says nothing that we know
_BY_STATUS: Final[dict[int, str]] = {
    400: "invalid_request",
    401: "upstream_auth_failed",
    402: "upstream_auth_failed",
    403: "upstream_auth_failed",
    404: "model_not_found",
    408: "upstream_timeout",
    413: "context_length_exceeded",
    422: "invalid_request",
    429: "rate_limited",
    504: "upstream_timeout",
}

# error.details.error_code -> our code; says more than the type
_BY_CODE: Final[dict[str, str]] = {
    "context_length_exceeded": "context_length_exceeded",
    "context_window_exceeded": "context_length_exceeded",
}

# What the upstream says about our credentials is the operator's business, not the caller's.
_OWN_WORDS: Final[dict[str, str]] = {
    "upstream_auth_failed": "The upstream does not accept the gateway's credentials or account for this model. "
    "The operator must check the provider's key, its permissions and its billing."
}

_TYPE_OF_STATUS: Final[dict[int, str]] = {413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}


def error_body(error: GatewayError, request_id: str) -> dict[str, Any]:
    """`details.error_code` is where the SDKs look for a stable code; `details.param` names the field at fault."""
    details: dict[str, Any] = {"error_code": error.code}
    if error.param is not None:
        details["param"] = error.param
    kind = _TYPE_OF_STATUS.get(error.status, error.kind.anthropic_type)
    body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": error.message, "details": details}}
    if request_id:
        body["request_id"] = request_id
    return body


def error_frames(error: GatewayError, request_id: str, _last: Frame | None = None) -> list[Frame]:
    """The error inside a stream. Nothing follows it, `message_stop` least of all."""
    return [event(error_body(error, request_id), "error")]


def stamp_error(body: dict[str, Any], request_id: str) -> None:
    """An upstream's own error body gets our request id where it has none."""
    if not body.get("request_id"):
        body["request_id"] = request_id


def read_error(status: int, body: bytes) -> GatewayError:
    """An upstream's error answer as ours. `body` may be anything, a proxy's HTML too."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        value = None
    return read_fault(value, status)


def read_fault(value: Any, status: int = 200) -> GatewayError:
    """The decoded error, of a body or of an `error` event, as ours. An event comes with status 200, which says nothing."""
    error = value.get("error") if isinstance(value, dict) else None
    error = error if isinstance(error, dict) else {}
    details = error.get("details")
    named, shown = _BY_TYPE.get(_word(error.get("type")), (None, None))
    precise = _BY_CODE.get(_word(details.get("error_code"))) if isinstance(details, dict) else None
    code = (
        precise
        or named
        or _BY_STATUS.get(status)
        or ("upstream_error" if not 400 <= status < 500 else "upstream_refused")
    )
    said = _word(error.get("message")) or f"The upstream answered with status {status} and no message."
    if code in _OWN_WORDS:
        return GatewayError(code, _OWN_WORDS[code])
    return GatewayError(code, said, status=status if status >= 400 else shown)


def failure(code: str, message: str) -> GatewayError:
    """What a `Failed` event says, as an error; an unknown code is the upstream's fault."""
    return GatewayError(code if code in KINDS else "upstream_error", message)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
