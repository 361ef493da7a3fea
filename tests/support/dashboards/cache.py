"""What the cache gives, saves and is certified for."""

from typing import Final

from tests.support.dashboards.panel import Dashboard, Panel, Query, Section
from tests.support.dashboards.promql import ALL, now, over, rate, share

_CACHE: Final = "haechi_cache_total"
_CLASS: Final = "haechi_cache_class"
_WRONG: Final = now(f"{_CLASS}_reviews", "class", where='found="wrong"')
_REVIEWS: Final = now(f"{_CLASS}_reviews", "class")

CACHE: Final = Dashboard(
    "cache",
    "Haechi: cache",
    "Hits, would-be hits, money saved, and the certificates of the classes.",
    (
        Section(
            "Requests",
            (
                Panel(
                    "Given from the cache",
                    "Share of the requests that it looked at.",
                    "percentunit",
                    [Query(share(rate(_CACHE, where='status=~"hit|semantic"'), rate(_CACHE)))],
                    "number",
                    8,
                ),
                Panel(
                    "Saved",
                    "In the range that is shown: what these answers had cost.",
                    "currencyUSD",
                    [Query(over("haechi_cache_saved_dollars_total"))],
                    "number",
                    8,
                ),
                Panel(
                    "Would-be hits",
                    "In the range that is shown: like questions whose answer was not given, as the class has no certificate.",
                    "short",
                    [Query(over(_CACHE, where='status="shadow"'))],
                    "number",
                    8,
                    quiet=True,
                ),
                Panel(
                    "What the cache did",
                    "`hit` is an equal request, `semantic` a like question, `shadow` one whose answer was not given.",
                    "reqps",
                    [Query(rate(_CACHE, "status"), "{{status}}")],
                    "stacked",
                ),
                Panel(
                    "Given from the cache, by model",
                    "Share of the requests that it looked at.",
                    "percentunit",
                    [
                        Query(
                            share(rate(_CACHE, "model", where='status=~"hit|semantic"'), rate(_CACHE, "model")),
                            "{{model}}",
                        )
                    ],
                ),
            ),
        ),
        Section(
            "Classes",
            (
                Panel(
                    "Certificates",
                    "A class serves like questions only while it has one.",
                    "none",
                    [Query(now(f"{_CLASS}_certified", "class", how="max"), "{{class}}")],
                    "states",
                    24,
                    (("0", "in shadow", "yellow"), ("1", "certified", "green")),
                ),
                Panel(
                    "Wrong answers found",
                    "Share of the reviews, beside the share that the class may have at most.",
                    "percentunit",
                    [
                        Query(share(_WRONG, f"({_REVIEWS} > 0)"), "{{class}}"),
                        Query(now(f"{_CLASS}_bound", "class", how="max"), "{{class}}, at most"),
                    ],
                    quiet=True,
                ),
                Panel(
                    "Test for drift",
                    "At 1 the certificate is withdrawn.",
                    "short",
                    [Query(now(f"{_CLASS}_alarm", "class", how="max"), "{{class}}")],
                ),
                Panel(
                    "Reviews",
                    "That count towards a certificate.",
                    "short",
                    [Query(now(f"{_CLASS}_reviews", "class,found", how="max"), "{{class}}: {{found}}")],
                    width=6,
                ),
                Panel(
                    "Audits",
                    "Hits that were reviewed afterwards.",
                    "short",
                    [Query(now(f"{_CLASS}_audits", "class", how="max"), "{{class}}")],
                    width=6,
                ),
                Panel(
                    "Similarity from which it serves",
                    "Of the classes that are certified.",
                    "short",
                    [Query(now(f"{_CLASS}_threshold", "class", how="max"), "{{class}}")],
                    width=6,
                    quiet=True,
                ),
                Panel(
                    "Certificates withdrawn",
                    "Since the class was declared as it is.",
                    "short",
                    [Query(now(f"{_CLASS}_withdrawals", "class", how="max"), "{{class}}")],
                    width=6,
                ),
            ),
        ),
        Section(
            "Store",
            (
                Panel(
                    "Held",
                    "What the store says of itself; of Redis it is the whole server.",
                    "short",
                    [
                        Query(
                            now("haechi_cache_held", "figure,instance", where='figure!~"bytes.*"'),
                            "{{figure}}, {{instance}}",
                        )
                    ],
                ),
                Panel(
                    "Memory",
                    "What answers take.",
                    "bytes",
                    [
                        Query(
                            now("haechi_cache_held", "figure,instance", where='figure=~"bytes.*"'),
                            "{{figure}}, {{instance}}",
                        )
                    ],
                ),
                Panel(
                    "Kept for later turns",
                    "For `previous_response_id`, and placeholders of earlier turns; `away` is Redis.",
                    "cps",
                    [Query(rate("haechi_vault_total", "what,went", ALL), "{{what}}: {{went}}")],
                    width=24,
                ),
            ),
        ),
    ),
)
