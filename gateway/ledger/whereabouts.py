"""In which hours there are rows that a filter lets through, told by the sums: so that a page of rare rows does not read all others.

One index serves one column. Where a filter names several, each of them common and all together rare, or where it names several values, the
sums know the hours in which such rows are, and which column has the fewest.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Final

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.choosing import chosen
from gateway.ledger.tables import days, hours, requests
from gateway.ledger.tallies import DAY, HOUR
from gateway.ledger.views import Filter

_MICRO: Final = 1_000_000
_OF_FEW: Final = ("response_id", "trace_id", "conversation", "user", "prompt")
"""What no sum tells, from the one with the fewest rows. Whoever names one of these takes its index."""


def named(rows: Filter) -> list[str]:
    return [name for name in rows.__struct_fields__ if getattr(rows, name)]


async def best(connection: AsyncConnection, rows: Filter) -> str | None:
    """The name whose index leads to the fewest rows."""
    names = named(rows)
    for name in (*_OF_FEW, *names):
        if name in names and (name in _OF_FEW or len(names) == 1):
            return name
    counts = {name: await _count(connection, name, rows) for name in names}
    return min(counts, key=lambda name: counts[name], default=None)


def is_plain(rows: Filter) -> bool:
    """Whether an index finds a page alone: no condition, one value of one name, or what no sum tells."""
    names = named(rows)
    return (
        not names
        or any(name in _OF_FEW for name in names)
        or (len(names) == 1 and len(value := getattr(rows, names[0])) == 1 and value[0] != "")
    )


async def _count(connection: AsyncConnection, name: str, rows: Filter) -> int:
    alone = chosen(Filter(**{name: getattr(rows, name)}))
    counted = select(func.sum(days.c.requests)).where(days.c.group_id.in_(alone))
    return int(await connection.scalar(counted) or 0)


async def runs(
    connection: AsyncConnection, rows: Filter, since: int | None, until: int | None, wanted: int
) -> AsyncIterator[tuple[int, int]]:
    """Times in microseconds, the newest first, each with some of the rows; after enough for `wanted` rows the next is worth a look only
    where rows were removed meanwhile.
    """
    oldest = await connection.scalar(select(func.min(requests.c.at)))
    if oldest is None:
        return
    first = max(oldest, since or 0) // _MICRO
    last = None if until is None else until // _MICRO
    its_days = await _buckets(connection, days, rows, first // DAY * DAY, last)
    for some in _enough(its_days, wanted):
        begin = max(some[-1], first // HOUR * HOUR)
        end = some[0] + DAY if last is None else min(some[0] + DAY, last + 1)
        its_hours = await _buckets(connection, hours, rows, begin, end)
        for its in _enough(its_hours, wanted):
            for start, stop in _joined(its):
                yield start * _MICRO, stop * _MICRO


async def _buckets(
    connection: AsyncConnection, table: Table, rows: Filter, since: int, until: int | None
) -> list[tuple[int, int]]:
    """Those with rows, the newest first, and how many."""
    counted = select(table.c.bucket, func.sum(table.c.requests)).where(
        table.c.group_id.in_(chosen(rows)), table.c.bucket >= since
    )
    if until is not None:
        counted = counted.where(table.c.bucket < until)
    found = await connection.execute(counted.group_by(table.c.bucket).order_by(table.c.bucket.desc()))
    return [(bucket, int(count)) for bucket, count in found]


def _enough(buckets: Iterable[tuple[int, int]], wanted: int) -> Iterable[list[int]]:
    """As many at a time as together have that many rows, and then twice as many each time: rows may be gone that sums still tell."""
    some: list[int] = []
    seen = 0
    for bucket, count in buckets:
        some.append(bucket)
        seen += count
        if seen >= wanted:
            yield some
            some, seen, wanted = [], 0, wanted * 2
    if some:
        yield some


def _joined(some: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Hours, the newest first, as times without gaps."""
    begin = end = None
    for hour in some:
        if begin is not None and hour + HOUR == begin:
            begin = hour
            continue
        if begin is not None and end is not None:
            yield begin, end
        begin, end = hour, hour + HOUR
    if begin is not None and end is not None:
        yield begin, end
