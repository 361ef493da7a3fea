"""What goes through the gateway, and how that goes."""

from typing import Final

from tests.support.dashboards.panel import Dashboard, Panel, Query, Section
from tests.support.dashboards.promql import ALL, now, over, percentiles, quantile, rate, share

NOT_THE_CALLERS: Final = "upstream_.+|stream_.+|no_target_available|overloaded|store_away|draining|internal"
_FAILED: Final = f'code=~"{NOT_THE_CALLERS}"'
_REQUESTS: Final = rate("haechi_requests_total")
_GIVEN: Final = 'status=~"hit|semantic"'

OVERVIEW: Final = Dashboard(
    "overview",
    "Haechi: overview",
    "Traffic, errors, latency, money and the state of the gateway.",
    (
        Section(
            "Now",
            (
                Panel("Requests", "Per second.", "reqps", [Query(_REQUESTS)], "number", 4),
                Panel(
                    "Errors",
                    "Share of requests that ended with an error of an upstream or the gateway. What is the caller's fault is none, nor what a policy blocked.",
                    "percentunit",
                    [Query(share(rate("haechi_requests_total", where=_FAILED), _REQUESTS))],
                    "number",
                    4,
                ),
                Panel(
                    "Blocked",
                    "Share of requests that a policy ended.",
                    "percentunit",
                    [Query(share(rate("haechi_requests_total", where='outcome="blocked"'), _REQUESTS))],
                    "number",
                    4,
                ),
                Panel(
                    "Latency, p95",
                    "From the first byte of a request to the end of its answer.",
                    "s",
                    [Query(quantile(0.95, "haechi_request_seconds"))],
                    "number",
                    4,
                ),
                Panel(
                    "Cost",
                    "In the range that is shown, of answers whose price is known.",
                    "currencyUSD",
                    [Query(over("haechi_cost_dollars_total"))],
                    "number",
                    4,
                ),
                Panel(
                    "From the cache",
                    "Share of the requests that the cache looked at.",
                    "percentunit",
                    [Query(share(rate("haechi_cache_total", where=_GIVEN), rate("haechi_cache_total")))],
                    "number",
                    4,
                ),
            ),
        ),
        Section(
            "Traffic",
            (
                Panel(
                    "Requests by outcome",
                    "`failed` before any text went out, `cut` after it.",
                    "reqps",
                    [Query(rate("haechi_requests_total", "outcome"), "{{outcome}}")],
                    "stacked",
                ),
                Panel(
                    "Requests by model",
                    "By the name in the configuration; a wildcard is one.",
                    "reqps",
                    [Query(rate("haechi_requests_total", "model"), "{{model}}")],
                    "stacked",
                ),
                Panel(
                    "Errors by code",
                    "As callers were told them, blocks too.",
                    "reqps",
                    [Query(rate("haechi_requests_total", "code", where='code!="-"'), "{{code}}")],
                    "stacked",
                ),
                Panel(
                    "Requests by API",
                    "As callers asked.",
                    "reqps",
                    [Query(rate("haechi_requests_total", "dialect"), "{{dialect}}")],
                    "stacked",
                ),
            ),
        ),
        Section(
            "Time",
            (
                Panel(
                    "Latency",
                    "From the first byte of a request to the end of its answer.",
                    "s",
                    [Query(*one) for one in percentiles("haechi_request_seconds")],
                ),
                Panel(
                    "First text",
                    "Until the first text went out, after whatever rules held back.",
                    "s",
                    [Query(*one) for one in percentiles("haechi_first_token_seconds")],
                ),
                Panel(
                    "The gateway's own time",
                    "In which no upstream was being asked.",
                    "s",
                    [Query(*one) for one in percentiles("haechi_overhead_seconds")],
                ),
                Panel(
                    "Under way",
                    "Requests that are not over, by replica.",
                    "short",
                    [Query(now("haechi_requests_under_way", "instance"), "{{instance}}")],
                ),
            ),
        ),
        Section(
            "Feedback",
            (
                Panel(
                    "Feedback by verdict",
                    "By key, by a page's token, or by an evaluation of yours.",
                    "cps",
                    [Query(rate("haechi_feedback_total", "metric,verdict"), "{{metric}}: {{verdict}}")],
                    "stacked",
                ),
                Panel(
                    "Bad feedback by model",
                    "Share of what was said of its answers.",
                    "percentunit",
                    [
                        Query(
                            share(
                                rate("haechi_feedback_total", "model", where='verdict="bad"'),
                                rate("haechi_feedback_total", "model"),
                            ),
                            "{{model}}",
                        )
                    ],
                ),
                Panel(
                    "Mean score",
                    "By metric and model.",
                    "short",
                    [
                        Query(
                            f"{rate('haechi_feedback_score_sum', 'metric,model')} "
                            f"/ {rate('haechi_feedback_score_count', 'metric,model')}",
                            "{{metric}}: {{model}}",
                        )
                    ],
                ),
                Panel(
                    "Complaints about answers from the cache",
                    "By what the cache did.",
                    "cps",
                    [Query(rate("haechi_feedback_complaints_total", "went", ALL), "{{went}}")],
                    "stacked",
                ),
            ),
        ),
        Section(
            "Gateway",
            (
                Panel(
                    "Processor",
                    "Of one core, by replica; one process uses one.",
                    "percentunit",
                    [Query(rate("process_cpu_seconds_total", "instance", ALL), "{{instance}}")],
                    width=8,
                ),
                Panel(
                    "Memory",
                    "That the process really holds, by replica.",
                    "bytes",
                    [Query(now("process_resident_memory_bytes", "instance"), "{{instance}}")],
                    width=8,
                ),
                Panel(
                    "Records dropped",
                    "By why: a queue or the spool was full, a disk would not take them. Should be nothing.",
                    "cps",
                    [Query(rate("haechi_records_dropped_total", "instance,reason", ALL), "{{instance}}: {{reason}}")],
                    width=8,
                ),
                Panel(
                    "Waiting for the ledger",
                    "How long the oldest record has waited on disk, by replica.",
                    "s",
                    [Query(now("haechi_spool_lag_seconds", "instance"), "{{instance}}")],
                    width=8,
                ),
                Panel(
                    "On disk for it",
                    "What waits there, by replica; the queue before it is in memory.",
                    "bytes",
                    [Query(now("haechi_spool_bytes", "instance"), "{{instance}}")],
                    width=8,
                ),
                Panel(
                    "In the queue",
                    "Records in memory, by replica: a thread writes them to disk some times in a second.",
                    "short",
                    [Query(now("haechi_records_queued", "instance"), "{{instance}}")],
                    width=8,
                ),
                Panel(
                    "Kept and sent",
                    "By the process that keeps records: rows, money, spans and pushed metrics, and what of them was refused or dropped.",
                    "cps",
                    [Query(rate("haechi_scribe_total", "what", ALL), "{{what}}")],
                    width=8,
                ),
                Panel(
                    "Started",
                    "Times that process was started in the range that is shown. Once is as it should be.",
                    "short",
                    [Query(over("haechi_scribe_starts_total", "instance", ALL), "{{instance}}")],
                    width=8,
                ),
                Panel(
                    "Unsettled",
                    "Money of dropped records that waits for a disk. Should be nothing for long.",
                    "currencyUSD",
                    [Query(now("haechi_unsettled_dollars", "instance"), "{{instance}}")],
                    width=8,
                ),
                Panel(
                    "Away",
                    "What records cannot be written to now, and processes that keep them and do not run.",
                    "short",
                    [
                        Query(now("haechi_sink_away", "instance,sink"), "{{instance}}: {{sink}}"),
                        Query(f"1 - {now('haechi_scribe_up', 'instance')}", "{{instance}}: the process"),
                    ],
                    width=8,
                    quiet=True,
                ),
            ),
        ),
    ),
)
