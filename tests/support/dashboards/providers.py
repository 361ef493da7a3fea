"""How the upstreams do."""

from typing import Final

from tests.support.dashboards.panel import Dashboard, Panel, Query, Section
from tests.support.dashboards.promql import ALL, now, percentiles, quantile, rate, share

_ATTEMPTS: Final = "haechi_attempts_total"
_OF: Final = "gen_ai_provider_name,gen_ai_request_model"
_NAMED: Final = "{{gen_ai_provider_name}}: {{gen_ai_request_model}}"
_FIRST: Final = "gen_ai_client_operation_time_to_first_chunk_seconds"
_BETWEEN: Final = "gen_ai_client_operation_time_per_output_chunk_seconds"

PROVIDERS: Final = Dashboard(
    "providers",
    "Haechi: providers",
    "Attempts, failures, breakers and speed of each target.",
    (
        Section(
            "State",
            (
                Panel(
                    "Circuit breakers",
                    "By target, the worst of all replicas.",
                    "none",
                    [Query(now("haechi_target_breaker", "target", how="max"), "{{target}}")],
                    "states",
                    16,
                    (("0", "closed", "green"), ("1", "half open", "yellow"), ("2", "open", "red")),
                ),
                Panel(
                    "Active checks",
                    "Of the providers that have them.",
                    "none",
                    [Query(now("haechi_provider_up", "provider", how="min"), "{{provider}}")],
                    "states",
                    8,
                    (("0", "down", "red"), ("1", "up", "green")),
                ),
            ),
        ),
        Section(
            "Attempts",
            (
                Panel(
                    "Attempts by target",
                    "A request that is tried twice is two.",
                    "reqps",
                    [Query(rate(_ATTEMPTS, "target", ALL), "{{target}}")],
                    "stacked",
                ),
                Panel(
                    "Failures by target",
                    "Share of its attempts.",
                    "percentunit",
                    [
                        Query(
                            share(rate(_ATTEMPTS, "target", ALL, 'failure!="-"'), rate(_ATTEMPTS, "target", ALL)),
                            "{{target}}",
                        )
                    ],
                ),
                Panel(
                    "Failures by kind",
                    "Over all targets.",
                    "reqps",
                    [Query(rate(_ATTEMPTS, "failure", ALL, 'failure!="-"'), "{{failure}}")],
                    "stacked",
                ),
                Panel(
                    "Attempts for a request",
                    "Above 1: retries and fallbacks. Below: answers from the cache, and requests that were refused.",
                    "short",
                    [Query(share(rate(_ATTEMPTS, of=ALL), rate("haechi_requests_total", of=ALL)))],
                ),
                Panel(
                    "Under way",
                    "Attempts by target.",
                    "short",
                    [Query(now("haechi_target_in_flight", "target"), "{{target}}")],
                    width=24,
                ),
            ),
        ),
        Section(
            "Speed",
            (
                Panel(
                    "Attempts, p95",
                    "From the first byte sent to the end of the answer.",
                    "s",
                    [Query(quantile(0.95, "gen_ai_client_operation_duration_seconds", _OF, ALL), _NAMED)],
                ),
                Panel(
                    "First piece of a stream, p95",
                    "From the first byte sent.",
                    "s",
                    [Query(quantile(0.95, _FIRST, _OF, ALL), _NAMED)],
                ),
                Panel(
                    "Between two pieces",
                    "Of streams, over all models.",
                    "s",
                    [Query(*one) for one in percentiles(_BETWEEN, ALL)],
                ),
                Panel(
                    "Output tokens",
                    "Per second, by model.",
                    "cps",
                    [Query(rate("gen_ai_client_token_usage_sum", _OF, ALL, 'gen_ai_token_type="output"'), _NAMED)],
                    "stacked",
                ),
            ),
        ),
    ),
)
