"""Redis, shared by replicas: the only place that knows its library, which is loaded where Redis is configured.

Whoever asks has an answer within the time-out, or `Away`. After failures in a row nobody waits at all until a probe comes back.
"""

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from gateway.config.redis_address import RedisAddress, redis_address
from gateway.config.structs import Redis as Settings
from gateway.store.breaker import Breaker
from gateway.store.shelf import Away

log = logging.getLogger("haechi")

_T = TypeVar("_T")
_WAITING: Final = 8
"""Commands for each connection of the pool that may be under way or wait for one; more are turned away."""


class Redis:
    """One pool of connections, and a shelf. `library` is what `load` gave."""

    def __init__(
        self, settings: Settings, library: "Library", *, timeout_ms: int | None = None, waits_ms: float | None = None
    ) -> None:
        """`timeout_ms` replaces that of the settings. `waits_ms`: how long whoever asks waits, if that is less: the server counts
        as away only after its time-out, so that a loop that was busy for a moment does not do that.
        """
        if timeout_ms is not None:
            settings = replace(settings, timeout_ms=timeout_ms)
        self._library = library
        self._client, self._beside = library.clients(settings)
        self._seconds = min(settings.timeout_ms, waits_ms or settings.timeout_ms) / 1000
        self._longest = 3 * settings.timeout_ms / 1000
        self._most = settings.connections * _WAITING
        self._room = asyncio.Semaphore(settings.connections)
        self.prefix = settings.prefix
        self.refused = library.refused
        self.unknown = library.unknown
        self._breaker = Breaker()
        self._clock = asyncio.get_running_loop().time
        self._under_way: set[asyncio.Task[Any]] = set()

    @property
    def is_there(self) -> bool:
        """Whether the last commands were answered."""
        return self._breaker.closed

    async def put(self, name: str, value: bytes, seconds: float) -> bool:
        await self.run(lambda client: client.set(self.prefix + name, value, px=max(1, round(seconds * 1000))))
        return True

    async def get(self, name: str) -> bytes | None:
        found: bytes | None = await self.run(lambda client: client.get(self.prefix + name))
        return found

    async def delete(self, name: str) -> bool:
        return bool(await self.run(lambda client: client.delete(self.prefix + name)))

    async def run(self, command: Callable[[Any], Awaitable[_T]]) -> _T:
        """What the command gives, which gets the library's client and puts the prefix before its keys. Raises `Away`.

        The command has a task of its own and is never cut off by a caller that leaves: a connection in the middle of an answer
        would be of no use to the next one.
        """
        if len(self._under_way) >= self._most:
            raise Away("too many commands wait for it")
        if self._breaker.rests(self._clock()):
            raise Away("it has failed and rests")
        task = asyncio.get_running_loop().create_task(self._asked(command))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=self._seconds)
        if not task.done():
            raise Away("it did not answer in time")
        return task.result()

    async def aclose(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._seconds)
        for task in self._under_way:
            task.cancel()
        for client in (self._client, *self._beside):
            await client.aclose()

    async def _asked(self, command: Callable[[Any], Awaitable[_T]]) -> _T:
        """Whoever waits too long for a connection is not asked for any more, and says nothing about the server."""
        came = self._clock()
        async with self._room:
            now = self._clock()
            if now - came > self._seconds or not self._breaker.admits(now):
                raise Away("nobody waits for it any more")
            return await self._tried(command)

    async def _tried(self, command: Callable[[Any], Awaitable[_T]]) -> _T:
        was_there = self._breaker.closed
        try:
            async with asyncio.timeout(self._longest):  # the library's own limits are for each step
                found = await command(self._client)
        except self._library.failures as error:
            self._breaker.failed(self._clock())
            if was_there and not self._breaker.closed:
                log.warning("Redis is away: %s", type(error).__name__)
            raise Away(type(error).__name__) from None
        except asyncio.CancelledError:
            self._breaker.failed(self._clock())
            raise
        self._breaker.succeeded()
        if not was_there:
            log.warning("Redis is there again")
        return found

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # perhaps nobody waits for it any more


class Library:
    """redis-py: how a client is made, and what it raises."""

    def __init__(self) -> None:
        self._asyncio: Any = importlib.import_module("redis.asyncio")
        self._errors: Any = importlib.import_module("redis.exceptions")
        self._retry: Any = importlib.import_module("redis.asyncio.retry")
        self._backoff: Any = importlib.import_module("redis.backoff")
        self.refused: type[Exception] = self._errors.ResponseError  # said by a server that is there
        self.unknown: type[Exception] = (
            self._errors.RedisError
        )  # itself: a cluster's client, of a command that no node has
        self.failures: tuple[type[Exception], ...] = (
            self._errors.RedisError,
            self._errors.RedisClusterException,  # no RedisError: no node of a cluster can be reached
            OSError,
            TimeoutError,
        )

    def clients(self, settings: Settings) -> tuple[Any, list[Any]]:
        """The one to ask, and those that it asks where the server is. Nothing is connected before the first command."""
        address = redis_address(settings.url.reveal())
        shared = self._options(settings, address)
        if address.kind == "cluster":
            nodes = [self._asyncio.cluster.ClusterNode(host, port) for host, port in address.hosts]
            return self._asyncio.RedisCluster(startup_nodes=nodes, max_connections=settings.connections, **shared), []
        if address.kind == "sentinel":
            shared |= {"db": address.database, "max_connections": settings.connections}
            timeouts = {name: shared[name] for name in ("socket_timeout", "socket_connect_timeout")}
            sentinel = self._asyncio.Sentinel(list(address.hosts), sentinel_kwargs=timeouts)
            return sentinel.master_for(address.service, **shared), list(sentinel.sentinels)
        if address.kind == "socket":
            kind, where = self._asyncio.UnixDomainSocketConnection, dict[str, Any](path=address.path)
        else:
            kind = self._asyncio.SSLConnection if shared.pop("ssl", False) else self._asyncio.Connection
            ((host, port),) = address.hosts
            where = {"host": host, "port": port}
        pool = self._asyncio.ConnectionPool(
            connection_class=kind, max_connections=settings.connections, db=address.database, **where, **shared
        )
        return self._asyncio.Redis.from_pool(pool), []

    def _options(self, settings: Settings, address: RedisAddress) -> dict[str, Any]:
        """One try more on a connection that the server has closed meanwhile; a time-out is not tried again."""
        seconds = settings.timeout_ms / 1000
        once_more = self._retry.Retry(self._backoff.NoBackoff(), 1, supported_errors=(self._errors.ConnectionError,))
        return {
            "username": address.user,
            "password": address.password,
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            "protocol": 2,
            "driver_info": None,
            "retry": once_more,
            **({"ssl": True, "ssl_ca_certs": settings.ca_file} if address.tls else {}),
        }


def load() -> Library:
    """Imports redis-py: some 130 ms and 9 MB. Call it in a thread."""
    return Library()
