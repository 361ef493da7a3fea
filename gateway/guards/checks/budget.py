"""What a detector may spend in a day. Reserved before it is spent, so that many at once cannot spend it twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

Paid = Callable[[int | None], None]
"""Nano-dollars; None where it is not known what was spent."""

_DAY: Final = 86_400
_NANO: Final = 1_000_000_000


def unpaid(_cost: int | None) -> None:
    """Nobody counts."""


class OverBudget(Exception):
    """What is left of the day's budget does not suffice for this."""


class Budget:
    """Of one process. Days are those of UTC. For use from one thread: between looking and reserving nothing else runs."""

    def __init__(self, dollars: float, now: Callable[[], float]) -> None:
        self._limit = round(dollars * _NANO)
        self._now = now
        self._reserved = 0
        self._spent = 0
        self._day = self._today()

    @contextmanager
    def reserved(self, most: int) -> Iterator[Paid]:
        """Gives what is to be told the cost. What was spent unknown counts as `most`. Raises `OverBudget`."""
        if (today := self._today()) != self._day:
            self._day, self._spent = today, 0
        if self._spent + self._reserved + most > self._limit:
            raise OverBudget
        self._reserved += most

        def paid(cost: int | None) -> None:
            self._spent += most if cost is None else cost

        try:
            yield paid
        finally:
            self._reserved -= most

    def _today(self) -> int:
        return int(self._now() // _DAY)
