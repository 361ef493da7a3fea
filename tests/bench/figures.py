"""Samples by round, and the arithmetic on them: everything compared is compared inside one round, then the median is taken."""

import statistics
from collections.abc import Sequence


class Book:
    """What was measured: (contender, measure) -> round -> value. Units are part of the measure's name."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[int, float]] = {}

    def put(self, turn: int, contender: str, measure: str, value: float) -> None:
        self._values.setdefault((contender, measure), {})[turn] = value

    def value(self, turn: int, contender: str, measure: str) -> float | None:
        return self._values.get((contender, measure), {}).get(turn)

    def column(self, contender: str, measure: str) -> list[float]:
        """Every round's value, oldest first; empty when it was not measured."""
        rounds = self._values.get((contender, measure), {})
        return [rounds[turn] for turn in sorted(rounds)]

    def median(self, contender: str, measure: str) -> float | None:
        column = self.column(contender, measure)
        return statistics.median(column) if column else None

    def ratios(self, measure: str, top: str, bottom: str) -> list[float]:
        """`top` over `bottom` for each round that has both; a round where `bottom` is 0 says nothing."""
        return [a / b for a, b in self._pairs(measure, top, bottom) if b > 0]

    def differences(self, measure: str, left: str, right: str) -> list[float]:
        """`left` minus `right` for each round that has both."""
        return [a - b for a, b in self._pairs(measure, left, right)]

    def _pairs(self, measure: str, one: str, other: str) -> list[tuple[float, float]]:
        ones, others = self._values.get((one, measure), {}), self._values.get((other, measure), {})
        return [(ones[turn], others[turn]) for turn in sorted(ones.keys() & others.keys())]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed (nearest rank)."""
    if not values:
        message = "no values to take a percentile of"
        raise ValueError(message)
    ranked = sorted(values)
    rank = -(-share * len(ranked) // 1)  # ceiling
    return ranked[max(0, min(len(ranked), int(rank)) - 1)]


def intended_start(first: float, rate: float, index: int) -> float:
    """When the request number `index` (from 0) is due. Never summed step by step, so that no error piles up."""
    return first + index / rate


def due_by(first: float, rate: float, now: float) -> int:
    """How many requests are due at `now`: every index with `intended_start <= now`."""
    if now < first:
        return 0
    count = int((now - first) * rate) + 1
    while intended_start(first, rate, count) <= now:
        count += 1
    while count > 0 and intended_start(first, rate, count - 1) > now:
        count -= 1
    return count


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """The same names, begun one later in each round, so that no contender always runs first or after the same one."""
    shift = turn % len(names) if names else 0
    return [*names[shift:], *names[:shift]]
