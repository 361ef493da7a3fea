"""Answers that are not kept: cut off, failed, too long for their limit, refused, acting, or not waited for."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.eventually import eventually, in_flight
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.policed import SPOKEN, by_dialect
from tests.support.rawclient import Answer, Line, ask
from tests.support.simulation import Simulation

PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
CHUNKS: Final = ["하나 ", "two ", "셋 ", "넷"]
NEVER: Final[dict[str, dict[str, Any]]] = {
    "cut": {"chunks": CHUNKS, "cut": {"half": True}},
    "an error": {"status": 500},
    "a 200 with an error": {"status": 200, "error": "overloaded"},
    "at its limit": {"chunks": CHUNKS, "finish": "length"},
    "filtered": {"chunks": CHUNKS, "finish": "filter"},
    "refused": {"refusal": "그 일은 하지 않습니다"},
    "a tool call": {"tool_calls": [{"name": "weather", "arguments": {"city": "서울"}}]},
}
NEVER_STREAMED: Final[dict[str, dict[str, Any]]] = {
    "without an end": {"chunks": CHUNKS, "end_after": 3},
    "an error inside": {"chunks": CHUNKS, "error": "overloaded", "error_after": 3},
    "malformed": {"chunks": CHUNKS, "malformed_after": 2},
}
CASES: Final = [
    *((what, step, streamed) for what, step in NEVER.items() for streamed in (False, True)),
    *((what, step, True) for what, step in NEVER_STREAMED.items()),
]


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("never")
    with running(folder, written(folder, by_dialect(upstream.url, cache={}))) as process:
        yield process


def body(api: str, text: str, *, streamed: bool) -> dict[str, Any]:
    turns = [{"role": "user", "content": text}]
    limit = "max_output_tokens" if api == "responses" else "max_tokens"
    return {"model": api, "input" if api == "responses" else "messages": turns, limit: 900, "stream": streamed}


def cached(answer: Answer) -> str | None:
    return answer.headers.get("x-haechi-cache")


@pytest.mark.parametrize("api", SPOKEN)
@pytest.mark.parametrize(
    ("what", "step", "streamed"),
    CASES,
    ids=[f"{what}-{'streamed' if streamed else 'whole'}" for what, _, streamed in CASES],
)
def test_what_is_not_whole_and_clean_is_asked_again(
    gateway: GatewayProcess, simulation: Simulation, what: str, step: dict[str, Any], api: str, streamed: bool
) -> None:
    simulation.misbehave(step, then="normal")
    asked = body(api, f"{what}, {streamed}", streamed=streamed)
    assert cached(ask(gateway.url, PATHS[api], asked)) in (None, "miss")
    again = ask(gateway.url, PATHS[api], asked)
    assert (again.status, cached(again)) == (200, "miss")
    assert len(simulation.requests()) == 2
    third = ask(gateway.url, PATHS[api], asked)
    assert cached(third) == "hit", "what came whole is kept"
    ask(gateway.url, PATHS[api], asked | {"stream": not streamed})
    assert len(simulation.requests()) == 2, "for the other form as well"


@pytest.mark.parametrize("api", SPOKEN)
def test_an_answer_whose_caller_has_gone_is_asked_again(
    gateway: GatewayProcess, simulation: Simulation, api: str
) -> None:
    simulation.misbehave({"chunks": CHUNKS, "stall_after": 6}, then="normal")
    asked = body(api, "gone", streamed=True)
    with Line(gateway.url) as line:
        line.ask(PATHS[api], asked)
        line.read_until(b"two")
    eventually(lambda: in_flight(ask(gateway.url, "/metrics", b"", method="GET").body.decode()) == 0)
    again = ask(gateway.url, PATHS[api], asked)
    assert (again.status, cached(again)) == (200, "miss")
    assert cached(ask(gateway.url, PATHS[api], asked)) == "hit"
