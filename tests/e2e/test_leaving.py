"""The caller goes away: at any point the upstream's connection is closed within 100 ms, and nothing is left behind."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.eventually import eventually, in_flight, open_files, records, shortest
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Line, ask, request
from tests.support.simulation import Simulation

_PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
_WITHIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Desk:
    """A gateway, its upstream, and where it writes its records."""

    process: GatewayProcess
    simulation: Simulation
    file: Path

    def metrics(self) -> str:
        return ask(self.process.url, "/metrics", b"", method="GET").body.decode()

    def outcomes(self, model: str | None) -> list[tuple[str, str | None]]:
        """Of the exchanges that asked for this model; None: that left before they could name one."""
        return [(row["outcome"], row["code"]) for row in records(self.file) if row["model"] == model]


@pytest.fixture(scope="module")
def desk(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Long times everywhere, so that nothing but the leaving ends anything."""
    folder = tmp_path_factory.mktemp("leaving")
    config = {
        "providers": {
            name: {"kind": "openai_compatible", "base_url": f"{upstream.url}/v1", "dialects": [name], "api_key": "k"}
            | {"headers": {"x-api-key": "k"}}
            for name in _PATHS
        },
        "models": {f"{name}/*": {"targets": [{"provider": name, "model": "*"}]} for name in _PATHS},
        "limits": {"heartbeat": 0.2},
        "retry": {"attempts": 3, "max_delay": 60},
        "breaker": {"failures": 1000},
        "record": {"file": str(folder / "records.jsonl")},
    }
    with running(folder, written(folder, config)) as process:
        yield Desk(process, upstream, folder / "records.jsonl")


@dataclass(frozen=True, slots=True)
class Moment:
    """When the caller leaves. `mark` is the last thing that it reads before."""

    play: dict[str, Any]
    streamed: bool
    mark: bytes = b""
    caller: str = "chat"
    upstream: str = "chat"
    leave: Callable[[Line], None] = field(default=Line.close)


_SLOW: Final = {"chunks": [f"word{number} " for number in range(4000)], "tokens_per_second": 20}
_DELTA: Final = b"word1"

MOMENTS: Final = {
    "unary, before the upstream's head": Moment({"delay_head": 60}, False),
    "unary, before the upstream's head, by RST": Moment({"delay_head": 60}, False, leave=Line.reset),
    "unary, before the upstream's body": Moment({"delay_first_token": 60}, False),
    "unary, within the upstream's body": Moment({"bytes_per_second": 100}, False),
    "unary, messages": Moment({"delay_head": 60}, False, caller="messages", upstream="messages"),
    "unary, translated": Moment({"delay_head": 60}, False, caller="messages", upstream="chat"),
    "streamed, before the upstream's head": Moment({"delay_head": 60}, True),
    "streamed, before the first text": Moment({"delay_first_token": 60}, True),
    "streamed, after a heartbeat": Moment({"delay_first_token": 60}, True, b": heartbeat"),
    "streamed, within the text": Moment(_SLOW, True, _DELTA),
    "streamed, within the text, by RST": Moment(_SLOW, True, _DELTA, leave=Line.reset),
    "streamed, in a stall": Moment({**_SLOW, "stall_after": 9}, True, _DELTA),
    "streamed, messages": Moment(_SLOW, True, _DELTA, "messages", "messages"),
    "streamed, responses": Moment(_SLOW, True, _DELTA, "responses", "responses"),
    "streamed, messages from chat": Moment(_SLOW, True, _DELTA, "messages", "chat"),
    "streamed, chat from messages": Moment(_SLOW, True, _DELTA, "chat", "messages"),
    "streamed, responses from chat": Moment(_SLOW, True, _DELTA, "responses", "chat"),
}


def _asking(moment: Moment, model: str) -> dict[str, Any]:
    said: dict[str, Any] = {"model": model, "stream": moment.streamed}
    if moment.caller == "responses":
        return {**said, "input": "Hi"}
    return {**said, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1000}


@pytest.mark.parametrize("name", MOMENTS)
def test_the_upstream_is_let_go_within_100_ms(name: str, desk: Desk, simulation: Simulation) -> None:
    moment = MOMENTS[name]
    model = f"{moment.upstream}/{name}"
    simulation.misbehave(moment.play)
    took: list[float] = []

    def left() -> float:
        took.append(_left(moment, model, desk, simulation))
        return took[-1]

    assert shortest(left, _WITHIN) <= _WITHIN
    assert eventually(lambda: in_flight(desk.metrics()) == 0)
    assert eventually(lambda: desk.outcomes(model) == [("client_gone", None)] * len(took))


def _left(moment: Moment, model: str, desk: Desk, simulation: Simulation) -> float:
    """Seconds from the caller's leaving to the end of the upstream's connection."""
    simulation.clear()
    with Line(desk.process.url) as line:
        line.ask(_PATHS[moment.caller], _asking(moment, model))
        eventually(simulation.requests)
        if moment.mark:
            line.read_until(moment.mark)
        at = time.time()
        moment.leave(line)
    (arrived,) = eventually(lambda: [one for one in simulation.requests() if one["client_gone_after_ms"] is not None])
    return float(arrived["at"] + arrived["client_gone_after_ms"] / 1000 - at)


def test_one_who_leaves_while_a_retry_is_awaited_is_not_asked_for_again(desk: Desk, simulation: Simulation) -> None:
    simulation.misbehave({"status": 429, "retry_after": 50})
    with Line(desk.process.url) as line:
        line.ask(_PATHS["chat"], _asking(Moment({}, False), "chat/waiting"))
        eventually(simulation.requests)
    assert eventually(lambda: desk.outcomes("chat/waiting")) == [("client_gone", None)]
    assert len(simulation.requests()) == 1


@pytest.mark.parametrize("sent", [0, 20, 90, -1], ids=["nothing", "half a line", "half a head", "half a body"])
def test_one_who_leaves_before_the_request_is_whole_costs_nothing(
    sent: int, desk: Desk, simulation: Simulation
) -> None:
    before = open_files(desk.process.process.pid)
    raw = request("POST", _PATHS["chat"], "127.0.0.1", b'{"model": "chat/x", "messages": []}')
    for _ in range(20):
        with Line(desk.process.url) as line:
            line.send(raw[:sent])
    eventually(lambda: open_files(desk.process.process.pid) <= before)
    assert simulation.requests() == []
    expected = [("client_gone", None)] * (20 if sent == -1 else 0)
    assert eventually(lambda: desk.outcomes(None) == expected)


def test_many_who_leave_leave_nothing_behind(desk: Desk, simulation: Simulation) -> None:
    """Descriptors of the process are where they were, and no attempt is counted as under way."""
    simulation.misbehave({**_SLOW, "stall_after": 9})
    pid = desk.process.process.pid
    before = open_files(pid)
    lines = [Line(desk.process.url) for _ in range(60)]
    for line in lines:
        line.ask(_PATHS["chat"], _asking(Moment({}, True), "chat/many"))
    for line in lines[::2]:
        line.read_until(_DELTA)
    assert open_files(pid) > before + 60
    for line in lines:
        line.close()
    eventually(lambda: open_files(pid) <= before)
    eventually(lambda: in_flight(desk.metrics()) == 0)
