"""Epochs that never come back: microseconds since 1970 when they were made, and more than any that is remembered.

A server can lose one (evicted, flushed, a replica that lagged took over) or give an earlier one again. An epoch that is missing or has gone
back is therefore made anew: what was stored under the name is a miss from then on, whatever was purged meanwhile.
"""

from collections.abc import Callable, Sequence
from typing import Final

_MOST: Final = 10_000
"""Names that are remembered; the oldest leave first."""


class Epochs:
    """What this process has seen. `wall` gives seconds since 1970."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._highest: dict[str, int] = {}

    def highest(self, name: str) -> int:
        return self._highest.get(name, 0)

    def fresh(self, name: str) -> int:
        return max(self.highest(name) + 1, int(self._wall() * 1_000_000))

    def lost(self, names: Sequence[str], found: Sequence[int | None]) -> list[str]:
        """Those of which nothing was found, or less than was seen before."""
        return [name for name, one in zip(names, found, strict=True) if one is None or one < self.highest(name)]

    def saw(self, name: str, epoch: int) -> int:
        if epoch > self.highest(name):
            self._highest[name] = epoch
            if len(self._highest) > _MOST:
                del self._highest[next(iter(self._highest))]
        return epoch
