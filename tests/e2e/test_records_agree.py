"""One request, told in four places: the trace, the ledger, the metrics and its page say the same of it."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.console.figures import Figures
from gateway.ledger.ledger import Ledger
from gateway.record.row import Row
from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.otlp import Receiver, Span, http_receiver
from tests.support.policed import policed, policy
from tests.support.rawclient import Line
from tests.support.simulation import Simulation

PATH: Final = "/v1/chat/completions"
KINDS: Final = ("plain", "hit", "blocked", "blocked-after", "again")
SHOWN: Final = Figures("en", ZoneInfo("UTC"))
_NANO: Final = 1e9


class Told:
    """What the four places say of one request, for which a model of its own was asked."""

    def __init__(self, row: Row, spans: list[Span], metrics: dict[str, float], page: "Page") -> None:
        self.row = row
        self.server, *rest = spans
        self.calls = [one for one in rest if one.kind == "CLIENT"]
        self.rules = [one for one in rest if one.attributes.get("haechi.guardrail.findings")]
        self.lookups = [one for one in rest if one.name == "cache.lookup"]
        self.metrics = metrics
        self.page = page


class Page(HTMLParser):
    """`facts`: terms with what stands behind them, the first of each. `rows`: cells of all rows of tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.facts: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self._term = ""
        self._open = ""
        self._text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("dt", "dd", "th", "td"):
            self._open, self._text = tag, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        text = " ".join(self._text.split())
        if tag != self._open:
            return
        if tag == "dt":
            self._term = text
        elif tag == "dd":
            self.facts.setdefault(self._term, text)
        elif self.rows:
            self.rows[-1].append(text)
        self._open = ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agree")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, folder: Path, receiver: Receiver) -> Iterator[GatewayProcess]:
    prices = {"input": 2.5, "output": 10}
    names = [f"{kind}-{how}" for kind in KINDS for how in ("whole", "streamed")]
    targets = [{"provider": "sim", "model": one, "prices": prices} for one in ("demo", "other")]
    config = {
        "providers": {"sim": {"kind": "simulated", "base_url": f"{upstream.url}/v1"}},
        "models": {name: {"targets": targets if name.startswith("again") else targets[:1]} for name in names},
        "cache": {},
        "retry": {"base_delay": 0.001, "budget": 1.0, "attempts": 2},
        "breaker": {"failures": 100_000},
        "ledger": {"url": f"sqlite:///{folder}/ledger.db"},
        "record": {"spool": str(folder / "spool")},
    }
    rules = [{"id": "stop", "where": ["user", "content"], "detect": ["words"], "action": "block"}]
    words = {"words": {"kind": "pattern", "match": "forbidden"}}
    made = policy("p", detectors=words, rules=rules, bind={"models": ["blocked*"]})
    env = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{receiver.endpoint}/v1/traces"}
    with running(folder, policed(folder, config, made), env) as process:
        yield process


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def asked() -> dict[str, Told]:
    """What is known of those that were asked already, by their model."""
    return {}


@pytest.fixture(params=["whole", "streamed"])
def told(
    request: pytest.FixtureRequest,
    asked: dict[str, Told],
    kind: str,
    gateway: GatewayProcess,
    simulation: Simulation,
    folder: Path,
    receiver: Receiver,
) -> Told:
    model = f"{kind}-{request.param}"
    if model not in asked:
        asked[model] = _told(kind, model, gateway, simulation, folder, receiver)
    return asked[model]


def _told(
    kind: str, model: str, gateway: GatewayProcess, simulation: Simulation, folder: Path, receiver: Receiver
) -> Told:
    if kind == "again":
        simulation.misbehave({"status": 503}, model="demo")
    if kind == "blocked-after":
        simulation.misbehave({"chunks": ["세 마디 ", "forbidden ", "끝"]})
    body = {
        "model": model,
        "stream": model.endswith("streamed"),
        "messages": [{"role": "user", "content": f"{'forbidden' if kind == 'blocked' else '안녕하세요'} {model}"}],
    }
    trace = secrets.token_hex(16)
    with Line(gateway.url) as line:
        before: dict[str, float] = {}
        if kind == "hit":
            line.ask(PATH, body)
            line.answer()
            before = eventually(lambda: _metrics(gateway, model))
        line.ask(PATH, body, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
        identity = line.answer().headers["x-haechi-request-id"]
    row = eventually(lambda: asyncio.run(_kept(folder, identity)), 60)
    assert row is not None
    spans = receiver.trace(trace)
    page = Page(httpx.get(f"{gateway.url}/console/requests/{identity}", timeout=60).raise_for_status().text)
    after = _metrics(gateway, model)
    metrics = {name: value - before.get(name, 0) for name, value in after.items()}
    return Told(row, spans, {name: value for name, value in metrics.items() if value}, page)


async def _kept(folder: Path, identity: str) -> Row | None:
    ledger = await Ledger.open(Settings(url=Secret(f"sqlite:///{folder}/ledger.db")))
    try:
        return await ledger.find(identity)
    finally:
        await ledger.aclose()


def _metrics(gateway: GatewayProcess, model: str) -> dict[str, float]:
    """Of this model: samples by name and the labels that say what they are of."""
    text = httpx.get(f"{gateway.url}/metrics", timeout=60).text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            if labels.pop("model", None) == model or labels.get("target", "").startswith(f"{model}/"):
                labels.pop("dialect", None)
                said = ",".join(value for _, value in sorted(labels.items()))
                found[f"{sample.name}[{said}]"] = sample.value
    return found


def test_how_it_ended(told: Told) -> None:
    row, server = told.row, told.server.attributes
    assert server["haechi.request.id"] == row.request_id
    assert (server["haechi.outcome"], server["http.response.status_code"]) == (row.outcome, row.status)
    assert server.get("error.type") == row.code
    assert told.metrics[f"haechi_requests_total[{row.code or '-'},{row.outcome}]"] == 1
    assert told.page.facts["Status"] == str(row.status)


def test_how_long_it_took(told: Told) -> None:
    row, server = told.row, told.server
    assert (server.end - server.start) / _NANO == pytest.approx(row.seconds, abs=1e-5)
    assert told.metrics["haechi_request_seconds_sum[]"] == pytest.approx(row.seconds, abs=1e-5)
    assert told.metrics["haechi_request_seconds_count[]"] == 1
    assert told.page.facts["Latency"] == SHOWN.seconds(row.seconds)
    assert server.attributes.get("haechi.first_token_seconds") == row.first_token_seconds
    assert told.metrics.get("haechi_first_token_seconds_sum[]", 0) == pytest.approx(
        row.first_token_seconds or 0, abs=1e-5
    )
    assert told.page.facts["First token"] == SHOWN.seconds(row.first_token_seconds)


def test_tokens_and_money(told: Told) -> None:
    """What a kept answer used was used, and paid for, when it was asked for: then nobody counts it again."""
    row = told.row
    given = row.cache == "hit"
    for kind, tokens in (("input", row.input_tokens), ("output", row.output_tokens)):
        spent = 0 if given else tokens or 0
        assert sum(one.attributes.get(f"gen_ai.usage.{kind}_tokens", 0) for one in told.calls) == spent
        assert told.metrics.get(f"haechi_tokens_total[{kind}]", 0) == spent
        assert told.page.facts[kind.capitalize()].split()[0] == SHOWN.count(tokens)
    dollars = (row.cost_nanodollars or 0) / _NANO
    assert told.server.attributes.get("haechi.cost_dollars", 0) == pytest.approx(dollars)
    assert sum(one.attributes.get("haechi.attempt.cost_dollars", 0) for one in told.calls) == pytest.approx(dollars)
    assert told.metrics.get("haechi_cost_dollars_total[]", 0) == pytest.approx(dollars)
    assert told.page.facts["Cost"] == SHOWN.money(row.cost_nanodollars)
    saved = row.saved_nanodollars or 0
    assert told.server.attributes.get("haechi.saved_dollars", 0) == pytest.approx(saved / _NANO)
    assert told.metrics.get("haechi_cache_saved_dollars_total[]", 0) == pytest.approx(saved / _NANO)
    assert told.page.facts.get("Saved by the cache") == (SHOWN.money(saved) if saved else None)
    assert bool(saved) == given


def test_attempts(told: Told, kind: str) -> None:
    row = told.row
    assert len(row.attempts) == {"hit": 0, "blocked": 0, "again": 2}.get(kind, 1)
    assert [one.attributes["haechi.target"] for one in told.calls] == [name for name, _ in row.attempts]
    assert [one.attributes.get("haechi.failure") for one in told.calls] == [failure for _, failure in row.attempts]
    counted = {name: value for name, value in told.metrics.items() if name.startswith("haechi_attempts_total")}
    assert counted == {f"haechi_attempts_total[{failure or '-'},{name}]": 1 for name, failure in row.attempts}
    shown = [cells[:2] for cells in told.page.rows if len(cells) == 5 and cells[0] in dict(row.attempts)]
    assert shown == [[name, failure or "answered"] for name, failure in row.attempts]


def test_the_cache_and_the_rules(told: Told, kind: str) -> None:
    row = told.row
    assert row.cache == {"hit": "hit", "blocked": None}.get(kind, "miss")
    assert [one.attributes["haechi.cache.status"] for one in told.lookups] == ([row.cache] if row.cache else [])
    counted = {name: value for name, value in told.metrics.items() if name.startswith("haechi_cache_total")}
    assert counted == ({f"haechi_cache_total[{row.cache}]": 1} if row.cache else {})
    assert told.page.facts.get("Decided", "").split()[:1] == ([row.cache] if row.cache else [])
    found = [(policy, rule, effect) for policy, rule, _, _, effect, _, _ in row.verdicts or ()]
    assert found == ([("p", "stop", "block")] if kind.startswith("blocked") else [])
    names = ("haechi.guardrail.policy", "haechi.guardrail.rule", "haechi.guardrail.verdict")
    assert [tuple(one.attributes[name] for name in names) for one in told.rules] == found
    decided = [cells for cells in told.page.rows if cells[:1] == ["p stop"] and re.search(r"\bblock\b", cells[-1])]
    assert len(decided) == len(found)
