"""Vectors of a model of the gateway's own routes: a certified class is served by them, and nobody waits for them in vain."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace

from gateway.app import Gateway, start
from gateway.cache.answers import Answers
from gateway.cache.awaited import Awaited
from gateway.cache.books import Book, subject_of
from gateway.cache.certify import Certificate
from gateway.cache.embedder import Embedding
from gateway.cache.patience import SOME
from gateway.cache.semantic import Semantic
from gateway.config import cache
from gateway.config.strict import Secret, Zone
from gateway.config.structs import Config, Model, Prices, Provider, Redis, Target
from gateway.exchange import Exchange
from gateway.trying.calling import Called, called
from tests.support.embedding_server import SIZE, Embeddings, embeddings
from tests.support.redis_server import program_of, redis_server
from tests.support.simulation import Simulation
from tests.unit.policy.documents import document, policies, rule

ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."
QUESTIONS: Final = (
    (ASKED, LIKE),
    ("이케아 창업자가 누구예요?", "이케아의 창업자는 누구인가요?"),
    ("일요일에 주차가 무료인가요?", "주차가 일요일에 무료예요?"),
)
DECLARED: Final = cache.CacheClass(models=["demo"], temperature=1.0, one_caller=1.0, audit=0.0001)
PATIENCE: Final = 60.0
MORE: Final = 10
"""Questions after those that had to wait."""


def config(chat: Simulation, vectors: str, redis: str | None = None, **semantic: Any) -> Config:
    tier = cache.Semantic(
        classes={"capitals": DECLARED}, **{"embedder": "model:vectors", "deadline_ms": 30_000, **semantic}
    )
    prices = Prices(input=1.0, output=2.0)
    return Config(
        providers={
            "simulated": Provider(base_url=f"{chat.url}/v1"),
            "house": Provider(base_url=f"{vectors}/v1"),
        },
        models={
            "demo": Model(targets=[Target(provider="simulated", model="demo")]),
            "vectors": Model(targets=[Target(provider="house", model="e5", prices=prices)]),
        },
        cache=cache.Cache(semantic=tier, backend="memory" if redis is None else "redis", wait_ms=5000),
        redis=None if redis is None else Redis(url=Secret(redis), timeout_ms=5000),
        secret=None if redis is None else Secret("0123456789abcdef" * 4),
    )


@asynccontextmanager
async def running(made: Config, **policies: Any) -> AsyncIterator[Gateway]:
    gateway = await start(made, **policies)
    try:
        yield gateway
    finally:
        await gateway.close()


@pytest.fixture
async def vectors() -> AsyncIterator[Embeddings]:
    async with embeddings() as server:
        yield server


def answers(gateway: Gateway) -> Answers:
    found = gateway.gate.pipeline.setup.cache
    assert found is not None
    return found


def semantic(gateway: Gateway) -> Semantic:
    found = answers(gateway).semantic
    assert found is not None
    return found


def embedding(gateway: Gateway) -> Embedding:
    return semantic(gateway).embedding()


async def until(gateway: Gateway, state: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while embedding(gateway).state != state:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.005)


async def certify(gateway: Gateway) -> None:
    book = Book(certificate=Certificate(certified=[0, 1, 2, 3, 4, 5]), of=subject_of(DECLARED, embedding(gateway).id))
    assert await answers(gateway).store.save("class:capitals", msgspec.json.encode(book), None)


async def ask(gateway: Gateway, text: str, **more: Any) -> tuple[str, Called]:
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}], **more})
    answer = await called(gateway.app, "/v1/chat/completions", body, {"content-type": "application/json"}, "POST")
    assert answer.status == 200, answer.body
    return dict(answer.headers)[b"x-haechi-cache"].decode(), answer


async def did(gateway: Gateway, text: str, **more: Any) -> str:
    """What the cache did; afterwards all that is done in the background is done."""
    status, _ = await ask(gateway, text, **more)
    await semantic(gateway).drain()
    return status


def recorded(gateway: Gateway) -> list[Exchange]:
    rows: list[Exchange] = []
    record = gateway.gate.pipeline.recorder.record

    def taken(x: Exchange) -> None:
        rows.append(x)
        record(x)

    gateway.gate.pipeline.recorder.record = taken  # type: ignore[method-assign]
    return rows


@pytest.mark.parametrize("backend", ["memory", "redis8"])
@pytest.mark.parametrize("dimensions", [None, 96])
async def test_a_certified_class_is_served_by_the_vectors_of_a_model(
    simulation: Simulation, vectors: Embeddings, backend: str, dimensions: int | None, tmp_path: Path
) -> None:
    with redis_server(tmp_path, program=program_of(backend)) if backend == "redis8" else _nothing() as server:
        made = config(simulation, vectors.url, server.url if server is not None else None, dimensions=dimensions)
        async with running(made) as gateway:
            await until(gateway, "ready")
            await certify(gateway)
            assert f"-{dimensions or SIZE}-" in embedding(gateway).id
            for asked, like in QUESTIONS:
                assert await did(gateway, asked) == "miss"
                assert await did(gateway, asked) == "hit"
                status, given = await ask(gateway, like)
                assert status == "semantic", like
                said = msgspec.json.decode(given.body)["choices"][0]["message"]["content"]
                assert said == f"You said: {asked}"
                assert await did(gateway, like, stream=True) == "semantic", like
    if dimensions is not None:
        assert all(body["dimensions"] == dimensions for body in vectors.asked)
        assert "haechi" not in vectors.texts, "what is told needs no probe"
    assert sorted(set(vectors.texts) - {"haechi"}) == sorted(text for pair in QUESTIONS for text in pair), "each once"
    assert len(vectors.texts) == len(set(vectors.texts))


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


async def test_nothing_is_embedded_for_an_exact_hit_an_empty_scope_or_a_request_without_part(
    simulation: Simulation, vectors: Embeddings
) -> None:
    async with running(config(simulation, vectors.url, dimensions=SIZE)) as gateway:
        for more in ({"n": 2}, {"temperature": 1.5}, {"logprobs": True}):
            assert await did(gateway, ASKED, **more) == "miss"
            assert await did(gateway, LIKE, **more) == "miss"
        assert vectors.asked == []
        vectors.hold = asyncio.Event()
        status, _ = await ask(gateway, ASKED)
        assert status == "miss"
        assert embedding(gateway).late == 0, "the scope was empty: nobody waited"
        vectors.hold.set()
        await semantic(gateway).drain()
        assert vectors.texts == [ASKED], "in the background, to be kept by"
        for _ in range(5):
            assert await did(gateway, ASKED) == "hit"
        assert vectors.texts == [ASKED]


async def test_it_is_recorded_as_the_gateways_own_and_costs_nobody_anything(
    simulation: Simulation, vectors: Embeddings
) -> None:
    async with running(config(simulation, vectors.url, dimensions=SIZE)) as gateway:
        rows = recorded(gateway)
        await did(gateway, ASKED)
        by_dialect = {x.dialect.name: x for x in rows}
        own = by_dialect["embeddings"]
        assert own.principal is not None
        assert (own.principal.name, own.path, own.outcome) == ("haechi-embedder", "internal", "answered")
        assert own.cost_nanodollars == 5_000
        assert by_dialect["chat"].cost_nanodollars is None, "its own model has no price"
        assert len(rows) == 2


async def test_an_embedder_that_is_late_makes_a_miss_within_the_deadline_and_its_vectors_come_all_the_same(
    simulation: Simulation, vectors: Embeddings
) -> None:
    async with running(config(simulation, vectors.url, dimensions=SIZE, deadline_ms=1000)) as gateway:
        await certify(gateway)
        await did(gateway, ASKED)
        vectors.hold = asyncio.Event()
        statuses, waits = [], []
        for number in range(SOME + MORE):
            began = time.perf_counter()
            statuses.append((await ask(gateway, f"{LIKE} {number}"))[0])
            waits.append(time.perf_counter() - began)
        assert set(statuses) == {"miss"}
        assert min(waits[:SOME]) >= 0.95, "they waited for it"
        assert min(waits[SOME:]) < 0.5, "nobody waits any more"
        assert embedding(gateway).state == "slow"
        vectors.hold.set()
        await semantic(gateway).drain()
        vectors.hold = None
        late = [text for text in vectors.texts if text.startswith(LIKE)]
        assert len(late) == SOME + MORE, "in the background"
        made = embedding(gateway).made
        assert (await ask(gateway, f"{LIKE} 0"))[0] == "hit"
        assert embedding(gateway).made == made


async def test_a_question_that_came_too_late_for_the_deadline_is_quick_the_next_time(
    simulation: Simulation, vectors: Embeddings
) -> None:
    async with running(config(simulation, vectors.url, dimensions=SIZE, deadline_ms=3000)) as gateway:
        await certify(gateway)
        await did(gateway, ASKED)
        vectors.hold = asyncio.Event()
        assert (await ask(gateway, LIKE))[0] == "miss"
        vectors.hold.set()
        await semantic(gateway).drain()
        asked = len(vectors.asked)
        await answers(gateway).store.next_epoch("all")
        await did(gateway, ASKED)
        assert (await ask(gateway, LIKE))[0] == "semantic"
        assert len(vectors.asked) == asked


@pytest.mark.parametrize("wrong", ["down", "status", "dimensions", "nothing", "two", "text"])
async def test_whatever_an_embedder_does_wrong_is_a_miss_and_told_once(
    simulation: Simulation, vectors: Embeddings, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = vectors.url if wrong != "down" else "http://127.0.0.1:9"
    async with running(config(simulation, url, dimensions=SIZE, deadline_ms=1000)) as gateway:
        if wrong == "status":
            vectors.status, vectors.answer = 500, b'{"error": {"message": "no"}}'
        elif wrong == "dimensions":
            vectors.answer = msgspec.json.encode({"data": [{"embedding": [1.0] * 7}]})
        elif wrong == "nothing":
            vectors.answer = msgspec.json.encode({"data": [{"embedding": [0.0] * SIZE}]})
        elif wrong == "two":
            vectors.answer = msgspec.json.encode({"data": [{"embedding": [1.0] * SIZE}] * 2})
        elif wrong == "text":
            vectors.answer = b"no JSON"
        for number in range(10):
            assert await did(gateway, f"{ASKED} {number}") == "miss"
            assert await did(gateway, f"{LIKE} {number}") == "miss"
        assert embedding(gateway).state == "away"
        assert semantic(gateway).unplaced == 20
        assert await did(gateway, f"{ASKED} 3") == "hit", "the exact tier goes on"
    told = [record.getMessage() for record in caplog.records if "embedder" in record.getMessage()]
    assert 1 <= len(told) <= 2
    assert not [one for one in told if "Ruritania" in one]


async def test_a_model_that_changes_its_dimensions_meets_no_vector_of_before(
    simulation: Simulation, vectors: Embeddings
) -> None:
    async with running(config(simulation, vectors.url)) as gateway:
        await until(gateway, "ready")
        await certify(gateway)
        await did(gateway, ASKED)
        vectors.size = 2 * SIZE
        assert await did(gateway, LIKE) == "miss"
        assert embedding(gateway).failed


async def test_while_the_first_answer_is_awaited_nothing_is_placed_and_then_all_goes_on(
    simulation: Simulation, vectors: Embeddings
) -> None:
    vectors.hold = asyncio.Event()
    async with running(config(simulation, vectors.url)) as gateway:
        assert embedding(gateway).id == ""
        assert await did(gateway, ASKED) == "miss"
        assert await did(gateway, ASKED) == "hit"
        assert answers(gateway).trails.all()[0].like_why == "no_vector"
        assert set(vectors.texts) <= {"haechi"}
        vectors.hold.set()
        await until(gateway, "ready")
        await certify(gateway)
        await answers(gateway).store.next_epoch("all")
        assert await did(gateway, ASKED) == "miss"
        assert await did(gateway, LIKE) == "semantic"


async def test_a_reload_keeps_the_vectors_and_asks_by_the_new_configuration(
    simulation: Simulation, vectors: Embeddings
) -> None:
    async with running(config(simulation, vectors.url)) as gateway:
        await until(gateway, "ready")
        await certify(gateway)
        await did(gateway, ASKED)
        asked = len(vectors.asked)
        async with embeddings() as other:
            await gateway.prepare(config(simulation, other.url))
            assert embedding(gateway).state == "ready", "the same model by its name: its id is known"
            assert await did(gateway, LIKE) == "semantic"
            assert other.texts == [LIKE]
            assert len(vectors.asked) == asked
            made = config(simulation, other.url, dimensions=2 * SIZE)
            await gateway.prepare(made)
            assert await did(gateway, LIKE) == "miss", "another vector, another scope, another certificate"


async def test_nothing_is_asked_any_more_of_an_embedder_that_is_gone(
    simulation: Simulation, vectors: Embeddings
) -> None:
    """Neither after a reload that names another one, nor after the end."""
    vectors.hold = asyncio.Event()
    async with running(config(simulation, vectors.url)) as gateway:
        first = semantic(gateway)._embedder
        assert isinstance(first, Awaited)
        await gateway.prepare(config(simulation, vectors.url, dimensions=SIZE))
        assert first._learning is not None
        assert first._learning.done()
        await ask(gateway, ASKED)
        second = semantic(gateway)._embedder
        assert isinstance(second, Awaited)
        (under_way,) = second._under_way.values()
    assert under_way.done()
    assert not second._under_way


async def test_rules_for_the_zone_of_the_embedder_hold_for_what_it_is_shown(
    simulation: Simulation, vectors: Embeddings
) -> None:
    """Though the model that is asked may see it."""
    made = config(simulation, vectors.url, dimensions=SIZE)
    zones: dict[str, Zone] = {"simulated": "internal", "house": "external"}
    made = replace(made, providers={name: replace(one, zone=zones[name]) for name, one in made.providers.items()})
    policy = document("house", rule(action="mask"), bind={"zones": ["external"]})
    simulation.clear()
    async with running(made, policies=policies(policy)) as gateway:
        await did(gateway, "Is INT-123456 open?")
    (seen,) = simulation.requests()
    assert "123456" in str(seen)
    (text,) = vectors.texts
    assert "123456" not in text
    assert text.startswith("Is INT-")


async def test_a_text_that_may_not_be_shown_is_not_embedded_and_holds_nobody_up(
    simulation: Simulation, vectors: Embeddings
) -> None:
    made = config(simulation, vectors.url, dimensions=SIZE)
    policy = document("house", rule(), bind={"surfaces": ["embeddings"]})
    async with running(made, policies=policies(policy)) as gateway:
        for number in range(10):
            assert await did(gateway, f"Is INT-{123450 + number} open?") == "miss"
        assert vectors.texts == []
        assert (embedding(gateway).state, embedding(gateway).failed) == ("ready", 10)
        assert await did(gateway, ASKED) == "miss"
        assert vectors.texts == [ASKED]
