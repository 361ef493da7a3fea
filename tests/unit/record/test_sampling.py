"""Which traces are kept."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from gateway.config.tracing import Tracing
from gateway.record.row import Row, row
from gateway.record.sampling import Sampling
from tests.support.exchanges import exchange

LOW, HIGH = "0" * 31 + "1", "f" * 32


def a_row(**more: Any) -> Row:
    return replace(row(exchange(outcome="answered"), 101.0), **more)


@pytest.mark.parametrize(
    ("sampler", "ratio", "parent", "trace", "kept"),
    [
        ("always_on", None, False, HIGH, True),
        ("always_off", None, True, LOW, False),
        ("traceidratio", 0.5, True, HIGH, False),
        ("traceidratio", 0.5, False, LOW, True),
        ("traceidratio", 0.0, None, LOW, False),
        ("traceidratio", 1.0, None, HIGH, True),
        ("parentbased_always_on", None, None, HIGH, True),
        ("parentbased_always_on", None, False, HIGH, False),
        ("parentbased_always_off", None, None, LOW, False),
        ("parentbased_always_off", None, True, HIGH, True),
        ("parentbased_traceidratio", 0.5, None, LOW, True),
        ("parentbased_traceidratio", 0.5, None, HIGH, False),
        ("parentbased_traceidratio", 0.5, True, HIGH, True),
        ("parentbased_traceidratio", 0.5, False, LOW, False),
        (None, None, None, HIGH, True),
    ],
)
def test_a_sampler_decides_as_its_name_says(
    sampler: Any, ratio: float | None, parent: bool | None, trace: str, kept: bool
) -> None:
    assert Sampling(Tracing(sampler=sampler, ratio=ratio)).keeps(trace, parent) is kept


@given(st.integers(1, 2**128 - 1), st.floats(0, 1))
def test_a_ratio_decides_as_the_sdk_of_everybody_else_in_the_trace(trace: int, ratio: float) -> None:
    ours = Sampling(Tracing(sampler="traceidratio", ratio=ratio)).keeps(f"{trace:032x}", None)
    theirs = TraceIdRatioBased(ratio).should_sample(None, trace, "x").decision is Decision.RECORD_AND_SAMPLE
    assert ours == theirs


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, None),
        ({"outcome": "failed", "code": "upstream_error"}, "errors"),
        ({"outcome": "cut"}, "errors"),
        ({"outcome": "drained"}, "errors"),
        ({"outcome": "client_gone"}, None),
        ({"attempts": [("a", "stalled"), ("b", None)]}, "errors"),
        ({"attempts": [("a", None)]}, None),
        ({"outcome": "blocked"}, "blocks"),
    ],
)
def test_errors_and_blocks_are_kept_whatever_the_sampler_says(more: dict[str, Any], why: str | None) -> None:
    sampling = Sampling(Tracing(sampler="always_off"))
    assert sampling.why_kept(a_row(**more)) == why
    assert Sampling(Tracing(sampler="always_off", always=[])).why_kept(a_row(**more)) is None
