"""How an attempt can fail, and what follows from each way: one table for retries, fallbacks, the breaker and the error told."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct

Reason = Literal["failure", "context_length", "content_filter"]
FailureKind = Literal[
    "connect",
    "timeout_connect",
    "timeout_first_token",
    "stalled",
    "cut",
    "status",
    "invalid_response",
    "refused_context_length",
    "refused_content_filter",
    "auth",
    "bad_request",
    "stream_error",
    "unfit",
]


class Failure(Struct, frozen=True):
    """`status`: the upstream's, where it gave one. `retry_after` in seconds. `sent`: whether the upstream may have got the request."""

    kind: FailureKind
    status: int | None = None
    retry_after: float | None = None
    sent: bool = True


class Attempt(Struct, frozen=True):
    """One try, over. `candidate` is its name; times are those of the clock that the decisions get as `now`."""

    candidate: str
    started: float
    ended: float
    failure: Failure | None


class Rule(Struct, frozen=True, kw_only=True):
    """What follows from a failure.

    `again`: the same target may be asked again. `reason`: which fallbacks it leads to; None ends the exchange.
    `load`: trying the same provider again adds to its load, so the retry budget must allow it. `breaks`: the circuit
    breaker counts it. `code`: row of the error table. `pass_on`: the upstream's own answer tells the caller more.
    `undone`: as the status of an answer it says that the upstream has turned the request away before doing anything.
    """

    code: str
    reason: Reason | None = "failure"
    again: bool = False
    load: bool = False
    breaks: bool = False
    pass_on: bool = False
    undone: bool = False


_MOVE_ON: Final = Rule(code="upstream_error", load=True)
_CALLERS_FAULT: Final = Rule(code="invalid_request", reason=None, pass_on=True)
_UNREADABLE: Final = Rule(code="upstream_invalid_response")
_AUTH: Final = Rule(code="upstream_auth_failed")
_OVERLOADED: Final = Rule(code="upstream_error", again=True, load=True, breaks=True)
_TURNED_AWAY: Final = Rule(code="upstream_error", again=True, load=True, breaks=True, undone=True)
_BROKEN: Final = Rule(code="upstream_error", load=True, breaks=True)

_BY_KIND: Final[Mapping[FailureKind, Rule]] = MappingProxyType(
    {
        "connect": Rule(code="upstream_unreachable", again=True, load=True, breaks=True),
        "timeout_connect": Rule(code="upstream_timeout", again=True, load=True, breaks=True),
        "timeout_first_token": Rule(code="upstream_timeout", again=True, load=True, breaks=True),
        "stalled": Rule(code="stream_stalled", load=True, breaks=True),
        "cut": Rule(code="stream_cut", load=True, breaks=True),
        "status": _UNREADABLE,  # of a number that no row below knows
        "invalid_response": _UNREADABLE,
        "refused_context_length": Rule(code="context_length_exceeded", reason="context_length", pass_on=True),
        "refused_content_filter": Rule(code="content_filter", reason="content_filter", pass_on=True),
        "auth": _AUTH,
        "bad_request": _CALLERS_FAULT,
        "stream_error": _MOVE_ON,
        "unfit": Rule(code="unsupported_parameter"),  # this target cannot be told what was asked; another may
    }
)
_BY_STATUS: Final[Mapping[int, Rule]] = MappingProxyType(
    {
        401: _AUTH,
        403: _AUTH,
        429: Rule(code="rate_limited", again=True, load=True, undone=True),
        500: _OVERLOADED,
        501: Rule(code="upstream_error", pass_on=True),  # it does not offer this; nothing is broken
        502: _OVERLOADED,
        503: _TURNED_AWAY,
        504: _OVERLOADED,
        529: _TURNED_AWAY,
    }
)
_BY_CLASS: Final[Mapping[int, Rule]] = MappingProxyType({4: _CALLERS_FAULT, 5: _BROKEN})


def rule_of(failure: Failure) -> Rule:
    """The row for this failure. Only `status` and `stream_error` look at the number; the kind decides everywhere else."""
    by_kind = _BY_KIND[failure.kind]
    if failure.status is None or failure.kind not in ("status", "stream_error"):
        return by_kind
    return _BY_STATUS.get(failure.status) or _BY_CLASS.get(failure.status // 100, by_kind)


def may_have_acted(failure: Failure) -> bool:
    """Whether the upstream may have done what was asked, or begun to. An error inside an answer came from one that had begun."""
    return failure.sent and not (failure.kind == "status" and rule_of(failure).undone)
