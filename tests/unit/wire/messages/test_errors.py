import msgspec
import pytest

from gateway.errors import KINDS, GatewayError
from gateway.wire.messages.errors import error_body, error_frames, failure, read_error, stamp_error


def wire(kind: str, message: str = "what they say") -> bytes:
    return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})


@pytest.mark.parametrize(
    ("status", "kind", "code", "shown"),
    [
        (400, "invalid_request_error", "invalid_request", 400),
        (401, "authentication_error", "upstream_auth_failed", 502),
        (402, "billing_error", "upstream_auth_failed", 502),
        (403, "permission_error", "upstream_auth_failed", 502),
        (404, "not_found_error", "model_not_found", 404),
        (413, "request_too_large", "context_length_exceeded", 413),
        (429, "rate_limit_error", "rate_limited", 429),
        (500, "api_error", "upstream_error", 500),
        (504, "timeout_error", "upstream_timeout", 504),
        (529, "overloaded_error", "upstream_error", 529),
    ],
)
def test_every_error_of_the_vendor_is_known(status: int, kind: str, code: str, shown: int) -> None:
    error = read_error(status, wire(kind))
    assert (error.code, error.status) == (code, shown)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (401, "upstream_auth_failed"),
        (429, "rate_limited"),
        (418, "upstream_refused"),
        (503, "upstream_error"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>nginx</html>", b"[]", b'{"error":"text"}', b'{"error":{"type":7,"details":1}}', b"[" * 9000]
)
def test_the_status_decides_where_the_body_says_nothing(status: int, code: str, body: bytes) -> None:
    assert read_error(status, body).code == code


def test_a_structured_code_says_more_than_the_type() -> None:
    body = {
        "error": {"type": "invalid_request_error", "message": "", "details": {"error_code": "context_length_exceeded"}}
    }
    assert read_error(400, msgspec.json.encode(body)).code == "context_length_exceeded"


def test_words_never_decide() -> None:
    assert (
        read_error(400, wire("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")).code
        == "invalid_request"
    )


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "authentication_error"), (403, "permission_error"), (402, "billing_error")]
)
def test_what_is_said_about_our_credentials_stays_here(status: int, kind: str) -> None:
    assert "sk-ant-canary" not in read_error(status, wire(kind, "key sk-ant-canary is not valid")).message


def test_the_callers_own_mistake_is_told_in_the_vendors_words() -> None:
    assert (
        read_error(400, wire("invalid_request_error", "max_tokens: field required")).message
        == "max_tokens: field required"
    )


def test_an_error_has_the_vendors_form() -> None:
    error = GatewayError("invalid_request", "messages: expected a list", param="messages")
    assert error_body(error, "req_9") == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "messages: expected a list",
            "details": {"error_code": "invalid_request", "param": "messages"},
        },
        "request_id": "req_9",
    }


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_error_comes_back_as_the_same_kind_of_failure(code: str) -> None:
    error = GatewayError(code, "why")
    body = error_body(error, "req_9")
    assert body["error"]["type"] == KINDS[code].anthropic_type
    assert body["error"]["details"] == {"error_code": code}


@pytest.mark.parametrize(
    ("status", "kind"), [(429, "rate_limit_error"), (529, "overloaded_error"), (413, "request_too_large")]
)
def test_the_upstreams_own_status_keeps_its_word(status: int, kind: str) -> None:
    assert error_body(GatewayError("upstream_error", "", status=status), "")["error"]["type"] == kind


def test_inside_a_stream_an_error_is_an_error_event() -> None:
    (frame,) = error_frames(GatewayError("stream_cut", "cut"), "req_9")
    assert frame.raw.startswith(b"event: error\ndata: {")
    assert frame.json["error"]["type"] == "api_error"
    assert frame.json["request_id"] == "req_9"


def test_the_request_id_of_the_upstream_stays() -> None:
    bare: dict[str, object] = {"type": "error"}
    stamp_error(bare, "req_9")
    assert bare["request_id"] == "req_9"
    stamp_error(bare, "req_10")
    assert bare["request_id"] == "req_9"


def test_a_failure_with_an_unknown_code_is_the_upstreams() -> None:
    assert failure("stream_cut", "").code == "stream_cut"
    assert failure("brand_new", "").code == "upstream_error"
