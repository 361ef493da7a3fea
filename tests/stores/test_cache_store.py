"""One suite for every place where the cache keeps things: memory, the oldest Redis that is supported here, and one with vector sets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from gateway.cache.memory import Memory
from gateway.cache.redis import Shared
from gateway.cache.sealing import Sealing
from gateway.cache.store import Placed, Store
from gateway.cache.vectors import Vectors
from gateway.config.strict import Secret
from gateway.config.structs import Redis as Settings
from gateway.store.redis import Redis, load
from tests.support.redis_server import free_port, program_of, redis_server

BACKENDS: Final = ("memory", "redis7", "redis8")
SEMANTIC: Final = ("memory", "redis8")
SIZE: Final = 64
MOST: Final = 50
LONGEST: Final = 31_536_000
"""Seconds that an entry can live, by the settings."""
Made = Callable[[], Awaitable[Store]]


@asynccontextmanager
async def made(kind: str, folder: Path) -> AsyncIterator[Store]:
    if kind == "memory":
        yield Memory(1000, 10_000_000, asyncio.get_running_loop().time, Vectors(MOST))
        return
    program = program_of(kind)
    with redis_server(folder, program=program) as server:
        settings = Settings(url=Secret(server.url), timeout_ms=5000)
        store = Shared(Redis(settings, await asyncio.to_thread(load)), MOST)
        await store.probe()
        try:
            yield store
        finally:
            await store.aclose()


def unit(seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.random.default_rng(seed).normal(size=SIZE).astype(np.float32)
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = vector / np.linalg.norm(vector)
    return found


async def holds(store: Store, scope: bytes) -> bool:
    first = await store.first(["all"], None, scope)
    return first is not None and first.holds


def key(number: int) -> bytes:
    return number.to_bytes(24)


@pytest.mark.parametrize("kind", BACKENDS)
async def test_what_is_put_is_found_until_it_is_deleted(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        assert await store.get(key(1)) is None
        await store.put(key(1), b"one", 60, 1.0)
        assert await store.get(key(1)) == b"one"
        assert await store.get(key(2)) is None
        await store.delete(key(1))
        assert await store.get(key(1)) is None


@pytest.mark.parametrize("kind", BACKENDS)
async def test_an_epoch_stays_until_the_next_which_is_more(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        before = await store.epochs(["all", "tag:a"])
        assert before is not None
        assert await store.epochs(["all", "tag:a"]) == before
        first = await store.next_epoch("tag:a")
        second = await store.next_epoch("tag:a")
        assert first is not None
        assert second is not None
        assert before[1] < first < second
        assert await store.epochs(["all", "tag:a"]) == [before[0], second]


@pytest.mark.parametrize("kind", BACKENDS)
async def test_what_a_request_asks_for_at_first_comes_at_once(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        await store.put(key(1), b"one", 60, 1.0, Placed(key(9), unit(1)))
        await store.put(key(2), b"two", 60, 1.0)
        purged = await store.next_epoch("tag:a")
        epochs = await store.epochs(["all", "tag:a"])
        assert epochs is not None
        assert epochs[1] == purged
        assert await store.first(["all", "tag:a"], key(1), key(9)) == (epochs, b"one", store.semantic)
        assert await store.first(["all"], key(3), key(8)) == (epochs[:1], None, False)
        assert await store.first(["all"], None, key(9)) == (epochs[:1], None, store.semantic)
        assert await store.first(["all"], key(2), None) == (epochs[:1], b"two", False)
        assert await store.get_all([key(2), key(3), key(1)]) == [b"two", None, b"one"]
        assert await store.get_all([]) == []


@pytest.mark.parametrize("kind", BACKENDS)
async def test_what_is_saved_is_loaded_one_by_one_and_all_at_once(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        assert await store.save("a", b"1", None)
        assert await store.load("a") == b"1"
        assert await store.load_all(["b", "a"]) == [None, b"1"]


@pytest.mark.parametrize("kind", BACKENDS)
async def test_of_two_that_save_at_once_one_is_told_to_read_again(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        assert await store.load("class:a") is None
        assert await store.save("class:a", b"1", None)
        assert not await store.save("class:a", b"2", None)
        assert not await store.save("class:a", b"2", b"0")
        assert await store.load("class:a") == b"1"
        assert await store.save("class:a", b"2", b"1")
        assert await store.load("class:a") == b"2"


@pytest.mark.parametrize("kind", SEMANTIC)
async def test_what_was_put_without_its_place_is_a_neighbour_from_when_that_is_known(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        await store.put(key(1), b"value", 60, 1.0)
        assert not await holds(store, key(100))
        for _ in range(2):
            await store.place(key(1), Placed(key(100), unit(1)), 60)
        assert [one.key for one in await store.near(Placed(key(100), unit(1)), 3)] == [key(1)]
        await store.unplace(key(1), key(100))
        assert await store.near(Placed(key(100), unit(1)), 3) == []
        assert await store.get(key(1)) == b"value"


@pytest.mark.parametrize("kind", ["redis7", "redis8"])
async def test_what_was_said_against_an_entry_outlives_it(kind: str, tmp_path: Path) -> None:
    program = program_of(kind)
    with redis_server(tmp_path, program=program) as server:
        store = Shared(Redis(Settings(url=Secret(server.url), timeout_ms=5000), await asyncio.to_thread(load)), 0)
        assert await store.save("pair:one", b"1", None)
        with server.client() as client:
            (name,) = server.keys()
            assert client.ttl(name) > LONGEST
        await store.aclose()


@pytest.mark.parametrize("kind", SEMANTIC)
async def test_neighbours_come_nearest_first_and_of_their_own_scope_alone(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        assert store.semantic
        assert not await holds(store, key(100))
        for number in range(20):
            await store.put(key(number), b"value", 60, 1.0, Placed(key(100 + number % 2), unit(number)))
        assert await holds(store, key(100))
        asked = (unit(4) * 0.9 + unit(3) * 0.3).astype(np.float32)
        asked /= np.linalg.norm(asked)
        found = await store.near(Placed(key(100), asked), 5)
        expected = sorted(((float(asked @ unit(number)), key(number)) for number in range(0, 20, 2)), reverse=True)
        assert found[0].key == key(4)
        assert {one.key for one in found} <= {one for _, one in expected}
        assert [one.similarity for one in found] == pytest.approx(
            [similarity for similarity, _ in expected[:5]], abs=0.02
        )
        await store.unplace(key(4), key(100))
        assert key(4) not in [one.key for one in await store.near(Placed(key(100), asked), 5)]


@pytest.mark.parametrize("kind", SEMANTIC)
async def test_a_scope_holds_no_more_than_it_may(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        for number in range(MOST + 10):
            await store.put(key(number), b"value", 60, 1.0, Placed(key(1000), unit(number)))
        assert len(await store.near(Placed(key(1000), unit(1)), MOST * 2)) == MOST


async def test_an_older_redis_says_that_it_has_no_vector_sets_and_goes_on(tmp_path: Path) -> None:
    async with made("redis7", tmp_path) as store:
        assert not store.semantic
        await store.put(key(1), b"one", 60, 1.0, Placed(key(2), unit(1)))
        assert await store.get(key(1)) == b"one"
        assert await store.near(Placed(key(2), unit(1)), 3) == []
        assert not await holds(store, key(2))


@pytest.mark.parametrize("newer", [False, True])
async def test_what_is_asked_for_together_comes_to_one_node_of_a_cluster(newer: bool, tmp_path: Path) -> None:
    program = program_of("redis8" if newer else "redis7")
    more = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with redis_server(tmp_path, *more, program=program) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        settings = Settings(url=Secret(f"redis+cluster://127.0.0.1:{server.port}"), timeout_ms=5000)
        store = Shared(Redis(settings, await asyncio.to_thread(load)), MOST)
        names = [f"name-{number}" for number in range(20)]
        for _ in range(800):  # it takes some time to agree with itself
            if await store.epochs(names) is not None:
                break
            await asyncio.sleep(0.05)
        before = await store.epochs(names)
        assert before is not None
        purged = await store.next_epoch(names[3])
        assert await store.epochs(names) == [*before[:3], purged, *before[4:]]
        assert await store.save("one", b"1", None)
        assert await store.load_all(["other", "one"]) == [None, b"1"]
        for number in range(10):
            await store.put(key(number), b"%d" % number, 60, 1.0, Placed(key(100), unit(number)))
        assert await store.get_all([key(number) for number in range(11)]) == [*[b"%d" % one for one in range(10)], None]
        first = await store.first(names, key(7), key(100))
        assert first == (await store.epochs(names), b"7", newer)
        assert len(await store.near(Placed(key(100), unit(7)), 20)) == 10 * newer
        server.kill()
        assert await store.first(names, key(7), key(100)) is None
        assert await store.get_all([key(7), key(8)]) is None
        assert await store.epochs(names) is None
        assert await store.load_all(names) is None
        await store.aclose()


async def test_a_server_that_is_replaced_is_asked_again_what_it_can_do(tmp_path: Path) -> None:
    newer = program_of("redis8")
    times = iter(range(0, 10_000, 10))
    placed = Placed(key(2), unit(1))
    with redis_server(tmp_path, program=newer) as server:
        redis = Redis(Settings(url=Secret(server.url), timeout_ms=5000), await asyncio.to_thread(load))
        store = Shared(redis, MOST, lambda: next(times))
        for program, semantic in ((newer, True), ("redis-server", False), (newer, True)):
            server.become(program)
            await store.put(key(1), b"one", 60, 1.0, placed)
            assert await store.first(["any"], None, None) is not None
            assert store.semantic is semantic
            await store.put(key(1), b"one", 60, 1.0, placed)
            assert [one.key for one in await store.near(placed, 1)] == [key(1)] * semantic
        await store.aclose()


async def test_a_full_redis_refuses_to_keep_and_still_gives(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server:
        store = Shared(Redis(Settings(url=Secret(server.url), timeout_ms=5000), await asyncio.to_thread(load)), MOST)
        await store.put(key(0), b"first", 60, 1.0)
        for number in range(1, 100):
            await store.put(key(number), b"x" * 100_000, 60, 1.0)
        assert await store.get(key(99)) is None
        assert await store.get(key(0)) == b"first"
        await store.aclose()


@pytest.mark.parametrize("kind", BACKENDS)
async def test_each_tells_figures_of_its_own(kind: str, tmp_path: Path) -> None:
    async with made(kind, tmp_path) as store:
        for number in range(3):
            await store.put(key(number), b"x" * 100, 60, 1.0)
        figures = await store.figures()
        assert figures["entries" if kind == "memory" else "keys of the server"] == 3
        assert figures["bytes" if kind == "memory" else "bytes of the server"] >= 300


async def test_what_another_secret_has_sealed_is_there_and_cannot_be_read(tmp_path: Path) -> None:
    """It is no answer, and nobody takes it away from those who can."""
    with redis_server(tmp_path) as server:
        library = await asyncio.to_thread(load)
        settings = Settings(url=Secret(server.url), timeout_ms=5000)
        one, other = (Shared(Redis(settings, library), 0, sealing=Sealing([secret])) for secret in (b"one", b"two"))
        await one.put(key(1), b"said", 60, 1.0)
        await one.put(key(2), b"x" * 300_000, 60, 1.0)
        assert await one.get_all([key(1), key(2), key(3)]) == [b"said", b"x" * 300_000, None]
        assert await other.get_all([key(1), key(3)]) == [b"", None]
        first = await other.first(["all"], key(1), None)
        assert first is not None
        assert first.value == await other.get(key(1)) == b""
        await one.aclose()
        await other.aclose()
