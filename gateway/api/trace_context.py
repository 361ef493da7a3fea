"""The trace context that a caller sends along: W3C Trace Context, `traceparent`."""

import re
from typing import Final, NamedTuple

_SHAPE: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 1


class TraceContext(NamedTuple):
    """`span_id` is the caller's, the parent of ours. `sampled`: the caller may keep what it records of this trace."""

    trace_id: str
    span_id: str
    sampled: bool


def trace_context(given: str) -> TraceContext | None:
    """None for what the recommendation calls invalid, so that a trace of our own begins. Later versions may say more."""
    found = _SHAPE.fullmatch(given)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or set(trace_id) == {"0"} or set(span_id) == {"0"}:
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))
