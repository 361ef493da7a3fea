"""A purge holds, whatever becomes of its epochs in Redis."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.config.cache import Cache
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Target
from gateway.config.structs import Redis as Settings
from gateway.trying.calling import called
from tests.support.redis_server import RedisServer, program_of, redis_server
from tests.support.simulation import Simulation


def config(upstream: Simulation, server: RedisServer | None) -> Config:
    return Config(
        providers={"simulated": Provider(base_url=f"{upstream.url}/v1")},
        models={"demo": Model(targets=[Target(provider="simulated", model="demo")])},
        cache=Cache(backend="redis" if server else "memory", seconds=86_400, wait_ms=5000),
        redis=Settings(url=Secret(server.url), timeout_ms=5000) if server else None,
    )


async def mark(gateway: Gateway, text: str) -> str:
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}]})
    headers = {"content-type": "application/json", "x-haechi-cache-tags": "spring"}
    answer = await called(gateway.app, "/v1/chat/completions", body, headers, "POST")
    assert answer.status == 200, answer.body
    return dict(answer.headers)[b"x-haechi-cache"].decode()


def cache_of(gateway: Gateway) -> Any:
    return gateway.gate.pipeline.setup.cache


@pytest.mark.parametrize("kind", ["memory", "redis7", "redis8"])
@pytest.mark.parametrize("name", ["all", "model:demo", "tag:spring"])
async def test_a_purged_answer_does_not_come_back_when_its_epochs_vanish(
    kind: str, name: str, simulation: Simulation, tmp_path: Path
) -> None:
    if kind == "memory":
        gateway = await start(config(simulation, None))
        try:
            assert [await mark(gateway, "one") for _ in range(2)] == ["miss", "hit"]
            await cache_of(gateway).store.next_epoch(name)
            assert [await mark(gateway, "one") for _ in range(2)] == ["miss", "hit"]
        finally:
            await gateway.close()
        return
    with redis_server(tmp_path, program=program_of(kind)) as server:
        gateway = await start(config(simulation, server))
        try:
            assert [await mark(gateway, "one") for _ in range(2)] == ["miss", "hit"]
            await cache_of(gateway).store.next_epoch(name)
        finally:
            await gateway.close()
        with server.client() as client:
            keys = server.keys()
            client.delete(*[key for key in keys if b"cache:{n}:" in key])
        gateway = await start(config(simulation, server))  # one that has seen nothing
        try:
            assert [await mark(gateway, "one") for _ in range(2)] == ["miss", "hit"]
        finally:
            await gateway.close()
