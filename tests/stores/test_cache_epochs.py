"""Epochs that get lost: nothing that was stored before a purge ever counts again, whatever Redis forgets or says once more."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest

from gateway.cache.epochs import Epochs
from gateway.cache.redis import Shared
from gateway.config.strict import Secret
from gateway.config.structs import Redis as Settings
from gateway.store.redis import Redis, load
from tests.support.redis_server import RedisServer, program_of, redis_server

NAMES: Final = ("all", "model:faq", "tag:a")


@pytest.fixture(params=["redis7", "redis8"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path, program=program_of(request.param)) as running:
        yield running


@asynccontextmanager
async def shared(server: RedisServer) -> AsyncIterator[Shared]:
    store = Shared(Redis(Settings(url=Secret(server.url), timeout_ms=5000), await asyncio.to_thread(load)), 0)
    try:
        yield store
    finally:
        await store.aclose()


def epoch_keys(server: RedisServer) -> list[bytes]:
    keys = server.keys()
    return [key for key in keys if b"cache:{n}:" in key]


async def test_what_was_stored_before_a_purge_never_counts_again(server: RedisServer) -> None:
    """Two gateways and a command store, purge, and start anew; keys vanish or say once more what they said before."""
    rng = Random(4)
    stored: list[dict[str, int]] = []
    said: list[tuple[bytes, bytes]] = []
    async with shared(server) as one, shared(server) as other:
        for _ in range(400):
            store = rng.choice((one, other))
            held = await store.epochs(NAMES)
            assert held is not None
            epochs = dict(zip(NAMES, held, strict=True))
            step = rng.choice(("keep", "keep", "purge", "command", "vanish", "again"))
            if step == "keep":
                stored.append(epochs)
            elif step in ("purge", "command"):
                name = rng.choice(NAMES)
                if step == "purge":
                    purged = await store.next_epoch(name)
                else:
                    async with shared(server) as command:
                        purged = await command.next_epoch(name)
                assert all(entry[name] != purged for entry in stored)
                assert await one.epochs([name]) == await other.epochs([name]) == [purged], "both gateways serve"
                stored = []
            else:
                with server.client() as client:
                    keys = epoch_keys(server)
                    said += [(key, client.get(key) or b"") for key in keys]
                    for key, before in rng.sample(said, 1) if step == "again" else [(rng.choice(keys), b"")]:
                        client.set(key, before) if before else client.delete(key)
            for name in NAMES:
                now = await store.epochs([name])
                assert now is not None
                # Whatever is given now was stored under the same number, since the last purge.
                assert all(entry[name] != now[0] or entry in stored for entry in stored)


async def test_a_lost_epoch_is_made_anew_and_never_as_it_was(server: RedisServer) -> None:
    async with shared(server) as store:
        before = await store.epochs(["tag:a"])
        for _ in range(3):
            with server.client() as client:
                client.flushall()
            now = await store.epochs(["tag:a"])
            assert before is not None
            assert now is not None
            assert now[0] > before[0]
            assert await store.epochs(["tag:a"]) == now, "and then it stays"
            before = now


async def test_one_that_has_gone_back_is_made_anew_by_who_saw_the_later_one(server: RedisServer) -> None:
    async with shared(server) as store, shared(server) as other:
        (before,) = await store.epochs(["all"]) or [0]
        (key,) = epoch_keys(server)
        purged = await store.next_epoch("all")
        with server.client() as client:
            client.set(key, before)
        assert await other.epochs(["all"]) == [before], "it has seen no other"
        (now,) = await store.epochs(["all"]) or [0]
        assert purged is not None
        assert now > purged
        assert await other.epochs(["all"]) == [now]


async def test_what_is_no_number_counts_as_lost(server: RedisServer) -> None:
    async with shared(server) as store:
        await store.epochs(["all"])
        (key,) = epoch_keys(server)
        with server.client() as client:
            client.set(key, "what?")
        (now,) = await store.epochs(["all"]) or [0]
        assert await store.epochs(["all"]) == [now]
        with server.client() as client:
            client.set(key, "what?")
        assert (await store.next_epoch("all") or 0) > now


async def test_an_epoch_may_leave_a_full_server(server: RedisServer) -> None:
    """Callers make up tags: without a time to live each would stay for good."""
    async with shared(server) as store:
        await store.epochs(["tag:made up"])
        await store.next_epoch("tag:other")
    with server.client() as client:
        assert all(int(client.ttl(key)) > 366 * 86_400 for key in epoch_keys(server))


def test_a_clock_that_goes_back_makes_no_epoch_twice() -> None:
    epochs = Epochs(lambda: 5.0)
    assert epochs.fresh("a") == 5_000_000
    epochs.saw("a", 9_000_000)
    assert epochs.fresh("a") == 9_000_001
    assert epochs.lost(["a", "b", "c"], [8_999_999, None, 1]) == ["a", "b"]


def test_the_memory_of_names_is_bounded() -> None:
    epochs = Epochs(lambda: 1.0)
    for number in range(10_001):
        epochs.saw(f"tag:{number}", 5)
    assert (epochs.highest("tag:0"), epochs.highest("tag:1"), epochs.highest("tag:10000")) == (0, 5, 5)


async def test_under_pressure_on_all_keys_what_was_purged_stays_purged(server: RedisServer) -> None:
    with server.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    async with shared(server) as store:
        for _ in range(5):
            (before,) = await store.epochs(["all"]) or [0]
            purged = await store.next_epoch("all")
            assert purged is not None
            assert purged > before
            with server.client() as client:
                client.config_set("maxmemory", str(int(client.info("memory")["used_memory"]) + 200_000))
            number = 0
            while epoch_keys(server):
                await store.put(number.to_bytes(24), b"x" * 20_000, 3600, 1.0)
                number += 1
                assert number < 2_000, "the epoch stays"
            async with shared(server) as other:  # it has seen nothing
                (now,) = await other.epochs(["all"]) or [0]
            assert now > purged
