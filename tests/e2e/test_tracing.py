"""Traces of real exchanges, as a receiver gets them that was not written here."""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.conventions import faults
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.otlp import Receiver, Span, grpc_receiver, http_receiver
from tests.support.policed import policed, policy
from tests.support.rawclient import Answer, Line
from tests.support.simulation import Simulation

CANARY: Final = "canary-in-a-prompt-7291"
ANSWERED: Final = "canary-in-an-answer-1802"
KOREAN: Final = "서울의 날씨는 어때요"
PARENT: Final = "00f067aa0ba902b7"
MAIL: Final = "minsu.kim@example.co.kr"
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
FORMS: Final = [
    pytest.param(dialect, streamed, id=f"{dialect}-{'streamed' if streamed else 'whole'}")
    for dialect in PATHS
    for streamed in (False, True)
]
TRAILING: Final = {"chat": 3, "messages": 3, "responses": 4}
"""Events of a stream behind its last text."""
BOTH: Final = [pytest.param(False, id="whole"), pytest.param(True, id="streamed")]


class Asking:
    """One connection; each request on it is one trace."""

    def __init__(self, line: Line, file: Path, receiver: Receiver) -> None:
        self._line = line
        self._file = file
        self._receiver = receiver

    def ask(self, dialect: str, model: str, text: str, **more: Any) -> tuple[Answer, dict[str, Any], list[Span]]:
        """The answer, its record and its trace, of which the convention has nothing bad to say."""
        trace = secrets.token_hex(16)
        headers = {
            "traceparent": f"00-{trace}-{PARENT}-01",
            "x-haechi-conversation": "thread-42",
            "x-haechi-prompt": "greeting@7",
        }
        self._line.ask(PATHS[dialect], _body(dialect, model, f"{CANARY} {KOREAN} {text}", more), headers=headers)
        answer = self._line.answer()
        (row,) = eventually(lambda: [one for one in records(self._file) if one["trace_id"] == trace])
        spans = self._receiver.trace(trace)
        assert faults(spans) == []
        _check_tree(spans, row)
        return answer, row, spans


def _body(dialect: str, model: str, text: str, more: dict[str, Any]) -> dict[str, Any]:
    if dialect == "responses":
        return {"model": model, "input": text, **more}
    told = {"max_tokens": 50} if dialect == "messages" else {}
    return {"model": model, "messages": [{"role": "user", "content": text}], **told, **more}


def _check_tree(spans: list[Span], row: dict[str, Any]) -> None:
    """One server span below the caller's, and all others its children; its figures are those of the record."""
    (server,) = [one for one in spans if one.kind == "SERVER"]
    assert (server.span_id, server.parent) == (row["span_id"], PARENT)
    assert {one.parent for one in spans if one is not server} <= {server.span_id}
    assert len({one.span_id for one in spans}) == len(spans)
    assert server.attributes["haechi.request.id"] == row["request_id"]
    assert server.attributes["haechi.outcome"] == row["outcome"]
    assert server.attributes["http.response.status_code"] == row["status"]
    assert server.attributes.get("haechi.cost_dollars") == _dollars(row["cost_nanodollars"])
    assert server.end - server.start == pytest.approx(row["seconds"] * 1e9, abs=1e3)
    calls = [one for one in spans if one.kind == "CLIENT"]
    if row["cache"] not in ("hit", "semantic"):
        read = sum(one.attributes.get("gen_ai.usage.input_tokens", 0) for one in calls)
        written = sum(one.attributes.get("gen_ai.usage.output_tokens", 0) for one in calls)
        assert (read, written) == (row["input_tokens"] or 0, row["output_tokens"] or 0)
    assert len(calls) == len(row["attempts"])


def _dollars(nanodollars: int | None) -> float | None:
    return None if nanodollars is None else pytest.approx(nanodollars / 1e9)  # type: ignore[return-value]  # compares as one


def named(spans: list[Span]) -> list[str]:
    return [one.name for one in spans]


def one(spans: list[Span], name: str) -> Span:
    (found,) = [each for each in spans if each.name == name]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracing")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, folder: Path, receiver: Receiver) -> Iterator[GatewayProcess]:
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-receiver-key=k1",
        "OTEL_SERVICE_NAME": "front-desk",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
    }
    ledger = {"url": f"sqlite:///{folder}/haechi.db"}
    with running(folder, _config(folder, upstream, ledger=ledger), env) as process:
        yield process


def _config(folder: Path, upstream: Simulation, **more: Any) -> Path:
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
    prices = {"input": 2.5, "output": 10}

    def to(*models: str) -> dict[str, Any]:
        return {"targets": [{"provider": "sim", "model": one, "prices": prices} for one in models]}

    config: dict[str, Any] = {
        "providers": {"sim": {"kind": "simulated", "base_url": f"{upstream.url}/v1"}},
        "models": {"plain": to("demo"), "again": to("demo", "other"), "ruled": to("demo")},
        "cache": {},
        "retry": {"base_delay": 0.001, "budget": 1.0, "attempts": 2},
        "breaker": {"failures": 100_000},
        "record": {"file": str(folder / "records.jsonl"), "spool": str(folder / "spool")},
        **more,
    }
    made = policy("p", detectors=detectors, rules=rules, bind={"models": ["ruled"]})
    return policed(folder, config, made)


@pytest.fixture
def asking(gateway: GatewayProcess, simulation: Simulation, folder: Path, receiver: Receiver) -> Iterator[Asking]:
    with Line(gateway.url) as line:
        yield Asking(line, folder / "records.jsonl", receiver)


@pytest.mark.parametrize(("dialect", "streamed"), FORMS)
def test_a_call_is_a_client_span_below_the_request_and_the_upstream_is_told_its_id(
    asking: Asking, simulation: Simulation, receiver: Receiver, dialect: str, streamed: bool
) -> None:
    answer, row, spans = asking.ask(dialect, "plain", f"{dialect} {streamed}", stream=streamed)
    assert answer.status == 200
    assert named(spans) == [f"POST {PATHS[dialect]}", "auth", "policy", "cache.lookup", "chat demo"]
    call = one(spans, "chat demo")
    (sent,) = simulation.requests()
    assert sent["headers"]["traceparent"] == f"00-{row['trace_id']}-{call.span_id}-01"
    told = call.attributes
    assert (told["gen_ai.operation.name"], told["gen_ai.request.model"]) == ("chat", "demo")
    assert told["gen_ai.request.stream"] is streamed
    assert ("gen_ai.response.time_to_first_chunk" in told) is streamed
    assert told["gen_ai.response.id"] in answer.body.decode()
    assert told["gen_ai.conversation.id"] == "thread-42"
    assert (told["gen_ai.prompt.name"], told["haechi.prompt.version"]) == ("greeting", "7")
    assert told["haechi.attempt.cost_dollars"] == told["llm.cost.total"] == _dollars(row["cost_nanodollars"])
    assert told["openinference.span.kind"] == "LLM"
    assert call.resource["service.name"] == "front-desk"
    assert call.resource["deployment.environment.name"] == "test"
    assert receiver.headers["x-receiver-key"] == "k1"


@pytest.mark.parametrize("streamed", BOTH)
def test_a_failed_first_attempt_is_a_span_of_its_own(asking: Asking, simulation: Simulation, streamed: bool) -> None:
    simulation.misbehave({"status": 503}, model="demo")
    answer, _, spans = asking.ask("chat", "again", f"failed {streamed}", stream=streamed)
    assert answer.status == 200
    failed, answered = one(spans, "chat demo"), one(spans, "chat other")
    assert (failed.error, failed.attributes["error.type"]) == (True, "503")
    assert failed.attributes["http.response.status_code"] == 503
    assert not answered.error
    assert "error.type" not in answered.attributes
    assert not spans[0].error
    assert "haechi.plan.order" in spans[0].attributes
    ids = [sent["headers"]["traceparent"].split("-")[2] for sent in simulation.requests()]
    assert ids == [failed.span_id, answered.span_id]


@pytest.mark.parametrize("streamed", BOTH)
def test_a_hit_is_a_lookup_and_no_call(asking: Asking, streamed: bool) -> None:
    asking.ask("chat", "plain", f"again {streamed}", stream=streamed)
    _, row, spans = asking.ask("chat", "plain", f"again {streamed}", stream=streamed)
    assert row["cache"] == "hit"
    assert named(spans) == ["POST /v1/chat/completions", "auth", "policy", "cache.lookup"]
    assert one(spans, "cache.lookup").attributes["haechi.cache.status"] == "hit"
    assert spans[0].attributes["haechi.saved_dollars"] > 0


@pytest.mark.parametrize("streamed", BOTH)
def test_a_block_is_said_by_its_rule(asking: Asking, streamed: bool) -> None:
    _, row, spans = asking.ask("chat", "ruled", f"forbidden {streamed}", stream=streamed)
    assert row["outcome"] == "blocked"
    assert sorted(named(spans)) == [
        "POST /v1/chat/completions", "auth", "guardrail pii", "guardrail words", "policy",
    ]  # fmt: skip
    told = one(spans, "guardrail words").attributes
    assert told["openinference.span.kind"] == "GUARDRAIL"
    assert (told["haechi.guardrail.verdict"], told["haechi.guardrail.findings"]) == ("block", 1)
    assert (told["haechi.guardrail.policy"], told["haechi.guardrail.rule"]) == ("p", "stop")
    assert one(spans, "guardrail pii").attributes["haechi.guardrail.verdict"] == "pass"
    assert spans[0].attributes["error.type"] == "policy_blocked"


@pytest.mark.parametrize("streamed", BOTH)
def test_rules_on_both_sides_and_values_put_back(asking: Asking, receiver: Receiver, streamed: bool) -> None:
    _, _, spans = asking.ask("chat", "ruled", f"{MAIL} {streamed}", stream=streamed)
    hidden, short = one(spans, "guardrail pii").attributes, one(spans, "guardrail length").attributes
    assert (hidden["haechi.guardrail.verdict"], hidden["haechi.guardrail.entities"]) == ("tokenize", ["EMAIL_ADDRESS"])
    assert (short["haechi.guardrail.side"], short["haechi.guardrail.verdict"]) == ("out", "log")
    assert one(spans, "unscrub").attributes["haechi.unscrub.values"] == 1
    assert MAIL.encode() not in receiver.raw


@pytest.mark.parametrize("dialect", PATHS)
def test_an_answer_that_is_cut_half_way_is_an_error_of_both_spans(
    asking: Asking, simulation: Simulation, dialect: str
) -> None:
    simulation.misbehave({"chunks": [ANSWERED, " and", " more"], "end_after": -TRAILING[dialect]})
    _, row, spans = asking.ask(dialect, "plain", f"cut {dialect}", stream=True)
    assert row["outcome"] == "cut"
    call = one(spans, "chat demo")
    assert call.error
    assert call.attributes["haechi.failure"] == call.attributes["error.type"] == "cut"
    assert call.attributes["haechi.usage.estimated"] is True
    assert spans[0].error


def test_what_a_request_asks_of_a_model_is_told_in_numbers(asking: Asking, simulation: Simulation) -> None:
    more = {
        "n": 2,
        "temperature": 0,
        "top_p": 1,
        "seed": 7,
        "max_tokens": 9,
        "response_format": {"type": "json_object"},
    }
    _, _, spans = asking.ask("chat", "plain", "numbers", **more)
    told = one(spans, "chat demo").attributes
    assert told["gen_ai.request.choice.count"] == 2
    assert (told["gen_ai.request.temperature"], told["gen_ai.request.top_p"]) == (0.0, 1.0)
    assert (told["gen_ai.request.seed"], told["gen_ai.request.max_tokens"]) == (7, 9)
    assert told["gen_ai.output.type"] == "json"


def test_the_ledger_has_the_same_request(asking: Asking, simulation: Simulation, folder: Path) -> None:
    _, row, spans = asking.ask("chat", "plain", "for the ledger")

    def found() -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{folder}/haechi.db?mode=ro", uri=True)) as ledger:
            asked = "SELECT request_id, input_tokens, output_tokens, cost_nanodollars FROM requests WHERE trace_id = ?"
            return ledger.execute(asked, (row["trace_id"],)).fetchall()

    ((request, read, written, cost),) = eventually(found, 60)
    call = one(spans, "chat demo").attributes
    assert request == spans[0].attributes["haechi.request.id"]
    assert (read, written) == (call["gen_ai.usage.input_tokens"], call["gen_ai.usage.output_tokens"])
    assert cost == round(spans[0].attributes["haechi.cost_dollars"] * 1e9)


@pytest.mark.parametrize("streamed", BOTH)
def test_a_call_of_a_tool_ends_an_answer(asking: Asking, simulation: Simulation, streamed: bool) -> None:
    simulation.misbehave({"tool_calls": [{"name": "look_up", "arguments": {"q": ANSWERED}}]})
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    _, _, spans = asking.ask("chat", "plain", f"tools {streamed}", stream=streamed, tools=[tool])
    assert one(spans, "chat demo").attributes["gen_ai.response.finish_reasons"] == ["tool_calls"]


def test_no_word_of_a_prompt_or_an_answer_is_in_any_span(
    asking: Asking, simulation: Simulation, receiver: Receiver
) -> None:
    """Behind all that came before in this file."""
    for dialect in PATHS:
        simulation.misbehave({"chunks": [ANSWERED, KOREAN]})
        asking.ask(dialect, "ruled", f"{MAIL} {dialect} {CANARY}", stream=True, metadata={"user_id": CANARY})
    for canary in (CANARY, ANSWERED, KOREAN, MAIL):
        assert canary.encode() not in receiver.raw
        assert msgspec.json.encode(canary)[1:-1] not in receiver.raw


def test_traces_go_by_grpc_too_and_by_later_names(upstream: Simulation, simulation: Simulation, tmp_path: Path) -> None:
    with grpc_receiver() as receiver:
        tracing = {"endpoint": receiver.endpoint, "protocol": "grpc", "headers": {"X-Key": "k2"}, "names": "latest"}
        config = _config(tmp_path, upstream, tracing=tracing)
        with running(tmp_path, config) as process, Line(process.url) as line:
            trace = secrets.token_hex(16)
            headers = {"traceparent": f"00-{trace}-{PARENT}-01", "x-haechi-prompt": "greeting@7"}
            line.ask(PATHS["chat"], _body("chat", "plain", "by grpc", {}), headers=headers)
            assert line.answer().status == 200
            told = one(receiver.trace(trace), "chat demo").attributes
        assert told["gen_ai.prompt.version"] == "7"
        assert receiver.headers["x-key"] == "k2"
        assert receiver.spans[0].resource["service.name"] == "haechi"
