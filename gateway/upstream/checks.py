"""Active health checks: for each provider that asks for them, somebody who looks again and again whether it is well.

Each check opens a connection of its own: a pool that is full of long answers must not look like a server that is down, and a
connection kept alive would not notice that nobody listens any more.
"""

import asyncio
import functools
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from gateway.config.structs import HealthCheck
from gateway.routing.health import Health
from gateway.upstream.client import Call, Transport, TransportError, TransportLimits
from gateway.upstream.http import Upstream

log = logging.getLogger("haechi.checks")

_JITTER: Final = 0.1
_MOST_BYTES: Final = 64 * 1024
_KEPT: Final = 0.001  # seconds; a time of 0 would keep the connection until the next check


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A provider to look after. `connect` makes the transport of its checks, which is closed with them."""

    upstream: Upstream
    check: HealthCheck
    connect: Callable[[], Transport]


class Checks:
    """The checks of the configuration in force; what they find goes to `health`, under the provider's name.

    Every task it starts ends in `close`, or when `follow` is told of a configuration without it.
    """

    def __init__(self, health: Health, rng: random.Random) -> None:
        self._health = health
        self._rng = rng
        self._under_way: dict[str, tuple[Upstream, asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, watched: Mapping[str, Watched]) -> None:
        """From now on exactly these are checked. An upstream that stays goes on as before; a new one is checked at once."""
        for name, (upstream, task) in list(self._under_way.items()):
            if name not in watched or watched[name].upstream is not upstream:
                task.cancel()
                self._forget(name)
        for name, one in watched.items():
            if name not in self._under_way:
                self._begin(name, one)

    async def close(self) -> None:
        """Ends every check; afterwards nothing of them is left."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, name: str, one: Watched) -> None:
        task = asyncio.get_running_loop().create_task(self._watch(name, one), name=f"health of {name}")
        self._under_way[name] = (one.upstream, task)
        self._tasks.add(task)
        task.add_done_callback(functools.partial(self._ended, name))

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        """A check never ends by itself. If one does it is a defect: it is said, and the breaker alone decides from then on."""
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("provider %s: its health checks ended by a defect and are off until a reload", name, exc_info=error)
        if self._under_way.get(name, (None, None))[1] is task:
            self._forget(name)

    def _forget(self, name: str) -> None:
        """What was found is no longer looked after, so it must not keep the provider out."""
        del self._under_way[name]
        self._health.checked(name, True, asyncio.get_running_loop().time())

    async def _watch(self, name: str, one: Watched) -> None:
        loop = asyncio.get_running_loop()
        transport = one.connect()
        try:
            while True:
                began = loop.time()
                why = await ailment(transport, one.upstream, one.check)
                self._note(name, why, loop.time())
                await asyncio.sleep(pause(one.check.every, loop.time() - began, self._rng))
        finally:
            await transport.aclose()

    def _note(self, name: str, why: str | None, now: float) -> None:
        was_up = self._health.admits(name, now)
        self._health.checked(name, why is None, now)
        is_up = self._health.admits(name, now)
        if was_up and not is_up:
            log.warning("provider %s is down, no requests go there: its health check %s", name, why)
        elif is_up and not was_up:
            log.info("provider %s is up again", name)


def apart(limits: TransportLimits) -> TransportLimits:
    """A provider's limits, for the transport of its checks: one connection at a time, none of them kept."""
    return replace(limits, connections=1, keep_alive=_KEPT)


def pause(every: float, spent: float, rng: random.Random) -> float:
    """Seconds until the next check: `every` from the start of the last one, give or take a tenth, so that replicas spread."""
    return max(0.0, every * rng.uniform(1 - _JITTER, 1 + _JITTER) - spent)


async def ailment(transport: Transport, upstream: Upstream, check: HealthCheck) -> str | None:
    """One check: None if the answer was a 2xx that came whole within the time, else what was wrong, in words for a log."""
    call = Call("GET", place(upstream.base_url, check.path), upstream.headers)
    try:
        async with asyncio.timeout(check.timeout):
            reply = await transport.open(call)
            try:
                size = 0
                while size < _MOST_BYTES and (piece := await reply.read()):
                    size += len(piece)
                return None if 200 <= reply.status < 300 else f"was answered with status {reply.status}"
            finally:
                await transport.close(reply)
    except TimeoutError:
        return f"was not answered within {check.timeout:g} s"
    except TransportError as error:
        return f"failed: {error}"


def place(base_url: str, path: str) -> str:
    """The address of a check: `path` stands in place of the base URL's whole path."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}{path}"
