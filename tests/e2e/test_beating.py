"""Who gets heartbeats: callers that asked for events, and nobody whose bytes are handed on uncut."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.rawclient import ask
from tests.support.simulation import Simulation


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("beating")
    with running(folder, written(folder, simulated(upstream.url, limits={"heartbeat": 0.1}))) as process:
        yield process


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/images/generations", {"prompt": "A stone beast"}),
        ("/v1/audio/speech", {"input": "Hi", "voice": "alloy"}),
    ],
)
def test_bytes_that_are_not_read_get_no_heartbeat_between_them(
    path: str, said: dict[str, Any], gateway: GatewayProcess, simulation: Simulation
) -> None:
    simulation.misbehave({"delay_head": 0.5})
    answer = ask(gateway.url, path, {"model": "demo", "stream": True, **said})
    alone = ask(simulation.url, path, {"model": "demo", "stream": True, **said})
    assert (answer.status, answer.end) == (200, "whole")
    assert answer.headers["content-type"] == alone.headers["content-type"]
    assert b"heartbeat" not in answer.body


def test_a_caller_of_chat_gets_them(gateway: GatewayProcess, simulation: Simulation) -> None:
    simulation.misbehave({"delay_head": 4})
    said = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    assert ask(gateway.url, "/v1/chat/completions", said).body.count(b": heartbeat\n\n") >= 2
