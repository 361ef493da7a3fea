"""Which buckets make up a time: whole days and hours in the middle, minutes at the edges. And where the steps of a series begin, in a time zone. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from gateway.ledger.plain import moment
from gateway.ledger.tallies import DAY, HOUR, MINUTE
from gateway.ledger.views import Step

MOST_POINTS: Final = 2_000
_SECONDS: Final[dict[Step, int]] = {
    "minute": 60,
    "five_minutes": 300,
    "quarter": 900,
    "hour": 3600,
    "six_hours": 21_600,
}
_ONE_DAY: Final = timedelta(days=1)


class Parts(NamedTuple):
    """Times whose days are read, those whose hours are, and the rest. Each pair is a beginning and an end that is not in it."""

    days: list[tuple[int, int]]
    hours: list[tuple[int, int]]
    minutes: list[tuple[int, int]]


def whole_minutes(since: float, until: float) -> tuple[int, int]:
    """Those that a time touches. Raises ValueError for what is none."""
    since, until = moment(since), moment(until)
    return int(since // MINUTE) * MINUTE, int(-(-until // MINUTE)) * MINUTE


def parts(edges: Iterable[int]) -> Parts:
    """Of the times between edges, which are whole minutes: no bucket of one reaches over an edge."""
    found = Parts([], [], [])
    for since, until in pairwise(edges):
        _divide(found, (DAY, HOUR, MINUTE), since, until)
    return found


def _divide(found: Parts, lengths: tuple[int, ...], since: int, until: int) -> None:
    (length, *shorter), times = lengths, found[-len(lengths)]
    first, last = -(-since // length) * length, until // length * length
    if first >= last:
        first = last = until
    _append(times, first, last)
    if shorter:
        _divide(found, tuple(shorter), since, first)
        _divide(found, tuple(shorter), last, until)


def on_hours(marks: Iterable[int], before: int) -> list[int]:
    """Edges before that time as the nearest hours around what is between them: there are no minutes any more."""
    found = list(marks)
    last = found.pop()
    end = last if last >= before else -(-last // HOUR) * HOUR
    return sorted({*(mark if mark >= before else mark // HOUR * HOUR for mark in found), end})


def _append(times: list[tuple[int, int]], since: int, until: int) -> None:
    if since == until:
        return
    if times and times[-1][1] == since:
        times[-1] = (times[-1][0], until)
    else:
        times.append((since, until))


def edges(since: float, until: float, step: Step, zone: ZoneInfo) -> list[int]:
    """The first is `since`, the last `until`, in whole minutes; those between are where a step begins in the zone.

    Hours and less are counted from midnight there. Raises ValueError for more than `MOST_POINTS` steps.
    """
    first, last = whole_minutes(since, until)
    if first >= last:
        raise ValueError("until: must be after `since`")
    found = [first]
    for edge in _edges(first, last, step, zone):
        if found[-1] < edge < last:
            found.append(edge)
        if len(found) > MOST_POINTS:
            raise ValueError(f"step: makes more than {MOST_POINTS} points of that time; take a longer one")
    return [*found, last]


def _edges(first: int, last: int, step: Step, zone: ZoneInfo) -> Iterator[int]:
    day = datetime.fromtimestamp(first, zone).date()
    while (midnight := _midnight(day, zone)) < last:
        if step in _SECONDS:
            yield from range(midnight, min(_midnight(day + _ONE_DAY, zone), last), _SECONDS[step])
            day += _ONE_DAY
        else:
            yield midnight
            day = _next(day, step)


def _next(day: date, step: Step) -> date:
    if step == "week":
        return day + (7 - day.weekday()) * _ONE_DAY
    if step == "month":
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + _ONE_DAY


def _midnight(day: date, zone: ZoneInfo) -> int:
    """Its first second. Offsets of zones are whole minutes, or were before anything was recorded here."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) // MINUTE * MINUTE
