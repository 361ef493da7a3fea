"""The histograms of the GenAI conventions. Names, buckets and attributes are written down here from the conventions' own text."""

from typing import Any

import pytest

from gateway.chunks import Chunks
from gateway.exchange import Cached
from gateway.record.genai import DURATION, FIRST_CHUNK, PER_CHUNK, TOKENS, error_type, provider_name
from gateway.record.metrics import Metrics
from gateway.routing.failure import Attempt, Failure
from gateway.upstream.providers import PROVIDERS
from gateway.wire.neutral import Usage
from tests.support.exchanges import candidate, exchange, plan_of
from tests.unit.record.test_metrics import one, page

_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
_TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
_WELL_KNOWN = {
    "anthropic", "aws.bedrock", "azure.ai.inference", "azure.ai.openai", "cohere", "deepseek", "gcp.gemini", "gcp.gen_ai",
    "gcp.vertex_ai", "groq", "ibm.watsonx.ai", "mistral_ai", "moonshot_ai", "openai", "perplexity", "x_ai",
}  # fmt: skip
_OF = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "openai_compatible",
    "gen_ai_request_model": "house/served",
}


def counted(dialect: str = "chat", **fields: Any) -> Metrics:
    """Of one exchange with one attempt, from 100 to 101 s."""
    target = candidate("house/served")
    given: dict[str, Any] = {
        "attempts": [Attempt(target.name, 100.0, 101.0, None)],
        "asked": [target],
        "served_by": target,
    }
    metrics = Metrics()
    metrics.count(exchange(dialect, plan=plan_of(target), outcome="answered", **(given | fields)), 101.5)
    return metrics


def bounds(metrics: Metrics, name: str) -> list[float]:
    found = {float(dict(pairs)["le"]) for own, pairs in page(metrics) if own == f"{name}_bucket"}
    return sorted(found)[:-1]


@pytest.fixture
def streamed() -> Metrics:
    chunks = Chunks(candidate("house/served"), 100.0)
    chunks.came(100.03, 2)
    chunks.came(100.13, 1)
    return counted(usage=Usage(input_tokens=10, output_tokens=4), chunks=chunks)


def test_names_and_buckets_are_those_of_the_conventions(streamed: Metrics) -> None:
    assert bounds(streamed, "gen_ai_client_operation_duration_seconds") == _SECONDS
    assert bounds(streamed, "gen_ai_client_token_usage") == _TOKENS
    assert bounds(streamed, "gen_ai_client_operation_time_to_first_chunk_seconds") == _SECONDS
    assert bounds(streamed, "gen_ai_client_operation_time_per_output_chunk_seconds") == _SECONDS
    for instrument, name in (
        (DURATION, "gen_ai.client.operation.duration"),
        (TOKENS, "gen_ai.client.token.usage"),
        (FIRST_CHUNK, "gen_ai.client.operation.time_to_first_chunk"),
        (PER_CHUNK, "gen_ai.client.operation.time_per_output_chunk"),
    ):
        assert instrument.name == name
        assert {"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"} <= {*instrument.attributes}


def test_an_operation_is_an_attempt(streamed: Metrics) -> None:
    samples = page(streamed)
    assert one(samples, "gen_ai_client_operation_duration_seconds_sum", error_type="", **_OF) == pytest.approx(1.0)
    assert one(samples, "gen_ai_client_token_usage_sum", gen_ai_token_type="input", **_OF) == 10
    assert one(samples, "gen_ai_client_token_usage_sum", gen_ai_token_type="output", **_OF) == 4


def test_pieces_are_timed_from_the_attempt_and_from_each_other(streamed: Metrics) -> None:
    samples = page(streamed)
    first, between = (f"gen_ai_client_operation_time_{what}_chunk_seconds" for what in ("to_first", "per_output"))
    assert one(samples, f"{first}_sum", **_OF) == pytest.approx(0.03)
    assert one(samples, f"{between}_count", **_OF) == 2  # of three pieces, two of which came at once
    assert one(samples, f"{between}_sum", **_OF) == pytest.approx(0.1)
    assert one(samples, f"{between}_bucket", le="0.01", **_OF) == 1


def test_an_answer_that_is_no_stream_has_no_pieces() -> None:
    assert not [name for name, _ in page(counted()) if "chunk" in name]


def test_a_failed_attempt_says_how_and_the_one_that_was_not_made_says_nothing() -> None:
    one_, other = candidate("a"), candidate("b")
    failed = Failure("status", 503)
    metrics = counted(
        attempts=[
            Attempt(one_.name, 100.0, 100.5, failed),
            Attempt(other.name, 100.5, 101.0, Failure("unfit", sent=False)),
        ],
        asked=[one_, other],
        served_by=None,
    )
    samples = page(metrics)
    assert one(samples, "gen_ai_client_operation_duration_seconds_count", error_type="503") == 1
    assert one(samples, "haechi_attempts_total", failure="unfit") == 1


def test_what_the_cache_gave_is_no_operation() -> None:
    metrics = counted(attempts=[], asked=[], cached=Cached("hit", 3.0, None, 7), usage=Usage(input_tokens=1))
    assert not [name for name, _ in page(metrics) if name.startswith("gen_ai")]


def test_an_operation_that_the_conventions_do_not_know_is_not_told_as_one() -> None:
    assert not [name for name, _ in page(counted("files")) if name.startswith("gen_ai")]


def test_providers_have_the_names_that_are_well_known() -> None:
    named = {provider_name(kind) for kind in PROVIDERS}
    ours = {"openai", "anthropic", "azure.ai.openai", "gcp.gemini", "mistral_ai", "groq", "deepseek", "x_ai"}
    assert named & _WELL_KNOWN == ours


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [("status", 429, "429"), ("cut", None, "cut"), ("status", 99_999, "status"), ("status", 200, "status")],
)
def test_an_upstream_cannot_make_up_types_of_errors(kind: str, status: int | None, told: str) -> None:
    assert error_type(kind, status) == told
