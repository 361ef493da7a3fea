"""The cache of a gateway over its reloads: where entries are kept, and what looks for like questions."""

import asyncio
import importlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.api.internal import Internal
from gateway.api.renewing import Renewals
from gateway.cache.answers import Answers
from gateway.cache.books import Books
from gateway.cache.embed import check_library
from gateway.cache.embedder import Embedder
from gateway.cache.flights import Flights
from gateway.cache.memory import Memory
from gateway.cache.memory_file import MemoryFile
from gateway.cache.redis import AWAY, NO_VECTOR_SETS, Shared
from gateway.cache.replay import text_of
from gateway.cache.reviewing import Reviewer
from gateway.cache.sealing import Sealing
from gateway.cache.semantic import Semantic, Vetoes
from gateway.cache.store import Neighbours, Store
from gateway.cache.trails import Trails
from gateway.cache.waiting import Waiting
from gateway.config.cache import Cache
from gateway.config.structs import Config
from gateway.embedders import Embedders
from gateway.store.redis import Redis, load

IN_CLEAR: Final = "its `file` holds questions and answers in clear: set `secret`"
NO_FOLDER: Final = "there is no folder for its `file`, so nothing outlives a restart: make it"
_TRIED_MS: Final = 1_000


@dataclass(slots=True)
class Caches:
    """What is held survives a reload, unless its bounds or its place change."""

    _made: tuple[Any, ...] = ()
    _store: Store | None = None
    _embedders: Embedders = field(default_factory=Embedders)
    _file: MemoryFile | None = None
    _trails: Trails = field(default_factory=Trails)
    _flights: Flights = field(default_factory=Flights)
    _waiting: Waiting = field(default_factory=lambda: Waiting(time.time))
    _renewals: Renewals | None = None
    _keeping: set[asyncio.Task[None]] = field(default_factory=set)

    async def made(self, config: Config, internal: Internal) -> Answers | None:
        """Raises ValueError for what cannot be had here."""
        settings = config.cache
        semantic = None if settings is None else settings.semantic
        embedder = await self._embedders.made(semantic, internal)
        people = {} if semantic is None else semantic.classes
        self._waiting.keep_only([name for name, one in people.items() if one.reviewer == "people"])
        if settings is None:
            return None
        store = await self._kept_in(config, settings)
        answers = Answers(settings, store, time.time, random.Random(), trails=self._trails, flights=self._flights)
        answers.keeping = self._keeping
        answers.waiting = self._waiting
        if semantic is not None:
            self._waiting.hold(semantic.held_reviews)
        self._renewals = self._renewals or Renewals(internal.pipeline)
        answers.renew = self._renewals.begin
        if embedder is not None:  # while its Redis cannot, it finds nothing
            answers.semantic = self._semantic(settings, store, embedder, internal)
        return answers

    async def stop(self) -> None:
        """Nothing is asked any more of what the gateway itself serves."""
        if self._renewals is not None:
            await self._renewals.aclose()
        await self._embedders.aclose()

    async def aclose(self) -> None:
        if self._keeping:
            await asyncio.wait(self._keeping)
        if self._file is not None:
            await self._file.aclose()
        if self._store is not None:
            await self._store.aclose()

    def _semantic(self, settings: Cache, store: Store, embedder: Embedder, internal: Internal) -> Semantic:
        async def ask(model: str, body: Mapping[str, Any], asker: Any) -> dict[str, Any]:
            return await internal.ask("chat", model, body, asker)

        reviewer = Reviewer(embedder, ask)
        return Semantic(
            settings,
            store,
            Books(store, time.monotonic),
            embedder,
            load_vetoes(),
            reviewer,
            text_of,
            random.Random(),
            self._waiting,
        )

    async def _kept_in(self, config: Config, settings: Cache) -> Store:
        most = settings.semantic.scope_entries if settings.semantic is not None else 0
        secrets = _secrets_of(config) if settings.file is not None or settings.backend == "redis" else ()
        bounds = (settings.entries, settings.bytes, most, settings.wait_ms)
        made = (settings.backend, config.redis, bounds, settings.file, secrets)
        if self._store is not None and self._made == made:
            return self._store
        await self.aclose()
        self._store = await self._made_anew(config, settings, most)
        self._made = made
        return self._store

    async def _made_anew(self, config: Config, settings: Cache, most: int) -> Store:
        if settings.backend == "redis" and config.redis is not None:
            library = await asyncio.to_thread(load)
            secrets = _secrets_of(config)
            sealing = await asyncio.to_thread(Sealing, secrets) if secrets else None
            return Shared(Redis(config.redis, library, waits_ms=settings.wait_ms), most, sealing=sealing)
        vectors = None if settings.semantic is None else load_vectors(most)
        memory = Memory(settings.entries, settings.bytes, time.monotonic, vectors)
        self._file = None
        if settings.file is not None:
            self._file = MemoryFile(Path(settings.file), memory, _secrets_of(config), time.time)
            await self._file.begin()
        return memory


def _secrets_of(config: Config) -> tuple[bytes, ...]:
    found = (config.secret, *config.other_secrets) if config.secret is not None else ()
    return tuple(one.reveal().encode() for one in found)


def check_cache(config: Config) -> None:
    """Raises ValueError for what the cache needs and is not installed."""
    if config.cache is not None and config.cache.semantic is not None:
        check_library(config.cache.semantic.embedder)


async def remark_of(config: Config) -> str:
    """What an operator should know of where answers are to be kept; empty if it is as it should be.

    Asks it, for a second at most.
    """
    cache = config.cache
    if cache is not None and cache.file is not None:
        away = "" if Path(cache.file).parent.is_dir() else NO_FOLDER
        return _said(away, "" if config.secret is not None else IN_CLEAR)
    if cache is None or cache.backend != "redis" or config.redis is None:
        return ""
    shared = Shared(Redis(config.redis, await asyncio.to_thread(load), timeout_ms=_TRIED_MS), 0)
    try:
        found = True if cache.semantic is None else await shared.probe()
        likes = {True: "", False: NO_VECTOR_SETS, None: AWAY}[found]
        room = "" if found is None else await shared.remark()
    finally:
        await shared.aclose()
    return _said(likes, room)


def _said(*remarks: str) -> str:
    return "; ".join(f"cache: {one}" for one in remarks if one)


def load_vectors(most: int) -> Neighbours:
    """Imports numpy, which only the semantic tier needs."""
    vectors: Neighbours = importlib.import_module("gateway.cache.vectors").Vectors(most)
    return vectors


def load_vetoes() -> Vetoes:
    """Imports the tables of words, which only the semantic tier needs."""
    vetoes: Vetoes = importlib.import_module("gateway.cache.vetoes").vetoes
    return vetoes
