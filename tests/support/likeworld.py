"""A gateway with one class of like questions, with a scripted model and a scripted judge, in memory or with a real Redis 8."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.cache.answers import Answers
from gateway.cache.books import Book, subject_of
from gateway.cache.certify import Certificate
from gateway.cache.embed import load_library
from gateway.cache.memory import Memory
from gateway.cache.trails import Trail
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Redis, Target
from gateway.trying.calling import Called, called
from tests.support.redis_server import RedisServer, program_of, redis_server
from tests.support.simulation import Simulation

NEVER: Final = 1e-9
KINDS: Final = ("memory", "redis8")
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}


class World(NamedTuple):
    gateway: Gateway
    simulation: Simulation
    declared: CacheClass
    redis: RedisServer | None

    @property
    def answers(self) -> Answers:
        found = self.gateway.gate.pipeline.setup.cache
        assert found is not None
        return found

    def play(self, answers: Sequence[str], verdicts: Sequence[bool] = ()) -> None:
        """The model and the judge from now on; the last one again and again."""
        said = {"demo": answers, "judge": [msgspec.json.encode({"serves": one}).decode() for one in verdicts]}
        steps = {name: {"steps": [{"answer": one} for one in all_]} for name, all_ in said.items() if all_}
        self.simulation.play({"models": {name: {**one, "then": "repeat"} for name, one in steps.items()}})
        self.simulation.clear()

    def asked(self, model: str) -> int:
        """How often it was asked since then."""
        return sum(one["body"]["model"] == model for one in self.simulation.requests())

    async def ask(
        self, text: str, api: str = "chat", headers: dict[str, str] | None = None, *, user: str = "u", **more: Any
    ) -> Called:
        """In the same scope through every API. Reviews are done when it returns."""
        said: dict[str, Any] = {"messages": [{"role": "user", "content": text}], "max_tokens": 90, "user": user}
        if api == "messages":
            said = {**said, "metadata": {"user_id": user}}
            del said["user"]
        if api == "responses":
            said = {"input": text, "max_output_tokens": 90, "user": user, "store": False}
        body = msgspec.json.encode({"model": "demo", **said, **more})
        answer = await called(self.gateway.app, PATHS[api], body, headers)
        assert answer.status == 200, answer.body
        await self.settled()
        return answer

    async def settled(self) -> None:
        if self.answers.semantic is not None:
            await self.answers.semantic.drain()

    async def mark(self, text: str, api: str = "chat", **more: Any) -> str:
        return dict((await self.ask(text, api, **more)).headers)[b"x-haechi-cache"].decode()

    def trail(self, answer: Called) -> Trail:
        found = self.answers.trails.find(id_of(answer))
        assert found is not None
        return found

    async def went(self, text: str, api: str = "chat", **more: Any) -> tuple[str, list[str]]:
        """What the cache did, and what became of each neighbour."""
        trail = self.trail(await self.ask(text, api, **more))
        return trail.status, [one.went for one in trail.neighbours]

    async def stands(self, certificate: Certificate) -> None:
        """Writes the books as if the class had come so far."""
        embedder = (await asyncio.to_thread(load_library)).id
        book = Book(certificate=certificate, of=subject_of(self.declared, embedder))
        assert await self.answers.store.save("class:capitals", msgspec.json.encode(book), None)

    async def book(self) -> Book:
        found = await self.answers.store.load("class:capitals")
        return Book() if found is None else msgspec.json.decode(found, type=Book)

    async def forget(self, answer: Called) -> None:
        """The entry of this request has left."""
        begins = self.trail(answer).entry
        store = self.answers.store
        if isinstance(store, Memory):
            keys = [key for key in store._held if key.hex().startswith(begins)]
        else:
            assert self.redis is not None
            names = [name.decode() for name in self.redis.keys()]  # noqa: SIM118  no dictionary
            keys = [bytes.fromhex(name.rpartition(":")[2]) for name in names if begins in name]
        assert len(keys) == 1, keys
        trail = self.trail(answer)
        assert trail.kept == "kept"
        await store.delete(keys[0])


def id_of(answer: Called) -> str:
    return dict(answer.headers)[b"x-haechi-request-id"].decode()


@asynccontextmanager
async def world_of(
    kind: str, declared: CacheClass, simulation: Simulation, folder: Path, **more: Any
) -> AsyncIterator[World]:
    """Skips where what it needs is not here."""
    pytest.importorskip("wordllama")
    async with AsyncExitStack() as stack:
        server: RedisServer | None = None
        shared: dict[str, Any] = {}
        if kind == "redis8":
            program = program_of(kind)
            server = stack.enter_context(redis_server(folder, program=program))
            shared = {"redis": Redis(url=Secret(server.url), timeout_ms=5000), "secret": Secret("s" * 32)}
        semantic = Semantic(classes={"capitals": declared}, deadline_ms=30_000)
        config = Config(
            providers={"simulated": Provider(base_url=simulation.v1)},
            models={name: Model(targets=[Target(provider="simulated", model=name)]) for name in ("demo", "judge")},
            cache=Cache(backend="memory" if server is None else "redis", semantic=semantic, wait_ms=5000, **more),
            **shared,
        )
        gateway = await start(config)
        stack.push_async_callback(gateway.close)
        yield World(gateway, simulation, declared, server)
