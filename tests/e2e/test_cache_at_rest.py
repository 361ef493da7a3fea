"""What a thief of the cache's Redis finds: no question and no answer; and what becomes of it when secrets are replaced."""

from pathlib import Path
from typing import Final

import msgspec
import pytest

from gateway.app import start
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Target
from gateway.config.structs import Redis as Settings
from gateway.trying.calling import called
from tests.support.redis_server import RedisServer, program_of, redis_server
from tests.support.simulation import Simulation

CANARY: Final = "kanarienvogel"
ASKED: Final = f"What does the {CANARY} eat?"


async def marks(upstream: Simulation, server: RedisServer, count: int, *secrets: str) -> list[str]:
    """What a gateway with these secrets does with the same question, so many times."""
    config = Config(
        providers={"simulated": Provider(base_url=f"{upstream.url}/v1")},
        models={"demo": Model(targets=[Target(provider="simulated", model="demo")])},
        cache=Cache(
            backend="redis",
            wait_ms=5000,
            semantic=Semantic(classes={"all": CacheClass(temperature=1.0)}, deadline_ms=30_000),
        ),
        redis=Settings(url=Secret(server.url), timeout_ms=5000),
        secret=Secret(secrets[0]),
        other_secrets=[Secret(one) for one in secrets[1:]],
    )
    gateway = await start(config)
    try:
        seen: list[str] = []
        for number in range(count):
            asked = {"model": "demo", "messages": [{"role": "user", "content": ASKED}], "stream": number == 1}
            body = msgspec.json.encode(asked)
            answer = await called(
                gateway.app, "/v1/chat/completions", body, {"content-type": "application/json"}, "POST"
            )
            assert CANARY.encode() in answer.body
            seen.append(dict(answer.headers)[b"x-haechi-cache"].decode())
        return seen
    finally:
        await gateway.close()


@pytest.mark.parametrize("kind", ["redis7", "redis8"])
async def test_redis_holds_no_text_and_secrets_are_replaced_with_overlap(
    kind: str, simulation: Simulation, tmp_path: Path
) -> None:
    program = program_of(kind)
    with redis_server(tmp_path, program=program) as server:
        assert await marks(simulation, server, 3, "one") == ["miss", "hit", "hit"]
        keys = server.keys()
        assert any(b"cache:e:" in key for key in keys)
        assert any(b"cache:v:" in key for key in keys) is (kind == "redis8")
        assert CANARY.encode() not in server.dump()
        assert await marks(simulation, server, 1, "two", "one") == ["hit"], "what was kept under the former one opens"
        assert await marks(simulation, server, 2, "two") == ["miss", "hit"]
        with server.client() as client:
            keys = server.keys()
            (entry,) = [key for key in keys if b"cache:e:" in key]
            client.set(entry, b"\x01" + b"x" * 300)
        assert await marks(simulation, server, 2, "two") == ["miss", "hit"], "what somebody else writes is a miss"
