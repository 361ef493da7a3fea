"""Every error that a caller can meet: one table, one exception.

The table says who is to blame and whether trying again can help; each dialect writes the body in its own form
(`Dialect.errors`). A message never quotes a request's text, a key, or what an upstream said about *our* credentials.
"""

from dataclasses import dataclass
from typing import Final, Literal

Blame = Literal["caller", "operator", "upstream", "gateway"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: HTTP status, the `type` word of the OpenAI and of the Anthropic API, retryable, who is to blame."""

    status: int
    openai_type: str
    anthropic_type: str
    retryable: bool
    blame: Blame


def _caller(status: int, openai: str = "invalid_request_error", anthropic: str = "invalid_request_error") -> Kind:
    return Kind(status, openai, anthropic, retryable=False, blame="caller")


def _upstream(status: int, anthropic: str = "api_error", *, retryable: bool = True) -> Kind:
    return Kind(status, "server_error", anthropic, retryable, blame="upstream")


KINDS: Final[dict[str, Kind]] = {
    # the request itself
    "invalid_request": _caller(400),
    "invalid_json": _caller(400),
    "duplicate_key": _caller(400),
    "unsupported_parameter": _caller(400),
    "context_length_exceeded": _caller(400),
    "content_filter": _caller(400),
    "policy_blocked": _caller(400),
    "request_timeout": Kind(408, "invalid_request_error", "timeout_error", retryable=True, blame="caller"),
    "body_too_large": _caller(413, anthropic="request_too_large"),
    "unsupported_media_type": _caller(415),
    "upgrade_required": _caller(426),
    # who asks
    "invalid_api_key": _caller(401, "invalid_request_error", "authentication_error"),
    "foreign_origin": _caller(403, "permission_error", "permission_error"),
    "model_not_allowed": _caller(403, "permission_error", "permission_error"),
    "not_an_administrator": _caller(403, "permission_error", "permission_error"),
    # what is asked for
    "model_not_found": _caller(404, "invalid_request_error", "not_found_error"),
    "not_found": _caller(404, "invalid_request_error", "not_found_error"),
    "method_not_allowed": _caller(405),
    "idempotency_conflict": _caller(409),
    "rate_limited": Kind(429, "rate_limit_error", "rate_limit_error", retryable=True, blame="caller"),
    # behind us
    "upstream_error": _upstream(502),
    "upstream_unreachable": _upstream(502),
    "upstream_invalid_response": _upstream(502),
    "upstream_auth_failed": Kind(502, "server_error", "api_error", retryable=False, blame="operator"),
    "upstream_refused": _upstream(502, retryable=False),
    "no_target_available": _upstream(503, "overloaded_error"),
    "upstream_timeout": _upstream(504, "timeout_error"),
    "stream_cut": _upstream(502),
    "stream_stalled": _upstream(504, "timeout_error"),
    # ourselves
    "overloaded": Kind(503, "server_error", "overloaded_error", retryable=True, blame="gateway"),
    "store_away": Kind(503, "server_error", "overloaded_error", retryable=True, blame="gateway"),
    "draining": Kind(503, "server_error", "overloaded_error", retryable=True, blame="gateway"),
    "internal": Kind(500, "server_error", "api_error", retryable=True, blame="gateway"),
}


class GatewayError(Exception):
    """Something a caller is told. `code` is a key of `KINDS`; `param` names the field at fault, dotted, if one is.

    `retry_after` is in seconds. `status` replaces the table's where an upstream's own status says more (429, 529).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.kind = KINDS[code]
        self.message = message
        self.param = param
        self.retry_after = retry_after
        self.status = status if status is not None and 400 <= status <= 599 else self.kind.status
