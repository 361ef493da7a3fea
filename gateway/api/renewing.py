"""Answers past their time are asked for anew while the old ones are still given: through the spine, as a request of its own, in the background."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from gateway.answering import Refused
from gateway.cache.answers import Looked
from gateway.cache.wishes import HEADER, TAGS
from gateway.config.structs import Config
from gateway.exchange import Exchange
from gateway.pipeline import Pipeline
from gateway.wire.frames import Frame

MOST: Final = 16
"""At once, in one process. While so many are under way others wait until somebody asks again."""
REST: Final = 10.0
"""Seconds for which nobody tries again what has failed."""
_MOST_RESTING: Final = 1_000


@dataclass(slots=True)
class Renewals:
    """One for each entry at a time."""

    pipeline: Pipeline
    _under_way: dict[bytes, asyncio.Task[bool]] = field(default_factory=dict)
    _resting: dict[bytes, float] = field(default_factory=dict)

    def begin(self, x: Exchange, looked: Looked) -> None:
        """Asks what `x` has asked, by the setup of the moment, unless that is being done or has just failed."""
        key, now = looked.scope.exact, x.clock()
        if key in self._under_way or len(self._under_way) >= MOST or self._resting.get(key, now) > now or x.starts:
            return
        tags = () if looked.entry is None else looked.entry.tags
        task = asyncio.create_task(self._renew(_asking(x, tags, self.pipeline.setup.config.timeouts.total)))
        self._under_way[key] = task
        task.add_done_callback(partial(self._end, key, x.clock))

    async def aclose(self) -> None:
        tasks = [*self._under_way.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _renew(self, x: Exchange) -> bool:
        """Whether there was an answer. The pipeline records whatever has happened."""

        async def read(_config: Config) -> None:
            """It has been read."""

        try:
            async with asyncio.timeout_at(x.deadline):
                await self.pipeline.answer(x, read, _nowhere)
        except (Refused, TimeoutError):
            return False
        finally:
            x.deadlines.close()
        return x.error is None

    def _end(self, key: bytes, clock: Callable[[], float], task: asyncio.Task[bool]) -> None:
        del self._under_way[key]
        if not task.cancelled() and not task.result():
            if len(self._resting) >= _MOST_RESTING:
                self._resting.clear()
            self._resting[key] = clock() + REST


async def _nowhere(_frames: list[Frame]) -> None:
    """Whoever asked has an answer."""


def _asking(x: Exchange, tags: tuple[str, ...], seconds: float) -> Exchange:
    """The request of `x` as it came. What is kept of the answer can be purged by what the old one could."""
    now = x.clock()
    digits = f"{random.getrandbits(160):040x}"
    body = x.parsed or {}
    headers = {name: value for name, value in x.headers.items() if name != TAGS}
    return Exchange(
        id=f"req_{digits[:24]}",
        dialect=x.dialect,
        method=x.method,
        path=x.path,
        query=x.query,
        headers={**headers, HEADER: "refresh", **({TAGS: ",".join(tags)} if tags else {})},
        trace_id=x.trace_id,
        parent_span_id=x.span_id,
        sampled=x.sampled,
        span_id=digits[24:],
        started=now,
        deadline=now + seconds,
        clock=x.clock,
        body=body,
        raw=x.raw,
        parsed=body,
        names=x.names,
        model=body.get("model", x.model),
        streamed=x.streamed,
        replayable=x.replayable,
        input_estimate=x.input_estimate,
        renews=True,
    )
