"""How often a request goes to Redis: each round trip is what everybody waits for."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.cache.books import Book, subject_of
from gateway.cache.certify import Certificate
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Target
from gateway.config.structs import Redis as Settings
from gateway.trying.calling import called
from tests.support.counting_proxy import Counted, counting
from tests.support.redis_server import RedisServer, program_of, redis_server
from tests.support.simulation import Simulation

DECLARED: Final = CacheClass(temperature=1.0, audit=1e-9)
ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    program = program_of("redis8")
    with redis_server(tmp_path, program=program) as running:
        yield running


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Counted]:
    async with counting(server.port) as counted:
        yield counted


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate is known for so long that no busy machine reads it once more."""
    monkeypatch.setattr("gateway.cache.books._FRESH_SECONDS", 600.0)


@pytest.fixture
async def gateway(simulation: Simulation, redis: Counted) -> AsyncIterator[Gateway]:
    made = await start(
        Config(
            providers={"simulated": Provider(base_url=f"{simulation.url}/v1")},
            models={"demo": Model(targets=[Target(provider="simulated", model="demo")])},
            cache=Cache(
                backend="redis", wait_ms=5000, semantic=Semantic(classes={"capitals": DECLARED}, deadline_ms=30_000)
            ),
            redis=Settings(url=Secret(f"redis://127.0.0.1:{redis.port}"), timeout_ms=5000),
        )
    )
    try:
        yield made
    finally:
        await made.close()


async def ask(gateway: Gateway, text: str, **more: str) -> str:
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}]})
    headers = {"content-type": "application/json", **more}
    answer = await called(gateway.app, "/v1/chat/completions", body, headers, "POST")
    assert answer.status == 200, answer.body
    return dict(answer.headers)[b"x-haechi-cache"].decode()


async def prepared(gateway: Gateway) -> Any:
    """The epochs are there, the server was asked what it can do, the class is certified, and its certificate read."""
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    assert cache.semantic is not None
    of = subject_of(DECLARED, cache.semantic._embedder.id)
    book = Book(certificate=Certificate(certified=[0, 1, 2, 3, 4, 5]), of=of)
    assert await cache.store.save("class:capitals", msgspec.json.encode(book), None)
    await ask(gateway, "Who are you?")


async def test_an_equal_request_goes_there_once_a_new_one_twice_and_a_like_one_four_times(
    gateway: Gateway, redis: Counted
) -> None:
    await prepared(gateway)
    trips = []
    for text, mark in (
        (ASKED, "miss"),
        (ASKED, "hit"),
        (LIKE, "semantic"),
        (LIKE, "semantic"),
        ("How far is it to the moon?", "miss"),
    ):
        before = redis.trips
        assert await ask(gateway, text) == mark
        trips.append(redis.trips - before)
    # first, near, put | first | first, near, get_all, complaints, the certificate every two seconds | the same without it | like the first
    assert trips == [3, 1, 5, 4, 3]


async def test_tags_cost_one_more_each_way(gateway: Gateway, redis: Counted) -> None:
    await prepared(gateway)
    trips = []
    for tags, mark in (("spring, prices", "miss"), ("spring", "hit")):
        before = redis.trips
        assert await ask(gateway, ASKED, **{"x-haechi-cache-tags": tags}) == mark
        trips.append(redis.trips - before)
    assert trips == [5, 2]  # the first time new epochs are made


async def test_where_nothing_is_like_anything_a_new_one_goes_there_twice(gateway: Gateway, redis: Counted) -> None:
    await prepared(gateway)
    before = redis.trips
    body: dict[str, Any] = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}
    answer = await called(
        gateway.app,
        "/v1/chat/completions",
        msgspec.json.encode({"model": "demo", **body}),
        {"content-type": "application/json"},
        "POST",
    )
    assert answer.status == 200
    assert redis.trips - before == 2  # first and put: its scope holds nothing, so nothing is embedded
