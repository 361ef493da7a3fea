"""The steps of real exchanges, as they stand in their records, and the spans that upstreams are told of."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.policed import policed, policy
from tests.support.rawclient import Answer, Line
from tests.support.simulation import Simulation

CANARY: Final = "canary-in-a-prompt-7291"
PARENT: Final = "00f067aa0ba902b7"
MAIL: Final = "minsu.kim@example.co.kr"
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("steps")


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, folder: Path) -> Iterator[GatewayProcess]:
    rules = [
        {"id": "hide", "where": ["user"], "detect": ["pii"], "action": "tokenize"},
        {"id": "stop", "where": ["user"], "detect": ["words"], "action": "block"},
        {"id": "short", "where": ["content"], "detect": ["length"], "action": "log"},
    ]
    detectors = {
        "pii": {"kind": "personal", "entities": ["EMAIL_ADDRESS"]},
        "words": {"kind": "pattern", "match": "forbidden"},
        "length": {"kind": "length", "max_chars": 1},
    }
    config: dict[str, Any] = {
        "providers": {"sim": {"kind": "simulated", "base_url": f"{upstream.url}/v1"}},
        "models": {
            "plain": {"targets": [{"provider": "sim", "model": "demo"}]},
            "again": {"targets": [{"provider": "sim", "model": "demo"}, {"provider": "sim", "model": "other"}]},
            "ruled": {"targets": [{"provider": "sim", "model": "demo"}]},
        },
        "cache": {},
        "retry": {"base_delay": 0.001, "budget": 1.0, "attempts": 2},
        "breaker": {"failures": 100_000},
        "record": {"file": str(folder / "records.jsonl")},
    }
    made = policy("p", detectors=detectors, rules=rules, bind={"models": ["ruled"]})
    with running(folder, policed(folder, config, made)) as process:
        yield process


@pytest.fixture
def asking(gateway: GatewayProcess, simulation: Simulation, folder: Path) -> Iterator["Asking"]:
    with Line(gateway.url) as line:
        yield Asking(line, folder)


def asked(dialect: str, model: str, text: str, **more: Any) -> dict[str, Any]:
    if dialect == "responses":
        return {"model": model, "input": text, **more}
    told = {"max_tokens": 50} if dialect == "messages" else {}
    return {"model": model, "messages": [{"role": "user", "content": text}], **told, **more}


class Asking:
    """One connection; each request on it is one trace."""

    def __init__(self, line: Line, folder: Path) -> None:
        self._line = line
        self._file = folder / "records.jsonl"

    def ask(self, path: str, body: Any, flags: str = "01") -> tuple[Answer, dict[str, Any]]:
        """The answer and its record."""
        trace = secrets.token_hex(16)
        headers = {"traceparent": f"00-{trace}-{PARENT}-{flags}", "tracestate": "a=b"}
        self._line.ask(path, body, headers=headers)
        answer = self._line.answer()
        found = eventually(lambda: [one for one in records(self._file) if one["trace_id"] == trace])
        assert CANARY not in msgspec.json.encode(found).decode()
        return answer, found[0]


def named(row: dict[str, Any]) -> list[str]:
    return [step[0] for step in row["steps"]]


def step(row: dict[str, Any], name: str, at: int = 0) -> list[Any]:
    found: list[list[Any]] = [one for one in row["steps"] if one[0] == name]
    return found[at]


FORMS: Final = [
    pytest.param(dialect, streamed, id=f"{dialect}-{'streamed' if streamed else 'whole'}")
    for dialect in PATHS
    for streamed in (False, True)
]


@pytest.mark.parametrize(("dialect", "streamed"), FORMS)
def test_an_attempt_goes_upstream_under_the_span_that_its_record_names(
    asking: Asking, simulation: Simulation, dialect: str, streamed: bool
) -> None:
    body = asked(dialect, "plain", f"{CANARY} {dialect} {streamed}", stream=streamed)
    answer, row = asking.ask(PATHS[dialect], body)
    assert answer.status == 200
    assert (row["parent_span_id"], row["sampled"]) == (PARENT, True)
    (sent,) = simulation.requests()
    _, _, seconds, detail, span_id = step(row, "attempt")
    assert sent["headers"]["traceparent"] == f"00-{row['trace_id']}-{span_id}-01"
    assert span_id not in (row["span_id"], PARENT)
    assert named(row) == ["auth", "plan", "policy", "cache.lookup", "attempt"]
    assert detail["streamed"] is streamed
    assert (detail["failure"], detail["status"], detail["model"]) == (None, 200, "demo")
    assert (detail["input_tokens"], detail["output_tokens"]) == (row["input_tokens"], row["output_tokens"])
    assert 0 < detail["first_token_seconds"] <= seconds
    assert 0 < row["overhead_seconds"] <= row["seconds"] - seconds + 0.000_01
    assert row["response_id"] in answer.body.decode()
    assert sum(one[2] for one in row["steps"]) <= row["seconds"] + 0.000_01


def test_an_unsampled_trace_stays_one(asking: Asking, simulation: Simulation) -> None:
    _, row = asking.ask(PATHS["chat"], asked("chat", "plain", f"{CANARY} unsampled"), "00")
    (sent,) = simulation.requests()
    assert sent["headers"]["traceparent"].endswith("-00")
    assert row["sampled"] is False


@pytest.mark.parametrize("streamed", [False, True])
def test_a_failed_first_attempt_is_a_step_with_a_span_of_its_own(
    asking: Asking, simulation: Simulation, streamed: bool
) -> None:
    simulation.misbehave({"status": 503}, model="demo")
    _, row = asking.ask(PATHS["chat"], asked("chat", "again", f"{CANARY} failed {streamed}", stream=streamed))
    failed, answered = step(row, "attempt"), step(row, "attempt", 1)
    assert (failed[3]["failure"], failed[3]["status"], failed[3]["first_token_seconds"]) == ("status", 503, None)
    assert (answered[3]["failure"], answered[3]["status"]) == (None, 200)
    spans = [one["headers"]["traceparent"].split("-")[2] for one in simulation.requests()]
    assert spans == [failed[4], answered[4]]
    plan = {"strategy": "ordered", "order": [failed[3]["candidate"], answered[3]["candidate"]]}
    assert step(row, "plan")[3] == {**plan, "asked": {"stream": streamed}}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_hit_says_so_and_tries_nobody(asking: Asking, simulation: Simulation, streamed: bool) -> None:
    body = asked("chat", "plain", f"{CANARY} again {streamed}", stream=streamed)
    _, first = asking.ask(PATHS["chat"], body)
    _, second = asking.ask(PATHS["chat"], body)
    assert step(first, "cache.lookup")[3]["status"] == "miss"
    assert step(second, "cache.lookup")[3]["status"] == "hit"
    assert "attempt" not in named(second)
    assert len(simulation.requests()) == 1


@pytest.mark.parametrize("streamed", [False, True])
def test_a_block_ends_with_the_rules_that_looked(asking: Asking, simulation: Simulation, streamed: bool) -> None:
    _, row = asking.ask(PATHS["chat"], asked("chat", "ruled", f"{CANARY} forbidden", stream=streamed))
    assert row["outcome"] == "blocked"
    assert named(row) == ["auth", "plan", "policy", "guardrail"]
    detail = step(row, "guardrail")[3]
    assert detail["side"] == "in"
    assert {rule[1] for rule in detail["rules"]} == {"hide", "stop"}
    assert not simulation.requests()


@pytest.mark.parametrize("streamed", [False, True])
def test_rules_on_both_sides_and_values_put_back_are_steps(
    asking: Asking, simulation: Simulation, streamed: bool
) -> None:
    _, row = asking.ask(PATHS["chat"], asked("chat", "ruled", f"{CANARY} {MAIL} {streamed}", stream=streamed))
    assert MAIL not in msgspec.json.encode(row).decode()
    assert sorted(named(row)) == sorted(
        ["auth", "plan", "policy", "guardrail", "cache.lookup", "attempt", "guardrail", "unscrub"]
    )
    went_in, came_out = step(row, "guardrail")[3], step(row, "guardrail", 1)[3]
    assert (went_in["side"], came_out["side"]) == ("in", "out")
    assert [rule[1] for rule in came_out["rules"]] == ["short"]
    ((policy_name, rule, detector, _, _, times, found),) = came_out["checks"]
    assert (policy_name, rule, detector, times, found) == ("p", "short", "length", 1, 1)
    assert step(row, "unscrub")[3] == {"values": 1}


def test_a_caller_without_a_valid_request_has_its_first_steps_alone(asking: Asking) -> None:
    assert named(asking.ask(PATHS["chat"], b"{")[1]) == ["auth"]
