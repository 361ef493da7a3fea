"""What each panel asks, asked of a real Prometheus that scrapes a real gateway with traffic of every kind."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.dashboards.panel import Dashboard, Panel
from tests.support.dashboards.written import ALL, FOLDER, files
from tests.support.eventually import eventually
from tests.support.every_traffic import everything, play
from tests.support.generate import metrics
from tests.support.prometheus_server import Prometheus, prometheus
from tests.support.simulation import in_process

ALERTS: Final = FOLDER.parents[1] / "prometheus" / "alerts.yaml"
_VARIABLES: Final = {
    "$job": "haechi",
    "$instance": ".*",
    "$model": ".*",
    "$__rate_interval": "5m",
    "$__range": "5m",
}
_NAME: Final = re.compile(r"\b(?:haechi|gen_ai|process)_[a-z0-9_]+\b(?=\{)")
PANELS: Final = [
    pytest.param(panel, id=f"{one.name}: {panel.title}")
    for one in ALL
    for section in one.sections
    for panel in section.panels
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It has scraped once between two rounds of traffic, and once behind them: a rate takes two."""
    folder = tmp_path_factory.mktemp("prometheus")
    with in_process() as upstream, everything(folder, upstream) as gateway:
        play(gateway, 0)
        scraped = {"job_name": "haechi", "static_configs": [{"targets": [gateway.url.removeprefix("http://")]}]}
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "scrape_configs": [scraped],
            "rule_files": [str(ALERTS)],
        }
        with prometheus(folder, config) as server:
            eventually(lambda: server.ask("haechi_requests_total"), 60)
            play(gateway, 1)
            eventually(lambda: server.ask('rate(haechi_requests_total{outcome="cut"}[5m]) > 0'), 60)
            yield server


def asked(expr: str) -> str:
    for name, value in sorted(_VARIABLES.items(), reverse=True):
        expr = expr.replace(name, value)
    assert "$" not in expr, expr
    return expr


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_shows_something(panel: Panel, server: Prometheus) -> None:
    """And what may well have nothing to show is asked without a mistake."""
    for query in panel.queries:
        found = server.ask(asked(query.expr))
        numbers = [float(one["value"][1]) for one in found]
        assert panel.quiet or [one for one in numbers if one == one], query.expr  # noqa: PLR0124 - NaN is not
        for word in re.findall(r"\{\{(\w+)\}\}", query.legend):
            assert all(word in one["metric"] for one in found), (query, found)


@pytest.mark.parametrize(
    "expr",
    [
        'haechi_requests_total{outcome="blocked"}',
        'haechi_requests_total{outcome="failed"}',
        'haechi_requests_total{outcome="cut"}',
        'haechi_cache_total{status="hit"}',
        'haechi_policy_verdicts_total{said="shadow"}',
        "haechi_policy_exempted_total",
        "haechi_policy_unscanned_total",
        "haechi_policy_held_answers_total",
        "haechi_unpriced_total",
        "haechi_target_breaker == 2",
        "haechi_provider_up == 1",
        "gen_ai_client_operation_time_per_output_chunk_seconds_count > 0",
        'gen_ai_client_operation_duration_seconds_count{error_type="500"}',
        "haechi_cache_class_bound == 0.01",
        "haechi_cache_held",
        'haechi_attempts_total{target="any/*/0:sim/*"}',
    ],
)
def test_the_traffic_is_of_every_kind(expr: str, server: Prometheus) -> None:
    assert eventually(lambda: server.ask(expr), 30)


def test_what_callers_call_models_is_in_no_series(server: Prometheus) -> None:
    assert not server.ask('{__name__=~".+",model=~".*caller.*"}')
    assert not server.ask('{__name__=~".+",target=~".*caller.*"}')


def test_the_tokens_of_the_conventions_and_our_own_agree(server: Prometheus) -> None:
    def total(expr: str) -> float:
        return float(server.ask(f"sum({expr})")[0]["value"][1])

    for kind in ("input", "output"):
        ours = total(f'haechi_tokens_total{{kind="{kind}"}}')
        assert total(f'gen_ai_client_token_usage_sum{{gen_ai_token_type="{kind}"}}') == ours > 0
    assert total("haechi_target_cost_dollars_total") == pytest.approx(total("haechi_cost_dollars_total"))
    asked = total('haechi_attempts_total{failure!="unfit"}')
    assert total("gen_ai_client_operation_duration_seconds_count") == asked


def test_a_bucket_leads_to_a_trace(server: Prometheus) -> None:
    found = eventually(lambda: server.exemplars("haechi_request_seconds_bucket"), 30)
    assert re.fullmatch(r"[0-9a-f]{32}", found[0]["exemplars"][0]["labels"]["trace_id"])


def test_the_rules_that_ship_are_evaluated(server: Prometheus) -> None:
    rules = eventually(lambda: _evaluated(server), 60)
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


def _evaluated(server: Prometheus) -> list[dict[str, Any]]:
    rules = server.rules()
    return rules if all(rule["health"] != "unknown" for rule in rules) else []


# -- the files


def test_the_files_are_those_of_the_tables() -> None:
    assert [path.name for path, text in files().items() if not path.exists() or path.read_text() != text] == [], (
        "run `python -m tests.support.generate`"
    )
    assert {*FOLDER.iterdir()} == {*files()}


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_a_dashboard_names_no_place(path: Path) -> None:
    """Data source, job and replica are variables; panels have ids of their own, and say what they show in which unit."""
    read = msgspec.json.decode(path.read_bytes())
    panels = [panel for panel in read["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in read["panels"]}) == len(read["panels"])
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert all(panel["description"] and panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
    assert {variable["name"] for variable in read["templating"]["list"]} == {"datasource", "job", "instance", "model"}
    for panel in panels:
        for target in panel["targets"]:
            assert target["expr"].count('job=~"$job",instance=~"$instance"') == len(_NAME.findall(target["expr"]))


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_panels_ask_for_metrics_that_there_are(one: Dashboard) -> None:
    known = {name for name, *_ in metrics()}
    known |= {
        f"{name}_{part}" for name, kind, *_ in metrics() if kind == "histogram" for part in ("bucket", "sum", "count")
    }
    wanted = {
        name
        for section in one.sections
        for panel in section.panels
        for query in panel.queries
        for name in _NAME.findall(query.expr)
        if not name.startswith("process_")
    }
    assert wanted
    assert wanted <= known


def test_every_metric_is_on_some_dashboard() -> None:
    asked = "".join(
        query.expr for one in ALL for section in one.sections for panel in section.panels for query in panel.queries
    )
    assert [name for name, *_ in metrics() if name not in asked] == [], "add a panel in tests/support/dashboards"
