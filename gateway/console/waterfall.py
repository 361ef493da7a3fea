"""Steps of a request as bars on one time line. Pure."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from gateway.record.row import Step

WIDE: Final = 1000.0
_NARROWEST: Final = 2.0
_MARKS: Final = 4
_NICE: Final = (1, 2, 2.5, 5, 10)


class Detail(dict[str, Any]):
    """What is known of a step. What is not known of it is None: each step tells something else."""

    def __missing__(self, name: str) -> None:
        return None


class Bar(NamedTuple):
    """`left` and `width` are on a line of `WIDE`. `first`: where the first token came, for an attempt that had one."""

    step: Step
    detail: Detail
    left: float
    width: float
    first: float | None


class Mark(NamedTuple):
    left: float
    seconds: float


def bars(steps: Sequence[Step], seconds: float) -> list[Bar]:
    """Of an exchange that took so long. Whatever a step says, its bar is on the line."""
    whole = max([seconds, *(step.started + step.seconds for step in steps)])
    return [_bar(step, whole) for step in steps] if whole > 0 else []


def marks(steps: Sequence[Step], seconds: float) -> list[Mark]:
    """Some round times along the line, the beginning first."""
    whole = max([seconds, *(step.started + step.seconds for step in steps)])
    if whole <= 0:
        return []
    exact = whole / _MARKS
    magnitude = 10.0 ** _exponent(exact)
    apart = next(nice * magnitude for nice in _NICE if nice * magnitude >= exact * 0.999)
    return [Mark(_kept(count * apart / whole), count * apart) for count in range(_MARKS + 1) if count * apart <= whole]


def _bar(step: Step, whole: float) -> Bar:
    left = min(_kept(step.started / whole), WIDE - _NARROWEST)
    width = min(max(_kept(step.seconds / whole), _NARROWEST), WIDE - left)
    first = step.detail.get("first_token_seconds")
    at = _kept((step.started + first) / whole) if isinstance(first, (int, float)) else None
    return Bar(step, Detail(step.detail), left, width, at)


def _kept(share: float) -> float:
    return round(min(max(share, 0.0), 1.0) * WIDE, 2)


def _exponent(value: float) -> int:
    power = 0
    while value < 1:
        value, power = value * 10, power - 1
    while value >= 10:
        value, power = value / 10, power + 1
    return power
