"""Totals, series and splits, from sums alone: a page costs the same however many rows there are."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select

from gateway.ledger.choosing import chosen
from gateway.ledger.engine import Database
from gateway.ledger.meta import minutes_since
from gateway.ledger.periods import edges, on_hours, parts, whole_minutes
from gateway.ledger.sketch import count, quantiles, unpacked
from gateway.ledger.tables import days, groups, hours, minutes
from gateway.ledger.tallies import GRAINS, MEASURES, SKETCHES, Tally, added
from gateway.ledger.views import Dimension, Figures, Filter, Point, Share, Spread, Step, Summary

_UTC: Final = ZoneInfo("UTC")
_QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)
_MICRO: Final = 1_000_000
_NOTHING: Final[Tally] = [0] * (len(MEASURES) + len(SKETCHES))

_Sums = dict[Any, Tally]


class Totals:
    """Raises ValueError for a filter that names what only rows have (`Filter.of_rows_alone`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def summary(self, rows: Filter, since: float, until: float) -> Summary:
        marks = await self._marks(whole_minutes(since, until))
        sums = await self._sums(rows, marks, None)
        return Summary(marks[0], marks[-1], figures(sums.get(None, _NOTHING)))

    async def series(self, rows: Filter, since: float, until: float, step: Step, zone: ZoneInfo = _UTC) -> list[Point]:
        """One point for every step, those without rows too. The first and the last may be shorter than the step."""
        marks = await self._marks(edges(since, until, step, zone))
        found: dict[int, Tally] = {}
        for bucket, one in (await self._sums(rows, marks, "bucket")).items():
            place = bisect_right(marks, bucket) - 1
            found[place] = added(found.get(place, _NOTHING), one)
        return [
            Point(first, last, figures(found.get(place, _NOTHING)))
            for place, (first, last) in enumerate(pairwise(marks))
        ]

    async def split(self, by: Dimension, rows: Filter, since: float, until: float) -> list[Share]:
        """The most requests first."""
        sums = await self._sums(rows, await self._marks(whole_minutes(since, until)), by)
        shares = [Share(name, figures(one)) for name, one in sums.items()]
        return sorted(shares, key=lambda one: (-one.figures.requests, one.name))

    async def names(self, by: Dimension) -> list[str]:
        """All that sums are held of."""
        grain = next(name for name, tells in GRAINS.items() if by in tells)
        its = groups.c[by]
        asked = select(its).distinct().where(groups.c.grain == grain, its != "").order_by(its)
        async with self._database.reading() as connection:
            return list((await connection.scalars(asked)).all())

    async def _marks(self, marks: Iterable[int]) -> list[int]:
        return on_hours(marks, await minutes_since(self._database))

    async def _sums(self, rows: Filter, marks: Sequence[int], by: str | None) -> _Sums:
        """By bucket, by a dimension, or all under None."""
        if alone := rows.of_rows_alone:
            raise ValueError(f"filter: {', '.join(alone)} is known of single rows alone; leave it out for totals")
        needed = parts(marks)
        split_by = None if by == "bucket" else by
        found: _Sums = {}
        async with self._database.reading() as connection:
            names: dict[Any, str] = {}
            if split_by is not None:
                names = {
                    one[0]: one[1]
                    for one in await connection.execute(chosen(rows, split_by).add_columns(groups.c[split_by]))
                }
            for table, times in ((days, needed.days), (hours, needed.hours), (minutes, needed.minutes)):
                if not times:
                    continue
                where = and_(table.c.group_id.in_(chosen(rows, split_by)), _during(table, times))
                key: list[Any] = [] if by is None else [table.c.bucket if split_by is None else table.c.group_id]
                for one in await connection.execute(_added_up(table, key).where(where)):
                    if one[0] is not None:
                        name = one[len(MEASURES)] if key else None
                        _add(found, names.get(name, name), [*map(int, one[: len(MEASURES)]), 0, 0])
                sketched = select(*(table.c[name] for name in SKETCHES), *key).where(where)
                for name, one in _merged(await connection.execute(sketched), has_key=bool(key)).items():
                    _add(found, names.get(name, name), one)
        return found


def _added_up(table: Table, key: list[Any]) -> Select[Any]:
    return select(*(func.sum(table.c[name]) for name in MEASURES), *key).group_by(*key)


def _merged(rows: Iterable[Any], *, has_key: bool) -> _Sums:
    latency: dict[Any, int] = {}
    first: dict[Any, int] = {}
    for row in rows:
        name = row[2] if has_key else None
        latency[name] = latency.get(name, 0) + unpacked(row[0])
        if row[1]:
            first[name] = first.get(name, 0) + unpacked(row[1])
    none = [0] * len(MEASURES)
    return {name: [*none, one, first.get(name, 0)] for name, one in latency.items()}


def _during(table: Table, times: Iterable[tuple[int, int]]) -> ColumnElement[bool]:
    return or_(*(and_(table.c.bucket >= first, table.c.bucket < last) for first, last in times))


def _add(sums: _Sums, name: Any, one: Tally) -> None:
    held = sums.get(name)
    sums[name] = one if held is None else added(held, one)


def figures(one: Tally) -> Figures:
    measured = dict(zip(MEASURES, one, strict=False))
    latency, first, overhead = (measured.pop(name) for name in ("latency_us", "first_token_us", "overhead_us"))
    return Figures(
        **measured,
        latency=_spread(one[-2], latency),
        first_token=_spread(one[-1], first),
        overhead_seconds=overhead / _MICRO,
    )


def _spread(sketched: int, total: int) -> Spread | None:
    if not sketched:
        return None
    seen = count(sketched)
    return Spread(seen, total / _MICRO / seen, *quantiles(sketched, _QUANTILES))
