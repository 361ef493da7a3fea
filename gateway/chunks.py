"""When the pieces of a streamed answer came from its upstream."""

from gateway.histogram import DOUBLING, Histogram
from gateway.routing.candidate import Candidate


class Chunks:
    """Of one attempt. Times are those of the exchange's clock; `gaps` are the seconds between two pieces."""

    __slots__ = ("_last", "candidate", "first", "gaps", "started")

    def __init__(self, candidate: Candidate, started: float) -> None:
        self.candidate = candidate
        self.started = started
        self.first: float | None = None
        self.gaps = Histogram(DOUBLING)
        self._last = started

    def came(self, now: float, count: int) -> None:
        """So many, by one reading of the network: all but the first of them came with no gap."""
        if self.first is None:
            self.first = now
        else:
            self.gaps.observe(now - self._last)
        self.gaps.counts[0] += count - 1
        self._last = now
