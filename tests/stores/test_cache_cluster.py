"""A cluster of three: what one request asks for lies on different nodes."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from gateway.cache.redis import Shared
from gateway.cache.store import Placed
from gateway.config.strict import Secret
from gateway.config.structs import Redis as Settings
from gateway.store.redis import Redis, load
from tests.stores.test_cache_store import MOST, key, unit
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer, free_port, program_of, redis_server

SLOTS: Final = 16384


@pytest.fixture(params=["redis7", "redis8"])
def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[RedisServer]]:
    program = program_of(request.param)
    with ExitStack() as stack:
        found: list[RedisServer] = []
        for number in range(3):
            folder, bus = tmp_path / str(number), free_port()
            folder.mkdir()
            more = ("--cluster-enabled", "yes", "--cluster-port", str(bus))
            server = stack.enter_context(redis_server(folder, *more, program=program))
            begin, end = SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1
            said(server, "CLUSTER", "ADDSLOTSRANGE", str(begin), str(end))
            if found:
                said(found[0], "CLUSTER", "MEET", "127.0.0.1", str(server.port), str(bus))
            found.append(server)
        eventually(lambda: all(agrees(server) for server in found), 60)
        yield found


def said(server: RedisServer, *command: str) -> str:
    with server.client() as client:
        answer = client.execute_command(*command)
    return answer.decode() if isinstance(answer, bytes) else str(answer)


def agrees(server: RedisServer) -> bool:
    info = said(server, "CLUSTER", "INFO")
    return "cluster_state:ok" in info or "'cluster_state': 'ok'" in info


async def test_what_lies_on_different_nodes_comes_together(nodes: list[RedisServer]) -> None:
    settings = Settings(url=Secret(f"redis+cluster://127.0.0.1:{nodes[0].port}"), timeout_ms=5000)
    store = Shared(Redis(settings, await asyncio.to_thread(load)), MOST)
    likes = await store.probe()
    names = ["all", "model:faq", "tag:a"]
    for number in range(30):
        await store.put(key(number), b"%d" % number, 60, 1.0, Placed(key(100 + number % 5), unit(number)))
    held = [len(server.keys()) for server in nodes]
    assert min(held) > 3, "on each of them"
    assert await store.get_all([key(number) for number in range(31)]) == [*[b"%d" % one for one in range(30)], None]
    purged = await store.next_epoch("tag:a")
    for number in range(30):
        first = await store.first(names, key(number), key(100 + number % 5))
        assert first is not None
        assert (first.value, first.holds, first.epochs[2]) == (b"%d" % number, bool(likes), purged)
    assert len(await store.near(Placed(key(100), unit(5)), 20)) == (6 if likes else 0)
    assert await store.remark() == ""
    await store.aclose()
