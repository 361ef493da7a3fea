"""Traces that are not wanted by anybody, or by nobody who answers; and what feedback does to them."""

import secrets
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.conventions import faults
from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.otlp import http_receiver
from tests.support.rawclient import Line
from tests.support.simulation import Simulation

PARENT: Final = "00f067aa0ba902b7"
BODY: Final = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
NOBODY: Final = "http://127.0.0.1:1/v1/traces"


def _ask(gateway: GatewayProcess, flags: str | None = None) -> tuple[str, str]:
    """Trace and request."""
    trace = secrets.token_hex(16)
    headers = {} if flags is None else {"traceparent": f"00-{trace}-{PARENT}-{flags}"}
    with Line(gateway.url) as line:
        line.ask("/v1/chat/completions", BODY, headers=headers)
        answer = line.answer()
    assert answer.status == 200
    return trace, answer.headers["x-haechi-request-id"]


def _counted(gateway: GatewayProcess, what: str) -> float:
    with Line(gateway.url) as line:
        line.ask("/metrics", b"", method="GET")
        page = line.answer().body.decode()
    name = f'haechi_scribe_total{{what="{what}"}} '
    return next((float(one.removeprefix(name)) for one in page.splitlines() if one.startswith(name)), 0.0)


def _config(folder: Path, upstream: Simulation, **tracing: Any) -> Path:
    return written(folder, simulated(upstream.url, tracing=tracing, record={"spool": str(folder / "spool")}))


@pytest.mark.usefixtures("simulation")
def test_nobody_who_takes_traces_costs_a_counted_drop_and_no_request(upstream: Simulation, tmp_path: Path) -> None:
    with running(tmp_path, _config(tmp_path, upstream, endpoint=NOBODY, timeout=0.5)) as gateway:
        for _ in range(20):
            _ask(gateway)
        eventually(lambda: _counted(gateway, "spans_dropped") >= 60, 60)
        assert _counted(gateway, "spans_sent") == 0
        assert "traces cannot be sent" in eventually(lambda: gateway.log if "traces cannot" in gateway.log else "")


def test_a_receiver_that_comes_back_gets_what_comes_then(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    with http_receiver() as receiver:
        receiver.refuses = True
        tracing = {"endpoint": f"{receiver.endpoint}/v1/traces"}
        with running(tmp_path, _config(tmp_path, upstream, **tracing)) as gateway:
            _ask(gateway)
            eventually(lambda: _counted(gateway, "spans_dropped") > 0, 60)
            receiver.refuses = False

            def arrived() -> bool:
                _ask(gateway)
                return bool(receiver.spans)

            eventually(arrived, 60)
            eventually(lambda: _counted(gateway, "spans_sent") > 0, 60)


def test_what_a_sampler_lets_go_comes_back_by_bad_feedback_and_upstreams_are_told_what_it_says(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    with http_receiver() as receiver:
        tracing = {"endpoint": f"{receiver.endpoint}/v1/traces", "sampler": "parentbased_always_off"}
        with running(tmp_path, _config(tmp_path, upstream, **tracing)) as gateway:
            _ask(gateway)
            assert _flags(simulation) == "00"
            sampled, _ = _ask(gateway, "01")
            assert _flags(simulation) == "01"
            let_go, request = _ask(gateway, "00")
            assert _flags(simulation) == "00"
            receiver.trace(sampled)
            with Line(gateway.url) as line:
                line.ask("/v1/feedback", {"request_id": request, "metric": "thumbs", "value": False})
                assert line.answer().status < 300
            spans = receiver.trace(let_go, 4)
            assert faults(spans) == []
            assert {one.trace_id for one in receiver.spans} == {sampled, let_go}
            evaluation = next(one for one in spans if one.name == "gen_ai.evaluation.result")
            assert evaluation.attributes["gen_ai.evaluation.name"] == "thumbs"
            assert evaluation.parent == next(one for one in spans if one.kind == "SERVER").span_id
            server = next(one for one in spans if one.kind == "SERVER")
            assert server.attributes["haechi.sampled_for"] == "bad_feedback"


def _flags(simulation: Simulation) -> str:
    flags: str = simulation.requests()[-1]["headers"]["traceparent"].split("-")[3]
    return flags


def test_without_tracing_no_process_is_started(gateway: GatewayProcess) -> None:
    with Line(gateway.url) as line:
        line.ask("/metrics", b"", method="GET")
        assert b"\nhaechi_scribe_up " not in line.answer().body
