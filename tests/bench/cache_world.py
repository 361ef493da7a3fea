"""A gateway in this process whose cache is filled as far as is asked, and the questions that it is asked.

Entries go round the scopes, which are end users of one key; the n-th holds the answer of 1 KB to the n-th question of its scope.
"""

import asyncio
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import Any, Final

import msgspec

from gateway.app import Gateway, start
from gateway.cache import entry as kept
from gateway.cache.answers import Answers, Looked
from gateway.cache.books import Book
from gateway.cache.certify import Certificate
from gateway.cache.entry import Entry
from gateway.cache.store import Placed
from gateway.caching import cached
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.strict import Secret
from gateway.config.structs import Config, Model, Provider, Redis, Target
from gateway.dialects import DIALECTS
from gateway.exchange import Exchange
from gateway.limits.keys import Principal
from gateway.setup import Setup
from gateway.upstream.http import Take
from gateway.wire.frames import Frame
from gateway.wire.neutral import Usage
from tests.bench import payloads

STORED: Final = 10_000
"""Different questions that are stored, which is also how many one scope holds vectors of."""
SECONDS: Final = 86_400.0
_STRIDE: Final = 37
_ANSWER: Final = payloads.unary_answer()
_PATIENCE: Final = 10.0
_CALLER: Final = Principal(id="bench", name="bench")
_THINGS: Final = re.findall(
    r"\w+",
    "capital flag climate history economy anthem language religion geography constitution parliament army navy railway "
    "airport harbour cuisine music literature architecture calendar currency emblem motto founder government border coast "
    "landscape wildlife vegetation agriculture industry fishery mining education university library museum theatre",
)
_FIRST: Final = re.findall(
    r"\w+",
    "Bal Kor Min Tar Ves Zul Pen Rod Sil Lum Gor Dan Fel Hav Jor Nim Qua Wes Yar Mol Cer Bri Thal Ost Ulm Kap Ler",
)
_LAST: Final = ("anda", "ovia", "istan", "oria", "esia", "unda", "avia", "eria", "onia", "inia")
PLACES: Final = [first + last for last in _LAST for first in _FIRST]


def questions() -> Iterator[tuple[str, str]]:
    """Question and paraphrase: first the `STORED` ones, then those that nobody has asked."""
    for thing, place in ((thing, place) for place in PLACES for thing in _THINGS):
        yield f"What is the {thing} of {place}?", f"Please tell me what the {thing} of {place} is."


def placed(number: int, scopes: int) -> tuple[int, int]:
    """Scope and question of the entry with this number: each scope begins with another question, and has each once."""
    turn, scope = divmod(number, scopes)
    return scope, (turn + scope * _STRIDE) % STORED


@dataclass
class World:
    """`filled`: how many entries there are. `real`: numbers of those that can be asked for."""

    gateway: Gateway
    scopes: int
    semantic: bool
    filled: int = 0
    real: list[int] = field(default_factory=list)
    _pairs: list[tuple[str, str]] = field(default_factory=lambda: list(questions()))
    _vectors: Any = None
    _homes: list[Looked] = field(default_factory=list)
    _serial: Iterator[int] = field(default_factory=lambda: iter(count()))
    _rng: random.Random = field(default_factory=lambda: random.Random(4))

    @property
    def setup(self) -> Setup:
        return self.gateway.gate.pipeline.setup

    @property
    def answers(self) -> Answers:
        answers = self.setup.cache
        assert answers is not None
        return answers

    async def prepare(self) -> None:
        """Finds the scopes, embeds the questions, and certifies the class, as if its reviews were done."""
        for scope in range(self.scopes):
            self._homes.append(await self._looked(scope, self._pairs[0][0]))
        tier = self.answers.semantic
        if tier is None:
            return
        home = self._homes[0].place
        assert home is not None
        self._vectors = [tier._embedder.at_hand(question, None) for question, _ in self._pairs[:STORED]]
        book = Book(certificate=Certificate(certified=[0, 1, 2, 3, 4, 5]), of=home.of)
        assert await self.answers.store.save(f"class:{home.name}", msgspec.json.encode(book), None)

    async def fill(self, size: int, askable: int) -> None:
        """Until there are `size` entries; of the new ones so many can be asked for."""
        new = range(self.filled, size)
        self.real = sorted(self._rng.sample(new, min(askable, len(new))))
        real = set(self.real)
        now = time.time()
        for number in new:
            scope, index = placed(number, self.scopes)
            home, question = self._homes[scope], self._pairs[index][0]
            key = blake2b(b"%d" % number, digest_size=24).digest()
            if number in real:
                key = (await self._looked(scope, question)).scope.exact
            place = None if home.place is None else Placed(home.place.scope, self._vectors[index])
            await self.answers.store.put(key, kept.encode(_entry(home, question, now)), SECONDS, 1.0, place)
        self.filled = size

    def stored_questions(self) -> Iterator[tuple[int, str, str]]:
        """Scope, question and paraphrase of what can be asked for."""
        for number in self.real:
            scope, index = placed(number, self.scopes)
            yield scope, *self._pairs[index]

    def new_questions(self) -> Iterator[tuple[int, str]]:
        """As many that are like stored ones and ask for something else."""
        for number, (question, _) in zip(self.real, self._pairs[STORED:], strict=False):
            yield placed(number, self.scopes)[0], question

    async def ask(self, scope: int, question: str) -> tuple[str, float]:
        """What the cache did, and the seconds that `find` took, with giving again what was found."""
        x = self._exchange(scope, question)
        given: list[list[Frame]] = []

        async def take(frames: list[Frame]) -> None:
            given.append(frames)

        async def nothing(_x: Exchange, *, take: Take) -> None:
            """The model's part, which is not measured."""

        began = time.perf_counter()
        await cached(x, _CALLER, self.setup, take, nothing)
        seconds = time.perf_counter() - began
        status = "none" if x.cached is None else x.cached.status
        assert bool(given) == (status in ("hit", "semantic"))
        return status, seconds

    async def _looked(self, scope: int, question: str) -> Looked:
        """Raises `TimeoutError` where the store is away for long; for a moment it may be late."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                x = self._exchange(scope, question)
                looked = await self.answers.look(x, _CALLER, self.setup.routes.find(x.model))
                if looked is not None:
                    return looked
                await asyncio.sleep(0.05)

    def _exchange(self, scope: int, question: str) -> Exchange:
        turns = [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": question}]
        body = {"model": payloads.UNARY_MODEL, "messages": turns, "temperature": 0.2, "user": f"user-{scope}"}
        now = time.monotonic()
        return Exchange(
            id=f"req_{next(self._serial)}",
            dialect=DIALECTS["chat"],
            method="POST",
            path="/v1/chat/completions",
            query="",
            headers={"content-type": "application/json"},
            trace_id="0" * 32,
            span_id="0" * 16,
            started=now,
            deadline=now + 60,
            body=body,
            model=payloads.UNARY_MODEL,
        )


async def world(scopes: int, *, semantic: bool, redis: str | None = None) -> World:
    """With nothing in its cache yet, which will have room for all that is put there."""
    tier = Semantic(classes={"all": CacheClass(audit=0.001)}, scope_entries=STORED) if semantic else None
    settings = Cache(entries=5_000_000, bytes=64 * 2**30, backend="memory" if redis is None else "redis", semantic=tier)
    config = Config(
        providers={"nobody": Provider(base_url="http://127.0.0.1:9/v1")},
        models={payloads.UNARY_MODEL: Model(targets=[Target(provider="nobody", model="bench")])},
        cache=settings,
        redis=None if redis is None else Redis(url=Secret(redis)),
        secret=None if redis is None else Secret("0123456789abcdef" * 4),
    )
    made = World(await start(config), scopes, semantic)
    await made.prepare()
    return made


def _entry(home: Looked, question: str, now: float) -> Entry:
    return Entry(
        dialect="chat",
        streamed=False,
        way=home.way,
        raw=_ANSWER,
        ids=("chatcmpl-bench0000000000000000000000",),
        stored=now,
        expires=now + SECONDS,
        usage=Usage(input_tokens=61, output_tokens=112),
        cost_nanodollars=76_350,
        question=question,
        served_by="nobody/bench",
        epochs=home.epochs,
    )
