"""Errors of the Responses API: the OpenAI form for bodies, an `error` event of its own inside a stream."""

from typing import Any, Final

import msgspec

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.chat.errors import error_body, read_error, stamp_error
from gateway.wire.frames import Frame, NotJSON

__all__ = ["error_body", "error_event", "error_frames", "read_error", "read_fault", "stamp_error"]

# The codes that `response.error` and the error event have for what is not the upstream's own failure, as HTTP statuses.
_STATUSES: Final = {
    "invalid_api_key": 401,
    "rate_limit_exceeded": 429,
    "too_many_requests": 429,
    "insufficient_quota": 429,
    "invalid_prompt": 400,
    "bio_policy": 400,
    "data_residency_mismatch": 400,
    "invalid_image": 400,
    "invalid_image_format": 400,
    "invalid_base64_image": 400,
    "invalid_image_url": 400,
    "image_too_large": 400,
    "image_too_small": 400,
    "image_parse_error": 400,
    "image_content_policy_violation": 400,
    "invalid_image_mode": 400,
    "image_file_too_large": 400,
    "unsupported_image_media_type": 400,
    "empty_image_file": 400,
    "failed_to_download_image": 400,
    "image_file_not_found": 400,
    "context_length_exceeded": 400,
    "content_filter": 400,
}


def error_frames(error: GatewayError, request_id: str, last: Frame | None = None) -> list[Frame]:
    """The error inside a stream. Its number goes on from that of the last event, wherever the stream began to count."""
    return [error_event(error, request_id, 0 if last is None else _number(last) + 1)]


def _number(frame: Frame) -> int:
    try:
        number = frame.json.get("sequence_number")
    except NotJSON:
        number = None
    return number if isinstance(number, int) else -1


def error_event(error: GatewayError, request_id: str | None, sequence_number: int) -> Frame:
    """One event with the fields where the reference has them *and* as an object under `error`, as the vendor sends it.

    The openai SDK raises for the object only; a reader that knows the reference looks beside it.
    """
    detail: dict[str, Any] = {
        "type": error.kind.openai_type,
        "code": error.code,
        "message": error.message,
        "param": error.param,
    }
    if request_id is not None:
        detail["request_id"] = request_id
    value = {
        "type": "error",
        "sequence_number": sequence_number,
        "code": error.code,
        "message": error.message,
        "param": error.param,
        "error": detail,
    }
    return frames.event(value, "error")


def read_fault(value: dict[str, Any]) -> GatewayError:
    """An error event, flat or nested, or a response whose status is `failed`."""
    detail = value.get("error")
    if not isinstance(detail, dict):
        detail = {name: value[name] for name in ("code", "message", "param") if name in value}
    code = detail.get("code")
    status = _STATUSES.get(code, 502) if isinstance(code, str) else _status(code)
    return read_error(status, msgspec.json.encode({"error": detail}))


def _status(code: Any) -> int:
    """Some servers put the HTTP status into `code`."""
    return code if isinstance(code, int) and 400 <= code <= 599 else 502
