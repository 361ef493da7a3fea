"""Every fault that the simulator can play, and what a caller gets: the table that `test_faults` holds the gateway to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Form = Literal["unary", "streamed"]
FORMS: Final[tuple[Form, Form]] = ("unary", "streamed")
DIALECTS: Final = ("chat", "messages", "responses")
TEXT: Final = [f"word{number} " for number in range(10)]
VENDOR_KEY: Final = "sk-vendor-CANARY-1f9c"
WORDS: Final = "in the upstream's own words"
"""What every error of the upstream says that does not quote a key."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the caller learns: an HTTP status (None: an error event inside the stream) and our code.

    `passed`: in the upstream's words: its own error body for a caller of its own dialect, a body of ours with its message for
    others. Where this is false, nobody gets them before text is out.
    """

    status: int | None
    code: str
    passed: bool = False
    retry_after: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """`play` goes into the simulator's script; `but` replaces `told` where the upstream speaks that dialect."""

    name: str
    play: Mapping[str, Any]
    told: Told
    forms: tuple[Form, ...] = FORMS
    but: Mapping[str, Told] = field(default_factory=dict)

    def told_by(self, upstream: str) -> Told:
        return self.but.get(upstream, self.told)

    @property
    def after_text(self) -> bool:
        return self.told.status is None

    @property
    def is_silence(self) -> bool:
        """Whether it shows only to who does not wait: all others are asked by a gateway that gives them the time they need."""
        return bool({"delay_head", "delay_first_token", "stall_after"} & self.play.keys())


@dataclass(frozen=True, slots=True)
class Way:
    """Who asks, and in which dialect the upstream is asked."""

    caller: str
    upstream: str

    @property
    def native(self) -> bool:
        return self.caller == self.upstream

    def __str__(self) -> str:
        return self.caller if self.native else f"{self.caller} from {self.upstream}"


WAYS: Final = (*(Way(one, other) for one in DIALECTS for other in DIALECTS), Way("completions", "completions"))

_AUTH: Final = Told(502, "upstream_auth_failed")
_ERROR: Final = Told(502, "upstream_error")
_CUT: Final = Told(502, "stream_cut")
_UNREADABLE: Final = Told(502, "upstream_invalid_response")
_LATE: Final = Told(504, "upstream_timeout")
_LIMITED: Final = Told(429, "rate_limited")
_OVERLOADED: Final = Told(529, "upstream_error")
_UNARY: Final[tuple[Form]] = ("unary",)
_STREAMED: Final[tuple[Form]] = ("streamed",)
_HTML: Final = f"<!doctype html><title>Sorry</title><p>{VENDOR_KEY}</p>"
_INVALID_KEY: Final = {"error": "invalid_api_key", "message": f"Incorrect API key provided: {VENDOR_KEY}."}


def _passed(status: int, code: str) -> Told:
    """The caller's own fault: the upstream knows best what is wrong with the request."""
    return Told(status, code, passed=True)


def _ours(status: int, code: str = "upstream_error", retry_after: str | None = None) -> Told:
    """The upstream speaks of itself, or of the account that all callers share."""
    return Told(status, code, retry_after=retry_after)


def _event(code: str) -> Told:
    return Told(None, code)


# A frame counted from the end, or from the start, that lies behind or before the first text in every dialect.
_LATER: Final = -6
_EARLY: Final = 1
OPENING: Final = "before the first text"
"""Ends the names of faults that need a stream with events before its first text; completions have none."""

FAULTS: Final[tuple[Fault, ...]] = (
    # an error instead of an answer
    Fault("status 400", {"status": 400}, _passed(400, "invalid_request")),
    Fault("status 401", {"status": 401, "message": f"Bad key {VENDOR_KEY}"}, _AUTH),
    Fault("status 402", {"status": 402, "message": f"Unpaid {VENDOR_KEY}"}, _AUTH),
    Fault("status 403", {"status": 403, "message": f"Bad key {VENDOR_KEY}"}, _AUTH),
    Fault("status 404", {"status": 404}, _passed(404, "model_not_found")),
    Fault("status 408", {"status": 408}, _passed(408, "upstream_timeout")),
    Fault("status 409", {"status": 409}, _passed(409, "invalid_request")),
    Fault(
        "status 413",
        {"status": 413},
        _passed(413, "body_too_large"),
        but={"messages": _passed(413, "context_length_exceeded")},
    ),
    Fault("status 422", {"status": 422}, _passed(422, "invalid_request")),
    Fault("status 429, retry after 7 s", {"status": 429, "retry_after": 7}, _ours(429, "rate_limited", "7")),
    Fault("quota used up", {"error": "insufficient_quota"}, _ours(429, "rate_limited")),
    Fault("status 500", {"status": 500}, _ours(500)),
    Fault("status 502", {"status": 502}, _ours(502)),
    Fault("status 503, retry after 3 s", {"status": 503, "retry_after": 3}, _ours(503, retry_after="3")),
    Fault("status 504", {"status": 504}, _ours(504, "upstream_timeout")),
    Fault("status 529", {"status": 529}, _ours(529)),
    Fault(
        "context too long",
        {"error": "context_length_exceeded"},
        _passed(400, "context_length_exceeded"),
        but={"messages": _passed(400, "invalid_request")},
    ),
    Fault(
        "content filter",
        {"error": "content_filter"},
        _passed(400, "content_filter"),
        but={"messages": _passed(400, "invalid_request")},
    ),
    Fault("an HTML page with status 502", {"status": 502, "body": _HTML, "content_type": "text/html"}, _ERROR),
    Fault("an HTML page with status 403", {"status": 403, "body": _HTML, "content_type": "text/html"}, _AUTH),
    Fault("a redirect", {"status": 302, "headers": {"location": "http://127.0.0.1:9/"}}, _UNREADABLE),
    # a 200 that is none
    Fault("200 with an error body", {"status": 200, "error": "server_error"}, _ERROR),
    Fault("200 that says rate limit", {"status": 200, "error": "rate_limit"}, _LIMITED),
    Fault("200 that says invalid key", {"status": 200, **_INVALID_KEY}, _AUTH),
    Fault("200 with an HTML page", {"body": _HTML, "content_type": "text/html"}, _UNREADABLE),
    Fault("200 with nothing", {"body": ""}, _UNREADABLE),
    Fault("200 with a JSON list", {"body": "[1, 2]"}, _UNREADABLE),
    Fault("200 with another JSON object", {"body": '{"detail": "what?"}'}, _UNREADABLE),
    Fault("200 that says gzip and is not", {"headers": {"content-encoding": "gzip"}}, _CUT),
    Fault("a body where a stream was asked for", {"content_type": "application/json"}, _UNREADABLE, _STREAMED),
    Fault("a stream where a body was asked for", {"content_type": "text/event-stream"}, _UNREADABLE, _UNARY),
    # time
    Fault("no head in time", {"delay_head": 60}, _LATE),
    Fault("no text in time", {"delay_first_token": 60}, _LATE),
    # a broken line
    Fault("reset before the head", {"cut": {"before_head": True}}, Told(502, "upstream_unreachable")),
    Fault("closed before the head", {"cut": {"before_head": True, "how": "fin"}}, Told(502, "upstream_unreachable")),
    Fault("reset within the body", {"cut": {"half": True}}, _CUT, _UNARY),
    Fault("closed within the body", {"cut": {"half": True, "how": "fin"}}, _CUT, _UNARY),
    Fault("malformed body", {"malformed_after": 0}, _UNREADABLE, _UNARY),
    # a stream that breaks before its first text
    Fault("reset before the first text", {"cut": {"after_frames": _EARLY}}, _CUT, _STREAMED),
    Fault("closed before the first text", {"cut": {"after_frames": _EARLY, "how": "fin"}}, _CUT, _STREAMED),
    Fault("stall before the first text", {"stall_after": _EARLY}, _LATE, _STREAMED),
    Fault("end before the first text", {"end_after": _EARLY}, _CUT, _STREAMED),
    Fault("malformed event before the first text", {"malformed_after": _EARLY}, _UNREADABLE, _STREAMED),
    Fault("error before the first text", {"error_after": _EARLY, "error": "server_error"}, _ERROR, _STREAMED),
    Fault("rate limit before the first text", {"error_after": _EARLY, "error": "rate_limit"}, _LIMITED, _STREAMED),
    Fault("invalid key before the first text", {"error_after": _EARLY, **_INVALID_KEY}, _AUTH, _STREAMED),
    Fault(
        "overloaded before the first text",
        {"error_after": _EARLY, "error": "overloaded"},
        _ERROR,
        _STREAMED,
        but={"messages": _OVERLOADED},
    ),
    # a stream that breaks after its first text
    Fault("reset after text", {"cut": {"after_frames": _LATER}}, _event("stream_cut"), _STREAMED),
    Fault("closed after text", {"cut": {"after_frames": _LATER, "how": "fin"}}, _event("stream_cut"), _STREAMED),
    Fault("reset within an event", {"cut": {"half": True}}, _event("stream_cut"), _STREAMED),
    Fault("stall after text", {"stall_after": _LATER}, _event("stream_stalled"), _STREAMED),
    Fault("end after text", {"end_after": _LATER}, _event("stream_cut"), _STREAMED),
    Fault("end without the terminal event", {"end_after": -1}, _event("stream_cut"), _STREAMED),
    Fault("malformed event after text", {"malformed_after": _LATER}, _event("upstream_invalid_response"), _STREAMED),
    Fault("error after text", {"error_after": _LATER, "error": "server_error"}, _event("upstream_error"), _STREAMED),
    Fault("overloaded after text", {"error_after": _LATER, "error": "overloaded"}, _event("upstream_error"), _STREAMED),
    Fault("rate limit after text", {"error_after": _LATER, "error": "rate_limit"}, _event("rate_limited"), _STREAMED),
    Fault("invalid key after text", {"error_after": _LATER, **_INVALID_KEY}, _event("upstream_auth_failed"), _STREAMED),
)

_OPENAI: Final = {
    400: "BadRequestError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
_ANTHROPIC: Final = {
    **_OPENAI,
    408: "RequestTimeoutError",
    413: "ContentTooLargeError",
    503: "ServiceUnavailableError",
    504: "GatewayTimeoutError",
    529: "OverloadedError",
}


def raised(caller: str, told: Told) -> str:
    """The name of the exception that the vendor's SDK raises."""
    if told.status is None:
        return "APIStatusError" if caller == "messages" else "APIError"
    known = _ANTHROPIC if caller == "messages" else _OPENAI
    return known.get(told.status, "InternalServerError" if told.status >= 500 else "APIStatusError")


def outcome(told: Told) -> str:
    """How the record reads."""
    return "cut" if told.status is None else "failed"


def table() -> str:
    """The cases and their outcomes as Markdown. Where the vendor's dialect makes a difference there is a row for each."""
    lines = [
        "| fault of the upstream | asked | caller gets | code | whose words | openai raises | anthropic raises | record |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for fault in FAULTS:
        asked = " and ".join(fault.forms)
        for where, told in [("", fault.told), *((f" ({name} upstream)", told) for name, told in fault.but.items())]:
            gets = "error event, then the end" if told.status is None else f"status {told.status}"
            gets += f", `retry-after: {told.retry_after}`" if told.retry_after else ""
            words = "the upstream's" if told.passed else "ours"
            raising = f"`{raised('chat', told)}` | `{raised('messages', told)}`"
            lines.append(
                f"| {fault.name}{where} | {asked} | {gets} | `{told.code}` | {words} | {raising} | `{outcome(told)}` |"
            )
    return "\n".join(lines) + "\n"
