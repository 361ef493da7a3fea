"""How long checks took in one exchange. Patterns are not told apart: one scanner looks for all of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Timing:
    """Of one check, on one side: when it was asked first and was done last, for how many seconds in all, how often, and what it found."""

    began: float
    ended: float
    seconds: float = 0.0
    asked: int = 0
    found: int = 0


class Timings:
    """By detector, and whether on the way in: as many as there are checks, however often each is asked."""

    def __init__(self) -> None:
        self._by_detector: dict[tuple[str, bool], Timing] = {}

    def __bool__(self) -> bool:
        return bool(self._by_detector)

    def find(self, detector: str, on_the_way_in: bool) -> Timing | None:
        return self._by_detector.get((detector, on_the_way_in))

    @contextmanager
    def of(self, detector: str, on_the_way_in: bool) -> Iterator[Timing]:
        """Measures what is inside, however it ends."""
        began = time.monotonic()
        timing = self._by_detector.setdefault((detector, on_the_way_in), Timing(began, began))
        timing.asked += 1
        try:
            yield timing
        finally:
            timing.ended = time.monotonic()
            timing.seconds += timing.ended - began
