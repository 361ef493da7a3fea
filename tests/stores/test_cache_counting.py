"""Replicas that count in the same books, and complain of the same entry, at once: nothing is lost, nothing counts twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Final

import pytest

from gateway.cache.books import Books, Finding, subject_of
from gateway.cache.marks import Marks
from gateway.cache.redis import Shared
from gateway.config.cache import CacheClass
from gateway.config.strict import Secret
from gateway.config.structs import Redis as Settings
from gateway.store.redis import Redis, load
from tests.support.redis_server import redis_server

REPLICAS: Final = 3
EACH: Final = 40
ONE: Final = CacheClass(one_caller=1.0)
OF: Final = subject_of(ONE, "e")


def digest(said: str) -> bytes:
    return blake2b(said.encode(), digest_size=12).digest()


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[list[Shared]]:
    """Of replicas that share one Redis."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(redis_server(tmp_path))
        made = [Shared(Redis(Settings(url=Secret(server.url), timeout_ms=5000), load()), 0) for _ in range(REPLICAS)]
        for one in made:
            stack.push_async_callback(one.aclose)
        yield made


async def test_every_review_of_every_replica_counts_once(stores: list[Shared]) -> None:
    replicas = [Books(store, asyncio.get_running_loop().time) for store in stores]
    own = [
        books.count("faq", ONE, OF, Finding(digest(f"{place} {number}"), "a", 0.96, wrong=False, how="review"))
        for number in range(EACH)
        for place, books in enumerate(replicas)
    ]
    shared = [
        books.count("faq", ONE, OF, Finding(digest(str(number)), "a", 0.96, wrong=False, how="review"))
        for number in range(EACH)
        for books in replicas
    ]
    said = await asyncio.gather(*own, *shared)
    assert (said.count("counted"), said.count("twice")) == (EACH * (REPLICAS + 1), EACH * (REPLICAS - 1))
    assert (await replicas[0].book("faq", OF)).certificate.tallies[0].reviews == EACH * (REPLICAS + 1)


async def test_complaints_of_all_replicas_about_one_entry_are_all_heard(stores: list[Shared]) -> None:
    """The third puts an end to it, whoever counts at the same time."""
    marks = [Marks(store) for store in stores]
    for entry in range(20):
        key = b"%d" % entry
        said = await asyncio.gather(*(one.complain(key, b"%d %d" % (entry, place)) for place, one in enumerate(marks)))
        assert said == ["told"] * REPLICAS
        assert await marks[0].against(key, b"another") is None
