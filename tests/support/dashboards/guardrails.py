"""What rules found and did, and what they could not read."""

from typing import Final

from tests.support.dashboards.panel import Dashboard, Panel, Query, Section
from tests.support.dashboards.promql import ALL, over, rate, share

_VERDICTS: Final = "haechi_policy_verdicts_total"

GUARDRAILS: Final = Dashboard(
    "guardrails",
    "Haechi: guardrails",
    "What rules found and did, and what no rule could read.",
    (
        Section(
            "In the range that is shown",
            (
                Panel(
                    "Blocked requests",
                    "That a policy ended.",
                    "short",
                    [Query(over("haechi_requests_total", where='outcome="blocked"'))],
                    "number",
                    6,
                ),
                Panel(
                    "Findings acted on",
                    "That a rule blocked, changed or noted.",
                    "short",
                    [Query(over(_VERDICTS, of=ALL, where='said="enforced"'))],
                    "number",
                    6,
                ),
                Panel(
                    "Detectors that failed",
                    "Times a rule could not look, and `on_error` decided. Should be nothing.",
                    "short",
                    [Query(over(_VERDICTS, of=ALL, where='said="failed"'))],
                    "number",
                    6,
                    quiet=True,
                ),
                Panel(
                    "Not read",
                    "Parts of requests and answers that no rule could read, for each request.",
                    "percentunit",
                    [
                        Query(
                            share(over("haechi_policy_unscanned_total", of=ALL), over("haechi_requests_total", of=ALL))
                        )
                    ],
                    "number",
                    6,
                ),
            ),
        ),
        Section(
            "Rules",
            (
                Panel(
                    "Verdicts by rule",
                    "Of rules in force.",
                    "cps",
                    [Query(rate(_VERDICTS, "policy,rule", ALL, 'said="enforced"'), "{{policy}}: {{rule}}")],
                    "stacked",
                ),
                Panel(
                    "Verdicts by effect",
                    "What became of findings.",
                    "cps",
                    [Query(rate(_VERDICTS, "effect", ALL, 'said="enforced"'), "{{effect}}")],
                    "stacked",
                ),
                Panel(
                    "In shadow",
                    "What rules in shadow would have done: look here before they are enforced.",
                    "cps",
                    [
                        Query(
                            rate(_VERDICTS, "policy,rule,effect", ALL, 'said="shadow"'),
                            "{{policy}}: {{rule}} ({{effect}})",
                        )
                    ],
                    "stacked",
                    quiet=True,
                ),
                Panel(
                    "Failed or too late",
                    "`failed`: the detector did. `straddled`: the beginning of a finding had been sent.",
                    "cps",
                    [
                        Query(
                            rate(_VERDICTS, "policy,rule,said", ALL, 'said=~"failed|straddled"'),
                            "{{policy}}: {{rule}} ({{said}})",
                        )
                    ],
                    "stacked",
                    quiet=True,
                ),
                Panel(
                    "All verdicts",
                    "In the range that is shown.",
                    "short",
                    [Query(f"sort_desc({over(_VERDICTS, 'policy,rule,effect,said', ALL)})")],
                    "table",
                ),
                Panel(
                    "Exemptions used",
                    "Requests that a named exemption took a rule away from.",
                    "short",
                    [Query(over("haechi_policy_exempted_total", "exemption", ALL), "{{exemption}}")],
                    "bars",
                ),
            ),
        ),
        Section(
            "Findings",
            (
                Panel(
                    "Entities",
                    "The ten found most in the range that is shown.",
                    "short",
                    [Query(f"topk(10, {over('haechi_policy_entities_total', 'entity', ALL)})", "{{entity}}")],
                    "bars",
                ),
                Panel(
                    "Not read, by what it was",
                    "Images, files, hosted tools: a policy says whether such may pass.",
                    "cps",
                    [Query(rate("haechi_policy_unscanned_total", "what", ALL), "{{what}}")],
                    "stacked",
                ),
                Panel(
                    "Held back",
                    "Characters of an answer that waited for a check at once, at most; the mean over answers.",
                    "short",
                    [
                        Query(
                            f"{rate('haechi_policy_held_characters_total', 'guarantee', ALL)} "
                            f"/ {rate('haechi_policy_held_answers_total', 'guarantee', ALL)}",
                            "{{guarantee}}",
                        )
                    ],
                    width=24,
                ),
            ),
        ),
    ),
)
