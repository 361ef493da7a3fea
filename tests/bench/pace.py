"""The open loop: requests become due at a constant rate, whatever the answers do, and are timed from when they were due."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from tests.bench.figures import due_by, intended_start
from tests.bench.load import Caller, Tally, connect, finish
from tests.bench.timer import Timer

LONGEST_TICK = 0.005


@dataclass(frozen=True)
class Pace:
    """Requests a second. Those count that are due in the `seconds` after the first `lead`, which lasts as long as a stream, so that
    streams have become as many as they will stay.
    """

    rate: float
    lead: float
    seconds: float

    @property
    def total(self) -> int:
        return max(1, int(self.rate * (self.lead + self.seconds)))

    @property
    def connections(self) -> int:
        """Enough for streams that last as long as the lead, with room for late ones."""
        return 32 + int(self.rate * self.lead * 1.5)

    @property
    def tick(self) -> float:
        """Seconds from one look at the clock to the next: a whole part of the gap between requests."""
        gap = 1 / self.rate
        return gap / math.ceil(gap / LONGEST_TICK)


async def constant_rate(port: int, request: bytes, pace: Pace, mark: Callable[[], None]) -> Tally:
    """What was seen at this pace. `mark` is called as the counted seconds begin and as they end."""
    tally = Tally()
    callers = await connect(port, pace.connections, request, tally, events=True)
    loop = _OpenLoop(pace, callers, mark)
    tally.since = loop.edges[0]
    with Timer(loop.began, pace.tick, loop.tick):
        await finish(loop.done, callers, tally, pace.lead + pace.seconds)
    tally.seconds = perf_counter() - loop.began
    return tally


class _OpenLoop:
    """Sends what is due over whichever caller is free; what finds none waits, its clock running."""

    def __init__(self, pace: Pace, callers: list[Caller], mark: Callable[[], None]) -> None:
        self.began = perf_counter() + 0.01
        self.edges = (self.began + pace.lead, self.began + pace.lead + pace.seconds)
        self.done = asyncio.Event()
        self._pace = pace
        self._mark = mark
        self._idle = deque(callers)
        self._waiting: deque[float] = deque()
        self._sent = 0
        self._marks = 0
        for caller in callers:
            caller.when_free, caller.when_lost = self._free, lambda _: self.done.set()

    def tick(self) -> None:
        now = perf_counter()
        if self._marks < len(self.edges) and now >= self.edges[self._marks]:
            self._marks += 1
            self._mark()
            self._end_if_all_came()
        due = min(self._pace.total, due_by(self.began, self._pace.rate, now))
        while self._sent < due:
            at = intended_start(self.began, self._pace.rate, self._sent)
            self._sent += 1
            if self._idle:
                self._idle.popleft().send(at)
            else:
                self._waiting.append(at)

    def _free(self, caller: Caller) -> None:
        if self._waiting:
            caller.send(self._waiting.popleft())
            return
        self._idle.append(caller)
        self._end_if_all_came()

    def _end_if_all_came(self) -> None:
        all_sent = self._sent == self._pace.total and self._marks == len(self.edges)
        if all_sent and len(self._idle) == self._pace.connections:
            self.done.set()
