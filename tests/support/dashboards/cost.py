"""What answers cost, and what was saved."""

from typing import Final

from tests.support.dashboards.panel import Dashboard, Panel, Query, Section
from tests.support.dashboards.promql import ALL, over, percentiles, rate, share

_COST: Final = "haechi_cost_dollars_total"
_TOKENS: Final = "haechi_tokens_total"

COST: Final = Dashboard(
    "cost",
    "Haechi: cost",
    "What answers cost by model and target, what the cache saved, and what has no price.",
    (
        Section(
            "In the range that is shown",
            (
                Panel("Cost", "Of answers whose price is known.", "currencyUSD", [Query(over(_COST))], "number", 6),
                Panel(
                    "Saved",
                    "What answers had cost that the cache gave again.",
                    "currencyUSD",
                    [Query(over("haechi_cache_saved_dollars_total"))],
                    "number",
                    6,
                ),
                Panel(
                    "Cost of a request",
                    "On average, over all requests, those from the cache too.",
                    "currencyUSD",
                    [Query(share(over(_COST), over("haechi_requests_total")))],
                    "number",
                    6,
                ),
                Panel(
                    "Without a price",
                    "Answers that used tokens and stand in no sum here. `prices` of a target gives them one.",
                    "short",
                    [Query(over("haechi_unpriced_total"))],
                    "number",
                    6,
                ),
            ),
        ),
        Section(
            "Where it goes",
            (
                Panel(
                    "Cost by model",
                    "In an hour, at the pace of the moment.",
                    "currencyUSD",
                    [Query(f"3600 * {rate(_COST, 'model')}", "{{model}}")],
                    "stacked",
                ),
                Panel(
                    "Cost by target",
                    "In an hour. Of all attempts of a request, told of the target whose answer was given.",
                    "currencyUSD",
                    [Query(f"3600 * {rate('haechi_target_cost_dollars_total', 'target', ALL)}", "{{target}}")],
                    "stacked",
                ),
                Panel(
                    "Most expensive models",
                    "In the range that is shown.",
                    "currencyUSD",
                    [Query(f"topk(10, {over(_COST, 'model')})", "{{model}}")],
                    "bars",
                ),
                Panel(
                    "Saved by model",
                    "In an hour, by the cache.",
                    "currencyUSD",
                    [Query(f"3600 * {rate('haechi_cache_saved_dollars_total', 'model')}", "{{model}}")],
                    "stacked",
                ),
            ),
        ),
        Section(
            "Tokens",
            (
                Panel(
                    "Tokens by kind",
                    "`cached` and `cache_write` are parts of `input`, `reasoning` of `output`.",
                    "cps",
                    [Query(rate(_TOKENS, "kind"), "{{kind}}")],
                ),
                Panel(
                    "Read from the providers' caches",
                    "Share of the input tokens.",
                    "percentunit",
                    [Query(share(rate(_TOKENS, where='kind="cached"'), rate(_TOKENS, where='kind="input"')))],
                ),
                Panel(
                    "Input tokens of an answer",
                    "Over all models.",
                    "short",
                    [Query(*one) for one in percentiles("gen_ai_client_token_usage", ALL, 'gen_ai_token_type="input"')],
                ),
                Panel(
                    "Output tokens of an answer",
                    "Over all models.",
                    "short",
                    [
                        Query(*one)
                        for one in percentiles("gen_ai_client_token_usage", ALL, 'gen_ai_token_type="output"')
                    ],
                ),
            ),
        ),
    ),
)
