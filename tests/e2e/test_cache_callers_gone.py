"""Callers that go as soon as they have their answer: it is kept to the end all the same."""

import json
from pathlib import Path
from typing import Any, Final

import httpx

from tests.e2e.test_cache_tools import good
from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.redis_server import redis_server
from tests.support.simulation import Simulation

COUNT: Final = 60


def test_an_answer_is_kept_though_its_caller_has_gone(upstream: Simulation, tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        shared = {"redis": {"url": server.url, "timeout_ms": 5000}, "secret": "one secret for all replicas"}
        path = written(tmp_path, simulated(upstream.url, cache={"backend": "redis", "wait_ms": 5000}, **shared))
        with running(tmp_path, path) as gateway:
            for number in range(COUNT):
                body = {"model": "demo", "messages": [{"role": "user", "content": f"question {number}"}]}
                answer = httpx.post(
                    f"{gateway.v1}/chat/completions", json=body, headers={"connection": "close"}, timeout=60
                )
                assert answer.headers["x-haechi-cache"] == "miss"
            eventually(lambda: _all_kept(gateway))


def _all_kept(gateway: GatewayProcess) -> bool:
    """Of all that were looked for: while Redis is late nothing is, and nothing is kept."""
    stats: dict[str, Any] = json.loads(good("stats", "--json", "--url", gateway.url))
    new = [one["count"] for one in stats["requests"] if one["why"] == "new"]
    return sum(new) > COUNT / 2 and bool(sum(stats["answers"].values()) == sum(new))
