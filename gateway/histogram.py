"""How often values fell between fixed bounds."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

DOUBLING: Final = tuple(0.01 * 2**n for n in range(14))
"""Seconds, up to 81.92: what the GenAI conventions ask of every duration that a client measures."""
FOURFOLD: Final = tuple(float(4**n) for n in range(14))
"""Tokens, up to 67,108,864: what they ask of token counts."""


class Histogram:
    """`traces`: the last value in each bucket, with the trace it belongs to and when that began; only where such were told."""

    __slots__ = ("bounds", "counts", "total", "traces")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.traces: dict[int, tuple[str, float, float]] = {}

    def observe(self, value: float, trace: tuple[str, float] | None = None) -> None:
        """`trace`: of an exchange that can be looked up, its id and when it began."""
        at = bisect_left(self.bounds, value)
        self.counts[at] += 1
        self.total += value
        if trace is not None:
            self.traces[at] = *trace, value

    def join(self, other: "Histogram") -> None:
        """One with the same bounds."""
        self.counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    def buckets(self) -> Iterator[tuple[str, int, tuple[str, float, float] | None]]:
        """Upper bound, how many values were not above it, and a trace; as the expositions want them."""
        passed = 0
        for at, (bound, count) in enumerate(zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True)):
            passed += count
            yield bound, passed, self.traces.get(at)
