"""`traceparent` as W3C Trace Context has it: what is invalid begins a trace of our own."""

import pytest

from gateway.api.trace_context import TraceContext, trace_context

_TRACE, _SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("given", "sampled"),
    [
        (f"00-{_TRACE}-{_SPAN}-01", True),
        (f"00-{_TRACE}-{_SPAN}-00", False),
        (f"00-{_TRACE}-{_SPAN}-03", True),
        (f"00-{_TRACE}-{_SPAN}-fe", False),
        (f"cc-{_TRACE}-{_SPAN}-01", True),
        (f"cc-{_TRACE}-{_SPAN}-01-what-will-come", True),
    ],
)
def test_a_context_of_the_caller_goes_on(given: str, sampled: bool) -> None:
    assert trace_context(given) == TraceContext(_TRACE, _SPAN, sampled)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00",
        f"ff-{_TRACE}-{_SPAN}-01",
        f"00-{_TRACE}-{_SPAN}-01-more",
        f"00-{'0' * 32}-{_SPAN}-01",
        f"00-{_TRACE}-{'0' * 16}-01",
        f"00-{_TRACE.upper()}-{_SPAN}-01",
        f"00-{_TRACE[1:]}-{_SPAN}-01",
        f"00-{_TRACE}-{_SPAN}-1",
        f"cc-{_TRACE}-{_SPAN}-01.more",
        f" 00-{_TRACE}-{_SPAN}-01",
    ],
)
def test_what_is_invalid_is_no_context(given: str) -> None:
    assert trace_context(given) is None
