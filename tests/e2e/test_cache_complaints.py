"""Somebody calls an answer to a like question wrong: the pair, the entry and the class, in memory and in Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.cache.answers import Answers
from gateway.cache.books import Book, subject_of
from gateway.cache.certify import THRESHOLDS, Certificate
from gateway.cache.embed import load_library
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Redis, Target
from gateway.trying.calling import Called, called
from tests.support.redis_server import RedisServer, redis8, redis_server
from tests.support.simulation import Simulation

NEVER: Final = 1e-9
DECLARED: Final = CacheClass(temperature=1.0, audit=NEVER)
ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."
ALSO: Final = "Could you tell me what the capital of Ruritania is?"


class World(NamedTuple):
    gateway: Gateway
    redis: RedisServer | None

    @property
    def answers(self) -> Answers:
        found = self.gateway.gate.pipeline.setup.cache
        assert found is not None
        return found

    async def ask(self, text: str) -> Called:
        body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}]})
        answer = await called(self.gateway.app, "/v1/chat/completions", body)
        assert answer.status == 200, answer.body
        if self.answers.semantic is not None:
            await self.answers.semantic.drain()
        return answer

    async def mark(self, text: str) -> str:
        return dict((await self.ask(text)).headers)[b"x-haechi-cache"].decode()

    async def went(self, text: str) -> tuple[str, list[str]]:
        """What the cache did, and what became of each neighbour."""
        answer = await self.ask(text)
        trail = self.answers.trails.find(dict(answer.headers)[b"x-haechi-request-id"].decode())
        assert trail is not None
        return trail.status, [one.went for one in trail.neighbours]

    async def certified(self) -> None:
        embedder = (await asyncio.to_thread(load_library)).id
        book = Book(certificate=Certificate(certified=[len(THRESHOLDS) - 1]), of=subject_of(DECLARED, embedder))
        assert await self.answers.store.save("class:capitals", msgspec.json.encode(book), None)

    async def standing(self) -> tuple[int, float]:
        found = await self.answers.store.load("class:capitals")
        assert found is not None
        one = msgspec.json.decode(found, type=Book)
        return sum(one.complaints.values()), one.certificate.heard


@pytest.fixture(params=["memory", "redis8"])
async def world(
    request: pytest.FixtureRequest, simulation: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    pytest.importorskip("wordllama")
    monkeypatch.setattr("gateway.caches.MOST_MS", 2000)  # a busy machine is no Redis that is away
    more: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        server = None
        if request.param == "redis8":
            program = redis8()
            if program is None:
                pytest.skip("no Redis 8 here: name one by HAECHI_TEST_REDIS8")
            server = stack.enter_context(redis_server(tmp_path, program=program))
            more = {"redis": Redis(url=Secret(server.url), timeout_ms=2000), "secret": Secret("s" * 32)}
        config = Config(
            providers={"simulated": Provider(base_url=simulation.v1)},
            models={"demo": Model(targets=[Target(provider="simulated", model="demo")])},
            cache=Cache(
                backend="memory" if server is None else "redis",
                semantic=Semantic(classes={"capitals": DECLARED}, deadline_ms=1000),
            ),
            **more,
        )
        gateway = await start(config)
        stack.push_async_callback(gateway.close)
        made = World(gateway, server)
        await made.certified()
        yield made


def id_of(answer: Called) -> str:
    return dict(answer.headers)[b"x-haechi-request-id"].decode()


async def test_a_complaint_blocks_the_pair_and_its_entry_is_compared_before_it_serves_again(
    world: World, simulation: Simulation
) -> None:
    simulation.play({"models": {"demo": {"steps": [{"answer": "It lies on the river."}], "then": "repeat"}}})
    await world.ask(ASKED)
    given = await world.ask(LIKE)
    assert dict(given.headers)[b"x-haechi-cache"] == b"semantic"
    assert await world.answers.complain(id_of(given), "local")
    status, went = await world.went(ALSO)
    assert (status, went[0]) == ("shadow", "quarantined")
    assert await world.mark(ALSO) == "hit", "the model was asked, and that was kept"
    # The comparison found the entry right, so that another question may have it again.
    assert await world.mark("Tell me, what is the capital of Ruritania?") == "semantic"
    await world.answers.store.next_epoch("all")
    await world.ask(ASKED)
    status, went = await world.went(LIKE)
    assert (status, went[-1]) == ("miss", "complaints")
    complaints, heard = await world.standing()
    assert complaints == 1
    assert heard == pytest.approx(1.6, abs=0.05)


async def test_a_wrong_answer_stays_in_quarantine(world: World, simulation: Simulation) -> None:
    simulation.play({"models": {"demo": {"steps": [{"answer": "It lies on the river."}, {"answer": "It was founded in 1204."}], "then": "normal"}}})  # fmt: skip
    await world.ask(ASKED)
    given = await world.ask(LIKE)
    assert await world.answers.complain(id_of(given), "local")
    assert (await world.went(ALSO))[0] == "shadow"
    assert b"1204" in (await world.ask("Tell me, what is the capital of Ruritania?")).body, "of the entry beside it"


async def test_where_nobody_can_tell_what_was_said_against_an_answer_it_is_not_given(world: World) -> None:
    """A Redis that answers, but for this."""
    if world.redis is None:
        pytest.skip("memory can always tell")
    await world.ask(ASKED)
    assert await world.mark(LIKE) == "semantic", "and what is certified is known for two seconds"
    with world.redis.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "resetkeys", "~*cache:e:*", "~*cache:v:*", "~*cache:{n}:*")
    status, went = await world.went(LIKE)
    assert (status, went) == ("miss", ["complaints"])
    assert not await world.answers.complain("unknown", "local")


async def test_a_complaint_that_the_store_did_not_take_can_be_made_again(world: World) -> None:
    if world.redis is None:
        pytest.skip("memory takes everything")
    await world.ask(ASKED)
    given = id_of(await world.ask(LIKE))
    with world.redis.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "resetkeys", "~*cache:e:*", "~*cache:v:*", "~*cache:{n}:*")
        assert not await world.answers.complain(given, "local")
        client.execute_command("ACL", "SETUSER", "default", "allkeys")
    assert await world.answers.complain(given, "local")
