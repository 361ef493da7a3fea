"""Nobody gets another's answer: mixed requests of everybody, at once, over two replicas and a real Redis, and not one crossing."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import pytest
from starlette.types import ASGIApp

from gateway.app import read_config, start
from gateway.cache.books import Book, subject_of
from gateway.cache.certify import THRESHOLDS, Certificate
from gateway.cache.embed import load_library
from gateway.config.cache import CacheClass
from gateway.limits.keys import hashed
from gateway.trying.calling import called
from tests.support.crossings import PATHS, PERSONAL, PHONES, POLICIES, TEAMS, Crossings, body_of, drawn, headers_of
from tests.support.policed import SECRET, policed
from tests.support.redis_server import RedisServer, program_of, redis_server
from tests.support.telling import Telling, telling

NEVER: Final = 1e-9
CLASS: Final[dict[str, Any]] = {"review": NEVER, "audit": NEVER}
MODELS: Final = ("demo", "twin")
AT_ONCE: Final = 8
LONG: Final = int(os.environ.get("HAECHI_TEST_MIXED", "3000"))
DIFFERS: Final = 0.15


def written(folder: Path, share: str, redis: RedisServer, upstream: Telling, *, semantic: bool, **more: Any) -> Path:
    cache: dict[str, Any] = {"backend": "redis", "share": share, **more}
    if semantic:
        cache["semantic"] = {"classes": {model: {**CLASS, "models": [model]} for model in MODELS}, "deadline_ms": 1000}
    config = {
        "secret": SECRET,
        "redis": {"url": redis.url, "timeout_ms": 5000},
        "keys": [{"name": name, "hash": hashed(name), "team": team} for name, team in TEAMS.items()],
        "providers": {"all": {"kind": "simulated", "base_url": upstream.url}},
        "models": {name: {"targets": [{"provider": "all", "model": "demo"}]} for name in MODELS},
        "cache": cache,
    }
    return policed(folder, config, *POLICIES)


async def certify(redis: RedisServer) -> None:
    """As if every class had been reviewed long enough, down to the loosest threshold."""
    embedder = (await asyncio.to_thread(load_library)).id
    book = Book(certificate=Certificate(certified=[len(THRESHOLDS) - 1]))
    with redis.client() as client:
        for model in MODELS:
            book.of = subject_of(CacheClass(**CLASS, models=[model]), embedder)
            client.set(f"haechi:cache:{{s}}:class:{model}", msgspec.json.encode(book))


@asynccontextmanager
async def replicas(path: Path, count: int = 2) -> AsyncIterator[list[ASGIApp]]:
    """Gateways in this process that share nothing but Redis."""
    read = read_config(path, {})
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            gateway = await start(read.config, read.policies)
            stack.push_async_callback(gateway.close)
            made.append(gateway.app)
        yield made


async def ask_many(apps: list[ASGIApp], crossings: Crossings, count: int, seed: int) -> None:
    """So many requests, a few at once, by all APIs, streamed and not."""
    rng = Random(seed)
    left = iter(range(count))

    async def worker() -> None:
        for number in left:
            asked = drawn(rng, DIFFERS)
            api = rng.choice(("chat", "messages", "responses"))
            body = msgspec.json.encode(body_of(asked, api, streamed=rng.random() < 0.5))
            answer = await called(apps[number % len(apps)], PATHS[api], body, headers_of(asked))
            assert answer.status == 200, answer.body
            crossings.came(asked, api, dict(answer.headers)[b"x-haechi-cache"].decode(), answer.body)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())
    crossings.ended()


async def asked_of(folder: Path, program: str, share: str, count: int, *, semantic: bool) -> tuple[Crossings, Telling]:
    crossings = Crossings(share)
    async with telling() as upstream:
        with redis_server(folder, program=program) as redis:
            if semantic:
                await certify(redis)
            async with replicas(written(folder, share, redis, upstream, semantic=semantic, wait_ms=5000)) as apps:
                await ask_many(apps, crossings, count, seed=4)
    return crossings, upstream


@pytest.mark.parametrize(
    ("server", "share", "count"),
    [
        ("7", "user", 1_000),
        ("8", "user", 2_000),
        ("8", "key", 1_000),
        ("8", "team", 1_000),
        ("8", "global", 1_000),
        pytest.param("7", "user", LONG, marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
        pytest.param("8", "user", LONG, marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
async def test_many_requests_of_everybody_and_not_one_crossing(
    tmp_path: Path, server: str, share: str, count: int
) -> None:
    """100,000 over the two servers by `make isolation`. Redis 7 has the exact tier alone."""
    program = program_of(server)
    crossings, upstream = await asked_of(tmp_path, program, share, count, semantic=server == "8")
    assert not crossings.found, f"{len(crossings.found)} crossings: {crossings.found[:5]}"
    marks = crossings.marks
    assert marks["miss"] + marks["shadow"] == len(upstream.asked), "every answer that is no hit was asked for"
    assert not any(phone.encode() in body for phone in (*PHONES, PERSONAL) for body in upstream.asked.values())
    assert crossings.by["image", "hit"], crossings.by  # a busy machine has few: nobody waits for a late Redis
    assert crossings.by["tools", "hit"], crossings.by
    for api in PATHS:
        assert crossings.by[api, "hit"], crossings.by
        assert server == "7" or crossings.by[api, "semantic"], crossings.by
    assert (marks["semantic"] == 0) == (server == "7")
