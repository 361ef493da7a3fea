"""A real Redis for each module, and shelves on it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from gateway.config.strict import Secret
from gateway.config.structs import Redis as Settings
from gateway.store.redis import Redis, load
from tests.support.redis_server import RedisServer, redis_server

Connect = Callable[..., Awaitable[Redis]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes shelves that are closed in the end."""
    async with AsyncExitStack() as stack:

        async def made(url: str, **more: Any) -> Redis:
            redis = Redis(Settings(url=Secret(url), **{"timeout_ms": 2000, **more}), load())
            stack.push_async_callback(redis.aclose)
            return redis

        yield made
